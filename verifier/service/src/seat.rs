//! A verifier's part in one session, step by step. Each step can be repeated with the same input, and not with another.

use std::sync::{Arc, Mutex, PoisonError};

use alloy::{primitives::B256, signers::local::PrivateKeySigner, sol_types::SolStruct};
use axum::http::StatusCode;
use spheron_verifier_agent::{AgentClient, clock::Clock, http::ApiError};
use spheron_verifier_core::{
    evidence::{Evidence, Span},
    policy::Policy,
    session::{Session, SessionError, secret_hash},
    verdict::{SessionCommit, Signature, Verdict},
    wire::{Call, Challenge, Commitment, Observation, OpenRequest, SampleReveal, SeedReveal, Signed, Terms},
};
use tokio::sync::{Mutex as AsyncMutex, OnceCell};

use crate::{
    observe,
    protocol::{Committed, Observed, Proposal, Revealed, Sampling},
    store::Store,
};

/// What a seat needs of its verifier.
pub(crate) struct Tools {
    pub key: PrivateKeySigner,
    pub clock: Arc<dyn Clock>,
    pub policy: Policy,
    pub store: Store,
}

/// What goes into the session's seed, and into the sampling seed.
pub(crate) struct Secrets {
    pub seed: B256,
    pub sample: B256,
}

pub(crate) struct Seat {
    tools: Arc<Tools>,
    pub session: Session,
    terms: Signed<Terms>,
    agent: AgentClient,
    secrets: Secrets,
    /// The commitments, and when this verifier let go of its share of the seed: nobody knew the seed before.
    revealed: Mutex<Option<(Vec<Signed<Commitment>>, u64)>>,
    watched: OnceCell<Watched>,
    /// Digest of the chain for which the share of the sampling seed was let go.
    sampled: Mutex<Option<B256>>,
    signed: AsyncMutex<Option<(Verdict, Signature)>>,
}

/// What came of challenging the node.
struct Watched {
    reveals: Vec<Signed<SeedReveal>>,
    s0: B256,
    observed: Observed,
}

impl Seat {
    pub fn new(
        tools: Arc<Tools>,
        session: Session,
        terms: Signed<Terms>,
        agent: AgentClient,
        secrets: Secrets,
    ) -> Self {
        Self {
            tools,
            session,
            terms,
            agent,
            secrets,
            revealed: Mutex::new(None),
            watched: OnceCell::new(),
            sampled: Mutex::new(None),
            signed: AsyncMutex::new(None),
        }
    }

    /// Commits to this verifier's secrets.
    pub fn commit(&self) -> Result<Signed<Commitment>, ApiError> {
        let me = self.tools.key.address();
        let hash = |value| secret_hash(self.session.id, me, value);
        self.signed(Commitment {
            sessionId: self.session.id,
            seedHash: hash(self.secrets.seed),
            sampleHash: hash(self.secrets.sample),
        })
    }

    /// Lets go of the share of the seed, once everybody has committed.
    pub fn reveal(&self, committed: &Committed) -> Result<Signed<SeedReveal>, ApiError> {
        self.in_time()?;
        self.session.check_commitments(&committed.commitments).map_err(refused)?;
        let me = self.tools.key.address();
        let mine = self.commit()?.message;
        if !committed.commitments.iter().any(|c| c.signer == me && c.message == mine) {
            return Err(conflict("these commitments do not hold this verifier's own"));
        }
        let mut revealed = self.revealed.lock().unwrap_or_else(PoisonError::into_inner);
        match &*revealed {
            Some((first, _)) if *first != committed.commitments => {
                return Err(conflict("other commitments came before"));
            }
            Some(_) => {}
            None => *revealed = Some((committed.commitments.clone(), self.tools.clock.now_ms())),
        }
        self.signed(SeedReveal { sessionId: self.session.id, value: self.secrets.seed })
    }

    /// Challenges the node and watches it until it has signed its chain, or its time is over.
    pub async fn observe(&self, request: &Revealed) -> Result<Observed, ApiError> {
        let watched = self.watched.get_or_try_init(|| self.watch(request)).await?;
        if watched.reveals != request.reveals {
            return Err(conflict("other reveals came before"));
        }
        Ok(watched.observed.clone())
    }

