//! The chain has another block where the database's tip is: back to the last block that both have.

use super::{FollowError, Follower, Tick};
use crate::{
    source::{Class, Heads, SourceError},
    store::{StoreError, Tip},
};

/// Hashes that are compared in one request.
const COMPARED: usize = 100;

impl Follower {
    /// Takes back the blocks that the chain has replaced.
    pub(super) async fn reorg(&mut self) -> Result<Tick, FollowError> {
        let ours = self.writer.headers(self.chain.chain_id).await??;
        let ancestor = self.common_ancestor(&ours).await?;
        let from = self.cursor.next_block;
        let (cursor, children) = self.writer.rollback(self.chain.chain_id, ancestor).await??;
        self.fetcher.disown(&mut self.children, children);
        tracing::warn!(chain = self.chain.name, blocks = from - cursor.next_block, to = cursor.next_block, "reorg");
        self.cursor = cursor;
        self.status.rolled_back(cursor);
        Ok(Tick::Moved)
    }

    /// The newest block that is in the database and in the chain, `None` if there is none.
    async fn common_ancestor(&self, ours: &[Tip]) -> Result<Option<Tip>, FollowError> {
        for chunk in ours.chunks(COMPARED) {
            let numbers: Vec<u64> = chunk.iter().map(|tip| tip.number).collect();
            let theirs = self.source.headers(&numbers).await?;
            let pairs = chunk.iter().zip(theirs);
            let same = pairs.into_iter().find(|(ours, theirs)| theirs.is_some_and(|header| header.hash == ours.hash));
            if let Some((ancestor, _)) = same {
                return Ok(Some(*ancestor));
            }
        }
        match self.cursor.finalized {
            Some(finalized) if ours.iter().any(|tip| tip.number <= finalized) => {
                Err(StoreError::DeepReorg { chain_id: self.chain.chain_id, finalized }.into())
            }
            _ => Ok(None),
        }
    }

    /// The endpoint does not have the database's tip: it lags, unless it is on another branch that is shorter.
    pub(super) async fn behind(&mut self, heads: &Heads) -> Result<Tick, FollowError> {
        let ours = self.writer.headers(self.chain.chain_id).await??;
        if let Some(tip) = ours.iter().find(|tip| tip.number <= heads.latest.number) {
            let theirs = self.source.headers(&[tip.number]).await?;
            if theirs.first().copied().flatten().is_some_and(|header| header.hash != tip.hash) {
                return self.reorg().await;
            }
        }
        let message = format!(
            "the latest block is {}, the database is at {}: waiting for the endpoint to catch up",
            heads.latest.number,
            self.cursor.next_block.saturating_sub(1)
        );
        Err(SourceError::new(&self.chain.name, Class::MissingData, message).into())
    }
}
