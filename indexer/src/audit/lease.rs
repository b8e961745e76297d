//! LeaseBook: leases, their escrow and claims, units of nodes, offers, markets.

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
        checks.push(claim_of(book, *id, lease));
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
    for ((node,), _) in subject.state.offer_desks.iter() {
        let floor = U256::from(subject.state.nonce_floor(*node));
        let call = LeaseBook::nonceFloorCall { node: *node };
        let entity = format!("offers of node {node}");
        checks.push(Check::new("nonce floor", entity, keys([node.as_slice()]), book, &call, move |found| {
            vec![Field::new("nonce_floor", floor, found)]
        }));
    }
    for ((token, policy), row) in subject.state.markets.iter() {
        let ours = row.clone();
        let call = LeaseBook::marketOfCall { token: *token, policy: *policy };
        let entity = format!("market in token {token} under policy {policy}");
        let keys = keys([token.as_slice(), policy.as_slice()]);
        checks.push(Check::new("market", entity, keys, book, &call, move |found| {
            vec![
                Field::new("is_open", ours.is_open, found.isOpen),
                Field::new("fee_bps", ours.fee_bps, u64::from(found.feeBps)),
                Field::new("cover_bps", ours.cover_bps, u64::from(found.coverBps)),
                Field::new("min_funds", ours.min_funds, U256::from(found.minFunds)),
                Field::new("min_top_up", ours.min_top_up, U256::from(found.minTopUp)),
            ]
        }));
    }
    let paused = subject.state.setting("LeaseBook", "paused").unwrap_or("false").to_owned();
    checks.push(Check::new("setting", "LeaseBook".to_owned(), [], book, &LeaseBook::pausedCall {}, move |found| {
        vec![Field::new("paused", paused.clone(), found.to_string())]
    }));
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
            Field::new("held_before", ours.held_before, u64::from(found.heldBefore)),
            Field::new("ends_at", ours.ends_at, found.endsAt.to::<u64>()),
            Field::new("revision", ours.revision, u64::from(found.revision)),
        ]
    })
}

fn claim_of(book: Address, id: B256, lease: &Lease) -> Check {
    let (owed, compensated, revoked) = (lease.owed, lease.compensated, lease.revoked);
    let call = LeaseBook::claimOfCall { leaseId: id };
    Check::new("lease claim", format!("lease {id}"), keys([id.as_slice()]), book, &call, move |found| {
        vec![
            Field::new("owed", owed, U256::from(found.owed)),
            Field::new("compensated", compensated, U256::from(found.seized)),
            Field::new("revoked", revoked, u64::from(found.revoked)),
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
        renter: lease.renter,
        operator: lease.operator,
        provider: lease.provider,
        node: lease.node,
        token: lease.token,
        policy: lease.policy,
        rate: U96::saturating_from(lease.rate),
        units: small(lease.units),
        feeBps: tiny(lease.fee_bps),
        coverBps: tiny(lease.cover_bps),
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
