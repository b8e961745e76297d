//! Several endpoints of one chain as one source: the next one takes over when one fails.

use std::{
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use alloy::primitives::{Address, Bytes};
use futures::FutureExt as _;
use rand::Rng as _;
use tokio::time::Instant;

use crate::{event::Log, manifest::ChainManifest, store::Learned};

use super::{
    Answer, BlockCalls, BlockRange, Class, Endpoint, Header, Heads, Limits, LogFilter, LogSource, RangeLogs,
    SourceError,
};

/// How often, and how patiently, endpoints are tried.
#[derive(Debug, Clone, Copy)]
pub struct PoolOptions {
    /// Tries per question, over all endpoints, before the error is reported.
    pub attempts: usize,
    /// Wait after the first failure of an endpoint in a row; it doubles with each.
    pub backoff: Duration,
    /// Longest wait.
    pub max_backoff: Duration,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self { attempts: 4, backoff: Duration::from_millis(250), max_backoff: Duration::from_secs(30) }
    }
}

/// What every endpoint of a chain must serve.
#[derive(Debug, Clone)]
pub struct Expected {
    /// EIP-155 id.
    pub chain_id: u64,
    /// Where contracts must be.
    pub addresses: Vec<Address>,
    /// How many endpoints must return the same logs.
    pub quorum: usize,
}

impl Expected {
    /// What a chain of a manifest expects.
    pub fn of(chain: &ChainManifest) -> Self {
        let addresses = chain.named_addresses().map(|(_, address)| address).collect();
        Self { chain_id: chain.chain_id, addresses, quorum: chain.quorum.unwrap_or(1) }
    }
}

/// The endpoints of one chain.
#[derive(Debug)]
pub struct Pool {
    members: Vec<Arc<Member>>,
    expected: Expected,
    options: PoolOptions,
}

#[derive(Debug)]
struct Member {
    endpoint: Endpoint,
    /// Tells it from other members; two URLs of one host have one label.
    name: String,
    health: Mutex<Health>,
    limits: Mutex<Limits>,
    /// Requests for logs that are under way.
    busy: AtomicUsize,
}

#[derive(Debug, Clone, Copy)]
struct Health {
    failures: u32,
    ready_at: Instant,
    /// Whether it was seen to serve what is expected.
    checked: bool,
}

impl Pool {
    /// A source over these endpoints, the preferred one first.
    ///
    /// # Panics
    ///
    /// If there is none: a manifest has at least one.
    pub fn new(endpoints: Vec<Endpoint>, expected: Expected, options: PoolOptions) -> Self {
        assert!(!endpoints.is_empty(), "a pool needs an endpoint");
        let mut members: Vec<Arc<Member>> = Vec::new();
        for endpoint in endpoints {
            let label = endpoint.rpc().label();
            let same = members.iter().filter(|member| member.endpoint.rpc().label() == label).count();
            let name = if same == 0 { label.to_owned() } else { format!("{label}#{}", same + 1) };
            members.push(Arc::new(Member {
                name,
                health: Mutex::new(Health { failures: 0, ready_at: Instant::now(), checked: false }),
                limits: Mutex::new(Limits::new(None, endpoint.rpc().in_flight())),
                busy: AtomicUsize::new(0),
                endpoint,
            }));
        }
        Self { members, expected, options }
    }

    /// Takes in what earlier runs have learned of the endpoints.
    pub fn remember(&self, learned: &[Learned]) {
        for member in &self.members {
            let known = learned.iter().find(|learned| learned.endpoint == member.name);
            *member.limits() = Limits::new(known, member.endpoint.rpc().in_flight());
        }
    }

    /// An endpoint is believed nothing before it was seen to serve the right chain.
    async fn check_member(&self, member: &Member) -> Result<(), SourceError> {
        let checked = member.health().checked;
        if !checked {
            member.endpoint.check(self.expected.chain_id, &self.expected.addresses).await?;
            member.health().checked = true;
        }
        Ok(())
    }

    /// Asks contracts as they stood at the end of a block.
    ///
    /// # Errors
    ///
    /// If no endpoint answers. What a contract said when it reverted is an answer.
    pub async fn calls(&self, questions: BlockCalls) -> Result<Vec<Result<Bytes, String>>, SourceError> {
        let questions = Arc::new(questions);
        let question = move |member: &Arc<Member>| {
            let (member, questions) = (member.clone(), questions.clone());
            async move { member.endpoint.calls(&questions).await }
        };
        Ok(self.ask(question, |_, _| ()).await?.1)
    }

