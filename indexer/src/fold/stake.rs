//! Bonds: what is at stake, what thaws, what slashes took and whom they owe.

use alloy::primitives::{Address, U256, address};
use spheron_bindings::bonds::Bonds::{BondsEvents, Slashed};

use super::{Bond, BondRole, Inconsistent, State, add, delegation, small, subtract};
use crate::position::Position;

/// Whom the burned part of a slash is owed to, `IBonds.BURN_ADDRESS`.
pub const BURN_ADDRESS: Address = address!("000000000000000000000000000000000000dEaD");

/// Seconds of a slash window, as in `Bonds`.
const SLASH_WINDOW: u64 = 7 * 86_400;

/// Most of a bond that a slash window may lose without proof, basis points, as in `Bonds`.
const SLASH_CAP_BPS: u64 = 1_000;

const BASIS_POINTS: u64 = 10_000;

pub(super) fn apply_bonds(state: &mut State, at: Position, event: &BondsEvents) -> Result<(), Inconsistent> {
    match event {
        BondsEvents::Bonded(e) => {
            let bond = bond(state, e.role, e.owner, e.token)?;
            add(&mut bond.active, e.amount, "bond")?;
            add(&mut bond.deposited, e.amount, "bonded money")?;
            if bond.active != e.active {
                let what = format!("the bond of {} in token {} is {}, not {}", e.owner, e.token, bond.active, e.active);
                return Err(Inconsistent::new(what));
            }
        }
        BondsEvents::ThawStarted(e) => {
            let bond = bond(state, e.role, e.owner, e.token)?;
            subtract(&mut bond.active, e.amount, || active_of(e.owner))?;
            bond.thawing = e.thawing;
            bond.thawed_at = small(e.thawedAt);
        }
        BondsEvents::ThawCancelled(e) => {
            let bond = bond(state, e.role, e.owner, e.token)?;
            add(&mut bond.active, e.amount, "bond")?;
            take_thawing(bond, e.amount, e.owner)?;
        }
        BondsEvents::BondWithdrawn(e) => {
            let bond = bond(state, e.role, e.owner, e.token)?;
            add(&mut bond.withdrawn, e.amount, "withdrawn bonds")?;
            take_thawing(bond, e.amount, e.owner)?;
        }
        BondsEvents::Slashed(e) => slash(state, at, e)?,
        BondsEvents::BondHeld(e) => {
            let bond = bond(state, e.role, e.owner, e.token)?;
            (bond.held, bond.held_until) = (e.held, small(e.heldUntil));
        }
        BondsEvents::ClaimLocked(e) => lock(state, e.claimer, e.provider, e.token, e.lockedBy, e.locked),
        BondsEvents::ClaimUnlocked(e) => lock(state, e.claimer, e.provider, e.token, e.lockedBy, e.locked),
        BondsEvents::ClaimSeized(e) => {
            lock(state, e.claimer, e.provider, e.token, e.lockedBy, e.locked);
            let bond = state.bonds.entry((BondRole::Provider, e.provider, e.token));
            let taken = take(bond, e.provider, e.fromActive, e.fromThawing)?;
            add(&mut bond.seized, taken, "seizures")?;
            owe(state, e.harmed, e.token, taken)?;
        }
        BondsEvents::ClaimerSet(e) => state.bond_takers.entry((e.claimer,)).claimer = e.allowed,
        BondsEvents::SlasherSet(e) => state.bond_takers.entry((e.slasher,)).slasher = e.allowed,
        BondsEvents::PausedSet(e) => state.set("Bonds", "paused", e.paused),
        BondsEvents::Delegated(_)
        | BondsEvents::UndelegationStarted(_)
        | BondsEvents::UndelegationCancelled(_)
        | BondsEvents::DelegationWithdrawn(_)
        | BondsEvents::PoolRewarded(_)
        | BondsEvents::PoolDripSet(_)
        | BondsEvents::PoolSlashed(_)
        | BondsEvents::PoolSwept(_)
        | BondsEvents::CommissionSet(_) => delegation::apply(state, at, event)?,
        BondsEvents::OwedCollected(e) => {
            let owed = &mut state.owed.entry((e.account, e.token)).amount;
            subtract(owed, e.amount, || format!("what slashes owe {}", e.account))?;
        }
        BondsEvents::MinimumSet(e) => state.bond_minimums.entry((role(e.role)?, e.token)).minimum = e.minimum,
        BondsEvents::ThawPeriodSet(e) => state.set("Bonds", "thawPeriod", e.thawPeriod),
        BondsEvents::AuthorityUpdated(e) => state.set("Bonds", "authority", e.authority),
    }
    Ok(())
}

fn slash(state: &mut State, at: Position, event: &Slashed) -> Result<(), Inconsistent> {
    let bond = bond(state, event.role, event.owner, event.token)?;
    if !event.uncapped {
        let mut taken = event.fromActive;
        add(&mut taken, event.fromThawing, "money taken from a bond")?;
        count_in_window(bond, at.time, taken)?;
    }
    let taken = take(bond, event.owner, event.fromActive, event.fromThawing)?;
    add(&mut bond.slashed, taken, "slashes")?;
    let shares = [(event.harmed, event.toHarmed), (event.reporter, event.toReporter), (BURN_ADDRESS, event.burned)];
    shares.into_iter().try_for_each(|(account, amount)| owe(state, account, event.token, amount))
}

