//! The agent of one node.

use std::{
    collections::{HashMap, HashSet},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use alloy::{
    primitives::{Address, B256},
    signers::local::PrivateKeySigner,
};
use axum::{Router, http::StatusCode};
use spheron_verifier_core::{
    prover::Prover,
    session::{Session, SessionError},
    wire::{Challenge, Domain, OpenRequest, Openings, Signed},
};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, mpsc},
};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    http::{self, ApiError},
    routes::{self, Health, Progress},
    run::{Run, Stage},
};

/// A chain on which the node is registered.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Chain and VerifierSet.
    pub domain: Domain,
    /// Whose challenges count there.
    pub verifiers: Verifiers,
}

/// The verifiers of a chain, shared with whoever follows the chain.
#[derive(Clone, Debug, Default)]
pub struct Verifiers(Arc<RwLock<HashSet<Address>>>);

impl Verifiers {
    /// These verifiers.
    pub fn new(verifiers: impl IntoIterator<Item = Address>) -> Self {
        Self(Arc::new(RwLock::new(verifiers.into_iter().collect())))
    }

    /// Replaces the set, for all who share it.
    pub fn replace(&self, verifiers: impl IntoIterator<Item = Address>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = verifiers.into_iter().collect();
    }

    /// Whether an account is a verifier.
    pub fn contains(&self, account: Address) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(&account)
    }
}

/// How much an agent takes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Sessions waiting for the device.
    pub queue: usize,
    /// Sessions remembered until they expire.
    pub sessions: usize,
    /// Bytes of a request body.
    pub body_bytes: usize,
    /// Operations of one session.
    pub ops: u128,
    /// How far a verifier's clock may be ahead, milliseconds.
    pub skew_ms: u64,
    /// Longest life of a session, milliseconds.
    pub session_ms: u64,
}

impl Default for Limits {
    /// Two sessions in wait, 64 remembered, 256 KiB bodies, 10^18 operations, 30 seconds, two hours.
    fn default() -> Self {
        Self {
            queue: 2,
            sessions: 64,
            body_bytes: 256 << 10,
            ops: 1_000_000_000_000_000_000,
            skew_ms: 30_000,
            session_ms: 7_200_000,
        }
    }
}

/// Answers verifiers for one node, registered on one or more chains. Clones are the same agent.
#[derive(Clone)]
pub struct Agent(Arc<Inner>);

struct Inner {
    node: Address,
    key: PrivateKeySigner,
    prover: Arc<dyn Prover>,
    clock: Arc<dyn Clock>,
    registrations: Vec<Registration>,
    limits: Limits,
    sessions: Mutex<HashMap<B256, Arc<Run>>>,
    queue: mpsc::Sender<Arc<Run>>,
    queued: Mutex<Option<mpsc::Receiver<Arc<Run>>>>,
    opening: Semaphore,
    cancel: CancellationToken,
}

impl Agent {
    /// An agent of `node` that signs with its operator's key.
    pub fn new(
        node: Address,
        key: PrivateKeySigner,
        prover: Arc<dyn Prover>,
        clock: Arc<dyn Clock>,
        registrations: Vec<Registration>,
        limits: Limits,
    ) -> Self {
        let (queue, queued) = mpsc::channel(limits.queue.max(1));
        Self(Arc::new(Inner {
            node,
            key,
            prover,
            clock,
            registrations,
            limits,
            sessions: Mutex::default(),
            queue,
            queued: Mutex::new(Some(queued)),
            opening: Semaphore::new(1),
            cancel: CancellationToken::new(),
        }))
    }

    /// The node.
    pub fn node(&self) -> Address {
        self.0.node
    }

    /// Runs sessions and serves the API until `cancel`; a job in progress is given up then.
    ///
    /// # Errors
    /// What the listener reports, or that the agent is served already.
    pub async fn serve(&self, listener: TcpListener, cancel: CancellationToken) -> io::Result<()> {
        let queued = self.0.queued.lock().unwrap_or_else(PoisonError::into_inner).take();
        let queued = queued.ok_or_else(|| io::Error::other("this agent is served already"))?;
        tracing::info!(node = %self.node(), address = ?listener.local_addr().ok(), "agent listens");
        let _stop_jobs = self.0.cancel.clone().drop_guard();
        let api = http::serve(listener, self.router(), cancel.clone());
        let jobs = async {
            tokio::select! {
                () = self.work(queued) => {}
                () = cancel.cancelled() => self.0.cancel.cancel(),
            }
        };
        tokio::join!(api, jobs).0
    }

