//! Standing orders, demands and payouts.

use alloy::primitives::{Address, B256, U256};

use super::super::macros::entities;
use crate::{position::EventId, value::named_enum};

named_enum! {
    /// Whether a standing order may be used, see `IStandingTopUps.Status`.
    OrderStatus {
        /// Not authorised.
        #[default]
        None = "none",
        /// May be used.
        Active = "active",
        /// May be used no longer.
        Revoked = "revoked",
    }
}

entities! {
    /// Standing orders to top leases up.
    TopUpOrder in "top_up_order" (order_id: B256) {
        /// Event that authorised or revoked it first.
        first_id: EventId,
        /// Whether it may be used.
        status: OrderStatus,
        /// Whose money it spends.
        renter: Address,
        /// That the leases are paid in.
        token: Address,
        /// The lease, or 0 for every one of the renter on `node`.
        lease_id: B256,
        /// 0 if a lease is named.
        node: Address,
        /// Wei in all.
        budget: U256,
        /// Unix seconds.
        expiry: u64,
        /// Wei that it has spent.
        spent: U256,
        /// Wei that it has spent in its period.
        period_spent: U256,
        /// When that began, unix seconds.
        period_start: u64,
    }

    /// Open demands for a fresh measurement.
    Demand in "measurement_demand" (lease_id: B256) {
        /// Unix seconds, 0 if none is open.
        made_at: u64,
        /// Wei that the renter put up, in the lease's token.
        bond: U256,
    }

    /// What a demand for a fresh measurement takes as its bond.
    DemandBond in "demand_bond" (token: Address) {
        /// Wei, 0 if none may be made.
        amount: U256,
    }

    /// From how much on earnings are pushed to a provider's reward wallet.
    PayoutMinimum in "payout_minimum" (provider: Address, token: Address) {
        /// Wei, 0 if they are not pushed.
        minimum: U256,
    }
}
