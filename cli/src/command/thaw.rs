//! Money on its way out of a bond or a pool.

use alloy::primitives::U256;
use serde::Serialize;
use spheron_client::{node::Withdrawal, token::Token};

use crate::{amount::Amount, output::possible};

/// Money that thaws, and when it may leave.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Thaw {
    thawing: Amount,
    /// Unix seconds, without outages and holds.
    thawed_at: u64,
    /// Unix seconds, with the outages and holds until now; absent if it may leave now, or nothing thaws.
    #[serde(skip_serializing_if = "Option::is_none")]
    leaves_at: Option<u64>,
    /// Why it may not leave, if not for the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    #[serde(skip)]
    now: u64,
}

impl Thaw {
    /// `wei` of `token`, whose withdrawal would come to `withdrawal` at `now`.
    pub fn new(wei: U256, token: &Token, thawed_at: u64, withdrawal: Withdrawal, now: u64) -> Self {
        let (leaves_at, refused) = match withdrawal {
            _ if wei.is_zero() => (None, None),
            Withdrawal::Possible => (None, None),
            Withdrawal::From(at) => (Some(at), None),
            Withdrawal::Refused(reason) => (None, Some(reason)),
        };
        Self { thawing: Amount::new(wei, token), thawed_at, leaves_at, refused, now }
    }

    /// Whether nothing thaws.
    pub fn is_empty(&self) -> bool {
        self.thawing.wei.is_zero()
    }

    /// How much thaws and until when, if anything does.
    pub fn in_words(&self) -> Option<String> {
        let thawing = &self.thawing;
        match (&self.refused, self.leaves_at) {
            _ if self.is_empty() => None,
            (Some(reason), _) => Some(format!("{thawing}, cannot be withdrawn: {reason}")),
            (None, None) => Some(format!("{thawing}, {}", possible("withdrawn", self.now, self.now))),
            // An outage or a dispute to come may put it off.
            (None, Some(at)) => Some(format!("{thawing}, {} at the earliest", possible("withdrawn", at, self.now))),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::Address;

    use super::*;

    fn said(wei: u64, withdrawal: Withdrawal) -> Option<String> {
        let token = Token { address: Address::ZERO, symbol: "SPON".to_owned(), decimals: 0 };
        Thaw::new(U256::from(wei), &token, 1_000, withdrawal, 2_000).in_words()
    }

    #[test]
    fn what_has_thawed_is_not_said_to_leave_before_the_contract_lets_it() {
        assert_eq!(said(0, Withdrawal::From(0)), None);
        assert_eq!(said(5, Withdrawal::Possible).unwrap(), "5 SPON, can be withdrawn now");
        assert_eq!(
            said(5, Withdrawal::From(5_600)).unwrap(),
            "5 SPON, can be withdrawn from 1970-01-01 01:33:20 UTC on (in 1h) at the earliest"
        );
        let refused = said(5, Withdrawal::Refused("blocked".to_owned())).unwrap();
        assert_eq!(refused, "5 SPON, cannot be withdrawn: blocked");
    }
}
