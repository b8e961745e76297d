//! Receipts: what a lease paid, chained by hash.

use alloy::{
    primitives::{B256, U256, keccak256},
    rpc::types::Filter,
    sol_types::SolValue as _,
};
use spheron_bindings::lease_book::LeaseBook;

use crate::{Client, ClientError, lease::OpenedLease};

/// One settlement of a lease, and the hash of all of them up to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Unix seconds; where the settlement before it stopped.
    pub from: u64,
    /// Unix seconds; every second of [from, to) is paid or refunded.
    pub to: u64,
    /// Wei to the provider.
    pub payment: U256,
    /// Wei to the protocol.
    pub fee: U256,
    /// Wei back to the renter.
    pub refund: U256,
    /// As `ILeaseBook` defines it: `keccak256(abi.encode(before, leaseId, from, to, payment, fee, refund))`.
    pub hash: B256,
}

impl Client {
    /// Every receipt of a lease, oldest first; the last one's hash stands for all that it paid.
    ///
    /// # Errors
    ///
    /// If the endpoint fails, or has lost a settlement.
    pub async fn receipts(&self, lease: &OpenedLease) -> Result<Vec<Receipt>, ClientError> {
        let book = self.contracts().lease_book;
        let settled_to = self.lease(lease.lease_id).await?.settledTo.to();
        let filter = Filter::new().topic1(lease.lease_id);
        let settlements = self.events::<LeaseBook::LeaseSettled>(book, filter).await?;
        chain(lease.lease_id, lease.terms.start.to(), settled_to, &settlements)
    }
}

/// The receipts of settlements that follow each other from `start` to `settled_to` at least: one may have come since.
fn chain(
    lease: B256,
    start: u64,
    settled_to: u64,
    settlements: &[LeaseBook::LeaseSettled],
) -> Result<Vec<Receipt>, ClientError> {
    let (mut reached, mut before) = (start, B256::ZERO);
    let mut receipts = Vec::with_capacity(settlements.len());
    for settled in settlements {
        let (from, to) = (settled.from.saturating_to(), settled.to.saturating_to());
        if from != reached {
            return Err(ClientError::MissingSettlement { lease, from: reached, to: from });
        }
        let LeaseBook::LeaseSettled { payment, fee, refund, .. } = *settled;
        before = keccak256((before, lease, settled.from, settled.to, payment, fee, refund).abi_encode());
        receipts.push(Receipt { from, to, payment, fee, refund, hash: before });
        reached = to;
    }
    if reached < settled_to {
        return Err(ClientError::MissingSettlement { lease, from: reached, to: settled_to });
    }
    Ok(receipts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: B256 = B256::repeat_byte(1);

    fn settled(from: u64, to: u64) -> LeaseBook::LeaseSettled {
        let [from, to, payment, fee, refund] = [from, to, 98, 2, 7].map(U256::from);
        LeaseBook::LeaseSettled { leaseId: LEASE, from, to, payment, fee, refund }
    }

    #[derive(serde::Deserialize)]
    struct Golden {
        #[serde(rename = "leaseId")]
        lease: B256,
        settlements: Vec<[U256; 5]>,
        receipts: Vec<B256>,
    }

    #[test]
    fn receipts_are_those_that_the_contracts_tests_compute() {
        let golden: Golden = serde_json::from_str(include_str!("../../test-fixtures/receipts.json")).unwrap();
        let settlements = golden.settlements.iter().map(|&[from, to, payment, fee, refund]| LeaseBook::LeaseSettled {
            leaseId: golden.lease,
            from,
            to,
            payment,
            fee,
            refund,
        });
        let receipts = chain(golden.lease, 1_000, 8_200, &settlements.collect::<Vec<_>>()).unwrap();
        assert_eq!(receipts.iter().map(|receipt| receipt.hash).collect::<Vec<_>>(), golden.receipts);
    }

    #[test]
    fn each_receipt_holds_those_before_it() {
        let receipts = chain(LEASE, 10, 30, &[settled(10, 20), settled(20, 30)]).unwrap();
        let other = chain(LEASE, 9, 30, &[settled(9, 20), settled(20, 30)]).unwrap();
        assert_eq!((receipts[1].from, receipts[1].to), (20, 30));
        assert_ne!(receipts[1].hash, other[1].hash, "another first settlement");
        assert_eq!(chain(LEASE, 10, 10, &[]).unwrap(), []);
    }

    #[test]
    fn a_lost_settlement_is_noticed() {
        let missing = |settlements: &[LeaseBook::LeaseSettled]| match chain(LEASE, 10, 30, settlements) {
            Err(ClientError::MissingSettlement { from, to, .. }) => (from, to),
            other => panic!("{other:?}"),
        };
        assert_eq!(missing(&[settled(20, 30)]), (10, 20), "the first");
        assert_eq!(missing(&[settled(10, 15), settled(20, 30)]), (15, 20), "one between");
        assert_eq!(missing(&[settled(10, 20)]), (20, 30), "the last");
        assert_eq!(missing(&[]), (10, 30), "all");
    }
}
