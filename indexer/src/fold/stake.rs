//! Bonds: what is at stake, what thaws, what slashes took and whom they owe.

use alloy::primitives::{Address, U256, address};
use spheron_bindings::bonds::Bonds::{BondsEvents, Slashed};

use super::{Bond, BondRole, Inconsistent, State, add, small, subtract};
use crate::position::Position;

/// Whom the burned part of a slash is owed to, `IBonds.BURN_ADDRESS`.
pub const BURN_ADDRESS: Address = address!("000000000000000000000000000000000000dEaD");

/// Seconds of a slash window, as in `Bonds`.
const SLASH_WINDOW: u64 = 7 * 86_400;

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
            empty_bucket(bond, e.amount, e.owner)?;
        }
        BondsEvents::BondWithdrawn(e) => {
            let bond = bond(state, e.role, e.owner, e.token)?;
            add(&mut bond.withdrawn, e.amount, "withdrawn bonds")?;
            empty_bucket(bond, e.amount, e.owner)?;
        }
        BondsEvents::Slashed(e) => slash(state, at, e)?,
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
    let mut stake = bond.active;
    add(&mut stake, bond.thawing, "stake")?;
    let mut taken = event.fromActive;
    add(&mut taken, event.fromThawing, "slash")?;
    if !event.uncapped {
        count_in_window(bond, at.time, stake, taken)?;
    }
    subtract(&mut bond.active, event.fromActive, || active_of(event.owner))?;
    subtract(&mut bond.thawing, event.fromThawing, || thawing_of(event.owner))?;
    add(&mut bond.slashed, taken, "slashes")?;
    if bond.thawing.is_zero() {
        bond.thawed_at = 0;
    }
    let shares = [(event.harmed, event.toHarmed), (event.reporter, event.toReporter), (BURN_ADDRESS, event.burned)];
    for (account, amount) in shares {
        if !amount.is_zero() {
            add(&mut state.owed.entry((account, event.token)).amount, amount, "debt")?;
        }
    }
    Ok(())
}

fn count_in_window(bond: &mut Bond, now: u64, stake: U256, taken: U256) -> Result<(), Inconsistent> {
    if now >= bond.window_start + SLASH_WINDOW {
        bond.window_start = now;
        bond.window_stake = stake;
        bond.window_slashed = U256::ZERO;
    }
    add(&mut bond.window_slashed, taken, "slashes of a window")
}

fn empty_bucket(bond: &mut Bond, amount: U256, owner: Address) -> Result<(), Inconsistent> {
    subtract(&mut bond.thawing, amount, || thawing_of(owner))?;
    bond.thawed_at = 0;
    Ok(())
}

fn bond(state: &mut State, number: u8, owner: Address, token: Address) -> Result<&mut Bond, Inconsistent> {
    Ok(state.bonds.entry((role(number)?, owner, token)))
}

fn role(number: u8) -> Result<BondRole, Inconsistent> {
    BondRole::from_number(number).ok_or_else(|| Inconsistent::new(format!("bond role {number} is unknown")))
}

fn active_of(owner: Address) -> String {
    format!("the active bond of {owner}")
}

fn thawing_of(owner: Address) -> String {
    format!("the thawing bond of {owner}")
}
