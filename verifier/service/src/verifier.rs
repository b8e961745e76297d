//! The verifier: its seats in sessions, its store and its servers.

use std::{
    collections::HashMap,
    fmt, io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use alloy::{
    primitives::{Address, B256},
    signers::local::PrivateKeySigner,
};
use axum::http::StatusCode;
use rand::{TryRngCore, rngs::OsRng};
use spheron_verifier_agent::{
    AgentClient,
    clock::Clock,
    http::{self, ApiError},
};
use spheron_verifier_core::{
    evidence::check_terms,
    policy::{Policy, PolicyError},
    session::Session,
    verdict::SignedVerdict,
    wire::{Commitment, Domain, SignatureError, Signed, Terms},
};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;

use crate::{
    directory::Directory,
    leader::{self, MeasureError},
    protocol::{Health, Invitation, Work},
    routes,
    seat::{Seat, Secrets, Tools, broken, refused},
    store::Store,
};

/// Sessions that a verifier keeps at a time.
const MAX_SEATS: usize = 256;
/// Measurements that a verifier leads at a time.
const MAX_LED: usize = 16;

/// What a verifier is set up with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Contracts that it signs for.
    pub domains: Vec<Domain>,
    /// The policy by which it judges.
    pub policy: Policy,
    /// Where evidence, verdicts and marks of what was signed are kept.
    pub data_dir: PathBuf,
}

/// Why a verifier cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The policy cannot be used.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The data directory cannot be used.
    #[error("data directory: {0}")]
    Store(#[from] io::Error),
}

/// Where secrets come from: 32 unpredictable bytes a call, or why there are none.
pub type Entropy = Arc<dyn Fn() -> Result<B256, String> + Send + Sync>;

/// A verifier. Clones are the same one.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    tools: Arc<Tools>,
    domains: Vec<Domain>,
    directory: Arc<dyn Directory>,
    entropy: Entropy,
    seats: Mutex<HashMap<B256, Arc<Seat>>>,
    leading: Semaphore,
}

