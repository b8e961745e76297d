//! Follows one chain: what is final in parallel ranges, what is not in short ones whose hashes are held against the
//! chain before and after.

use std::{
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    decode::{Catalog, DecodeError},
    dictionary::Dictionary,
    manifest::ChainManifest,
    plan::Planner,
    queue::{WriterQueue, WriterStopped},
    source::{Heads, LogSource, SourceError, bloom::Doubt},
    status::ChainStatus,
    store::{Child, Cursor, StoreError},
};

mod backfill;
mod children;
mod fetch;
mod live;
mod pace;
mod reorg;

/// How a chain is followed.
#[derive(Debug, Clone, Copy)]
pub struct FollowOptions {
    /// Longest wait between two looks at the head of a chain that is caught up; a chain whose blocks come faster is
    /// looked at twice per block.
    pub poll: Duration,
    /// Ranges of final blocks that are fetched at once.
    pub ranges_in_flight: usize,
    /// Wait after an error; it doubles with each one in a row.
    pub backoff: Duration,
    /// Longest wait after an error.
    pub max_backoff: Duration,
    /// Without progress for so long, errors end the run; `None` to keep trying.
    pub give_up_after: Option<Duration>,
    /// Whether to end once the head is reached.
    pub stop_at_head: bool,
}

impl Default for FollowOptions {
    fn default() -> Self {
        Self {
            poll: Duration::from_secs(1),
            ranges_in_flight: 3,
            backoff: Duration::from_millis(500),
            max_backoff: Duration::from_secs(30),
            give_up_after: None,
            stop_at_head: false,
        }
    }
}

/// Why a chain is not followed any further.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// An endpoint failed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A log does not fit the contracts.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The database failed, or what was fetched does not fit it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The writer stopped because another chain's range broke the database.
    #[error("the database's writer has stopped")]
    Stopped,
}

impl From<WriterStopped> for FollowError {
    fn from(_: WriterStopped) -> Self {
        Self::Stopped
    }
}

/// The same events did not fit so many times in a row: fetching them again does not help.
const MAX_MISFITS: u32 = 5;

use children::Children;

/// What a look at the chain came to.
enum Tick {
    /// Blocks were written or taken back; there may be more.
    Moved,
    /// There is nothing to do before the next block.
    Idle,
}

/// Follows one chain.
pub(crate) struct Follower {
    chain: ChainManifest,
    source: Arc<dyn LogSource>,
    fetcher: fetch::Fetcher,
    children: Children,
    writer: WriterQueue,
    status: ChainStatus,
    options: FollowOptions,
    cursor: Cursor,
    pace: pace::Pace,
    doubt: Doubt,
    indexing: Indexing,
}

/// How many chains have not caught up since the start: indexes are made by the last one that does, as they would slow
/// the backfills of the others down.
#[derive(Debug)]
pub(crate) struct Behind(AtomicUsize);

impl Behind {
    pub fn new(chains: usize) -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(chains)))
    }
}

/// A chain that has caught up waits no longer for the others: its readers need the indexes.
const INDEXES_WAIT: Duration = Duration::from_secs(600);

/// When a chain has the indexes made.
struct Indexing {
    behind: Arc<Behind>,
    caught_up: Option<Instant>,
    done: bool,
}

impl Indexing {
    /// Takes in that the chain has caught up; whether the indexes are to be made now.
    fn is_due(&mut self) -> bool {
        let since = *self.caught_up.get_or_insert_with(|| {
            self.behind.0.fetch_sub(1, Ordering::Relaxed);
            Instant::now()
        });
        let alone = self.behind.0.load(Ordering::Relaxed) == 0;
        !self.done && (alone || since.elapsed() >= INDEXES_WAIT)
    }
}

/// Where a chain was left.
pub(crate) struct Left {
    pub dictionary: Arc<Dictionary>,
    pub slot: u64,
    pub cursor: Cursor,
    pub children: Vec<Child>,
}

impl Follower {
    /// Follows `chain` from where it was left.
    pub fn new(
        chain: ChainManifest,
        catalog: Arc<Catalog>,
        left: Left,
        source: Arc<dyn LogSource>,
        writer: WriterQueue,
        status: ChainStatus,
        options: FollowOptions,
    ) -> Self {
        let births = chain.sources.iter().filter_map(|source| source.birth(&chain.sources).ok().flatten()).collect();
        let mut children = Children { births, known: Vec::new() };
        let decoder = chain.decoder(catalog, left.dictionary);
        let mut fetcher = fetch::Fetcher {
            chain_id: chain.chain_id,
            slot: left.slot,
            source: source.clone(),
            filter: decoder.filter(),
            decoder: Arc::new(decoder),
            planner: Arc::default(),
            shelf: writer.shelf(),
        };
        fetcher.adopt(&mut children, &left.children);
        let cursor = left.cursor;
        let pace = pace::Pace::new();
        let (doubt, indexing) = (Doubt::default(), Indexing { behind: Behind::new(1), caught_up: None, done: false });
        Self { chain, source, fetcher, children, writer, status, options, cursor, pace, doubt, indexing }
    }

