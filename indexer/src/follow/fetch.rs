//! One range: fetched, cut smaller where the endpoint wants it so, given its times, decoded.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use super::{FollowError, lock};
use crate::{
    decode::{DecodeError, Decoded, Decoder},
    event::Log,
    plan::Planner,
    position::{Position, event_id},
    shelf::Shelf,
    source::{BlockRange, Class, Header, LogFilter, LogSource, RangeLogs, SourceError},
    store::{Batch, Child},
};

/// Fetches ranges of one chain.
#[derive(Clone)]
pub(super) struct Fetcher {
    pub chain_id: u64,
    pub slot: u64,
    pub source: Arc<dyn LogSource>,
    pub decoder: Arc<Decoder>,
    pub filter: LogFilter,
    pub planner: Arc<Mutex<Planner>>,
    /// Memory for rows, from the writer.
    pub shelf: Arc<Shelf<Decoded>>,
}

/// What was fetched of a range, and the headers that are known with it.
pub(super) struct Fetched {
    pub logs: RangeLogs,
    pub headers: BTreeMap<u64, Header>,
    /// Number of contracts that were asked about.
    pub contracts: usize,
}

impl Fetcher {
    /// The next range to fetch, of the blocks `from` to `to`.
    pub fn plan(&self, from: u64, to: u64) -> BlockRange {
        lock(&self.planner).next(from, to, &self.source.limits())
    }

    /// Fetches a range of final blocks.
    pub async fn fetch(&self, range: BlockRange) -> Result<Fetched, FollowError> {
        let logs = self.logs(range).await?;
        let timeless = logs.logs.iter().filter(|log| log.block_time.is_none()).map(|log| log.block);
        let blocks: Vec<u64> = timeless.collect::<BTreeSet<_>>().into_iter().collect();
        let headers = self.headers(&blocks, &logs.endpoint).await?;
        Ok(Fetched { logs, headers, contracts: self.filter.contracts().len() })
    }

    /// All logs of a range, in as many requests as the endpoint wants.
    pub async fn logs(&self, range: BlockRange) -> Result<RangeLogs, FollowError> {
        let (mut logs, mut next) = (Vec::new(), range.from);
        loop {
            let part = self.plan(next, range.to);
            match self.source.logs(part, &self.filter).await {
                Ok(mut fetched) => {
                    lock(&self.planner).succeeded(part, fetched.logs.len());
                    if logs.is_empty() {
                        logs = fetched.logs;
                    } else {
                        logs.append(&mut fetched.logs);
                    }
                    if part.to == range.to {
                        return Ok(RangeLogs { logs, ..fetched });
                    }
                    next = part.to + 1;
                }
                Err(error) => {
                    let hint = match error.class {
                        Class::TooManyResults { blocks, .. } | Class::RangeTooWide { blocks } => blocks,
                        _ => return Err(error.into()),
                    };
                    if part.len() == 1 {
                        let message = format!(
                            "refuses the logs of block {} alone ({}); add an endpoint with a higher limit",
                            part.from, error.message
                        );
                        return Err(SourceError { message, ..error }.into());
                    }
                    if matches!(error.class, Class::TooManyResults { .. }) {
                        lock(&self.planner).refused(part, self.source.limits().logs(), hint);
                    }
                    tracing::debug!(%error, %part, "asking for fewer blocks");
                }
            }
        }
    }

    /// Headers of blocks that must be there.
    pub async fn headers(&self, blocks: &[u64], endpoint: &str) -> Result<BTreeMap<u64, Header>, FollowError> {
        if blocks.is_empty() {
            return Ok(BTreeMap::new());
        }
        let headers = self.source.headers(blocks).await?;
        let found = blocks.iter().zip(headers).map(|(number, header)| {
            let missing = || SourceError::new(endpoint, Class::MissingData, format!("has no header of block {number}"));
            header.map(|header| (*number, header)).ok_or_else(missing)
        });
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Decodes what was fetched, off the threads that do the talking.
    pub async fn batch(
        &self,
        range: BlockRange,
        fetched: Fetched,
        children: Vec<Child>,
        finalized: Option<u64>,
    ) -> Result<Batch, FollowError> {
        let (decoder, slot, tip) = (self.decoder.clone(), self.slot, fetched.logs.tip);
        let decoded = self.shelf.take();
        let decode = move || decode(&decoder, slot, fetched.logs, &fetched.headers, decoded);
        let logs = tokio::task::spawn_blocking(decode).await.expect("decoding does not panic")?;
        Ok(Batch { chain_id: self.chain_id, range, tip, finalized, logs, children, learned: self.source.learned() })
    }
}

fn decode(
    decoder: &Decoder,
    slot: u64,
    fetched: RangeLogs,
    headers: &BTreeMap<u64, Header>,
    mut decoded: Decoded,
) -> Result<Decoded, FollowError> {
    let wrong = |message: String| SourceError::new(&fetched.endpoint, Class::MissingData, message);
    decoded.clear();
    let add = |decoded: &mut Decoded, log: &Log| -> Result<(), FollowError> {
        let id = event_id(slot, log.block, log.log_index);
        let id = id.ok_or_else(|| wrong(format!("returned log {} of block {}", log.log_index, log.block)))?;
        let time = log.block_time.or_else(|| headers.get(&log.block).map(|header| header.time));
        let time = time.ok_or_else(|| wrong(format!("returned no time of block {}", log.block)))?;
        let at = Position { id, time };
        decoder.decode(at, log, decoded).map_err(|error: DecodeError| error.into())
    };
    fetched.logs.iter().try_for_each(|log| add(&mut decoded, log))?;
    Ok(decoded)
}
