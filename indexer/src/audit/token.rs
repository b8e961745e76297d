//! SPON and sSPON.

use alloy::primitives::{Address, U256};
use spheron_bindings::{spon::Spon, staked_spon::StakedSpon};

use super::{
    Subject,
    check::{Check, Field, keys},
};
use crate::{
    event::Contract,
    fold::{SPON, STAKED_SPON},
};

/// Seconds of a cooldown until the first `CooldownSet`: the constructor emits none.
const INITIAL_COOLDOWN: &str = "1209600";

/// Most SPON that can exist on a chain, in wei.
const CAP: U256 = U256::from_limbs([0x9fd0_803c_e800_0000, 0x033b_2e3c, 0, 0]);

pub(super) fn checks(subject: &Subject<'_>, checks: &mut Vec<Check>) {
    if let Some(spon) = subject.contracts.get(&Contract::Spon) {
        spon_checks(subject, *spon, checks);
    }
    if let Some(staked) = subject.contracts.get(&Contract::StakedSpon) {
        holders(subject, *staked, checks);
        exits(subject, *staked, checks);
        votes(subject, *staked, checks);
        vault(subject, *staked, checks);
    }
}

fn spon_checks(subject: &Subject<'_>, spon: Address, checks: &mut Vec<Check>) {
    let supply = subject.state.supply_of(SPON);
    checks.push(Check::new("supply", SPON.to_owned(), [], spon, &Spon::totalSupplyCall {}, move |found| {
        vec![Field::new("supply", supply, found)]
    }));
    for ((holder,), row) in subject.state.spon_holders.iter() {
        let amount = row.amount;
        let call = Spon::balanceOfCall { account: *holder };
        let entity = format!("SPON of {holder}");
        checks.push(Check::new("spon holder", entity, keys([holder.as_slice()]), spon, &call, move |found| {
            vec![Field::new("amount", amount, found)]
        }));
    }
    let now = subject.tip.time;
    for ((bridge,), row) in subject.state.bridges.iter() {
        let used = |used, at| row.capacity.saturating_sub(row.used(used, at, now));
        let mintable = used(row.mint_used, row.mint_at).min(CAP.saturating_sub(supply));
        let burnable = used(row.burn_used, row.burn_at);
        let call = Spon::bridgeAvailableCall { bridge: *bridge };
        let entity = format!("bridge {bridge}");
        checks.push(Check::new("bridge", entity, keys([bridge.as_slice()]), spon, &call, move |found| {
            vec![Field::new("mintable", mintable, found.mintable), Field::new("burnable", burnable, found.burnable)]
        }));
    }
}

fn holders(subject: &Subject<'_>, staked: Address, checks: &mut Vec<Check>) {
    let supply = subject.state.supply_of(STAKED_SPON);
    let call = StakedSpon::totalSupplyCall {};
    checks.push(Check::new("supply", STAKED_SPON.to_owned(), [], staked, &call, move |found| {
        vec![Field::new("supply", supply, found)]
    }));
    for ((holder,), row) in subject.state.stakes.iter() {
        let shares = row.shares;
        let call = StakedSpon::balanceOfCall { account: *holder };
        let entity = format!("sSPON of {holder}");
        checks.push(Check::new("stake", entity, keys([holder.as_slice()]), staked, &call, move |found| {
            vec![Field::new("shares", shares, found)]
        }));
    }
}

fn exits(subject: &Subject<'_>, staked: Address, checks: &mut Vec<Check>) {
    for ((controller,), row) in subject.state.exits.iter() {
        let ours = row.clone();
        let call = StakedSpon::exitOfCall { controller: *controller };
        let entity = format!("exit of {controller}");
        checks.push(Check::new("exit", entity, keys([controller.as_slice()]), staked, &call, move |found| {
            vec![
                Field::new("shares", ours.shares, U256::from(found.shares)),
                Field::new("assets", ours.assets, U256::from(found.assets)),
                Field::new("claimable_at", ours.claimable_at, found.claimableAt.to::<u64>()),
            ]
        }));
    }
    for ((controller, operator), row) in subject.state.stake_operators.iter() {
        let approved = row.approved;
        let call = StakedSpon::isOperatorCall { controller: *controller, operator: *operator };
        let entity = format!("operator {operator} of {controller}");
        let keys = keys([controller.as_slice(), operator.as_slice()]);
        checks.push(Check::new("stake operator", entity, keys, staked, &call, move |found| {
            vec![Field::new("approved", approved, found)]
        }));
    }
}

fn votes(subject: &Subject<'_>, staked: Address, checks: &mut Vec<Check>) {
    for ((holder,), row) in subject.state.stake_delegates.iter() {
        let delegate = row.delegate;
        let call = StakedSpon::delegatesCall { account: *holder };
        let entity = format!("delegate of {holder}");
        checks.push(Check::new("delegate", entity, keys([holder.as_slice()]), staked, &call, move |found| {
            vec![Field::new("delegate", delegate, found)]
        }));
    }
    for ((delegate,), row) in subject.state.stake_votes.iter() {
        let votes = row.votes;
        let call = StakedSpon::getVotesCall { account: *delegate };
        let entity = format!("votes of {delegate}");
        checks.push(Check::new("votes", entity, keys([delegate.as_slice()]), staked, &call, move |found| {
            vec![Field::new("votes", votes, found)]
        }));
    }
}

fn vault(subject: &Subject<'_>, staked: Address, checks: &mut Vec<Check>) {
    let (supply, now) = (subject.state.supply_of(STAKED_SPON), subject.tip.time);
    let vault = subject.state.vaults.get(&()).cloned().unwrap_or_default();
    let assets = vault.total_assets(supply, now);
    let call = StakedSpon::totalAssetsCall {};
    checks.push(Check::new("vault", "the stakers' SPON".to_owned(), [], staked, &call, move |found| {
        vec![Field::new("total_assets", assets, found)]
    }));
    let (undripped, remaining) = vault.drip(supply, now);
    let ends_at = if undripped.is_zero() { U256::ZERO } else { U256::from(now + remaining) };
    checks.push(Check::new("vault", "the drip".to_owned(), [], staked, &StakedSpon::dripCall {}, move |found| {
        vec![Field::new("undripped", undripped, found.undripped), Field::new("ends_at", ends_at, found.endsAt)]
    }));
    let cooldown = subject.state.setting("StakedSpon", "cooldown").unwrap_or(INITIAL_COOLDOWN).to_owned();
    let call = StakedSpon::cooldownCall {};
    checks.push(Check::new("setting", "StakedSpon".to_owned(), [], staked, &call, move |found| {
        vec![Field::new("cooldown", cooldown.clone(), found.to_string())]
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cap_is_a_billion_spon() {
        assert_eq!(CAP, U256::from(1_000_000_000u64) * U256::from(10).pow(U256::from(18)));
    }
}
