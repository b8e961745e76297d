//! What people ordered once: StandingTopUps, MeasurementDemand and Payout.

use alloy::primitives::{Address, B256, U256};
use spheron_bindings::{
    measurement_demand::MeasurementDemand::MeasurementDemandEvents, payout::Payout::PayoutEvents,
    standing_top_ups::StandingTopUps::StandingTopUpsEvents,
};

use super::{Demand, Inconsistent, OrderStatus, State, TopUpOrder, small};
use crate::position::{EventId, Position};

pub(super) fn apply(state: &mut State, at: Position, event: &StandingTopUpsEvents) -> Result<(), Inconsistent> {
    match event {
        StandingTopUpsEvents::OrderAuthorized(e) => {
            let order = order(state, at, e.orderId, e.renter);
            order.status = OrderStatus::Active;
            order.token = e.order.token;
            order.lease_id = e.order.leaseId;
            order.node = e.order.node;
            order.budget = U256::from(e.order.budget);
            order.expiry = e.order.expiry.to();
        }
        StandingTopUpsEvents::OrderRevoked(e) => order(state, at, e.orderId, e.renter).status = OrderStatus::Revoked,
        StandingTopUpsEvents::OrderUsed(e) => {
            let order = state.top_up_orders.existing((e.orderId,));
            let order = order.ok_or_else(|| Inconsistent::unknown("standing order", e.orderId))?;
            order.spent = e.spent;
            order.period_spent = e.periodSpent;
            order.period_start = small(e.periodStart);
        }
        StandingTopUpsEvents::EIP712DomainChanged(_) => {}
    }
    Ok(())
}

/// An order, which may be revoked before it was ever authorised.
fn order(state: &mut State, at: Position, id: B256, renter: Address) -> &mut TopUpOrder {
    let order = state.top_up_orders.entry((id,));
    if order.status == OrderStatus::None {
        order.first_id = EventId(at.id);
        order.renter = renter;
    }
    order
}

pub(super) fn apply_demand(state: &mut State, event: &MeasurementDemandEvents) {
    match event {
        MeasurementDemandEvents::MeasurementDemanded(e) => {
            *state.demands.entry((e.leaseId,)) = Demand { made_at: small(e.madeAt), bond: e.bond };
        }
        MeasurementDemandEvents::DemandResolved(e) => *state.demands.entry((e.leaseId,)) = Demand::default(),
        MeasurementDemandEvents::BondSet(e) => state.demand_bonds.entry((e.token,)).amount = e.bond,
        MeasurementDemandEvents::PausedSet(e) => state.set("MeasurementDemand", "paused", e.paused),
        MeasurementDemandEvents::AuthorityUpdated(e) => state.set("MeasurementDemand", "authority", e.authority),
    }
}

pub(super) fn apply_payout(state: &mut State, event: &PayoutEvents) {
    match event {
        PayoutEvents::MinimumSet(e) => state.payout_minimums.entry((e.provider, e.token)).minimum = e.minimum,
        // The Ledger's Withdrawn says what it did to the balance.
        PayoutEvents::PaidOut(_) | PayoutEvents::PayoutFailed(_) => {}
    }
}
