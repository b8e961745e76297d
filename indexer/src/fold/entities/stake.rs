//! Bonds, delegations and what slashes owe.

use alloy::primitives::{Address, U256};

use super::super::macros::entities;
use crate::value::named_enum;

named_enum! {
    /// What a bond is for, see `IBonds.Role`.
    BondRole {
        /// A provider's.
        #[default]
        Provider = "provider",
        /// A gateway's.
        Gateway = "gateway",
        /// A verifier's.
        Verifier = "verifier",
    }
}

entities! {
    /// Bonds.
    Bond in "bond" (role: BondRole, owner: Address, token: Address) {
        /// Wei.
        active: U256,
        /// Wei.
        thawing: U256,
        /// When the thawing may be withdrawn, 0 if nothing thaws.
        thawed_at: u64,
        /// Wei behind claims, which cannot thaw.
        locked: U256,
        /// Start of the slash window.
        window_start: u64,
        /// Wei that it may still lose without proof, as of the last such loss.
        window_left: U256,
        /// Wei that it may lose in all.
        window_cap: U256,
        /// Wei that a judgement to come may take, as far as no claim has locked them.
        held: U256,
        /// When nothing is held any more, without outages.
        held_until: u64,
        /// Wei that ever came in.
        deposited: U256,
        /// Wei that left to the owner.
        withdrawn: U256,
        /// Wei that slashes took.
        slashed: U256,
        /// Wei that claimers seized.
        seized: U256,
    }

    /// What claimers have locked of providers' bonds.
    BondLock in "bond_lock" (claimer: Address, provider: Address, token: Address) {
        /// Wei.
        amount: U256,
    }

    /// Contracts that may take from bonds.
    BondTaker in "bond_taker" (account: Address) {
        /// Whether it may lock and seize.
        claimer: bool,
        /// Whether it may slash.
        slasher: bool,
    }

    /// What is delegated to bonds.
    Pool in "delegation_pool" (role: BondRole, owner: Address, token: Address) {
        /// Wei of the shares, with what has not dripped yet.
        value: U256,
        /// Of `value`.
        shares: U256,
        /// Wei on their way out.
        thawing: U256,
        /// Of `thawing`.
        thawing_shares: U256,
        /// Grows when a slash ends the shares.
        generation: u64,
        /// Grows when a slash ends the thawing shares.
        thaw_generation: u64,
        /// Basis points of each reward.
        commission_bps: u64,
        /// Basis points from `next_commission_from` on.
        next_commission_bps: u64,
        /// Unix seconds.
        next_commission_from: u64,
        /// Wei of `value` that had not dripped when the drip was last set.
        undripped: U256,
        /// When the drip ends.
        drip_ends_at: u64,
        /// Seconds from when it was last set to `drip_ends_at`.
        drip_duration: u64,
    }

    /// What delegators have in the present and in former generations of pools.
    Delegation in "delegation"
        (role: BondRole, owner: Address, token: Address, generation: u64, delegator: Address) {
        /// That earn.
        shares: U256,
    }

    /// What delegators have on its way out, in the present and in former thaw generations of pools.
    DelegationThaw in "delegation_thaw"
        (role: BondRole, owner: Address, token: Address, generation: u64, delegator: Address) {
        /// On their way out.
        shares: U256,
        /// When they may be withdrawn, 0 if nothing thaws.
        thawed_at: u64,
    }

    /// What slashes owe.
    Owed in "owed" (account: Address, token: Address) {
        /// Wei.
        amount: U256,
    }

    /// From how many wei on a bond counts.
    BondMinimum in "bond_minimum" (role: BondRole, token: Address) {
        /// Wei, 0 if the token may not be bonded.
        minimum: U256,
    }
}
