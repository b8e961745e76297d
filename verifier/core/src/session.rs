//! The rules that tie a session's messages together, the same for node, verifier and auditor.

use alloy::primitives::{Address, B256};

use crate::{
    chain::{SeedParts, keccak},
    job::{GemmJob, JobError},
    sample,
    verdict::SessionCommit,
    wire::{Commitment, Domain, SampleReveal, SeedReveal, SignatureError, Signed, Terms},
};

/// Most verifiers in a session.
pub const MAX_VERIFIERS: usize = 16;

/// Which rule a message breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// A signature does not count.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The terms' job is not one of the protocol.
    #[error(transparent)]
    Job(#[from] JobError),
    /// The terms contradict themselves.
    #[error("the session's terms are invalid: {0}")]
    Terms(&'static str),
    /// A message belongs to another session.
    #[error("the message is for session {found}, not {expected}")]
    OtherSession {
        /// This session.
        expected: B256,
        /// The one that it names.
        found: B256,
    },
    /// Not exactly one message per verifier, in the order of the terms.
    #[error("{found} {what} were given for {expected} verifiers")]
    Count {
        /// Kind of message.
        what: &'static str,
        /// Verifiers in the terms.
        expected: usize,
        /// Messages.
        found: usize,
    },
    /// A reveal is not what its verifier committed to.
    #[error("what {0} revealed is not what it committed to")]
    Reveal(Address),
    /// A node signed a commitment that does not belong to the terms.
    #[error("the node's commitment names another {0} than the session")]
    Commit(&'static str),
}

/// The hash by which a verifier commits to one of its secrets: bound to the session and to the verifier, so that nobody
/// can commit to a copy. keccak256(sessionId ‖ verifier ‖ value).
pub fn secret_hash(session_id: B256, verifier: Address, value: B256) -> B256 {
    keccak(&[session_id.as_slice(), verifier.as_slice(), value.as_slice()])
}

/// Terms that were checked, with the session's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Chain and contract.
    pub domain: Domain,
    /// The terms.
    pub terms: Terms,
    /// Their digest.
    pub id: B256,
    /// Their job.
    pub job: GemmJob,
}

impl Session {
    /// Checks terms, their leader's signature and that the leader is one of the verifiers.
    ///
    /// # Errors
    /// [`SessionError`] names what is wrong with them.
    pub fn new(domain: Domain, signed: &Signed<Terms>) -> Result<Self, SessionError> {
        let terms = signed.verify(&domain)?.clone();
        let job = GemmJob::new(terms.m, terms.n, terms.k)?;
        let sorted = terms.verifiers.windows(2).all(|pair| pair[0] < pair[1]);
        let checks = [
            (sorted, "verifiers must ascend"),
            (terms.verifiers.contains(&signed.signer), "their signer must be one of the verifiers"),
            (terms.verifiers.len() <= MAX_VERIFIERS, "there are more than 16 verifiers"),
            (terms.quorum > 0, "the quorum is zero"),
            (usize::from(terms.quorum) <= terms.verifiers.len(), "the quorum is larger than the number of verifiers"),
            ((1..=crate::job::MAX_JOBS).contains(&terms.jobs), "jobs must be 1 to 131072"),
            (terms.leafSamples > 0, "no leaf is sampled"),
            (terms.gpuCount > 0, "no unit is measured"),
            (terms.openedMs < terms.expiresMs, "they expire before they open"),
            (terms.runMs < terms.expiresMs - terms.openedMs.min(terms.expiresMs), "they expire before the run ends"),
        ];
        if let Some((_, what)) = checks.iter().find(|(holds, _)| !holds) {
            return Err(SessionError::Terms(what));
        }
        Ok(Self { domain, id: domain.digest(&terms), terms, job })
    }

    /// Checks that a message belongs to this session.
    ///
    /// # Errors
    /// [`SessionError::OtherSession`].
    pub fn expect(&self, found: B256) -> Result<(), SessionError> {
        if found == self.id { Ok(()) } else { Err(SessionError::OtherSession { expected: self.id, found }) }
    }

    /// Checks one commitment per verifier, in the order of the terms.
    ///
    /// # Errors
    /// [`SessionError`] for the first that is missing or wrong.
    pub fn check_commitments(&self, commitments: &[Signed<Commitment>]) -> Result<(), SessionError> {
        self.count("commitments", commitments.len())?;
        for (signed, &verifier) in commitments.iter().zip(&self.terms.verifiers) {
            self.expect(signed.verify_from(verifier, &self.domain)?.sessionId)?;
        }
        Ok(())
    }

    /// The session's seed, from commitments and reveals.
    ///
    /// # Errors
    /// [`SessionError`] for the first that is missing or wrong.
    pub fn s0(&self, commitments: &[Signed<Commitment>], reveals: &[Signed<SeedReveal>]) -> Result<B256, SessionError> {
        self.check_commitments(commitments)?;
        self.count("seed reveals", reveals.len())?;
        let mut mixed = B256::ZERO;
        for (reveal, commitment) in reveals.iter().zip(commitments) {
            let message = reveal.verify_from(commitment.signer, &self.domain)?;
            self.expect(message.sessionId)?;
            self.check_reveal(commitment.signer, message.value, commitment.message.seedHash)?;
            mixed ^= message.value;
        }
        let Terms { leaseId, node, gpuIndex, beacon, .. } = self.terms;
        let Domain { chain_id, .. } = self.domain;
        Ok(SeedParts { chain_id, lease_id: leaseId, node, gpu_index: gpuIndex, beacon, reveals: mixed }.s0())
    }

    /// The sampling seed, from a node's signed commitment and the verifiers' second reveals.
    ///
    /// # Errors
    /// [`SessionError`] for the first that is missing or wrong.
    pub fn sample_seed(
        &self,
        commitments: &[Signed<Commitment>],
        commit: &SessionCommit,
        reveals: &[Signed<SampleReveal>],
    ) -> Result<B256, SessionError> {
        self.count("commitments", commitments.len())?;
        self.count("sample reveals", reveals.len())?;
        let mut mixed = B256::ZERO;
        for (reveal, commitment) in reveals.iter().zip(commitments) {
            let message = reveal.verify_from(commitment.signer, &self.domain)?;
            self.expect(message.sessionId)?;
            self.check_reveal(commitment.signer, message.value, commitment.message.sampleHash)?;
            mixed ^= message.value;
        }
        Ok(sample::sample_seed(self.domain.digest(commit), mixed))
    }

    /// Checks a node's signature over its finished chain, and that the chain is the one that was asked for.
    ///
    /// # Errors
    /// [`SessionError`] names what differs.
    pub fn check_commit(&self, s0: B256, commit: &Signed<SessionCommit>) -> Result<(), SessionError> {
        let message = commit.verify_from(self.terms.operator, &self.domain)?;
        self.expect(message.sessionId)?;
        let checks = [
            (message.node == self.terms.node, "node"),
            (message.s0 == s0, "seed"),
            (message.jobs == self.terms.jobs, "number of jobs"),
            ((message.m, message.n, message.k) == (self.job.m, self.job.n, self.job.k), "job"),
        ];
        match checks.iter().find(|(holds, _)| !holds) {
            Some((_, what)) => Err(SessionError::Commit(what)),
            None => Ok(()),
        }
    }

    fn check_reveal(&self, verifier: Address, value: B256, hash: B256) -> Result<(), SessionError> {
        if secret_hash(self.id, verifier, value) == hash { Ok(()) } else { Err(SessionError::Reveal(verifier)) }
    }

    fn count(&self, what: &'static str, found: usize) -> Result<(), SessionError> {
        let expected = self.terms.verifiers.len();
        if found == expected { Ok(()) } else { Err(SessionError::Count { what, expected, found }) }
    }
}
