//! Bonds, and that their tokens are there.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};
use spheron_bindings::{bonds::Bonds, spon::Spon};

use super::{
    Subject,
    check::{Check, Field, keys},
};
use crate::event::Contract;

/// Seconds of a thaw until the first `ThawPeriodSet`: the constructor emits none.
const INITIAL_THAW_PERIOD: &str = "1209600";

pub(super) fn checks(subject: &Subject<'_>, checks: &mut Vec<Check>) {
    let bonds = subject.address(Contract::Bonds);
    let mut held = BTreeMap::<Address, U256>::new();
    for ((role, owner, token), row) in subject.state.bonds.iter() {
        *held.entry(*token).or_default() += row.active + row.thawing;
        let ours = row.clone();
        let entity = format!("{} bond of {owner} in token {token}", role.as_str());
        let call = Bonds::bondOfCall { role: *role as u8, owner: *owner, token: *token };
        let keys = keys([owner.as_slice(), token.as_slice()]);
        checks.push(Check::new("bond", entity, keys, bonds, &call, move |found| {
            vec![
                Field::new("active", ours.active, U256::from(found.active)),
                Field::new("thawing", ours.thawing, U256::from(found.thawing)),
                Field::new("thawed_at", ours.thawed_at, found.thawedAt.to::<u64>()),
                Field::new("window_start", ours.window_start, found.windowStart.to::<u64>()),
                Field::new("window_stake", ours.window_stake, U256::from(found.windowStake)),
                Field::new("window_slashed", ours.window_slashed, U256::from(found.windowSlashed)),
            ]
        }));
    }
    for ((account, token), row) in subject.state.owed.iter() {
        *held.entry(*token).or_default() += row.amount;
        let amount = row.amount;
        let entity = format!("what slashes owe {account} in token {token}");
        let call = Bonds::owedToCall { account: *account, token: *token };
        let keys = keys([account.as_slice(), token.as_slice()]);
        checks.push(Check::new("owed", entity, keys, bonds, &call, move |found| {
            vec![Field::new("amount", amount, found)]
        }));
    }
    for ((role, token), row) in subject.state.bond_minimums.iter() {
        let minimum = row.minimum;
        let entity = format!("minimum {} bond in token {token}", role.as_str());
        let call = Bonds::minimumOfCall { role: *role as u8, token: *token };
        checks.push(Check::new("bond minimum", entity, keys([token.as_slice()]), bonds, &call, move |found| {
            vec![Field::new("minimum", minimum, found)]
        }));
    }
    for (token, owed) in held {
        let call = Spon::balanceOfCall { account: bonds };
        let entity = format!("the Bonds' token {token}");
        checks.push(Check::new("solvency", entity, keys([token.as_slice()]), token, &call, move |found| {
            vec![Field::at_least("held", owed, found)]
        }));
    }
    let period = subject.state.setting("Bonds", "thawPeriod").unwrap_or(INITIAL_THAW_PERIOD).to_owned();
    let call = Bonds::thawPeriodCall {};
    checks.push(Check::new("setting", "Bonds".to_owned(), [], bonds, &call, move |found| {
        vec![Field::new("thawPeriod", period.clone(), found.to_string())]
    }));
}
