//! Final blocks: several ranges in flight, written strictly in order.

use std::collections::VecDeque;

use futures::{StreamExt as _, stream::FuturesOrdered};

use super::{FollowError, Follower};
use crate::queue::Pending;

/// A range on its way into the database.
struct Writing {
    pending: Pending,
    events: usize,
    endpoint: String,
}

/// Ranges that may wait to be written.
const MAX_WRITING: usize = 3;

impl Follower {
    /// Writes all blocks from the cursor to `to`, which are final.
    pub(super) async fn backfill(&mut self, to: u64) -> Result<(), FollowError> {
        let mut writing = VecDeque::new();
        let fetched = self.fetch_final(to, &mut writing).await;
        // Whatever happened, the cursor must be where the database is.
        let written = self.settle(&mut writing, 0).await;
        written.and(fetched)
    }

    async fn fetch_final(&mut self, to: u64, writing: &mut VecDeque<Writing>) -> Result<(), FollowError> {
        let mut fetching = FuturesOrdered::new();
        let mut next = self.cursor.next_block;
        loop {
            // As much ahead as the endpoints bear, and as memory should hold.
            let ahead = self.source.width().min(self.options.ranges_in_flight).max(1);
            while fetching.len() < ahead && next <= to {
                let range = self.fetcher.plan(next, to);
                next = range.to + 1;
                let fetcher = self.fetcher.clone();
                fetching.push_back(async move { (range, fetcher.fetch(range).await) });
            }
            self.status.does("waiting for logs");
            let Some((range, fetched)) = fetching.next().await else { return Ok(()) };
            let mut fetched = fetched?;
            let born = self.fetcher.complete(&mut self.children, range, &mut fetched).await?;
            let endpoint = fetched.logs.endpoint.clone();
            let batch = self.fetcher.batch(range, fetched, born, Some(to)).await?;
            let events = batch.logs.logs;
            let pending = self.writer.commit(batch).await?;
            writing.push_back(Writing { pending, events, endpoint });
            self.status.does("waiting for the database");
            self.settle(writing, MAX_WRITING).await?;
        }
    }

    /// Waits until at most `left` ranges are on their way.
    async fn settle(&mut self, writing: &mut VecDeque<Writing>, left: usize) -> Result<(), FollowError> {
        while writing.len() > left {
            let Some(Writing { pending, events, endpoint }) = writing.pop_front() else { break };
            match pending.done().await? {
                Ok(cursor) => self.advanced(cursor, events),
                Err(error) => {
                    // The ranges behind it do not follow on anything now.
                    writing.clear();
                    self.source.distrust(&endpoint);
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }
}