    fn router(&self) -> Router {
        routes::router(self.clone(), self.0.limits.body_bytes)
    }

    async fn work(&self, mut queued: mpsc::Receiver<Arc<Run>>) {
        while let Some(run) = queued.recv().await {
            let agent = self.clone();
            let id = run.session.id;
            tracing::info!(session = %id, jobs = run.session.terms.jobs, "session runs");
            let done = tokio::task::spawn_blocking(move || {
                run.execute(&*agent.0.prover, &agent.0.key, &|| agent.cancelled(&run));
                run
            });
            match done.await.map(|run| run.stage.borrow().clone()) {
                Ok(Stage::Failed(reason)) => tracing::warn!(session = %id, %reason, "session failed"),
                Ok(_) => tracing::info!(session = %id, "session done"),
                Err(e) => tracing::error!(session = %id, reason = %e, "the prover stopped"),
            }
        }
    }

    fn cancelled(&self, run: &Run) -> bool {
        self.0.cancel.is_cancelled() || self.0.clock.now_ms() > run.session.terms.expiresMs
    }

    pub(crate) fn health(&self) -> Health {
        Health {
            node: self.node(),
            backend: self.0.prover.backend(),
            domains: self.0.registrations.iter().map(|r| r.domain).collect(),
            sessions: self.sessions().len(),
            free: self.0.queue.capacity(),
        }
    }