    /// Leaves the making of the indexes to the last of these chains that catches up.
    pub fn beside(mut self, behind: Arc<Behind>) -> Self {
        self.indexing.behind = behind;
        self
    }

    /// Follows the chain until `cancel`, until its head if asked to, or until something cannot be repaired.
    pub async fn run(mut self, cancel: CancellationToken) -> Result<(), FollowError> {
        cancel.clone().run_until_cancelled(self.follow()).await.unwrap_or(Ok(()))
    }

    async fn follow(&mut self) -> Result<(), FollowError> {
        let (mut failures, mut misfits) = (0, 0);
        loop {
            match self.tick().await {
                Ok(Tick::Moved) => (failures, misfits) = (0, 0),
                Ok(Tick::Idle) => {
                    (failures, misfits) = (0, 0);
                    self.index_once().await?;
                    if self.options.stop_at_head {
                        return Ok(());
                    }
                    self.status.does("waiting for the next block");
                    tokio::time::sleep(self.pace.wait(self.options.poll)).await;
                }
                Err(error) => {
                    misfits += u32::from(matches!(&error, FollowError::Store(error) if error.is_misfit()));
                    self.weigh(error, misfits)?;
                    let wait = self.options.backoff.saturating_mul(2u32.saturating_pow(failures));
                    self.status.does("waiting to try again");
                    tokio::time::sleep(wait.min(self.options.max_backoff)).await;
                    failures += 1;
                }
            }
        }
    }

    /// Notes an error; returns it if trying again does not help, or has not helped for long enough.
    fn weigh(&self, error: FollowError, misfits: u32) -> Result<(), FollowError> {
        self.status.failed(&error);
        let hopeless = match &error {
            // Whoever put another chain or another key at the endpoint may put it right again.
            FollowError::Source(_) => false,
            FollowError::Store(error) => !error.is_passing() && (!error.is_misfit() || misfits >= MAX_MISFITS),
            FollowError::Decode(_) | FollowError::Stopped => true,
        };
        let given_up = self.options.give_up_after.is_some_and(|patience| self.status.idle() >= patience);
        if hopeless || given_up {
            return Err(error);
        }
        tracing::warn!(chain = self.chain.name, %error, "trying again");
        Ok(())
    }

    /// Looks at the chain, and does what is to be done first.
    async fn tick(&mut self) -> Result<Tick, FollowError> {
        // A range that was not written may have brought children.
        let next = self.cursor.next_block;
        if self.children.known.iter().any(|child| child.block >= next) {
            let written = self.children.known.iter().filter(|child| child.block < next).cloned().collect();
            self.fetcher.disown(&mut self.children, written);
        }
        self.status.does("asking for the head");
        let heads = self.source.heads(self.cursor.tip.map(|tip| tip.number)).await?;
        self.pace.saw(heads.latest.number, Instant::now());
        self.status.saw_head(heads.latest.number, self.source.requests());
        let finalized = self.finalized(&heads);
        if let Some(tip) = self.cursor.tip {
            match heads.at {
                Some(header) if header.hash == tip.hash => {}
                Some(_) => return self.reorg().await,
                None => return self.behind(&heads).await,
            }
        }
        let next = self.cursor.next_block;
        if heads.latest.number < next {
            return Ok(Tick::Idle);
        }
        match finalized.filter(|finalized| *finalized >= next) {
            Some(to) => self.backfill(to).await?,
            None => self.live(&heads, finalized).await?,
        }
        Ok(Tick::Moved)
    }

    /// The last block that is final. It never goes back, though an endpoint that lags may say so.
    fn finalized(&self, heads: &Heads) -> Option<u64> {
        let by_depth = self.chain.finality_depth.and_then(|depth| heads.latest.number.checked_sub(depth));
        let told = heads.finalized.or(by_depth).map(|number| number.min(heads.latest.number));
        told.max(self.cursor.finalized)
    }

    async fn index_once(&mut self) -> Result<(), FollowError> {
        if self.indexing.is_due() {
            self.status.does("making the indexes");
            self.writer.create_indexes().await??;
            self.indexing.done = true;
        }
        Ok(())
    }

    /// Takes in that ranges up to `cursor` are written.
    fn advanced(&mut self, cursor: Cursor, events: usize) {
        self.cursor = cursor;
        self.status.advanced(cursor, events as u64);
    }
}

fn lock(planner: &Mutex<Planner>) -> MutexGuard<'_, Planner> {
    planner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_last_chain_that_catches_up_makes_the_indexes_unless_it_takes_too_long() {
        let behind = Behind::new(2);
        let chain = || Indexing { behind: behind.clone(), caught_up: None, done: false };
        let (mut first, mut second) = (chain(), chain());
        assert!(!first.is_due() && !first.is_due());
        tokio::time::advance(INDEXES_WAIT).await;
        assert!(first.is_due());
        first.done = true;
        assert!(!first.is_due());
        assert!(second.is_due());
    }
}
