//! LeaseBook: leases, their money and their units.

use alloy::primitives::{Address, B256, U256};
use spheron_bindings::lease_book::LeaseBook::{LeaseBookEvents, LeaseOpened};

use super::{Inconsistent, Lease, LeaseStatus, Market, OfferDesk, State, add, small, subtract};
use crate::position::{EventId, Position};

/// Where a node's nonces begin, as in `Offers`.
const FIRST_NONCE: u64 = 1;

/// Most seconds of graces before the last past one that a lease remembers.
const MOST_HELD_BEFORE: u64 = u16::MAX as u64;

pub(super) fn apply(state: &mut State, at: Position, event: &LeaseBookEvents) -> Result<(), Inconsistent> {
    match event {
        LeaseBookEvents::LeaseOpened(e) => open(state, at, e)?,
        LeaseBookEvents::LeaseToppedUp(e) => {
            let lease = existing(state, e.leaseId)?;
            add(&mut lease.funded, e.amount, "funds of a lease")?;
            lease.funded_until = small(e.fundedUntil);
            lease.hold(small(e.holdFrom), small(e.holdTo));
        }
        LeaseBookEvents::LeaseSettled(e) => {
            let lease = existing(state, e.leaseId)?;
            if lease.settled_to != small(e.from) {
                let what = format!("lease {} is settled to {}, not to {}", e.leaseId, lease.settled_to, e.from);
                return Err(Inconsistent::new(what));
            }
            lease.settled_to = small(e.to);
            add(&mut lease.paid, e.payment, "payments")?;
            add(&mut lease.fees, e.fee, "fees")?;
            add(&mut lease.refunded, e.refund, "refunds")?;
            leave(lease, e.leaseId, [e.payment, e.fee, e.refund])?;
        }
        LeaseBookEvents::LeaseEnding(e) => {
            let lease = existing(state, e.leaseId)?;
            lease.status = LeaseStatus::Ending;
            lease.ends_at = small(e.endsAt);
            lease.ended_by = e.by;
            add(&mut lease.refunded, e.refund, "refunds")?;
            add(&mut lease.penalty, e.penalty, "penalties")?;
            leave(lease, e.leaseId, [e.refund])?;
        }
        LeaseBookEvents::LeaseEnded(e) => {
            existing(state, e.leaseId)?.status = LeaseStatus::Ended;
            let units = small(e.units);
            let node = state.nodes.existing((e.node,)).ok_or_else(|| Inconsistent::unknown("node", e.node))?;
            node.leased_units = node
                .leased_units
                .checked_sub(units)
                .ok_or_else(|| Inconsistent::new(format!("node {} leases {} units", e.node, node.leased_units)))?;
        }
        LeaseBookEvents::LeaseClosed(e) => existing(state, e.leaseId)?.status = LeaseStatus::Closed,
        LeaseBookEvents::LeaseRevised(e) => {
            let lease = existing(state, e.leaseId)?;
            lease.revision = small(e.revision);
            lease.revoked += small(e.revoked);
            lease.held_before = small(e.heldBefore);
            (lease.allowed_past, lease.allowed_running) = (e.allowedPast, e.allowedRunning);
            add(&mut lease.owed, e.amount, "debts to a renter")?;
        }
        LeaseBookEvents::LeaseCompensated(e) => {
            let lease = existing(state, e.leaseId)?;
            subtract(&mut lease.owed, e.amount, || format!("what the renter of lease {} is owed", e.leaseId))?;
            add(&mut lease.compensated, e.amount, "compensations")?;
        }
        LeaseBookEvents::CoverFreed(e) => {
            add(&mut existing(state, e.leaseId)?.cover_freed, e.amount, "cover that was freed")?;
        }
        LeaseBookEvents::OfferCancelled(e) => use_nonce(state, e.node, e.nonce, B256::ZERO),
        LeaseBookEvents::OffersCancelledBelow(e) => raise_floor(state, e.node, small(e.floor)),
        LeaseBookEvents::MarketSet(e) => {
            *state.markets.entry((e.token, e.policy)) = Market {
                is_open: e.market.isOpen,
                fee_bps: u64::from(e.market.feeBps),
                cover_bps: u64::from(e.market.coverBps),
                min_funds: U256::from(e.market.minFunds),
                min_top_up: U256::from(e.market.minTopUp),
            };
        }
        LeaseBookEvents::PausedSet(e) => state.set("LeaseBook", "paused", e.paused),
        LeaseBookEvents::AuthorityUpdated(e) => state.set("LeaseBook", "authority", e.authority),
    }
    Ok(())
}

