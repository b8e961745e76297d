//! Everything a session leaves behind, and the verdict that follows from it.
//!
//! A verdict is a pure function of its evidence: the verifiers who sign it and whoever audits it later run the same
//! [`Evidence::judge`].

use alloy::primitives::{B256, keccak256};
use serde::{Deserialize, Serialize};

use crate::{
    check::{self, Fault},
    class::{Calibration, GIGA},
    policy::{self, Policy, PolicyError},
    sample,
    session::{Session, SessionError},
    verdict::{FLAG_IN_LEASE, FLAG_MEASURED, FLAG_MODELLED, Measurement, Outcome, SessionCommit, Verdict},
    wire::{Commitment, Domain, Observation, Openings, SampleReveal, SeedReveal, Signed, Terms},
};

/// The signed messages of one session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Chain and contract.
    pub domain: Domain,
    /// Thresholds and class table.
    pub policy: Policy,
    /// Signed by the leader.
    pub terms: Signed<Terms>,
    /// One per verifier.
    pub commitments: Vec<Signed<Commitment>>,
    /// One per verifier.
    pub seed_reveals: Vec<Signed<SeedReveal>>,
    /// By verifier, ascending; at least a quorum of them agrees.
    pub observations: Vec<Signed<Observation>>,
    /// The node's commitment, if it came.
    pub commit: Option<Signed<SessionCommit>>,
    /// One per verifier, if the commitment came.
    pub sample_reveals: Vec<Signed<SampleReveal>>,
    /// The node's openings, if they came.
    pub openings: Option<Signed<Openings>>,
}

/// What evidence says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// To be signed.
    pub verdict: Verdict,
    /// What the node did wrong, if the result is a wrong computation.
    pub fault: Option<Fault>,
}

/// Why evidence supports no verdict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// A message breaks the protocol.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The policy cannot be used.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The terms are not what the policy asks for.
    #[error("the terms name another {0} than the policy")]
    Terms(&'static str),
    /// Too few verifiers saw the same.
    #[error("only {agreeing} of the {quorum} verifiers needed saw the same")]
    NoAgreement {
        /// Observations that agree.
        agreeing: usize,
        /// How many are needed.
        quorum: u16,
    },
    /// Observations are not by distinct verifiers in ascending order.
    #[error("observations must be by distinct verifiers in ascending order")]
    Observers,
    /// A part is there that belongs to a later step than the session reached.
    #[error("{0} without the message before it")]
    OutOfOrder(&'static str),
    /// Openings answer another sampling seed.
    #[error("the openings answer another sampling seed than the session's")]
    OtherSample,
}

/// Start and end that the verifiers agree on, unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Lower median of the starts.
    pub start_ms: u64,
    /// Upper median of the ends.
    pub end_ms: u64,
}

impl Span {
    /// The medians, each rounded so that the time becomes longer: an even number favours nobody who could have chosen.
    /// `None` without observations.
    pub fn agreed<'a>(observations: impl IntoIterator<Item = &'a Observation>) -> Option<Self> {
        let (mut starts, mut ends): (Vec<u64>, Vec<u64>) =
            observations.into_iter().map(|o| (o.startMs, o.endMs)).unzip();
        starts.sort_unstable();
        ends.sort_unstable();
        Some(Self { start_ms: *starts.get(starts.len().checked_sub(1)? / 2)?, end_ms: *ends.get(ends.len() / 2)? })
    }

    /// Whether another pair of times is within `tolerance_ms` of this one.
    pub fn fits(&self, start_ms: u64, end_ms: u64, tolerance_ms: u64) -> bool {
        self.start_ms.abs_diff(start_ms) <= tolerance_ms && self.end_ms.abs_diff(end_ms) <= tolerance_ms
    }
}