/// Takes money out of a bond. Returns the sum.
fn take(bond: &mut Bond, owner: Address, active: U256, thawing: U256) -> Result<U256, Inconsistent> {
    subtract(&mut bond.active, active, || active_of(owner))?;
    take_thawing(bond, thawing, owner)?;
    let mut taken = active;
    add(&mut taken, thawing, "money taken from a bond")?;
    Ok(taken)
}

/// Owes `amount` wei to `account`; nothing if that is 0.
pub(super) fn owe(state: &mut State, account: Address, token: Address, amount: U256) -> Result<(), Inconsistent> {
    if amount.is_zero() {
        return Ok(());
    }
    add(&mut state.owed.entry((account, token)).amount, amount, "debt")
}

impl Bond {
    /// Wei that its slash window may lose without proof, from `now` on (unix seconds) and in all: a tenth of the stake and
    /// of what it has lost, or a tenth of that and what is held of what no claim has locked; never less than before.
    pub fn window_at(&self, now: u64) -> (U256, U256) {
        let is_open = now < self.window_start + SLASH_WINDOW;
        let (left, all) = if is_open { (self.window_left, self.window_cap) } else { (U256::ZERO, U256::ZERO) };
        let lost = all.saturating_sub(left);
        let stake = self.active.saturating_add(self.thawing);
        let unlocked = self.thawing.saturating_add(self.active.saturating_sub(self.locked));
        let most = cap(stake.saturating_add(lost)).max(cap(lost).saturating_add(self.held.min(unlocked)));
        let grown = most.saturating_sub(all);
        (left.saturating_add(grown), all.saturating_add(grown))
    }
}

/// What of a stake a window may lose without proof.
fn cap(stake: U256) -> U256 {
    stake * U256::from(SLASH_CAP_BPS) / U256::from(BASIS_POINTS)
}

/// Counts what a judgement takes of a bond, before it is taken.
fn count_in_window(bond: &mut Bond, now: u64, taken: U256) -> Result<(), Inconsistent> {
    (bond.window_left, bond.window_cap) = bond.window_at(now);
    if now >= bond.window_start + SLASH_WINDOW {
        bond.window_start = now;
    }
    bond.held = bond.held.saturating_sub(taken);
    subtract(&mut bond.window_left, taken, || "what a slash window may still take".to_owned())
}

fn lock(state: &mut State, claimer: Address, provider: Address, token: Address, own: U256, all: U256) {
    state.bond_locks.entry((claimer, provider, token)).amount = own;
    state.bonds.entry((BondRole::Provider, provider, token)).locked = all;
}

fn take_thawing(bond: &mut Bond, amount: U256, owner: Address) -> Result<(), Inconsistent> {
    subtract(&mut bond.thawing, amount, || thawing_of(owner))?;
    if bond.thawing.is_zero() {
        bond.thawed_at = 0;
    }
    Ok(())
}

fn bond(state: &mut State, number: u8, owner: Address, token: Address) -> Result<&mut Bond, Inconsistent> {
    Ok(state.bonds.entry((role(number)?, owner, token)))
}

pub(super) fn role(number: u8) -> Result<BondRole, Inconsistent> {
    BondRole::from_number(number).ok_or_else(|| Inconsistent::new(format!("bond role {number} is unknown")))
}

fn active_of(owner: Address) -> String {
    format!("the active bond of {owner}")
}

fn thawing_of(owner: Address) -> String {
    format!("the thawing bond of {owner}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_what_is_held_of_what_is_unlocked() {
        let [active, thawing, held] = [200, 100, 70].map(U256::from);
        let mut bond = Bond { active, thawing, held, window_start: 1_000, ..Bond::default() };
        (bond.window_left, bond.window_cap) = (U256::ONE, U256::from(40));
        let left_at = |bond: &Bond, now| bond.window_at(now).0;
        let end = 1_000 + SLASH_WINDOW;
        assert_eq!(left_at(&bond, end - 1), U256::from(34), "39 are lost of 73, a tenth of them and what is held");
        assert_eq!(left_at(&bond, end), held);
        bond.locked = U256::from(250);
        assert_eq!(left_at(&bond, end), held);
        bond.thawing = U256::from(40);
        assert_eq!(left_at(&bond, end), U256::from(40));
        bond.held = U256::ZERO;
        assert_eq!(left_at(&bond, end), U256::from(24));

        bond.held = U256::from(70);
        count_in_window(&mut bond, end, U256::from(30)).unwrap();
        assert_eq!((bond.window_left, bond.window_start, bond.held), (U256::from(10), end, U256::from(40)));
        count_in_window(&mut bond, end + 1, U256::from(14)).unwrap_err();
    }

    #[test]
    fn what_is_bonded_in_an_open_window_raises_it() {
        let [active, left, cap] = [940, 40, 100].map(U256::from);
        let mut bond = Bond { active, window_start: 1_000, window_left: left, window_cap: cap, ..Bond::default() };
        assert_eq!(bond.window_at(1_001), (left, cap));
        bond.active = U256::from(5_940);
        assert_eq!(bond.window_at(1_001), (U256::from(540), U256::from(600)));
        bond.active = U256::from(1);
        assert_eq!(bond.window_at(1_001), (left, cap), "it never falls");
    }
}
