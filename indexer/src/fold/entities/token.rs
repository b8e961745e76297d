//! SPON and sSPON.

use alloy::primitives::{Address, U256};

use super::super::macros::entities;
use crate::position::EventId;

entities! {
    /// Holders of SPON.
    SponHolder in "spon_holder" (holder: Address) {
        /// Wei.
        amount: U256,
    }

    /// Supply of SPON and of sSPON.
    Supply in "supply" (token: String) {
        /// Wei, or shares.
        amount: U256,
        /// Ever minted.
        minted: U256,
        /// Ever burned.
        burned: U256,
    }

    /// Bridges of SPON.
    Bridge in "bridge" (bridge: Address) {
        /// Wei in one window, each direction.
        capacity: U256,
        /// Seconds in which an empty bucket refills.
        window: u64,
        /// Wei of the minting bucket that were used at `mint_at`.
        mint_used: U256,
        /// Unix seconds.
        mint_at: u64,
        /// Wei of the burning bucket that were used at `burn_at`.
        burn_used: U256,
        /// Unix seconds.
        burn_at: u64,
    }

    /// Holders of sSPON.
    Stake in "stake" (holder: Address) {
        /// Event that first moved a share of it.
        first_id: EventId,
        /// Shares.
        shares: U256,
    }

    /// Exits from sSPON that were not claimed.
    Exit in "stake_exit" (controller: Address) {
        /// Burned, still owed.
        shares: U256,
        /// SPON in wei that they are worth.
        assets: U256,
        /// Unix seconds.
        claimable_at: u64,
    }

    /// Who may request and claim for a controller.
    StakeOperator in "stake_operator" (controller: Address, operator: Address) {
        /// Whether it may now.
        approved: bool,
    }

    /// Whom holders of sSPON let vote for them.
    StakeDelegate in "stake_delegate" (holder: Address) {
        /// 0 for nobody.
        delegate: Address,
    }

    /// Votes of delegates.
    StakeVotes in "stake_votes" (delegate: Address) {
        /// Shares.
        votes: U256,
    }

    /// The money of sSPON.
    Vault in "vault" () {
        /// Wei of the stakers, with what has not dripped yet and without the exits.
        held: U256,
        /// Wei that had not dripped when the drip last began or stopped.
        undripped: U256,
        /// When the drip ends.
        ends_at: u64,
        /// Seconds from when it last began or stopped to `ends_at`.
        duration: u64,
    }
}
