//! LeaseBook: leases, their escrow, units of nodes, offers, fees, policies.

use alloy::primitives::{
    Address, B256, U256,
    aliases::{U40, U96},
};
use spheron_bindings::lease_book::{ILeaseBook::Terms, LeaseBook};

use super::{
    Subject,
    check::{Check, Field, keys},
};
use crate::{
    event::Contract,
    fold::{Lease, LeaseStatus},
};

pub(super) fn checks(subject: &Subject<'_>, checks: &mut Vec<Check>) {
    let book = subject.address(Contract::LeaseBook);
    for ((id,), lease) in subject.state.leases.iter() {
        checks.push(state_of(book, *id, lease));
        checks.push(escrow_of(book, *id, lease));
    }
    for ((node,), row) in subject.state.nodes.iter() {
        let units = U256::from(row.leased_units);
        let call = LeaseBook::leasedUnitsCall { node: *node };
        checks.push(Check::new(
            "leased units",
            format!("node {node}"),
            keys([node.as_slice()]),
            book,
            &call,
            move |found| vec![Field::new("leased_units", units, found)],
        ));
    }
    for ((node, nonce), _) in subject.state.offer_nonces.iter() {
        let call = LeaseBook::isNonceUsedCall { node: *node, nonce: *nonce };
        let entity = format!("offer nonce {nonce} of node {node}");
        checks.push(Check::new("offer nonce", entity, keys([node.as_slice()]), book, &call, |found| {
            vec![Field::new("used", true, found)]
        }));
    }
    for ((token,), row) in subject.state.lease_fees.iter() {
        let bps = U256::from(row.fee_bps);
        let call = LeaseBook::feeOfCall { token: *token };
        let entity = format!("fee on token {token}");
        checks.push(Check::new("lease fee", entity, keys([token.as_slice()]), book, &call, move |found| {
            vec![Field::new("fee_bps", bps, found)]
        }));
    }
    for ((policy,), row) in subject.state.policies.iter() {
        let allowed = row.allowed;
        let call = LeaseBook::isPolicyAllowedCall { policy: *policy };
        let entity = format!("policy {policy}");
        checks.push(Check::new("policy", entity, keys([policy.as_slice()]), book, &call, move |found| {
            vec![Field::new("allowed", allowed, found)]
        }));
    }
}

fn state_of(book: Address, id: B256, lease: &Lease) -> Check {
    let ours = lease.clone();
    let call = LeaseBook::leaseOfCall { leaseId: id };
    Check::new("lease", format!("lease {id}"), keys([id.as_slice()]), book, &call, move |found| {
        let status = LeaseStatus::from_number(found.status).map_or("unknown", LeaseStatus::as_str);
        vec![
            Field::new("status", ours.status.as_str(), status),
            Field::new("settled_to", ours.settled_to, found.settledTo.to::<u64>()),
            Field::new("funded_until", ours.funded_until, found.fundedUntil.to::<u64>()),
            Field::new("hold_from", ours.hold_from, found.holdFrom.to::<u64>()),
            Field::new("hold_to", ours.hold_to, found.holdTo.to::<u64>()),
            Field::new("ends_at", ours.ends_at, found.endsAt.to::<u64>()),
        ]
    })
}

/// Asked with the terms out of the database: a term that is wrong makes another lease, which does not exist.
fn escrow_of(book: Address, id: B256, lease: &Lease) -> Check {
    let escrow = lease.escrow();
    let call = LeaseBook::escrowOfCall { terms: terms_of(lease) };
    Check::new("lease escrow", format!("lease {id}"), keys([id.as_slice()]), book, &call, move |found| {
        vec![Field::new("escrow", escrow, found)]
    })
}

/// The terms that a lease was opened with.
fn terms_of(lease: &Lease) -> Terms {
    // Every number came out of a field of this width.
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let tiny = |number: u64| u16::try_from(number).unwrap_or(u16::MAX);
    Terms {
        offerHash: lease.offer_hash,
        renter: lease.renter,
        operator: lease.operator,
        provider: lease.provider,
        node: lease.node,
        token: lease.token,
        policy: lease.policy,
        rate: U96::saturating_from(lease.rate),
        units: small(lease.units),
        feeBps: tiny(lease.fee_bps),
        holdRateBps: tiny(lease.hold_rate_bps),
        minSeconds: small(lease.min_seconds),
        maxSeconds: small(lease.max_seconds),
        graceSeconds: small(lease.grace_seconds),
        noticeSeconds: small(lease.notice_seconds),
        reclaimPrice: lease.reclaim_price.saturating_to(),
        start: U40::saturating_from(lease.start),
        salt: lease.salt,
    }
}
