use std::fmt;

use alloy::primitives::U256;
use serde::Serialize;

use super::balance::{ChainBalance, Renter};

/// Something that must hold.
#[derive(Debug, Serialize)]
pub struct Check {
    pub chain: &'static str,
    pub what: String,
    pub holds: bool,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {} {:<9} {}", if self.holds { "ok  " } else { "FAIL" }, self.chain, self.what)
    }
}

/// All that must hold on one chain.
pub fn all(chain: &ChainBalance) -> Vec<Check> {
    let check = |what: String, holds| Check { chain: chain.chain, what, holds };
    let mut checks = vec![
        check(
            "each renter paid exactly rate times attested seconds".to_owned(),
            chain.renters.iter().all(|renter| renter.spent() == renter.lease.expected),
        ),
        check("every lease is closed".to_owned(), chain.renters.iter().all(Renter::is_over)),
        check(
            "dishonest nodes got nothing, and their renters all of their money back".to_owned(),
            chain.renters.iter().filter(|renter| renter.lease.full_seconds == 0).count() == 2
                && chain
                    .providers
                    .iter()
                    .filter(|provider| !provider.honest)
                    .all(|provider| (provider.dollars + provider.spon + provider.rewards).is_zero()),
        ),
        check(
            "honest nodes were paid and rewarded".to_owned(),
            chain
                .providers
                .iter()
                .filter(|provider| provider.honest)
                .all(|provider| !(provider.dollars + provider.spon).is_zero() && !provider.rewards.is_zero()),
        ),
        check("verdicts name the honest and the dishonest".to_owned(), verdicts_fit(chain)),
    ];
    checks
        .push(check("what renters paid is what providers and the protocol got, to the wei".to_owned(), adds_up(chain)));
    checks.push(check("the Ledger is empty".to_owned(), chain.left_in_ledger.iter().all(U256::is_zero)));
    let (holder, earned) = (&chain.holder, chain.holder.unstaked.saturating_sub(chain.holder.staked));
    checks.push(check(
        "the stake earned, and no more than what was dripped".to_owned(),
        !earned.is_zero() && earned <= holder.dripped,
    ));
    checks
}

fn verdicts_fit(chain: &ChainBalance) -> bool {
    !chain.verdicts.is_empty()
        && chain.verdicts.iter().all(|verdict| verdict.result == verdict.expected && verdict.signers >= 2)
}

fn adds_up(chain: &ChainBalance) -> bool {
    let spent = |dollars: bool| -> U256 {
        chain.renters.iter().filter(|renter| renter.dollars == dollars).map(|renter| renter.spent()).sum()
    };
    let dollars: U256 = chain.providers.iter().map(|provider| provider.dollars).sum();
    let spon: U256 = chain.providers.iter().map(|provider| provider.spon).sum();
    spent(true) == dollars + chain.dollar_fees && spent(false) == spon + chain.holder.dripped
}
