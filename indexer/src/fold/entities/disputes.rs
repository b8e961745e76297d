//! Disputes over what no proof decides.

use alloy::primitives::{Address, U256};

use super::super::macros::entities;
use super::stake::BondRole;
use crate::{position::EventId, value::named_enum};

named_enum! {
    /// Where a dispute stands, see `IDisputes.Status`.
    DisputeStatus {
        /// No such dispute.
        #[default]
        None = "none",
        /// Awaits its ruling.
        Open = "open",
        /// The accused was slashed.
        Accepted = "accepted",
        /// The deposit was lost.
        Rejected = "rejected",
        /// Ended without a ruling.
        Drawn = "drawn",
    }
}

entities! {
    /// Disputes over what no proof decides.
    Dispute in "dispute" (id: u64) {
        /// Event that opened it.
        opened_id: EventId,
        /// Where it stands.
        status: DisputeStatus,
        /// Who accuses.
        opener: Address,
        /// Who is accused.
        accused: Address,
        /// What the accused's bond is for.
        role: BondRole,
        /// Of the bond and of the deposit.
        token: Address,
        /// Wei that the opener put up.
        deposit: U256,
        /// Wei of the bond at the opening.
        stake: U256,
        /// Unix seconds.
        opened_at: u64,
        /// Whether the accused has answered.
        answered: bool,
        /// Wei that the accused lost.
        slashed: U256,
    }

    /// What disputes owe.
    DisputeOwed in "dispute_owed" (account: Address, token: Address) {
        /// Wei.
        amount: U256,
    }

    /// What a dispute takes as its deposit.
    DisputeDeposit in "dispute_deposit" (token: Address) {
        /// Wei, 0 if none may be opened.
        amount: U256,
    }
}
