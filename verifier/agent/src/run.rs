//! One session at the node: from the challenge to the signed chain and its openings.

use std::sync::Arc;

use alloy::{primitives::B256, signers::local::PrivateKeySigner};
use spheron_verifier_core::{
    chain,
    job::Task,
    prover::{Prover, ProverError},
    sample::{Sample, samples},
    session::{Session, SessionError},
    verdict::SessionCommit,
    wire::{Commitment, Head, OpenRequest, Openings, SignatureError, Signed},
};
use tokio::sync::{OnceCell, watch};

/// A session that was accepted.
#[derive(Debug)]
pub(crate) struct Run {
    pub session: Session,
    pub s0: B256,
    pub commitments: Vec<Signed<Commitment>>,
    pub stage: watch::Sender<Stage>,
    pub openings: OnceCell<Signed<Openings>>,
}

/// How far it is.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    Queued,
    Running { job: u64, seed: B256 },
    Done { commit: Box<Signed<SessionCommit>>, roots: Arc<Vec<B256>> },
    Failed(String),
}

impl Stage {
    pub fn finished(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Failed(_))
    }
}

impl Run {
    pub fn new(session: Session, s0: B256, commitments: Vec<Signed<Commitment>>) -> Self {
        Self { session, s0, commitments, stage: watch::Sender::new(Stage::Queued), openings: OnceCell::new() }
    }

    /// Runs the whole chain and signs it. Blocks.
    pub fn execute(&self, prover: &dyn Prover, key: &PrivateKeySigner, cancelled: &dyn Fn() -> bool) {
        let stage = match self.chain(prover, cancelled).map(|roots| self.sign(key, roots)) {
            Ok(Ok(done)) => done,
            Ok(Err(e)) => Stage::Failed(e.to_string()),
            Err(e) => Stage::Failed(e.to_string()),
        };
        self.stage.send_replace(stage);
    }

    fn chain(&self, prover: &dyn Prover, cancelled: &dyn Fn() -> bool) -> Result<Vec<B256>, ProverError> {
        let mut seed = self.s0;
        let mut roots = Vec::new();
        for job in 0..self.session.terms.jobs {
            if cancelled() {
                return Err(ProverError::Cancelled);
            }
            self.stage.send_replace(Stage::Running { job, seed });
            let root = prover.run(&self.task(job, seed), cancelled)?;
            seed = chain::next_seed(seed, root);
            roots.push(root);
        }
        Ok(roots)
    }

    fn sign(&self, key: &PrivateKeySigner, roots: Vec<B256>) -> Result<Stage, SignatureError> {
        let Session { domain, terms, id, job } = &self.session;
        let commit = SessionCommit {
            sessionId: *id,
            node: terms.node,
            s0: self.s0,
            sessionRoot: chain::session_tree(self.s0, &roots).root(),
            jobs: terms.jobs,
            m: job.m,
            n: job.n,
            k: job.k,
        };
        let commit = Box::new(Signed::new(commit, key, domain)?);
        Ok(Stage::Done { commit, roots: Arc::new(roots) })
    }

    pub fn head(&self, key: &PrivateKeySigner, job: u64, seed: B256) -> Result<Signed<Head>, SignatureError> {
        Signed::new(Head { sessionId: self.session.id, job, seed }, key, &self.session.domain)
    }

    /// The sampling seed that a request's reveals make.
    pub fn sample_seed(&self, commit: &SessionCommit, request: &OpenRequest) -> Result<B256, SessionError> {
        self.session.sample_seed(&self.commitments, commit, &request.reveals)
    }

    /// Runs the drawn jobs again and opens their leaves. Blocks.
    pub fn open(
        &self,
        prover: &dyn Prover,
        roots: &[B256],
        sample_seed: B256,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Openings, ProverError> {
        let terms = &self.session.terms;
        let seeds = chain::seeds(self.s0, roots);
        let drawn = samples(sample_seed, &self.session.job, terms.jobs, terms.leafSamples);
        let mut leaves = Vec::with_capacity(drawn.len());
        for of_job in drawn.chunk_by(|a: &Sample, b| a.job == b.job) {
            let job = of_job[0].job;
            let indices: Vec<u64> = of_job.iter().map(|s| s.leaf).collect();
            // draws are below the number of jobs, and there is a root and a seed for each
            leaves.extend(prover.open(&self.task(job, seeds[job as usize]), &indices, cancelled)?);
        }
        Ok(Openings { sessionId: self.session.id, sampleSeed: sample_seed, roots: roots.to_vec(), leaves })
    }

    fn task(&self, index: u64, seed: B256) -> Task {
        Task { job: self.session.job, index, s0: self.s0, seed }
    }
}
