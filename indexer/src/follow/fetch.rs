//! One range: fetched, cut smaller where the endpoint wants it so, given its times, decoded.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use alloy::primitives::Address;

use super::{FollowError, lock};
use crate::{
    decode::{Decoded, Decoder},
    event::Log,
    plan::Planner,
    position::{Position, event_id},
    source::{BlockRange, Class, Header, LogSource, RangeLogs, SourceError},
    store::Batch,
};

/// Fetches ranges of one chain.
#[derive(Clone)]
pub(super) struct Fetcher {
    pub chain_id: u64,
    pub slot: u64,
    pub source: Arc<dyn LogSource>,
    pub decoder: Arc<Decoder>,
    pub addresses: Arc<[Address]>,
    pub planner: Arc<Mutex<Planner>>,
}

impl Fetcher {
    /// The next range to fetch, of the blocks `from` to `to`.
    pub fn plan(&self, from: u64, to: u64) -> BlockRange {
        lock(&self.planner).next(from, to)
    }

    /// Fetches and decodes a range of final blocks.
    pub async fn final_range(self, range: BlockRange, finalized: u64) -> Result<(Batch, String), FollowError> {
        let fetched = self.logs(range).await?;
        let timeless = fetched.logs.iter().filter(|log| log.block_time.is_none()).map(|log| log.block);
        let blocks: Vec<u64> = timeless.collect::<BTreeSet<_>>().into_iter().collect();
        let headers = self.headers(&blocks, &fetched.endpoint).await?;
        let endpoint = fetched.endpoint.clone();
        Ok((self.batch(range, fetched, headers, Some(finalized)).await?, endpoint))
    }

    /// All logs of a range, in as many requests as the endpoint wants.
    pub async fn logs(&self, range: BlockRange) -> Result<RangeLogs, FollowError> {
        let (mut logs, mut next) = (Vec::new(), range.from);
        loop {
            let part = self.plan(next, range.to);
            match self.source.logs(part, &self.addresses).await {
                Ok(mut fetched) => {
                    lock(&self.planner).succeeded(part, fetched.logs.len());
                    logs.append(&mut fetched.logs);
                    if part.to == range.to {
                        return Ok(RangeLogs { logs, ..fetched });
                    }
                    next = part.to + 1;
                }
                Err(error) => {
                    let smaller = lock(&self.planner).failed(part, error.class);
                    let too_much = matches!(error.class, Class::TooManyResults { .. } | Class::RangeTooWide { .. });
                    if too_much && !smaller {
                        let message = format!(
                            "refuses the logs of block {} alone ({}); add an endpoint with a higher limit",
                            part.from, error.message
                        );
                        return Err(SourceError { message, ..error }.into());
                    }
                    if !too_much {
                        return Err(error.into());
                    }
                    tracing::debug!(%error, blocks = lock(&self.planner).blocks(), "asking for fewer blocks");
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
        fetched: RangeLogs,
        headers: BTreeMap<u64, Header>,
        finalized: Option<u64>,
    ) -> Result<Batch, FollowError> {
        let (decoder, slot, tip) = (self.decoder.clone(), self.slot, fetched.tip);
        let decode = move || -> Result<Vec<Decoded>, FollowError> {
            fetched.logs.into_iter().map(|log| decode(&decoder, slot, log, &headers, &fetched.endpoint)).collect()
        };
        let logs = tokio::task::spawn_blocking(decode).await.expect("decoding does not panic")?;
        let learned = lock(&self.planner).blocks();
        Ok(Batch { chain_id: self.chain_id, range, tip, finalized, logs, learned })
    }
}

fn decode(
    decoder: &Decoder,
    slot: u64,
    log: Log,
    headers: &BTreeMap<u64, Header>,
    endpoint: &str,
) -> Result<Decoded, FollowError> {
    let wrong = |message: String| SourceError::new(endpoint, Class::MissingData, message);
    let id = event_id(slot, log.block, log.log_index);
    let id = id.ok_or_else(|| wrong(format!("returned log {} of block {}", log.log_index, log.block)))?;
    let time = log.block_time.or_else(|| headers.get(&log.block).map(|header| header.time));
    let time = time.ok_or_else(|| wrong(format!("returned no time of block {}", log.block)))?;
    Ok(decoder.decode(Position { id, time }, log)?)
}