    /// Checks a challenge and queues its session, or finds that it is queued already.
    pub(crate) fn accept(&self, challenge: &Challenge) -> Result<B256, ApiError> {
        let (session, s0) = self.check(challenge)?;
        let now = self.0.clock.now_ms();
        let mut sessions = self.sessions();
        if let Some(run) = sessions.get(&session.id) {
            return if run.s0 == s0 {
                Ok(session.id)
            } else {
                Err(ApiError::new(StatusCode::CONFLICT, "replay", "this session runs already, with another seed"))
            };
        }
        sessions.retain(|_, run| run.session.terms.expiresMs >= now);
        let busy = || {
            let message = "the device is busy with other sessions; try again later";
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message)
        };
        if sessions.len() >= self.0.limits.sessions {
            return Err(busy());
        }
        let id = session.id;
        let run = Arc::new(Run::new(session, s0, challenge.commitments.clone()));
        self.0.queue.try_send(run.clone()).map_err(|_| busy())?;
        sessions.insert(id, run);
        Ok(id)
    }

    fn check(&self, challenge: &Challenge) -> Result<(Session, B256), ApiError> {
        let Inner { registrations, limits, clock, .. } = &*self.0;
        let registration = registrations.iter().find(|r| r.domain == challenge.domain).ok_or_else(|| {
            let Domain { chain_id, verifier_set } = challenge.domain;
            let message = format!("this node is not registered with VerifierSet {verifier_set} on chain {chain_id}");
            ApiError::bad_request("wrong_chain", message)
        })?;
        let session = Session::new(challenge.domain, &challenge.terms).map_err(refused)?;
        let terms = &session.terms;
        if terms.node != self.node() {
            let message = format!("the challenge is for node {}, this is {}", terms.node, self.node());
            return Err(ApiError::bad_request("wrong_node", message));
        }
        let operator = self.0.key.address();
        if terms.operator != operator {
            let message =
                format!("the challenge is for the operator {}, this agent signs as {operator}", terms.operator);
            return Err(ApiError::bad_request("wrong_operator", message));
        }
        let now = clock.now_ms();
        if now > terms.expiresMs {
            let message = format!("the session expired at {} ms, it is {now} ms", terms.expiresMs);
            return Err(ApiError::bad_request("expired", message));
        }
        if terms.openedMs > now.saturating_add(limits.skew_ms) || terms.expiresMs - terms.openedMs > limits.session_ms {
            return Err(ApiError::bad_request("invalid_times", "the session begins in the future, or lasts too long"));
        }
        if terms.backend != self.0.prover.backend() as u8 {
            let message = format!("this node proves with backend {:?}, not {}", self.0.prover.backend(), terms.backend);
            return Err(ApiError::bad_request("wrong_backend", message));
        }
        if u128::from(session.job.ops()) * u128::from(terms.jobs) > limits.ops {
            return Err(ApiError::bad_request(
                "too_much_work",
                format!("a session may have {} operations", limits.ops),
            ));
        }
        let foreign = terms.verifiers.iter().find(|v| !registration.verifiers.contains(**v));
        if let Some(foreign) = foreign {
            let message = format!("{foreign} is not a verifier of chain {}", challenge.domain.chain_id);
            return Err(ApiError::new(StatusCode::FORBIDDEN, "foreign_verifier", message));
        }
        let s0 = session.s0(&challenge.commitments, &challenge.reveals).map_err(refused)?;
        let call = challenge.call.verify(&challenge.domain).map_err(|e| refused(e.into()))?;
        session.expect(call.sessionId).map_err(refused)?;
        if !terms.verifiers.contains(&challenge.call.signer) || call.s0 != s0 {
            return Err(ApiError::new(StatusCode::FORBIDDEN, "foreign_verifier", "the caller is not of this session"));
        }
        Ok((session, s0))
    }

    pub(crate) async fn progress(&self, id: B256, wait: Duration) -> Result<Progress, ApiError> {
        let run = self.run(id)?;
        let mut stage = run.stage.subscribe();
        tokio::select! {
            _ = stage.wait_for(Stage::finished) => {}
            () = tokio::time::sleep(wait) => {}
            () = self.0.cancel.cancelled() => {}
        }
        let stage = run.stage.borrow().clone();
        Ok(match stage {
            Stage::Queued => Progress::Queued,
            Stage::Running { job, seed } => Progress::Running(run.head(&self.0.key, job, seed).map_err(broken)?),
            Stage::Done { commit, .. } => Progress::Done(*commit),
            Stage::Failed(reason) => Progress::Failed(reason),
        })
    }

    /// Opens what the request's reveals draw: once per session, whoever asks, however often.
    pub(crate) async fn openings(&self, id: B256, request: &OpenRequest) -> Result<Signed<Openings>, ApiError> {
        let run = self.run(id)?;
        let Stage::Done { commit, roots } = run.stage.borrow().clone() else {
            return Err(ApiError::new(StatusCode::CONFLICT, "not_done", "the session's chain is not finished"));
        };
        let seed = run.sample_seed(&commit.message, request).map_err(refused)?;
        let openings = run.openings.get_or_try_init(|| self.open(run.clone(), roots, seed)).await?;
        Ok(openings.clone())
    }

    async fn open(&self, run: Arc<Run>, roots: Arc<Vec<B256>>, seed: B256) -> Result<Signed<Openings>, ApiError> {
        // never closed
        let _turn = self.0.opening.acquire().await.map_err(broken)?;
        let agent = self.clone();
        let open = move || {
            let openings = run.open(&*agent.0.prover, &roots, seed, &|| agent.cancelled(&run)).map_err(broken)?;
            Signed::new(openings, &agent.0.key, &run.session.domain).map_err(broken)
        };
        tokio::task::spawn_blocking(open).await.map_err(broken)?
    }

    fn run(&self, id: B256) -> Result<Arc<Run>, ApiError> {
        self.sessions().get(&id).cloned().ok_or_else(|| ApiError::unknown_session(id))
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<B256, Arc<Run>>> {
        self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message that breaks the protocol: 401 if it is a signature, otherwise 400.
fn refused(error: SessionError) -> ApiError {
    match error {
        SessionError::Signature(e) => ApiError::new(StatusCode::UNAUTHORIZED, "bad_signature", e),
        e => ApiError::bad_request("invalid_session", e),
    }
}

fn broken(error: impl ToString) -> ApiError {
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", error)
}
