//! VerifierSet and AttestationPolicy.

use alloy::{
    primitives::{Address, B256, U256, keccak256},
    sol_types::SolValue as _,
};
use spheron_bindings::{attestation_policy::AttestationPolicy, verifier_set::VerifierSet};

use super::{
    Subject,
    check::{Check, Field, keys},
};
use crate::event::Contract;

pub(super) fn checks(subject: &Subject<'_>, checks: &mut Vec<Check>) {
    let set = subject.address(Contract::VerifierSet);
    verifiers(subject, set, checks);
    beacons(subject, set, checks);
    settings(subject, set, checks);
    attestations(subject, checks);
}

fn verifiers(subject: &Subject<'_>, set: Address, checks: &mut Vec<Check>) {
    // In the order of their seats, which committees are drawn by.
    let seated: Vec<Address> = subject.state.seated_verifiers().into_iter().map(|(verifier, _)| verifier).collect();
    let call = VerifierSet::verifiersCall {};
    checks.push(Check::new("verifier set", "VerifierSet".to_owned(), [], set, &call, move |found| {
        vec![Field::new("verifiers", list(&seated), list(&found))]
    }));
    for ((verifier,), row) in subject.state.verifiers.iter() {
        let tip = row.tip;
        let call = VerifierSet::tipOfCall { verifier: *verifier };
        let entity = format!("verifier {verifier}");
        checks.push(Check::new("verifier", entity, keys([verifier.as_slice()]), set, &call, move |found| {
            vec![Field::new("tip", tip, found)]
        }));
        let joins = U256::from(row.joins);
        let call = VerifierSet::joinsOfCall { verifier: *verifier };
        let entity = format!("verifier {verifier}");
        checks.push(Check::new("verifier", entity, keys([verifier.as_slice()]), set, &call, move |found| {
            vec![Field::new("joins", joins, found)]
        }));
    }
}

fn list(addresses: &[Address]) -> String {
    addresses.iter().map(Address::to_string).collect::<Vec<_>>().join(" ")
}

fn beacons(subject: &Subject<'_>, set: Address, checks: &mut Vec<Check>) {
    for ((round,), row) in subject.state.beacons.iter() {
        let number = U256::from(*round);
        let beacon = beacon(subject.chain_id, set, number, row.mix);
        let call = VerifierSet::beaconOfCall { round: number };
        let key = number.to_be_bytes::<32>();
        checks.push(Check::new("beacon", format!("round {round}"), keys([&key]), set, &call, move |found| {
            vec![Field::new("beacon", beacon, found)]
        }));
    }
}

/// The beacon that reveals mix to, as `VerifierSet.beaconOf`.
fn beacon(chain_id: u64, set: Address, round: U256, mix: B256) -> B256 {
    keccak256(("Spheron beacon", U256::from(chain_id), set, round, mix).abi_encode_params())
}

fn settings(subject: &Subject<'_>, set: Address, checks: &mut Vec<Check>) {
    let ours = |name: &str| subject.state.setting("VerifierSet", name).unwrap_or_default().to_owned();
    let (size, quorum) = (ours("committeeSize"), ours("quorum"));
    let call = VerifierSet::quorumCall {};
    checks.push(Check::new("setting", "VerifierSet".to_owned(), [], set, &call, move |found| {
        vec![
            Field::new("committeeSize", size.clone(), found.committeeSize.to_string()),
            Field::new("quorum", quorum.clone(), found.signatures.to_string()),
        ]
    }));
    let policy =
        subject.state.setting("VerifierSet", "policy").map_or_else(|| Address::ZERO.to_string(), str::to_owned);
    let call = VerifierSet::policyCall {};
    checks.push(Check::new("setting", "VerifierSet".to_owned(), [], set, &call, move |found| {
        vec![Field::new("policy", policy.clone(), found.to_string())]
    }));
}

fn attestations(subject: &Subject<'_>, checks: &mut Vec<Check>) {
    let policy = subject.address(Contract::AttestationPolicy);
    let now = subject.tip.time;
    for ((node,), row) in subject.state.standings.iter() {
        let entity = format!("attestation of node {node}");
        let keys = keys([node.as_slice()]);
        let ours = row.clone();
        let call = AttestationPolicy::standingOfCall { node: *node };
        checks.push(Check::new("standing", entity.clone(), keys.clone(), policy, &call, move |found| {
            vec![
                Field::new("measured_at", ours.measured_at, found.measuredAt.to::<u64>()),
                Field::new("units", ours.units, u64::from(found.units)),
            ]
        }));
        let windows = U256::from(row.windows);
        let call = AttestationPolicy::windowCountCall { node: *node };
        checks.push(Check::new("window count", entity.clone(), keys.clone(), policy, &call, move |found| {
            vec![Field::new("windows", windows, found)]
        }));
        let cuts = U256::from(row.cuts);
        let call = AttestationPolicy::cutCountCall { node: *node };
        checks.push(Check::new("cut count", entity.clone(), keys.clone(), policy, &call, move |found| {
            vec![Field::new("cuts", cuts, found)]
        }));
        let attested = U256::from(subject.state.attested_seconds(*node, now));
        let call = AttestationPolicy::attestedSecondsCall { node: *node, time: U256::from(now) };
        checks.push(Check::new("attested seconds", entity, keys, policy, &call, move |found| {
            vec![Field::new("attested_seconds", attested, found)]
        }));
    }
    for ((node, position), row) in subject.state.windows.iter() {
        let ours = row.clone();
        let call = AttestationPolicy::windowAtCall { node: *node, index: U256::from(*position) };
        let entity = format!("window {position} of node {node}");
        checks.push(Check::new("window", entity, keys([node.as_slice()]), policy, &call, move |found| {
            vec![
                Field::new("start", ours.start, found.start.to::<u64>()),
                Field::new("end", ours.end, found.end.to::<u64>()),
                Field::new("before", ours.before, found.before.to::<u64>()),
            ]
        }));
    }
    for ((node, position), row) in subject.state.cuts.iter() {
        let ours = row.clone();
        let call = AttestationPolicy::cutAtCall { node: *node, index: U256::from(*position) };
        let entity = format!("cut {position} of node {node}");
        checks.push(Check::new("cut", entity, keys([node.as_slice()]), policy, &call, move |found| {
            vec![
                Field::new("start", ours.start, found.start.to::<u64>()),
                Field::new("end", ours.end, found.end.to::<u64>()),
                Field::new("before", ours.before, found.before.to::<u64>()),
            ]
        }));
    }
}
