//! Delegations to bonds: the pools and who has what in them.

use alloy::primitives::{Address, U256};
use spheron_bindings::bonds::Bonds::{BondsEvents, PoolSlashed, UndelegationStarted};

use super::{
    BURN_ADDRESS, BondRole, Delegation, DelegationThaw, Inconsistent, Pool, State, add, drip, small,
    stake::{owe, role},
    subtract,
};
use crate::position::Position;

/// Whose pool, and who is in it.
struct Place {
    role: BondRole,
    owner: Address,
    token: Address,
    delegator: Address,
}

pub(super) fn apply(state: &mut State, at: Position, event: &BondsEvents) -> Result<(), Inconsistent> {
    match event {
        BondsEvents::Delegated(e) => {
            let place = Place { role: role(e.role)?, owner: e.owner, token: e.token, delegator: e.delegator };
            earn(state, &place, e.amount, e.shares)
        }
        BondsEvents::UndelegationStarted(e) => leave(state, e),
        BondsEvents::UndelegationCancelled(e) => {
            let place = Place { role: role(e.role)?, owner: e.owner, token: e.token, delegator: e.delegator };
            empty_bucket(state, &place, e.amount, e.thawingShares)?;
            earn(state, &place, e.amount, e.shares)
        }
        BondsEvents::DelegationWithdrawn(e) => {
            let place = Place { role: role(e.role)?, owner: e.owner, token: e.token, delegator: e.delegator };
            empty_bucket(state, &place, e.amount, e.thawingShares)
        }
        BondsEvents::PoolRewarded(e) => {
            add(&mut pool(state, e.role, e.owner, e.token)?.value, e.toPool, "a pool")?;
            owe(state, e.owner, e.token, e.commission)
        }
        BondsEvents::PoolSlashed(e) => slash(state, e),
        BondsEvents::PoolDripSet(e) => {
            let pool = pool(state, e.role, e.owner, e.token)?;
            (pool.undripped, pool.drip_ends_at) = (e.undripped, small(e.endsAt));
            pool.drip_duration = pool.drip_ends_at.saturating_sub(small(e.updatedAt));
            Ok(())
        }
        BondsEvents::PoolSwept(e) => {
            let pool = pool(state, e.role, e.owner, e.token)?;
            subtract(&mut pool.value, e.undripped, || pool_of(e.owner))?;
            let burned = take(pool, e.owner, e.fromValue, e.fromThawing)?;
            owe(state, BURN_ADDRESS, e.token, burned)?;
            owe(state, e.owner, e.token, e.undripped)
        }
        BondsEvents::CommissionSet(e) => {
            let pool = pool(state, e.role, e.owner, e.token)?;
            pool.commission_bps = pool.commission_at(at.time);
            pool.next_commission_bps = small(e.commissionBps);
            pool.next_commission_from = small(e.from);
            Ok(())
        }
        _ => Ok(()),
    }
}

impl Pool {
    /// The commission that holds at `time` (unix seconds), basis points.
    pub fn commission_at(&self, time: u64) -> u64 {
        if time < self.next_commission_from { self.commission_bps } else { self.next_commission_bps }
    }

    /// Wei not yet dripped at `time` (unix seconds), as `IDelegation.dripOf`.
    pub fn undripped_at(&self, time: u64) -> U256 {
        drip::left(self.undripped, self.drip_duration, self.drip_ends_at, time).0
    }

    /// Wei that earn and count at `time` (unix seconds), as `IDelegation.earningOf`.
    pub fn earning_at(&self, time: u64) -> U256 {
        self.value.saturating_sub(self.undripped_at(time))
    }
}

fn pool(state: &mut State, number: u8, owner: Address, token: Address) -> Result<&mut Pool, Inconsistent> {
    Ok(state.pools.entry((role(number)?, owner, token)))
}

fn delegation<'a>(state: &'a mut State, place: &Place) -> &'a mut Delegation {
    let generation = state.pools.entry((place.role, place.owner, place.token)).generation;
    state.delegations.entry((place.role, place.owner, place.token, generation, place.delegator))
}

