//! Bonds, slashes and delegations.

use alloy::primitives::{Address, U256};
use rand::{Rng as _, seq::IteratorRandom as _};
use spheron_bindings::bonds::Bonds;
use spheron_indexer::{
    Contract,
    fold::{Bond, BondRole},
};

use super::Economy;

impl Economy {
    pub(super) fn bond_for(&mut self, role: u8, owner: Address, token: Address, amount: U256) {
        let key = (BondRole::from_number(role).unwrap(), owner, token);
        let active = self.state.bonds.get(&key).map(|bond| bond.active).unwrap_or_default() + amount;
        self.emit(Contract::Bonds, Bonds::Bonded { role, owner, token, payer: owner, amount, active });
    }

    pub(super) fn bonded(&mut self) -> Option<(BondRole, Address, Address)> {
        let bonds = self.state.bonds.iter().filter(|(_, bond)| !bond.active.is_zero());
        let mut bonds: Vec<_> = bonds.map(|(key, _)| *key).collect();
        bonds.sort();
        bonds.into_iter().choose(&mut self.rng)
    }

    pub(super) fn bond(&mut self) {
        let Some(key @ (role, owner, token)) = self.bonded() else { return };
        let bond = self.state.bonds.get(&key).unwrap().clone();
        let role = role as u8;
        match self.rng.random_range(0..4) {
            0 => self.bond_for(role, owner, token, U256::from(500)),
            1 => {
                let amount = self.amount(bond.active);
                let thawed_at = U256::from(self.now + 86_400);
                let thawing = bond.thawing + amount;
                self.emit(
                    Contract::Bonds,
                    Bonds::ThawStarted { role, owner, token, amount, thawing, thawedAt: thawed_at },
                );
            }
            2 if !bond.thawing.is_zero() => {
                self.emit(Contract::Bonds, Bonds::ThawCancelled { role, owner, token, amount: bond.thawing });
            }
            _ if !bond.thawing.is_zero() => {
                let withdrawn = Bonds::BondWithdrawn { role, owner, token, to: owner, amount: bond.thawing };
                self.emit(Contract::Bonds, withdrawn);
            }
            _ => {}
        }
    }

    pub(super) fn slash(&mut self) {
        let Some(key @ (role, owner, token)) = self.bonded() else { return };
        let bond = self.state.bonds.get(&key).unwrap().clone();
        let held = (bond.active + bond.thawing) / U256::from(10);
        let held_until = U256::from(self.now + 7 * 86_400);
        self.emit(Contract::Bonds, Bonds::BondHeld { role: role as u8, owner, token, held, heldUntil: held_until });
        let bond = self.state.bonds.get(&key).unwrap().clone();
        let (active, thawing) = (self.amount(bond.active), bond.thawing / U256::from(10));
        let taken = active + thawing;
        let (harmed, reporter) = (self.account(), self.account());
        let (to_harmed, to_reporter) = (taken / U256::from(2), taken / U256::from(4));
        let slashed = Bonds::Slashed {
            role: role as u8,
            owner,
            token,
            fromActive: active,
            fromThawing: thawing,
            harmed,
            toHarmed: to_harmed,
            reporter,
            toReporter: to_reporter,
            burned: taken - to_harmed - to_reporter,
            uncapped: !self.fits_window(&bond, taken),
        };
        self.emit(Contract::Bonds, slashed);
        if !to_harmed.is_zero() {
            let amount = self.state.owed.get(&(harmed, token)).unwrap().amount;
            self.emit(Contract::Bonds, Bonds::OwedCollected { account: harmed, token, to: harmed, amount });
        }
    }

    /// Whether a slash may take so much without proof.
    pub(super) fn fits_window(&self, bond: &Bond, taken: U256) -> bool {
        taken <= bond.window_at(self.now).0
    }

    /// Somebody delegates to a bond, or leaves it; shares are worth a wei each, but for what rewards add.
    pub(super) fn delegate(&mut self) {
        let Some(key @ (bond_role, owner, token)) = self.bonded() else { return };
        let (role, delegator) = (bond_role as u8, self.account());
        let pool = self.state.pools.get(&key).cloned().unwrap_or_default();
        let own = self.state.delegations.get(&(bond_role, owner, token, pool.generation, delegator)).cloned();
        let own = own.unwrap_or_default();
        let thaw = (bond_role, owner, token, pool.thaw_generation, delegator);
        let thaw = self.state.delegation_thaws.get(&thaw).cloned().unwrap_or_default();
        let earning = pool.earning_at(self.now);
        match self.rng.random_range(0..6) {
            0 if !own.shares.is_zero() => {
                let shares = self.amount(own.shares).min(earning);
                let thawed_at = U256::from(self.now + 86_400);
                let started = Bonds::UndelegationStarted {
                    role,
                    owner,
                    token,
                    delegator,
                    shares,
                    amount: shares,
                    thawingShares: shares,
                    thawedAt: thawed_at,
                };
                self.emit(Contract::Bonds, started);
            }
            1 if !thaw.shares.is_zero() => {
                let (shares, amount) = (thaw.shares, thaw.shares.min(pool.thawing));
                let withdrawn = Bonds::DelegationWithdrawn {
                    role,
                    owner,
                    token,
                    delegator,
                    to: delegator,
                    thawingShares: shares,
                    amount,
                };
                self.emit(Contract::Bonds, withdrawn);
            }
            2 => {
                let (payer, to_pool, commission) = (self.account(), U256::from(90), U256::from(10));
                self.emit(
                    Contract::Bonds,
                    Bonds::PoolRewarded { role, owner, token, payer, toPool: to_pool, commission },
                );
                self.set_drip(key, pool.undripped_at(self.now) + to_pool);
            }
            3 if !pool.value.is_zero() => {
                let all = self.rng.random_bool(0.5);
                let from_value = if all { pool.value } else { self.amount(pool.value) };
                let from_thawing = if all { pool.thawing } else { U256::ZERO };
                let undripped = pool.undripped_at(self.now);
                if !undripped.is_zero() {
                    self.set_drip(key, undripped.saturating_sub(from_value));
                }
                let taken = from_value + from_thawing;
                let harmed = self.account();
                let slashed = Bonds::PoolSlashed {
                    role,
                    owner,
                    token,
                    fromValue: from_value,
                    fromThawing: from_thawing,
                    harmed,
                    toHarmed: taken / U256::from(2),
                    burned: taken - taken / U256::from(2),
                    generation: U256::from(pool.generation + u64::from(all)),
                    thawGeneration: U256::from(pool.thaw_generation + u64::from(all)),
                };
                self.emit(Contract::Bonds, slashed);
            }
            4 => {
                let (commission, from) = (U256::from(500), U256::from(self.now + 86_400));
                self.emit(
                    Contract::Bonds,
                    Bonds::CommissionSet { role, owner, token, commissionBps: commission, from },
                );
            }
            _ => {
                let amount = U256::from(self.rng.random_range(1..1_000_000u64));
                self.emit(Contract::Bonds, Bonds::Delegated { role, owner, token, delegator, amount, shares: amount });
            }
        }
    }

    /// What still drips to a pool takes a week from now.
    fn set_drip(&mut self, (role, owner, token): (BondRole, Address, Address), undripped: U256) {
        let (role, now) = (role as u8, self.now);
        let (updated_at, ends_at) = (U256::from(now), U256::from(now + 604_800));
        let set = Bonds::PoolDripSet { role, owner, token, undripped, updatedAt: updated_at, endsAt: ends_at };
        self.emit(Contract::Bonds, set);
    }
}
