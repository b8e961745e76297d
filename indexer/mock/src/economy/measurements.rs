//! Verifiers, verdicts and attested windows.

use alloy::primitives::{Address, B256, FixedBytes, U256};
use rand::Rng as _;
use spheron_bindings::{attestation_policy::AttestationPolicy, head::Head, verifier_set, verifier_set::VerifierSet};
use spheron_indexer::{
    Contract,
    fold::{LeaseStatus, Window},
};

use super::Economy;

/// A run of ten jobs in half a second, begun at `now` (unix seconds).
pub(crate) fn measurement(now: u64) -> verifier_set::IVerifierSet::Measurement {
    verifier_set::IVerifierSet::Measurement {
        startMs: now * 1_000,
        endMs: now * 1_000 + 500,
        jobs: 10,
        gigaOpsPerSec: 1_000,
        memMBps: 2_000,
        vramMiB: 24_000,
        leafSamples: 3,
        pageSamples: 4,
        rounds: 1,
    }
}

impl Economy {
    pub(super) fn verdict(&mut self) {
        let node = self.node();
        let registered = self.state.nodes.get(&(node,)).unwrap().clone();
        let passed = self.rng.random_bool(0.8);
        let session = self.unique();
        let lease = self.lease(&[LeaseStatus::Open]).unwrap_or_default();
        let verdict = verifier_set::IVerifierSet::Verdict {
            leaseId: lease,
            sessionId: session,
            provider: registered.provider,
            node,
            gpuIndex: 0,
            gpuCount: u16::try_from(registered.units).unwrap(),
            claimedClass: u16::try_from(registered.resource).unwrap(),
            floorClass: u16::try_from(registered.resource).unwrap(),
            backend: 0,
            beaconRound: self.now / 3_600,
            s0: self.unique(),
            sessionRoot: self.unique(),
            vramRoot: B256::ZERO,
            measurement: measurement(self.now),
            result: if passed { 1 } else { 2 },
            evidenceFlags: 0,
            evidenceHash: self.unique(),
            policyHash: B256::ZERO,
            issuedAt: self.now,
            validUntil: self.now + 3_600,
        };
        let signers = vec![Address::repeat_byte(1), Address::repeat_byte(2)];
        let accepted = VerifierSet::VerdictAccepted {
            sessionId: session,
            node,
            leaseId: lease,
            digest: self.unique(),
            verdict,
            signers,
        };
        self.emit(Contract::VerifierSet, accepted);
        self.attest(node, passed, registered.units);
    }

    pub(super) fn attest(&mut self, node: Address, passed: bool, units: u64) {
        let last = self.last_window(node);
        let (now, valid_until) = (self.now, self.now + 3_600);
        let (index, start, end, before) = match (last, passed) {
            (None, false) => (0, 0, 0, 0),
            (None, true) => (0, now, valid_until, 0),
            (Some((index, window)), false) => (index, window.start, window.end.min(now), window.before),
            (Some((index, window)), true) if now <= window.end => {
                (index, window.start, valid_until.max(window.end), window.before)
            }
            (Some((index, window)), true) => (index + 1, now, valid_until, window.before + window.end - window.start),
        };
        if let (Some((_, window)), false) = (self.last_window(node), passed)
            && window.end > now
        {
            self.cut(node, now, window.end);
        }
        let units = if passed { u32::try_from(units).unwrap() } else { 0 };
        let closed = u32::try_from(index).unwrap();
        let cuts = self.state.standings.get(&(node,)).map_or(0, |standing| u32::try_from(standing.cuts).unwrap());
        let head = Head { measured_at: now, units, start, end, before, closed, cuts };
        let recorded = AttestationPolicy::AttestationRecorded { node, head: head.word() };
        self.emit(Contract::AttestationPolicy, recorded);
    }

    pub(super) fn last_window(&self, node: Address) -> Option<(u64, Window)> {
        let windows = self.state.standings.get(&(node,)).map_or(0, |standing| standing.windows);
        let index = windows.checked_sub(1)?;
        self.state.windows.get(&(node, index)).map(|window| (index, window.clone()))
    }

    pub(super) fn cut(&mut self, node: Address, start: u64, end: u64) {
        let cuts = self.state.standings.get(&(node,)).map_or(0, |standing| standing.cuts);
        let last = cuts.checked_sub(1).and_then(|index| self.state.cuts.get(&(node, index)));
        let before = last.map_or(0, |cut| cut.before + cut.end - cut.start);
        let cut = AttestationPolicy::CutSet {
            node,
            index: U256::from(cuts),
            start: U256::from(start),
            end: U256::from(end),
            before: U256::from(before),
        };
        self.emit(Contract::AttestationPolicy, cut);
    }

    pub(super) fn verifier(&mut self) {
        let verifier = self.account();
        let active = self.state.verifiers.get(&(verifier,)).is_some_and(|verifier| verifier.active);
        let round = U256::from(self.now / 3_600 + 1);
        match (active, self.rng.random_range(0..4)) {
            (false, _) => {
                let (bond_token, tip) = (self.token(), self.unique());
                self.emit(Contract::VerifierSet, VerifierSet::VerifierJoined { verifier, bondToken: bond_token, tip });
            }
            (true, 0) => self.emit(Contract::VerifierSet, VerifierSet::VerifierLeft { verifier, by: verifier }),
            (true, 1) => {
                let (session, reporter) = (self.unique(), self.account());
                let slashed = U256::from(77);
                let caught = VerifierSet::Equivocated { verifier, sessionId: session, reporter, slashed };
                self.emit(Contract::VerifierSet, caught);
            }
            _ => {
                let (preimage, mix) = (self.unique(), FixedBytes::from_slice(&self.unique()[..22]));
                self.emit(Contract::VerifierSet, VerifierSet::BeaconRevealed { round, verifier, preimage, mix });
            }
        }
    }
}
