//! What the indexer is doing, for people and for load balancers.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use serde::Serialize;
use tokio::time::Instant;

use crate::store::Cursor;

/// Where a chain stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Before the first answer of an endpoint.
    Starting,
    /// More blocks are there than were fetched.
    Syncing,
    /// Every block is fetched.
    Live,
    /// Nothing has moved for too long.
    Stalled,
}

/// What is known of a chain's progress.
#[derive(Debug, Clone, Serialize)]
pub struct ChainReport {
    /// Name in the manifest.
    pub chain: String,
    /// EIP-155 id.
    pub chain_id: u64,
    /// Where it stands.
    pub phase: Phase,
    /// The next block to fetch.
    pub next_block: u64,
    /// The last block whose events the database holds.
    pub block: Option<u64>,
    /// Its time, unix seconds.
    pub block_time: Option<u64>,
    /// The latest block that an endpoint told.
    pub head: Option<u64>,
    /// The last block that is final.
    pub finalized: Option<u64>,
    /// Blocks that are not fetched yet.
    pub lag: Option<u64>,
    /// Events written since the start of the process.
    pub events: u64,
    /// Reorgs that were rolled back since then.
    pub reorgs: u64,
    /// Requests sent since then.
    pub requests: u64,
    /// What is being done.
    pub doing: &'static str,
    /// Why nothing moves, if it does not.
    pub last_error: Option<String>,
}

/// The progress of one chain, shared by who makes it and who reports it.
#[derive(Debug, Clone)]
pub struct ChainStatus(Arc<Mutex<Progress>>);

#[derive(Debug)]
struct Progress {
    name: String,
    chain_id: u64,
    cursor: Cursor,
    head: Option<u64>,
    events: u64,
    reorgs: u64,
    requests: u64,
    doing: &'static str,
    last_error: Option<String>,
    moved_at: Instant,
    stall_after: Duration,
}

impl ChainStatus {
    /// The status of a chain that begins at `cursor`, and counts as stalled after `stall_after` without progress.
    pub fn new(name: &str, chain_id: u64, cursor: Cursor, stall_after: Duration) -> Self {
        Self(Arc::new(Mutex::new(Progress {
            name: name.to_owned(),
            chain_id,
            cursor,
            head: None,
            events: 0,
            reorgs: 0,
            requests: 0,
            doing: "starting",
            last_error: None,
            moved_at: Instant::now(),
            stall_after,
        })))
    }

    /// An endpoint told the latest block.
    pub fn saw_head(&self, head: u64, requests: u64) {
        let mut progress = self.progress();
        progress.head = Some(head);
        progress.requests = requests;
        // An endpoint that is behind the database tells nothing new.
        if head + 1 == progress.cursor.next_block {
            progress.moved_at = Instant::now();
            progress.last_error = None;
        }
    }

    /// A range was written.
    pub fn advanced(&self, cursor: Cursor, events: u64) {
        let mut progress = self.progress();
        progress.cursor = cursor;
        progress.events += events;
        progress.moved_at = Instant::now();
        progress.last_error = None;
    }

    /// Blocks were rolled back.
    pub fn rolled_back(&self, cursor: Cursor) {
        let mut progress = self.progress();
        progress.cursor = cursor;
        progress.reorgs += 1;
        progress.moved_at = Instant::now();
    }

    /// What is done next; if it never ends, this says what it was.
    pub fn does(&self, what: &'static str) {
        self.progress().doing = what;
    }

    /// Something keeps the chain from moving.
    pub fn failed(&self, error: impl ToString) {
        self.progress().last_error = Some(error.to_string());
    }

    /// For how long nothing has moved.
    pub fn idle(&self) -> Duration {
        self.progress().moved_at.elapsed()
    }

    /// What is known now.
    pub fn report(&self) -> ChainReport {
        let progress = self.progress();
        let lag = progress.lag();
        let phase = if progress.moved_at.elapsed() >= progress.stall_after {
            Phase::Stalled
        } else {
            match lag {
                None => Phase::Starting,
                Some(0) => Phase::Live,
                Some(_) => Phase::Syncing,
            }
        };
        ChainReport {
            chain: progress.name.clone(),
            chain_id: progress.chain_id,
            phase,
            next_block: progress.cursor.next_block,
            block: progress.cursor.tip.map(|tip| tip.number),
            block_time: progress.cursor.tip.map(|tip| tip.time),
            head: progress.head,
            finalized: progress.cursor.finalized,
            lag,
            events: progress.events,
            reorgs: progress.reorgs,
            requests: progress.requests,
            doing: progress.doing,
            last_error: progress.last_error.clone(),
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Progress {
    fn lag(&self) -> Option<u64> {
        Some((self.head? + 1).saturating_sub(self.cursor.next_block))
    }
}

/// The progress of all chains.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// One per chain of the manifest.
    pub chains: Vec<ChainStatus>,
}

impl Status {
    /// What is known of each chain.
    pub fn reports(&self) -> Vec<ChainReport> {
        self.chains.iter().map(ChainStatus::report).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status() -> ChainStatus {
        let cursor = Cursor { next_block: 10, tip: None, finalized: None };
        ChainStatus::new("base", 8453, cursor, Duration::from_secs(60))
    }

    #[tokio::test(start_paused = true)]
    async fn a_chain_that_does_not_move_is_stalled_and_says_why() {
        let status = status();
        assert_eq!(status.report().phase, Phase::Starting);
        status.saw_head(12, 1);
        assert_eq!((status.report().phase, status.report().lag), (Phase::Syncing, Some(3)));
        status.failed("endpoint down");
        tokio::time::advance(Duration::from_secs(61)).await;
        let report = status.report();
        assert_eq!((report.phase, report.last_error.as_deref()), (Phase::Stalled, Some("endpoint down")));
        status.advanced(Cursor { next_block: 13, tip: None, finalized: None }, 5);
        assert_eq!((status.report().phase, status.report().last_error), (Phase::Live, None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_slept_for_hours_is_stalled_until_the_next_look_and_no_longer() {
        let status = status();
        status.saw_head(9, 1);
        tokio::time::advance(Duration::from_secs(8 * 3_600)).await;
        assert_eq!(status.report().phase, Phase::Stalled);
        status.saw_head(9, 2);
        assert_eq!((status.report().phase, status.idle()), (Phase::Live, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_chain_is_not_stalled_as_long_as_its_head_is_seen() {
        let status = status();
        for _ in 0..5 {
            tokio::time::advance(Duration::from_secs(50)).await;
            status.saw_head(9, 1);
            assert_eq!(status.report().phase, Phase::Live);
        }
    }
}