    async fn watch(&self, request: &Revealed) -> Result<Watched, ApiError> {
        self.in_time()?;
        let (commitments, start_ms) = self.revealed()?;
        let s0 = self.session.s0(&commitments, &request.reveals).map_err(refused)?;
        let Tools { clock, policy, .. } = &*self.tools;
        let held_ms = clock.now_ms().saturating_sub(start_ms);
        if held_ms > policy.reveal_gap_ms {
            let message = format!("the leader held the reveals for {held_ms} ms, {} are allowed", policy.reveal_gap_ms);
            return Err(conflict(message));
        }
        let challenge = Challenge {
            domain: self.session.domain,
            terms: self.terms.clone(),
            commitments,
            reveals: request.reveals.clone(),
            call: self.signed(Call { sessionId: self.session.id, s0 })?,
        };
        let deadline_ms = start_ms.saturating_add(self.session.terms.runMs);
        let arrival = observe::chain(&**clock, &self.agent, &self.session, &challenge, s0, deadline_ms).await;
        let digest = |commit: &Signed<SessionCommit>| self.session.domain.digest(&commit.message);
        let observation = self.signed(Observation {
            sessionId: self.session.id,
            commitDigest: arrival.as_ref().map_or(B256::ZERO, |(_, commit)| digest(commit)),
            startMs: start_ms,
            endMs: arrival.as_ref().map_or(deadline_ms, |(at, _)| *at),
        })?;
        let observed = Observed { observation, commit: arrival.map(|(_, commit)| commit) };
        Ok(Watched { reveals: request.reveals.clone(), s0, observed })
    }

    /// Lets go of the share of the sampling seed, once the node's chain is signed.
    pub fn sample(&self, sampling: &Sampling) -> Result<Signed<SampleReveal>, ApiError> {
        self.in_time()?;
        let Watched { s0, observed, .. } = self.watched()?;
        self.session.check_commit(*s0, &sampling.commit).map_err(refused)?;
        let digest = self.session.domain.digest(&sampling.commit.message);
        let seen = observed.observation.message.commitDigest;
        let mut sampled = self.sampled.lock().unwrap_or_else(PoisonError::into_inner);
        if (!seen.is_zero() && seen != digest) || *sampled.get_or_insert(digest) != digest {
            return Err(conflict("the node signed two chains in this session"));
        }
        self.signed(SampleReveal { sessionId: self.session.id, value: self.secrets.sample })
    }

    /// Signs a verdict if it follows from evidence that fits what this verifier saw itself.
    pub async fn sign(&self, proposal: &Proposal) -> Result<Signature, ApiError> {
        self.in_time()?;
        let mut done = self.signed.lock().await;
        match &*done {
            Some((verdict, signature)) if *verdict == proposal.verdict => return Ok(signature.clone()),
            Some(_) => return Err(disagree("another verdict on this session is signed already")),
            None => {}
        }
        self.check_evidence(&proposal.evidence)?;
        self.check_silence(&proposal.evidence).await?;
        let evidence = proposal.evidence.clone();
        let judged = tokio::task::spawn_blocking(move || evidence.judge()).await.map_err(broken)?;
        let verdict = judged.map_err(|e| ApiError::bad_request("invalid_evidence", e))?.verdict;
        if verdict != proposal.verdict {
            return Err(disagree(format!(
                "another verdict follows from this evidence, with result {}",
                verdict.result
            )));
        }
        self.check_times(&verdict)?;
        let digest = self.session.domain.digest(&verdict);
        if !self.tools.store.mark_signed(self.session.id, digest).await.map_err(broken)? {
            return Err(disagree("another verdict on this session is signed already"));
        }
        self.tools.store.put_evidence(&proposal.evidence).await.map_err(broken)?;
        let signed = self.signed(verdict)?;
        let signature = Signature { signer: signed.signer, signature: signed.signature };
        *done = Some((signed.message, signature.clone()));
        Ok(signature)
    }

