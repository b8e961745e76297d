//! Blocks that are not final: their hashes are asked for before and after their logs.

use std::collections::{BTreeMap, BTreeSet};

use super::{FollowError, Follower, fetch::Fetched};
use crate::{
    source::{
        BlockRange, Class, Header, Heads, RangeLogs, SourceError,
        bloom::{self, Doubt, Lost},
    },
    store::Tip,
};

/// Ranges up to this many blocks are held against the headers of all of them. At the head that costs nothing, as ranges
/// are one block or two there.
const HOT_BLOCKS: u64 = 64;

impl Follower {
    /// Writes the next range of blocks that are not final.
    pub(super) async fn live(&mut self, heads: &Heads, finalized: Option<u64>) -> Result<(), FollowError> {
        self.status.does("waiting for logs");
        let range = self.fetcher.plan(self.cursor.next_block, heads.latest.number);
        let before = self.tip_of(range, heads).await?;
        let logs = self.fetcher.logs(range).await?;
        let contracts = self.fetcher.filter.contracts().len();
        let mut fetched = Fetched { logs, headers: BTreeMap::new(), contracts };
        let born = self.fetcher.complete(&mut self.children, range, &mut fetched).await?;

        let parent = self.cursor.tip;
        let blocks: BTreeSet<u64> = fetched.logs.logs.iter().map(|log| log.block).collect();
        let ends = parent.map(|tip| tip.number).into_iter().chain([range.to]);
        let hot = (range.from..=range.to).filter(|_| range.len() <= HOT_BLOCKS);
        let asked: Vec<u64> = ends.chain(blocks).chain(hot).collect::<BTreeSet<_>>().into_iter().collect();
        fetched.headers = self.fetcher.headers(&asked, &fetched.logs.endpoint).await?;
        let get = |number: u64| fetched.headers.get(&number).copied();
        check_unchanged(before, parent, &fetched.logs, get)?;
        self.check_blooms(range, &fetched).await?;

        let (events, endpoint) = (fetched.logs.logs.len(), fetched.logs.endpoint.clone());
        let batch = self.fetcher.batch(range, fetched, born, finalized).await?;
        self.status.does("waiting for the database");
        match self.writer.commit(batch).await?.done().await? {
            Ok(cursor) => {
                self.advanced(cursor, events);
                Ok(())
            }
            Err(error) => {
                self.source.distrust(&endpoint);
                Err(error.into())
            }
        }
    }

    /// Holds the logs against the filters of the headers: a node that lags has no logs of the newest blocks yet, and a
    /// careless one loses some on the way.
    async fn check_blooms(&mut self, range: BlockRange, fetched: &Fetched) -> Result<(), FollowError> {
        let logs = &fetched.logs.logs;
        for (number, header) in fetched.headers.range(range.from..=range.to) {
            let begins = logs.partition_point(|log| log.block < *number);
            let ends = logs.partition_point(|log| log.block <= *number);
            let found = &logs[begins..ends];
            let why = match bloom::lost(&header.bloom, &self.fetcher.filter, found) {
                // The endpoint has confirmed the last block of the range.
                _ if *number == range.to => continue,
                Lost::Nothing => continue,
                Lost::Perhaps => {
                    let again = self.fetcher.logs(BlockRange { from: *number, to: *number }).await?.logs.len();
                    if again == found.len() {
                        continue;
                    }
                    format!("{again} when it was asked again")
                }
                Lost::Surely if self.doubt.is_over(header.hash) => continue,
                Lost::Surely => "its bloom filter says there are others".to_owned(),
            };
            let message = format!("returned {} logs of block {number}, but {why}", found.len());
            self.source.distrust(&fetched.logs.endpoint);
            return Err(SourceError::new(&fetched.logs.endpoint, Class::MissingData, message).into());
        }
        self.doubt = Doubt::default();
        Ok(())
    }

    /// The last header of a range before its logs are asked for.
    async fn tip_of(&self, range: BlockRange, heads: &Heads) -> Result<Header, FollowError> {
        if range.to == heads.latest.number {
            return Ok(heads.latest);
        }
        let headers = self.fetcher.headers(&[range.to], "").await?;
        Ok(headers[&range.to])
    }
}

/// The logs are of one chain, and that is the database's, if the hashes at both ends are what they were, and every log
/// names the hash that its block has now.
fn check_unchanged(
    before: Header,
    parent: Option<Tip>,
    fetched: &RangeLogs,
    header: impl Fn(u64) -> Option<Header>,
) -> Result<(), SourceError> {
    let parent_holds = parent.is_none_or(|tip| header(tip.number).is_some_and(|header| header.hash == tip.hash));
    let tip_holds = header(before.number).is_some_and(|after| after.hash == before.hash);
    let changed = |log: &&crate::event::Log| header(log.block).is_none_or(|header| header.hash != log.block_hash);
    let block = match fetched.logs.iter().find(changed) {
        Some(log) => log.block,
        None if parent_holds && tip_holds && fetched.tip.hash == before.hash => return Ok(()),
        None => before.number,
    };
    let message = format!("its chain changed at or before block {block} while it was read");
    Err(SourceError::new(&fetched.endpoint, Class::MissingData, message))
}