impl Verifier {
    /// A verifier that signs with this key and draws its secrets from the operating system.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(
        key: PrivateKeySigner,
        clock: Arc<dyn Clock>,
        directory: Arc<dyn Directory>,
        config: Config,
    ) -> Result<Self, SetupError> {
        Self::with_entropy(key, clock, directory, config, Arc::new(system_entropy))
    }

    /// As [`Verifier::new`], with its secrets from elsewhere: for simulations that can be repeated.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn with_entropy(
        key: PrivateKeySigner,
        clock: Arc<dyn Clock>,
        directory: Arc<dyn Directory>,
        config: Config,
        entropy: Entropy,
    ) -> Result<Self, SetupError> {
        let Config { domains, policy, data_dir } = config;
        policy.validate()?;
        let tools = Arc::new(Tools { key, clock, policy, store: Store::open(data_dir)? });
        let leading = Semaphore::new(MAX_LED);
        Ok(Self(Arc::new(Inner { tools, domains, directory, entropy, seats: Mutex::default(), leading })))
    }

    /// This verifier's address.
    pub fn address(&self) -> Address {
        self.0.tools.key.address()
    }

    /// The policy by which it judges.
    pub fn policy(&self) -> &Policy {
        &self.0.tools.policy
    }

    /// Evidence and verdicts.
    pub fn store(&self) -> &Store {
        &self.0.tools.store
    }

    /// Leads a measurement to a verdict with its quorum of signatures.
    ///
    /// # Errors
    /// [`MeasureError`] if there is no verdict; nothing is known about the node then.
    pub async fn measure(&self, work: &Work) -> Result<SignedVerdict, MeasureError> {
        let _turn = self.0.leading.try_acquire().map_err(|_| MeasureError::Busy(MAX_LED))?;
        leader::measure(self, work).await
    }

    /// Serves other verifiers and readers of evidence on `public`, and the operator's orders on `control`, until
    /// `cancel`. Whoever reaches `control` can have nodes measured: bind it to the loopback interface.
    ///
    /// # Errors
    /// What the listeners report.
    pub async fn serve(
        &self,
        public: TcpListener,
        control: Option<TcpListener>,
        cancel: CancellationToken,
    ) -> io::Result<()> {
        tracing::info!(verifier = %self.address(), address = ?public.local_addr().ok(), "verifier listens");
        let control = async {
            match control {
                Some(listener) => {
                    http::serve(listener, routes::control(self.clone(), cancel.clone()), cancel.clone()).await
                }
                None => Ok(()),
            }
        };
        let public = http::serve(public, routes::public(self.clone(), cancel.clone()), cancel.clone());
        tokio::try_join!(public, control).map(|_| ())
    }

    /// Takes a seat in a session and commits to this verifier's secrets.
    pub(crate) async fn open(&self, invitation: &Invitation) -> Result<Signed<Commitment>, ApiError> {
        let Invitation { domain, terms } = invitation;
        if !self.signs_for(domain) {
            let message =
                format!("this verifier does not sign for {} on chain {}", domain.verifier_set, domain.chain_id);
            return Err(ApiError::bad_request("wrong_chain", message));
        }
        let session = Session::new(*domain, terms).map_err(refused)?;
        if let Ok(seat) = self.seat(session.id) {
            return seat.commit();
        }
        self.check(&session)?;
        let url = self.0.directory.approve(domain, &session.terms).await;
        let url = url.map_err(|reason| ApiError::new(StatusCode::FORBIDDEN, "refused", reason))?;
        let agent = AgentClient::new(&url).map_err(broken)?;
        let secrets =
            Secrets { seed: (self.0.entropy)().map_err(broken)?, sample: (self.0.entropy)().map_err(broken)? };
        let seat = Seat::new(self.0.tools.clone(), session, terms.clone(), agent, secrets);
        self.seat_for(seat)?.commit()
    }

    fn check(&self, session: &Session) -> Result<(), ApiError> {
        let (terms, policy) = (&session.terms, self.policy());
        if !terms.verifiers.contains(&self.address()) {
            return Err(ApiError::bad_request("wrong_verifier", format!("{} is not of this session", self.address())));
        }
        check_terms(policy, terms).map_err(|e| ApiError::bad_request("other_policy", e))?;
        let now = self.now_ms();
        if now > terms.expiresMs {
            let message = format!("the session expired at {} ms, it is {now} ms", terms.expiresMs);
            return Err(ApiError::bad_request("expired", message));
        }
        if terms.openedMs.abs_diff(now) > policy.skew_ms {
            let message = format!("the leader's clock says {} ms, this one {now} ms", terms.openedMs);
            return Err(ApiError::bad_request("clock_skew", message));
        }
        Ok(())
    }

    /// Keeps a seat, or finds the one that was taken meanwhile.
    fn seat_for(&self, seat: Seat) -> Result<Arc<Seat>, ApiError> {
        let now = self.now_ms();
        let mut seats = self.seats();
        seats.retain(|_, s| s.session.terms.expiresMs >= now);
        if seats.len() >= MAX_SEATS {
            let message = "this verifier has no seat free; try again later";
            return Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message));
        }
        Ok(seats.entry(seat.session.id).or_insert_with(|| Arc::new(seat)).clone())
    }

    pub(crate) fn seat(&self, id: B256) -> Result<Arc<Seat>, ApiError> {
        self.seats().get(&id).cloned().ok_or_else(|| ApiError::unknown_session(id))
    }

    fn seats(&self) -> MutexGuard<'_, HashMap<B256, Arc<Seat>>> {
        self.0.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn health(&self) -> Health {
        Health { verifier: self.address(), domains: self.0.domains.clone(), policy: self.policy().hash() }
    }

    pub(crate) fn signs_for(&self, domain: &Domain) -> bool {
        self.0.domains.contains(domain)
    }

    pub(crate) fn sign_terms(&self, domain: &Domain, terms: Terms) -> Result<Signed<Terms>, SignatureError> {
        Signed::new(terms, &self.0.tools.key, domain)
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.tools.clock
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.clock().now_ms()
    }

    pub(crate) fn directory(&self) -> &dyn Directory {
        &*self.0.directory
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("address", &self.address()).finish_non_exhaustive()
    }
}

fn system_entropy() -> Result<B256, String> {
    let mut bytes = B256::ZERO;
    OsRng.try_fill_bytes(bytes.as_mut_slice()).map_err(|e| format!("the operating system gives no randomness: {e}"))?;
    Ok(bytes)
}