/// Checks that terms ask for what the policy says.
///
/// # Errors
/// [`EvidenceError::Terms`] names the first difference.
pub fn check_terms(policy: &Policy, terms: &Terms) -> Result<(), EvidenceError> {
    let job = policy.job;
    let checks = [
        (terms.policyHash == policy.hash(), "policy hash"),
        ((terms.m, terms.n, terms.k) == (job.m, job.n, job.k), "job"),
        (terms.jobs == policy.jobs(terms.claimedClass)?, "number of jobs"),
        (terms.leafSamples == policy.leaf_samples, "number of samples"),
        (terms.runMs == policy.run_ms, "time for the run"),
        (Some(terms.expiresMs) == terms.openedMs.checked_add(policy.session_ms()), "expiry"),
    ];
    match checks.iter().find(|(holds, _)| !holds) {
        Some((_, what)) => Err(EvidenceError::Terms(what)),
        None => Ok(()),
    }
}

impl Evidence {
    /// The bytes in which evidence is stored and published: compact JSON.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("plain data with string keys always serialises")
    }

    /// keccak256 of [`Evidence::bytes`].
    pub fn hash(&self) -> B256 {
        keccak256(self.bytes())
    }

    /// Checks every signature and recomputes every opened leaf; the verdict that follows. This is heavy: give it a
    /// thread of its own.
    ///
    /// # Errors
    /// [`EvidenceError`] if no verdict follows, because a message is not what it should be or the verifiers disagree.
    pub fn judge(&self) -> Result<Judgement, EvidenceError> {
        self.policy.validate()?;
        let session = Session::new(self.domain, &self.terms)?;
        check_terms(&self.policy, &session.terms)?;
        let s0 = session.s0(&self.commitments, &self.seed_reveals)?;
        let observations = self.observations(&session)?;

        let Some(commit) = &self.commit else {
            if !self.sample_reveals.is_empty() || self.openings.is_some() {
                return Err(EvidenceError::OutOfOrder("openings or sample reveals"));
            }
            let span = agreed(&session, &observations, B256::ZERO)?;
            let span = Span { end_ms: span.start_ms.saturating_add(session.terms.runMs), ..span };
            return self.conclude(&session, s0, None, span, Outcome::Timeout, 0);
        };
        session.check_commit(s0, commit)?;
        let commit = &commit.message;
        let span = agreed(&session, &observations, self.domain.digest(commit))?;
        let seed = session.sample_seed(&self.commitments, commit, &self.sample_reveals)?;

        let Some(openings) = &self.openings else {
            return self.conclude(&session, s0, Some(commit), span, Outcome::Timeout, 0);
        };
        let openings = openings.verify_from(session.terms.operator, &self.domain).map_err(SessionError::from)?;
        session.expect(openings.sessionId)?;
        if openings.sampleSeed != seed {
            return Err(EvidenceError::OtherSample);
        }
        let drawn = sample::samples(seed, &session.job, commit.jobs, session.terms.leafSamples);
        match check::openings(commit, &session.job, &drawn, openings) {
            Err(fault) => {
                let judged = self.conclude(&session, s0, Some(commit), span, Outcome::WrongComputation, 0)?;
                Ok(Judgement { fault: Some(fault), ..judged })
            }
            Ok(()) => {
                let rate = policy::rate(&session.job, commit.jobs, span.start_ms, span.end_ms);
                let class = self.policy.class(session.terms.claimedClass)?;
                let reached = class.reached(rate, self.policy.theta_bps);
                let outcome = if reached { Outcome::Pass } else { Outcome::BelowClaim };
                self.conclude(&session, s0, Some(commit), span, outcome, rate)
            }
        }
    }

    fn observations(&self, session: &Session) -> Result<Vec<&Observation>, EvidenceError> {
        let ascending = self.observations.windows(2).all(|pair| pair[0].signer < pair[1].signer);
        let known = self.observations.iter().all(|o| session.terms.verifiers.contains(&o.signer));
        if !ascending || !known {
            return Err(EvidenceError::Observers);
        }
        let check = |signed: &'_ Signed<Observation>| session.expect(signed.verify(&self.domain)?.sessionId);
        self.observations.iter().try_for_each(check)?;
        Ok(self.observations.iter().map(|o| &o.message).collect())
    }

    fn conclude(
        &self,
        session: &Session,
        s0: B256,
        commit: Option<&SessionCommit>,
        span: Span,
        outcome: Outcome,
        rate: u64,
    ) -> Result<Judgement, EvidenceError> {
        let terms = &session.terms;
        let class = self.policy.class(terms.claimedClass)?;
        let floor_class = match outcome {
            Outcome::Pass => class.resource,
            Outcome::BelowClaim => self.policy.classes.floor(rate, self.policy.theta_bps),
            _ => 0,
        };
        let calibration = match class.calibration {
            Calibration::Measured => FLAG_MEASURED,
            Calibration::Modelled => FLAG_MODELLED,
        };
        let in_lease = if terms.leaseId.is_zero() { 0 } else { FLAG_IN_LEASE };
        let finished = commit.filter(|_| outcome != Outcome::Timeout);
        let measurement = Measurement {
            startMs: span.start_ms,
            endMs: span.end_ms,
            jobs: finished.map_or(0, |c| c.jobs),
            gigaOpsPerSec: u32::try_from(rate / GIGA).unwrap_or(u32::MAX),
            memMBps: 0,
            vramMiB: 0,
            leafSamples: if self.openings.is_some() { terms.leafSamples } else { 0 },
            pageSamples: 0,
            rounds: 1,
        };
        let verdict = Verdict {
            leaseId: terms.leaseId,
            sessionId: session.id,
            provider: terms.provider,
            node: terms.node,
            gpuIndex: terms.gpuIndex,
            gpuCount: terms.gpuCount,
            claimedClass: terms.claimedClass,
            floorClass: floor_class,
            backend: terms.backend,
            beaconRound: terms.beaconRound,
            s0,
            sessionRoot: commit.map_or(B256::ZERO, |c| c.sessionRoot),
            vramRoot: B256::ZERO,
            measurement,
            result: outcome as u8,
            evidenceFlags: calibration | in_lease,
            evidenceHash: self.hash(),
            policyHash: terms.policyHash,
            issuedAt: span.end_ms.div_ceil(1000),
            validUntil: (span.start_ms / 1000).saturating_add(self.policy.validity_s),
        };
        Ok(Judgement { verdict, fault: None })
    }
}

