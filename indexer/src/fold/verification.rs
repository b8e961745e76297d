//! VerifierSet and AttestationPolicy: who may sign, what was signed about a node, and the seconds that it attests.

use alloy::primitives::{Address, B256};
use spheron_bindings::{
    attestation_policy::AttestationPolicy::{AttestationPolicyEvents, AttestationRecorded},
    head::Head,
    verifier_set::VerifierSet::VerifierSetEvents,
};

use super::{Cut, Inconsistent, State, Verifier, Window, add, small};
use crate::position::Position;

/// Seconds of a round, as in `VerifierSet`.
pub const ROUND: u64 = 3_600;

/// Rounds after a join until a verifier is drawn, as in `VerifierSet`.
const ROUNDS_UNTIL_DRAWN: u64 = 2;

/// Most verifiers in the set.
const MAX_VERIFIERS: usize = 64;

pub(super) fn apply_verifier_set(
    state: &mut State,
    at: Position,
    event: &VerifierSetEvents,
) -> Result<(), Inconsistent> {
    match event {
        VerifierSetEvents::VerifierJoined(e) => {
            let seat = take_seat(state)?;
            let round = at.time / ROUND;
            let verifier = state.verifiers.entry((e.verifier,));
            verifier.bond_token = e.bondToken;
            verifier.tip = e.tip;
            verifier.active = true;
            verifier.seat = seat;
            verifier.since_round = round + ROUNDS_UNTIL_DRAWN;
            verifier.revealed_in = round;
            verifier.joins += 1;
        }
        VerifierSetEvents::VerifierLeft(e) => {
            let verifier = verifier(state, e.verifier)?;
            verifier.active = false;
            verifier.tip = B256::ZERO;
            let seat = usize::try_from(verifier.seat).unwrap_or(usize::MAX);
            state.seats.entry(()).taken.set_bit(seat, false);
        }
        VerifierSetEvents::BeaconRevealed(e) => {
            let round = small(e.round);
            let verifier = verifier(state, e.verifier)?;
            verifier.tip = e.preimage;
            verifier.revealed_in = round.saturating_sub(1);
            let beacon = state.beacons.entry((round,));
            beacon.mix = B256::right_padding_from(e.mix.as_slice());
            beacon.reveals += 1;
        }
        VerifierSetEvents::Equivocated(e) => {
            let verifier = verifier(state, e.verifier)?;
            verifier.banned = true;
            add(&mut verifier.slashed, e.slashed, "slashes")?;
        }
        VerifierSetEvents::PolicySet(e) => state.set("VerifierSet", "policy", e.policy),
        VerifierSetEvents::QuorumSet(e) => {
            state.set("VerifierSet", "committeeSize", e.committeeSize);
            state.set("VerifierSet", "quorum", e.quorum);
        }
        VerifierSetEvents::PausedSet(e) => state.set("VerifierSet", "paused", e.paused),
        VerifierSetEvents::AuthorityUpdated(e) => state.set("VerifierSet", "authority", e.authority),
        // What a verdict does to its node is in AttestationRecorded; the verdict itself is a row of its own.
        VerifierSetEvents::VerdictAccepted(_)
        | VerifierSetEvents::BatchAccepted(_)
        | VerifierSetEvents::EIP712DomainChanged(_) => {}
    }
    Ok(())
}

pub(super) fn apply_policy(state: &mut State, event: &AttestationPolicyEvents) -> Result<(), Inconsistent> {
    match event {
        AttestationPolicyEvents::AttestationRecorded(e) => attest(state, e)?,
        AttestationPolicyEvents::CutSet(e) => {
            let position = small(e.index);
            let cut = Cut { start: small(e.start), end: small(e.end), before: small(e.before) };
            *state.cuts.entry((e.node, position)) = cut;
            let standing = state.standings.entry((e.node,));
            standing.cuts = standing.cuts.max(position + 1);
        }
        // What it does to the node is in the AttestationRecorded that follows.
        AttestationPolicyEvents::AttestationTooNarrow(_) => {}
    }
    Ok(())
}

fn attest(state: &mut State, event: &AttestationRecorded) -> Result<(), Inconsistent> {
    let head = Head::from_word(event.head);
    let index = u64::from(head.closed);
    let standing = state.standings.entry((event.node,));
    standing.measured_at = head.measured_at;
    standing.units = head.units.into();
    standing.windows = if head.end == 0 { 0 } else { index + 1 };
    if head.end != 0 {
        if index > 0 && state.windows.find(&(event.node, index - 1)).is_none() {
            return Err(Inconsistent::unknown("window", format_args!("{} of node {}", index - 1, event.node)));
        }
        let window = Window { start: head.start, end: head.end, before: head.before };
        *state.windows.entry((event.node, index)) = window;
    }
    Ok(())
}

impl State {
    /// A(t): attested seconds of `node` up to `time` (unix seconds).
    pub fn attested_seconds(&self, node: Address, time: u64) -> u64 {
        let windows = self.standings.get(&(node,)).map_or(0, |standing| standing.windows);
        // Windows are in order of time: find the last one that starts at or before `time`.
        let (mut low, mut high) = (0, windows);
        while low < high {
            let middle = (low + high) / 2;
            let starts_before = self.windows.get(&(node, middle)).is_some_and(|window| window.start <= time);
            if starts_before { low = middle + 1 } else { high = middle }
        }
        let last = low.checked_sub(1).and_then(|position| self.windows.get(&(node, position)));
        last.map_or(0, |window| window.before + time.min(window.end).saturating_sub(window.start))
    }

    /// The verifiers in the set, by seat.
    pub fn seated_verifiers(&self) -> Vec<(Address, &Verifier)> {
        let seated = self.verifiers.iter().filter(|(_, verifier)| verifier.active);
        let mut seated: Vec<_> = seated.map(|(key, verifier)| (key.0, verifier)).collect();
        seated.sort_by_key(|(_, verifier)| verifier.seat);
        seated
    }
}

fn verifier(state: &mut State, verifier: Address) -> Result<&mut Verifier, Inconsistent> {
    state.verifiers.existing((verifier,)).ok_or_else(|| Inconsistent::unknown("verifier", verifier))
}

/// Takes the lowest seat that nobody sits on: the one that the contract gives.
fn take_seat(state: &mut State) -> Result<u64, Inconsistent> {
    let taken = &mut state.seats.entry(()).taken;
    let seat = taken.trailing_ones();
    if seat >= MAX_VERIFIERS {
        return Err(Inconsistent::new(format!("a verifier joined a set that has {MAX_VERIFIERS}")));
    }
    taken.set_bit(seat, true);
    Ok(seat as u64)
}