    /// As `check_member`, several times if trying again may help.
    async fn check_patiently(&self, member: &Member) -> Result<(), SourceError> {
        let mut attempt = 1;
        loop {
            let ready_at = member.health().ready_at;
            tokio::time::sleep_until(ready_at).await;
            let Err(error) = self.check_member(member).await else { return Ok(()) };
            member.rest(error.class, &self.options);
            if matches!(error.class, Class::Fatal | Class::WrongChain) || attempt >= self.options.attempts {
                return Err(error);
            }
            attempt += 1;
        }
    }

    /// Holds logs against those of other endpoints, until as many agree as must.
    async fn second(&self, range: BlockRange, filter: &LogFilter, first: &RangeLogs) -> Result<(), SourceError> {
        let mut agreed = 1;
        let mut failure = None;
        for member in self.members.iter().filter(|member| member.name != first.endpoint) {
            if agreed >= self.expected.quorum {
                break;
            }
            let other = match self.check_member(member).await {
                Ok(()) => member.logs(self.expected.chain_id, range, filter).await,
                Err(error) => Err(error),
            };
            match other {
                Ok(other) => {
                    agree(range, first, &RangeLogs { endpoint: member.name.clone(), ..other })?;
                    agreed += 1;
                }
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            Some(error) if agreed < self.expected.quorum => Err(error),
            _ => Ok(()),
        }
    }

    /// Asks the endpoint that has room for it, and takes in what its answer says about its limits.
    async fn ask_for_logs(&self, range: BlockRange, filter: &LogFilter) -> Result<RangeLogs, SourceError> {
        let chain_id = self.expected.chain_id;
        let question = |member: &Arc<Member>| {
            let (member, filter) = (member.clone(), filter.clone());
            async move { member.logs(chain_id, range, &filter).await }
        };
        let take_in = |member: &Member, answer: &Result<RangeLogs, SourceError>| match answer {
            Ok(found) => member.limits().succeeded(range, found.logs.len() as u64),
            Err(error) => member.limits().failed(range, error.class),
        };
        let mut logs = self.ask(question, take_in).await?;
        self.second(range, filter, &logs.1).await?;
        logs.1.endpoint = logs.0;
        Ok(logs.1)
    }

    /// Asks one endpoint after the other until one answers, or trying again does not help; its name and the answer.
    async fn ask<T, F>(
        &self,
        question: impl Fn(&Arc<Member>) -> F + Send,
        take_in: impl Fn(&Member, &Result<T, SourceError>) + Send,
    ) -> Result<(String, T), SourceError>
    where
        T: Send,
        F: Future<Output = Result<T, SourceError>> + Send,
    {
        let mut attempt = 0;
        loop {
            let member = self.pick();
            let _busy = Busy::new(&member.busy);
            let ready_at = member.health().ready_at;
            tokio::time::sleep_until(ready_at).await;
            let answer = match self.check_member(member).await {
                Ok(()) => question(member).await,
                Err(error) => Err(error),
            };
            take_in(member, &answer);
            let error = match answer {
                Ok(answer) => {
                    member.health().failures = 0;
                    return Ok((member.name.clone(), answer));
                }
                Err(error) => error,
            };
            if matches!(error.class, Class::TooManyResults { .. } | Class::RangeTooWide { .. }) {
                return Err(error);
            }
            member.rest(error.class, &self.options);
            attempt += 1;
            // An endpoint that cannot serve at all stays out as long as another one may.
            let hopeless = matches!(error.class, Class::Fatal | Class::WrongChain) && self.members.len() == 1;
            if hopeless || attempt >= self.options.attempts.max(self.members.len()) {
                return Err(error);
            }
            tracing::debug!(%error, "trying again");
        }
    }

    /// The endpoint that may be asked first; of those that may now, the preferred one that has room.
    fn pick(&self) -> &Arc<Member> {
        let now = Instant::now();
        let order = |member: &&Arc<Member>| (member.health().ready_at.max(now), !member.has_room());
        self.members.iter().min_by_key(order).expect("a pool has an endpoint")
    }
}

/// Counts a request as under way until it is dropped.
struct Busy<'a>(&'a AtomicUsize);

