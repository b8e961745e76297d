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
                Field::new("window_left", ours.window_left, U256::from(found.windowLeft)),
                Field::new("window_cap", ours.window_cap, U256::from(found.windowCap)),
                Field::new("locked", ours.locked, U256::from(found.locked)),
                Field::new("held", ours.held, U256::from(found.held)),
                Field::new("held_until", ours.held_until, found.heldUntil.to::<u64>()),
            ]
        }));
    }
    delegations(subject, bonds, &mut held, checks);
    takers(subject, bonds, checks);
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

fn takers(subject: &Subject<'_>, bonds: Address, checks: &mut Vec<Check>) {
    for ((account,), row) in subject.state.bond_takers.iter() {
        let (claimer, slasher) = (row.claimer, row.slasher);
        let (entity, keys) = (format!("taker {account}"), keys([account.as_slice()]));
        let call = Bonds::isClaimerCall { account: *account };
        checks.push(Check::new("bond taker", entity.clone(), keys.clone(), bonds, &call, move |found| {
            vec![Field::new("claimer", claimer, found)]
        }));
        let call = Bonds::isSlasherCall { account: *account };
        checks.push(Check::new("bond taker", entity, keys, bonds, &call, move |found| {
            vec![Field::new("slasher", slasher, found)]
        }));
    }
    for ((claimer, provider, token), row) in subject.state.bond_locks.iter() {
        let amount = row.amount;
        let entity = format!("what {claimer} locked of {provider} in token {token}");
        let call = Bonds::lockedByCall { claimer: *claimer, provider: *provider, token: *token };
        let keys = keys([claimer.as_slice(), provider.as_slice(), token.as_slice()]);
        checks.push(Check::new("bond lock", entity, keys, bonds, &call, move |found| {
            vec![Field::new("amount", amount, found)]
        }));
    }
}

/// Pools and who is in them; their money is added to what is `held`.
fn delegations(subject: &Subject<'_>, bonds: Address, held: &mut BTreeMap<Address, U256>, checks: &mut Vec<Check>) {
    let state = subject.state;
    for ((role, owner, token), row) in state.pools.iter() {
        *held.entry(*token).or_default() += row.value + row.thawing;
        let ours = row.clone();
        let entity = format!("delegations to the {} bond of {owner} in token {token}", role.as_str());
        let call = Bonds::poolOfCall { role: *role as u8, owner: *owner, token: *token };
        let keys = keys([owner.as_slice(), token.as_slice()]);
        checks.push(Check::new("delegation pool", entity, keys, bonds, &call, move |found| {
            vec![
                Field::new("value", ours.value, U256::from(found.value)),
                Field::new("shares", ours.shares, U256::from(found.shares)),
                Field::new("thawing", ours.thawing, U256::from(found.thawing)),
                Field::new("thawing_shares", ours.thawing_shares, U256::from(found.thawingShares)),
                Field::new("generation", ours.generation, u64::from(found.generation)),
                Field::new("thaw_generation", ours.thaw_generation, u64::from(found.thawGeneration)),
                Field::new("commission_bps", ours.commission_bps, u64::from(found.commissionBps)),
                Field::new("next_commission_bps", ours.next_commission_bps, u64::from(found.nextCommissionBps)),
                Field::new("next_commission_from", ours.next_commission_from, found.nextCommissionFrom.to::<u64>()),
                Field::new("undripped", ours.undripped, U256::from(found.undripped)),
                Field::new("drip_ends_at", ours.drip_ends_at, found.dripEndsAt.to::<u64>()),
                Field::new("drip_duration", ours.drip_duration, found.dripDuration.to::<u64>()),
            ]
        }));
        let earning = row.earning_at(subject.tip.time);
        let entity = format!("what earns behind the {} bond of {owner} in token {token}", role.as_str());
        let call = Bonds::earningOfCall { role: *role as u8, owner: *owner, token: *token };
        let keys = self::keys([owner.as_slice(), token.as_slice()]);
        checks.push(Check::new("delegation pool", entity, keys, bonds, &call, move |found| {
            vec![Field::new("earning", earning, found)]
        }));
    }
    positions(subject, bonds, checks);
}

/// What delegators have in the present generations of pools. Shares of a former one own nothing, and cannot be asked for.
fn positions(subject: &Subject<'_>, bonds: Address, checks: &mut Vec<Check>) {
    let state = subject.state;
    for ((role, owner, token, generation, delegator), row) in state.delegations.iter() {
        if state.pools.get(&(*role, *owner, *token)).is_none_or(|pool| pool.generation != *generation) {
            continue;
        }
        let shares = row.shares;
        let entity = format!("what {delegator} delegated to the {} bond of {owner} in token {token}", role.as_str());
        let call = Bonds::positionOfCall { role: *role as u8, owner: *owner, token: *token, delegator: *delegator };
        let keys = keys([delegator.as_slice(), owner.as_slice()]);
        checks.push(Check::new("delegation", entity, keys, bonds, &call, move |found| {
            vec![Field::new("shares", shares, U256::from(found.shares))]
        }));
    }
    for ((role, owner, token, generation, delegator), row) in state.delegation_thaws.iter() {
        if state.pools.get(&(*role, *owner, *token)).is_none_or(|pool| pool.thaw_generation != *generation) {
            continue;
        }
        let ours = row.clone();
        let entity = format!("what {delegator} takes from the {} bond of {owner} in token {token}", role.as_str());
        let call = Bonds::positionOfCall { role: *role as u8, owner: *owner, token: *token, delegator: *delegator };
        let keys = keys([delegator.as_slice(), owner.as_slice()]);
        checks.push(Check::new("delegation thaw", entity, keys, bonds, &call, move |found| {
            vec![
                Field::new("thawing_shares", ours.shares, U256::from(found.thawingShares)),
                Field::new("thawed_at", ours.thawed_at, found.thawedAt.to::<u64>()),
            ]
        }));
    }
}
