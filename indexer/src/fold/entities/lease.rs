//! Leases, offers and markets.

use alloy::primitives::{Address, B256, U256};

use super::super::macros::entities;
use crate::{position::EventId, value::named_enum};

named_enum! {
    /// Where a lease stands, see `ILeaseBook.Status`.
    LeaseStatus {
        /// No such lease.
        #[default]
        None = "none",
        /// Runs on while funded.
        Open = "open",
        /// Its end is fixed and lies ahead.
        Ending = "ending",
        /// Over, its units are free, some seconds await their verdict.
        Ended = "ended",
        /// Every wei is paid or refunded.
        Closed = "closed",
    }
}

entities! {
    /// Leases.
    Lease in "lease" (lease_id: B256) {
        /// Event that opened it.
        opened_id: EventId,
        /// EIP-712 digest of the offer.
        offer_hash: B256,
        /// Nonce of the offer.
        offer_nonce: U256,
        /// Who pays and gets refunds.
        renter: Address,
        /// Who opened it for the renter, else 0.
        operator: Address,
        /// The payee.
        provider: Address,
        /// The node.
        node: Address,
        /// That it is paid in.
        token: Address,
        /// That releases the payments.
        policy: Address,
        /// Wei per second for all units.
        rate: U256,
        /// Units of the node's resource.
        units: u64,
        /// The protocol's share of each payment, basis points.
        fee_bps: u64,
        /// Share of the exposure that is locked out of the provider's bond, basis points.
        cover_bps: u64,
        /// Share of the rate in grace, basis points.
        hold_rate_bps: u64,
        /// Paid for at least, if attested.
        min_seconds: u64,
        /// That it may last.
        max_seconds: u64,
        /// At the hold rate.
        grace_seconds: u64,
        /// Before a reclaim without a price.
        notice_seconds: u64,
        /// Wei that the provider pays for closing without notice.
        reclaim_price: U256,
        /// Unix seconds.
        start: u64,
        /// Makes it unique.
        salt: B256,
        /// Where it stands.
        status: LeaseStatus,
        /// Every second before it is paid or refunded.
        settled_to: u64,
        /// End of the full rate.
        funded_until: u64,
        /// Start of the hold past grace.
        hold_from: u64,
        /// End of the hold past grace.
        hold_to: u64,
        /// 0 while open.
        ends_at: u64,
        /// Who ended it; 0 while open, or when its funds ran out.
        ended_by: Address,
        /// Wei that came in.
        funded: U256,
        /// Wei paid to the provider.
        paid: U256,
        /// Wei paid to the protocol.
        fees: U256,
        /// Wei that went back to the renter.
        refunded: U256,
        /// Wei of the provider's that the renter got for a reclaim without notice.
        penalty: U256,
        /// Wei of it that the operator's usage still counts.
        exposure: U256,
        /// Seconds of graces before the last past one, less those that claims allowed for; at most 65,535.
        held_before: u64,
        /// Seconds of the last past grace that claims allowed for.
        allowed_past: U256,
        /// Seconds of the running grace that claims allowed for.
        allowed_running: U256,
        /// Of the policy, up to which what it took back is booked.
        revision: u64,
        /// Seconds that the policy took back after they were paid.
        revoked: u64,
        /// Wei that the renter is owed for them, out of the provider's bond.
        owed: U256,
        /// Wei of the bond that the renter got for them.
        compensated: U256,
        /// Wei of the provider's bond that stand behind the lease no longer.
        cover_freed: U256,
    }

    /// Where nodes stand with the nonces of their offers.
    OfferDesk in "offer_desk" (node: Address) {
        /// Lowest nonce that is neither used nor cancelled; 0 stands for 1.
        nonce_floor: u64,
    }

    /// Nonces of offers that were used or cancelled one by one.
    OfferNonce in "offer_nonce" (node: Address, nonce: U256) {
        /// The lease that used it, 0 if it was cancelled.
        lease_id: B256,
    }

    /// What leases open with from now on.
    Market in "market" (token: Address, policy: Address) {
        /// Whether leases may open.
        is_open: bool,
        /// The protocol's share of payments, basis points.
        fee_bps: u64,
        /// Share of the exposure that is locked out of the provider's bond, basis points.
        cover_bps: u64,
        /// Wei that a lease opens with at least.
        min_funds: U256,
        /// Wei that a top-up brings at least.
        min_top_up: U256,
    }
}