fn existing(state: &mut State, lease_id: B256) -> Result<&mut Lease, Inconsistent> {
    state.leases.existing((lease_id,)).ok_or_else(|| Inconsistent::unknown("lease", lease_id))
}

impl Lease {
    /// Wei in escrow: not yet paid, not yet refunded.
    pub fn escrow(&self) -> U256 {
        self.funded.saturating_sub(self.paid).saturating_sub(self.fees).saturating_sub(self.refunded)
    }

    /// The last past grace is [`from`, `to`): another one than before goes to those before it, as in `Clawbacks._forgetHold`.
    fn hold(&mut self, from: u64, to: u64) {
        if (self.hold_from, self.hold_to) == (from, to) {
            return;
        }
        let past = U256::from(self.hold_to - self.hold_from).saturating_sub(self.allowed_past);
        self.held_before = (self.held_before + small(past)).min(MOST_HELD_BEFORE);
        (self.allowed_past, self.allowed_running) = (self.allowed_running, U256::ZERO);
        (self.hold_from, self.hold_to) = (from, to);
    }
}

impl State {
    /// Lowest nonce of a node's offers that is neither used nor cancelled.
    pub fn nonce_floor(&self, node: Address) -> u64 {
        floor_of(self.offer_desks.get(&(node,)))
    }
}

fn floor_of(desk: Option<&OfferDesk>) -> u64 {
    desk.map_or(0, |desk| desk.nonce_floor).max(FIRST_NONCE)
}

fn use_nonce(state: &mut State, node: Address, nonce: U256, lease_id: B256) {
    state.offer_nonces.entry((node, nonce)).lease_id = lease_id;
    let floor = floor_of(state.offer_desks.find(&(node,)));
    if nonce == U256::from(floor) {
        raise_floor(state, node, floor);
    }
}

/// Moves the floor to `floor`, and on over the nonces that are used or cancelled there.
fn raise_floor(state: &mut State, node: Address, mut floor: u64) {
    while state.offer_nonces.find(&(node, U256::from(floor))).is_some() {
        floor += 1;
    }
    state.offer_desks.entry((node,)).nonce_floor = floor;
}

/// Money that leaves a lease's escrow counts against what its operator put in until that is used up.
fn leave<const N: usize>(lease: &mut Lease, lease_id: B256, amounts: [U256; N]) -> Result<(), Inconsistent> {
    let mut released = U256::ZERO;
    for amount in amounts {
        add(&mut released, amount, "money that leaves a lease")?;
    }
    let mut rest = lease.funded;
    for gone in [lease.paid, lease.fees, lease.refunded] {
        subtract(&mut rest, gone, || format!("the escrow of lease {lease_id}"))?;
    }
    lease.exposure -= released.min(lease.exposure);
    Ok(())
}

fn open(state: &mut State, at: Position, event: &LeaseOpened) -> Result<(), Inconsistent> {
    let node = state.nodes.existing((event.node,)).ok_or_else(|| Inconsistent::unknown("node", event.node))?;
    node.leased_units += u64::from(event.terms.units);
    if !event.reusable {
        use_nonce(state, event.node, event.nonce, event.leaseId);
    }

    let terms = &event.terms;
    let start = terms.start.to::<u64>();
    *state.leases.entry((event.leaseId,)) = Lease {
        opened_id: EventId(at.id),
        offer_hash: event.offerHash,
        offer_nonce: event.nonce,
        renter: terms.renter,
        operator: terms.operator,
        provider: terms.provider,
        node: terms.node,
        token: terms.token,
        policy: terms.policy,
        rate: U256::from(terms.rate),
        units: u64::from(terms.units),
        fee_bps: u64::from(terms.feeBps),
        cover_bps: u64::from(terms.coverBps),
        hold_rate_bps: u64::from(terms.holdRateBps),
        min_seconds: u64::from(terms.minSeconds),
        max_seconds: u64::from(terms.maxSeconds),
        grace_seconds: u64::from(terms.graceSeconds),
        notice_seconds: u64::from(terms.noticeSeconds),
        reclaim_price: U256::from(terms.reclaimPrice),
        start,
        salt: terms.salt,
        status: LeaseStatus::Open,
        settled_to: start,
        funded_until: small(event.fundedUntil),
        funded: event.funded,
        exposure: if terms.operator.is_zero() { U256::ZERO } else { event.funded },
        ..Lease::default()
    };
    Ok(())
}