impl<'a> Busy<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Member {
    /// All logs in a range; names fewer addresses in a call until the endpoint takes it.
    async fn logs(&self, chain_id: u64, range: BlockRange, filter: &LogFilter) -> Result<RangeLogs, SourceError> {
        loop {
            let most = usize::try_from(self.limits().addresses()).unwrap_or(usize::MAX);
            let error = match self.endpoint.logs(chain_id, range, filter, most).await {
                Err(error) if error.class == Class::TooManyAddresses => error,
                answer => return answer,
            };
            let named = most.min(filter.contracts().len());
            if !self.limits().refused_addresses(named as u64) {
                return Err(error);
            }
            tracing::debug!(%error, named, "naming fewer contracts in a call");
        }
    }

    fn limits(&self) -> MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn has_room(&self) -> bool {
        (self.busy.load(Ordering::Relaxed) as u64) < self.limits().in_flight()
    }

    fn is_ready(&self) -> bool {
        self.health().ready_at <= Instant::now()
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Leaves the endpoint alone for a while after a failure.
    fn rest(&self, class: Class, options: &PoolOptions) {
        let mut health = self.health();
        let doubled = options.backoff.saturating_mul(2u32.saturating_pow(health.failures));
        health.failures += 1;
        let mut wait = match class {
            Class::Fatal | Class::WrongChain => options.max_backoff,
            _ => doubled.min(options.max_backoff),
        };
        // Jitter, so that endpoints that failed together are not asked together again.
        wait = wait.mul_f64(rand::rng().random_range(0.75..1.25));
        if let Class::RateLimited { retry_after: Some(asked) } = class {
            wait = wait.max(asked);
        }
        health.ready_at = Instant::now() + wait;
    }
}

/// Two endpoints that return different logs of the same blocks: one of them has lost some.
fn agree(range: BlockRange, first: &RangeLogs, other: &RangeLogs) -> Result<(), SourceError> {
    let pairs = first.logs.iter().zip(&other.logs);
    let same = |a: &Log, b: &Log| {
        (a.block_hash, a.log_index, &a.topics, &a.data) == (b.block_hash, b.log_index, &b.topics, &b.data)
    };
    let differs = pairs.into_iter().find(|(a, b)| !same(a, b)).map(|(a, b)| a.block.min(b.block));
    let (ours, theirs) = (first.logs.len(), other.logs.len());
    let message = match differs {
        Some(block) => format!("disagrees with {} about the logs of block {block}", other.endpoint),
        None if ours != theirs => format!("returned {ours} logs of {range}, {} returned {theirs}", other.endpoint),
        None => return Ok(()),
    };
    Err(SourceError::new(&first.endpoint, Class::MissingData, message))
}

impl LogSource for Pool {
    /// Every endpoint that answers must serve the right chain, and at least one must answer.
    fn check(&self) -> Answer<'_, ()> {
        async move {
            let mut failures = Vec::new();
            for member in &self.members {
                match self.check_patiently(member).await {
                    Ok(()) => {}
                    Err(error) if error.class == Class::WrongChain => return Err(error),
                    Err(error) => {
                        tracing::warn!(%error, "the endpoint does not answer");
                        failures.push(error);
                    }
                }
            }
            match failures.pop() {
                Some(error) if failures.len() + 1 == self.members.len() => Err(error),
                _ => Ok(()),
            }
        }
        .boxed()
    }

    fn heads(&self, at: Option<u64>) -> Answer<'_, Heads> {
        let chain_id = self.expected.chain_id;
        let question = move |member: &Arc<Member>| {
            let member = member.clone();
            async move { member.endpoint.heads(chain_id, at).await }
        };
        async move { Ok(self.ask(question, |_, _| ()).await?.1) }.boxed()
    }

    fn logs(&self, range: BlockRange, filter: &LogFilter) -> Answer<'_, RangeLogs> {
        let filter = filter.clone();
        async move { self.ask_for_logs(range, &filter).await }.boxed()
    }

    fn headers(&self, numbers: &[u64]) -> Answer<'_, Vec<Option<Header>>> {
        let numbers: Arc<[u64]> = numbers.into();
        let question = move |member: &Arc<Member>| {
            let (member, numbers) = (member.clone(), numbers.clone());
            async move { member.endpoint.headers(&numbers).await }
        };
        async move { Ok(self.ask(question, |_, _| ()).await?.1) }.boxed()
    }

    fn distrust(&self, endpoint: &str) {
        for member in self.members.iter().filter(|member| member.name == endpoint) {
            member.rest(Class::MissingData, &self.options);
        }
    }

    fn limits(&self) -> Limits {
        self.pick().limits().clone()
    }

    fn width(&self) -> usize {
        let ready = self.members.iter().filter(|member| member.is_ready());
        let width: u64 = ready.map(|member| member.limits().in_flight()).sum();
        usize::try_from(width).unwrap_or(usize::MAX).max(1)
    }

    fn learned(&self) -> Vec<Learned> {
        self.members.iter().filter_map(|member| member.limits().take_learned(&member.name)).collect()
    }

    fn requests(&self) -> u64 {
        self.members.iter().map(|member| member.endpoint.rpc().requests()).sum()
    }
}
