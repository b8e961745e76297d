//! JSON as endpoints send it.

use alloy::primitives::{Address, B256, Bloom, Bytes, U64};
use serde::Deserialize;

use super::{BlockRange, Header};
use crate::event::Log;

/// An error of a call.
#[derive(Debug, Clone, Deserialize)]
pub struct WireError {
    /// Says little, see [`super::error`].
    #[serde(default)]
    pub code: i64,
    /// In words.
    #[serde(default)]
    pub message: String,
}

/// The answer to a call.
#[derive(Debug, Deserialize)]
pub struct WireReply<'a> {
    /// Of the call.
    #[serde(default)]
    pub id: Option<u64>,
    /// As it came.
    #[serde(borrow, default)]
    pub result: Option<sonic_rs::LazyValue<'a>>,
    /// Instead of a result.
    #[serde(default)]
    pub error: Option<WireError>,
}

/// A block's header.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireHeader {
    number: U64,
    hash: B256,
    parent_hash: B256,
    timestamp: U64,
    /// Filter over its logs.
    #[serde(default)]
    pub logs_bloom: Bloom,
}

/// A log.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireLog {
    address: Address,
    topics: Vec<B256>,
    data: Bytes,
    block_number: U64,
    block_hash: B256,
    transaction_hash: B256,
    log_index: U64,
    #[serde(default)]
    block_timestamp: Option<U64>,
    #[serde(default)]
    removed: bool,
}

impl WireHeader {
    /// What is needed of it.
    pub fn header(&self) -> Header {
        Header { number: self.number.to(), hash: self.hash, parent_hash: self.parent_hash, time: self.timestamp.to() }
    }
}

/// The logs of `range` and `addresses`, in order of the chain.
///
/// # Errors
///
/// If the endpoint returned something else than was asked for.
pub fn read_logs(json: &str, range: BlockRange, addresses: &[Address]) -> Result<Vec<Log>, String> {
    let logs: Vec<WireLog> =
        sonic_rs::from_str(json).map_err(|error| format!("eth_getLogs returned no logs: {error}"))?;
    let mut logs: Vec<Log> = logs.into_iter().map(|log| log.checked(range, addresses)).collect::<Result<_, _>>()?;
    let position = |log: &Log| (log.block, log.log_index);
    if !logs.is_sorted_by_key(position) {
        logs.sort_by_key(position);
    }
    match logs.windows(2).find(|pair| position(&pair[0]) == position(&pair[1])) {
        Some(pair) => Err(format!("eth_getLogs returned log {} of block {} twice", pair[0].log_index, pair[0].block)),
        None => Ok(logs),
    }
}

impl WireLog {
    fn checked(self, range: BlockRange, addresses: &[Address]) -> Result<Log, String> {
        let block = self.block_number.to::<u64>();
        if self.removed {
            return Err(format!("eth_getLogs returned a log that a reorg removed from block {block}"));
        }
        if block < range.from || block > range.to {
            return Err(format!("eth_getLogs returned a log of block {block}, asked for {range}"));
        }
        if !addresses.contains(&self.address) {
            return Err(format!("eth_getLogs returned a log of {}, which was not asked for", self.address));
        }
        Ok(Log {
            address: self.address,
            topics: self.topics,
            data: self.data.0.into(),
            block,
            block_hash: self.block_hash,
            block_time: self.block_timestamp.map(|time| time.to()),
            tx_hash: self.transaction_hash,
            log_index: self.log_index.to(),
        })
    }
}