/// The span on which a quorum of observations of the same chain agrees.
fn agreed(session: &Session, observations: &[&Observation], digest: B256) -> Result<Span, EvidenceError> {
    let quorum = session.terms.quorum;
    let agreeing: Vec<&Observation> = observations.iter().copied().filter(|o| o.commitDigest == digest).collect();
    let enough = agreeing.len() >= usize::from(quorum);
    Span::agreed(agreeing.iter().copied())
        .filter(|_| enough)
        .ok_or(EvidenceError::NoAgreement { agreeing: agreeing.len(), quorum })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(start: u64, end: u64) -> Observation {
        Observation { sessionId: B256::ZERO, commitDigest: B256::ZERO, startMs: start, endMs: end }
    }

    #[test]
    fn one_liar_in_three_moves_the_times_by_no_more_than_the_honest_differ() {
        let honest = [seen(1000, 2000), seen(1003, 2002)];
        for liar in [seen(0, 1), seen(5000, 9000), seen(1500, 1501)] {
            let span = Span::agreed([&honest[0], &liar, &honest[1]]).expect("observations");
            assert!(span.fits(1000, 2000, 3), "{span:?}");
        }
    }

    #[test]
    fn an_even_number_rounds_against_the_node() {
        let pair = [seen(1003, 2002), seen(1000, 2000)];
        assert_eq!(Span::agreed(&pair), Some(Span { start_ms: 1000, end_ms: 2002 }));
        assert_eq!(Span::agreed(&[]), None);
    }
}