fn thaw<'a>(state: &'a mut State, place: &Place) -> &'a mut DelegationThaw {
    let generation = state.pools.entry((place.role, place.owner, place.token)).thaw_generation;
    state.delegation_thaws.entry((place.role, place.owner, place.token, generation, place.delegator))
}

fn earn(state: &mut State, place: &Place, amount: U256, shares: U256) -> Result<(), Inconsistent> {
    let pool = state.pools.entry((place.role, place.owner, place.token));
    add(&mut pool.value, amount, "a pool")?;
    add(&mut pool.shares, shares, "shares of a pool")?;
    add(&mut delegation(state, place).shares, shares, "shares of a delegator")
}

fn leave(state: &mut State, event: &UndelegationStarted) -> Result<(), Inconsistent> {
    let place = Place { role: role(event.role)?, owner: event.owner, token: event.token, delegator: event.delegator };
    let pool = state.pools.entry((place.role, place.owner, place.token));
    subtract(&mut pool.value, event.amount, || pool_of(event.owner))?;
    subtract(&mut pool.shares, event.shares, || pool_of(event.owner))?;
    add(&mut pool.thawing, event.amount, "thawing delegations")?;
    add(&mut pool.thawing_shares, event.thawingShares, "shares of thawing delegations")?;
    let own = &mut delegation(state, &place).shares;
    subtract(own, event.shares, || format!("the shares of {}", event.delegator))?;
    let thaw = thaw(state, &place);
    add(&mut thaw.shares, event.thawingShares, "thawing shares of a delegator")?;
    thaw.thawed_at = small(event.thawedAt);
    Ok(())
}

fn empty_bucket(state: &mut State, place: &Place, amount: U256, thawing_shares: U256) -> Result<(), Inconsistent> {
    let pool = state.pools.entry((place.role, place.owner, place.token));
    subtract(&mut pool.thawing, amount, || pool_of(place.owner))?;
    subtract(&mut pool.thawing_shares, thawing_shares, || pool_of(place.owner))?;
    let thaw = thaw(state, place);
    subtract(&mut thaw.shares, thawing_shares, || format!("the thaw of {}", place.delegator))?;
    thaw.thawed_at = 0;
    Ok(())
}

fn slash(state: &mut State, event: &PoolSlashed) -> Result<(), Inconsistent> {
    let pool = pool(state, event.role, event.owner, event.token)?;
    take(pool, event.owner, event.fromValue, event.fromThawing)?;
    let (generation, thaw_generation) = (small(event.generation), small(event.thawGeneration));
    if pool.generation != generation {
        (pool.generation, pool.shares) = (generation, U256::ZERO);
    }
    if pool.thaw_generation != thaw_generation {
        (pool.thaw_generation, pool.thawing_shares) = (thaw_generation, U256::ZERO);
    }
    owe(state, event.harmed, event.token, event.toHarmed)?;
    owe(state, BURN_ADDRESS, event.token, event.burned)
}

/// Takes money out of a pool. Returns the sum.
fn take(pool: &mut Pool, owner: Address, value: U256, thawing: U256) -> Result<U256, Inconsistent> {
    subtract(&mut pool.value, value, || pool_of(owner))?;
    subtract(&mut pool.thawing, thawing, || pool_of(owner))?;
    let mut taken = value;
    add(&mut taken, thawing, "money taken from a pool")?;
    Ok(taken)
}

fn pool_of(owner: Address) -> String {
    format!("the pool of {owner}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_not_dripped_does_not_earn() {
        let (value, undripped) = (U256::from(170), U256::from(70));
        let pool = Pool { value, undripped, drip_ends_at: 1_007, drip_duration: 7, ..Pool::default() };
        assert_eq!((pool.earning_at(1_000), pool.undripped_at(1_000)), (U256::from(100), undripped));
        assert_eq!((pool.earning_at(1_003), pool.undripped_at(1_003)), (U256::from(130), U256::from(40)));
        assert_eq!((pool.earning_at(1_007), pool.undripped_at(1_007)), (value, U256::ZERO));
    }
}