    /// The evidence must be of the session that this verifier took part in, under its own policy.
    fn check_evidence(&self, evidence: &Evidence) -> Result<(), ApiError> {
        let (commitments, _) = self.revealed()?;
        let Watched { reveals, observed, .. } = self.watched()?;
        let theirs = evidence.commit.as_ref().map_or(B256::ZERO, |c| self.session.domain.digest(&c.message));
        let mine = observed.observation.message.commitDigest;
        let checks = [
            (evidence.policy == self.tools.policy, "it is judged by another policy"),
            (
                evidence.domain == self.session.domain && evidence.terms.message == self.session.terms,
                "it has other terms",
            ),
            (evidence.commitments == commitments, "it has other commitments"),
            (evidence.seed_reveals == *reveals, "it has other reveals"),
            (mine == theirs || !mine.is_zero(), "no signed chain reached this verifier in time"),
            (mine == theirs || !theirs.is_zero(), "the node's signed chain reached this verifier in time"),
            (mine == theirs || mine.is_zero() || theirs.is_zero(), "the node signed two chains in this session"),
        ];
        match checks.iter().find(|(holds, _)| !holds) {
            Some((_, what)) => Err(disagree(what)),
            None => Ok(()),
        }
    }

    /// If the evidence says that the node did not open its leaves, this verifier asks for itself.
    async fn check_silence(&self, evidence: &Evidence) -> Result<(), ApiError> {
        let (Some(commit), None) = (&evidence.commit, &evidence.openings) else { return Ok(()) };
        let request = OpenRequest { reveals: evidence.sample_reveals.clone() };
        let seed =
            self.session.sample_seed(&evidence.commitments, &commit.message, &request.reveals).map_err(refused)?;
        let Tools { clock, policy, .. } = &*self.tools;
        let deadline_ms = clock.now_ms().saturating_add(policy.open_ms);
        match observe::openings(&**clock, &self.agent, &self.session, &request, seed, deadline_ms).await {
            Some(_) => Err(disagree("the node opened its leaves to this verifier")),
            None => Ok(()),
        }
    }

    /// The agreed times must be near this verifier's own.
    fn check_times(&self, verdict: &Verdict) -> Result<(), ApiError> {
        let mine = &self.watched()?.observed.observation.message;
        let agreed = Span { start_ms: verdict.measurement.startMs, end_ms: verdict.measurement.endMs };
        if agreed.fits(mine.startMs, mine.endMs, self.tools.policy.tolerance_ms) {
            return Ok(());
        }
        Err(disagree(format!(
            "the verdict's times {} to {} ms are not those seen here, {} to {} ms, within {} ms",
            agreed.start_ms, agreed.end_ms, mine.startMs, mine.endMs, self.tools.policy.tolerance_ms,
        )))
    }

    fn revealed(&self) -> Result<(Vec<Signed<Commitment>>, u64), ApiError> {
        let revealed = self.revealed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        revealed.ok_or_else(|| conflict("the commitments did not come yet"))
    }

    fn watched(&self) -> Result<&Watched, ApiError> {
        self.watched.get().ok_or_else(|| conflict("the node was not observed yet"))
    }

    fn in_time(&self) -> Result<(), ApiError> {
        let (now, end) = (self.tools.clock.now_ms(), self.session.terms.expiresMs);
        if now <= end {
            return Ok(());
        }
        Err(ApiError::bad_request("expired", format!("the session expired at {end} ms, it is {now} ms")))
    }

    fn signed<T: SolStruct>(&self, message: T) -> Result<Signed<T>, ApiError> {
        Signed::new(message, &self.tools.key, &self.session.domain).map_err(broken)
    }
}

/// A message that breaks the protocol: 401 if it is a signature, otherwise 400.
pub(crate) fn refused(error: SessionError) -> ApiError {
    match error {
        SessionError::Signature(e) => ApiError::new(StatusCode::UNAUTHORIZED, "bad_signature", e),
        e => ApiError::bad_request("invalid_session", e),
    }
}

fn conflict(message: impl ToString) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "conflict", message)
}

fn disagree(message: impl ToString) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "disagreement", message)
}

pub(crate) fn broken(error: impl ToString) -> ApiError {
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", error)
}
