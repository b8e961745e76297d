//! Epochs of rewards.

use alloy::primitives::{Address, B256, U256};

use super::super::macros::entities;
use crate::{position::EventId, value::named_enum};

named_enum! {
    /// Where an epoch of rewards stands, see `IDistributor.Status`.
    EpochStatus {
        /// Not funded.
        #[default]
        None = "none",
        /// Funded, without a root.
        Funded = "funded",
        /// Has a root, which is not marked active.
        Posted = "posted",
        /// Its root is in doubt.
        Challenged = "challenged",
        /// Is paid.
        Active = "active",
        /// Its root was found wrong.
        Disabled = "disabled",
        /// The rest went back.
        Swept = "swept",
    }
}

entities! {
    /// Epochs of rewards.
    Epoch in "epoch" (epoch: u64) {
        /// Event that first funded it.
        funded_id: EventId,
        /// Merkle root, 0 until it is posted.
        root: B256,
        /// That it is paid in.
        token: Address,
        /// Gets back what is not paid.
        funder: Address,
        /// Wei that were funded.
        cap: U256,
        /// Number of rewards.
        leaf_count: u64,
        /// Unix seconds, without outages; until it is posted, when it was funded.
        activates_at: u64,
        /// Hash of what the root was built from.
        evidence: B256,
        /// Wei.
        paid: U256,
        /// Number of rewards that were paid.
        paid_leaves: u64,
        /// Wei of bonds that challengers lost.
        forfeited: U256,
        /// Where it stands, as the last event says.
        status: EpochStatus,
        /// Whose challenge is open, or whose bond waits; else 0.
        challenger: Address,
        /// When the challenge counts as upheld, unix seconds without outages; 0 without one.
        challenge_deadline: u64,
        /// Wei that went back to its funder.
        returned: U256,
    }

    /// Rewards that were paid, as bits over 256 of them each.
    PaidRange in "paid_range" (epoch: u64, start: u64) {
        /// Bit i: the reward with index `start` + i.
        leaves: U256,
    }

    /// Who may claim rewards for an account, besides itself.
    Claimer in "claimer" (account: Address) {
        /// 0 for nobody.
        claimer: Address,
    }
}
