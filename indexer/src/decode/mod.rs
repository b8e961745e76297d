//! From logs to typed events and to rows of the event tables.
//!
//! Everything here is a function of the log alone, so that ranges are decoded on any thread.

mod abi;
mod catalog;
mod columns;

pub use abi::WrongData;
pub use catalog::{Catalog, event_table_of, event_tables};

use std::sync::Arc;

use alloy::primitives::{Address, B256, map::HashMap};

use crate::{
    cells::Cells,
    event::{Event, Log},
    position::Position,
};

/// A log that does not fit the ABI of the contract that emitted it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "log {log_index} of block {block} does not fit {contract}'s ABI ({cause}); is {address} another contract, or another version of it?"
)]
pub struct DecodeError {
    block: u64,
    log_index: u64,
    contract: String,
    address: Address,
    cause: String,
}

/// The logs of a range, as rows and as events.
#[derive(Debug, Default)]
pub struct Decoded {
    /// Number of logs.
    pub logs: usize,
    /// Rows of `raw_log`.
    pub raw: Cells,
    /// Rows by index of their event table.
    pub rows: Vec<Cells>,
    /// What the fold takes in, in the order of the chain.
    pub events: Vec<(Position, Event)>,
    /// Blocks with logs: number, hash, and unix seconds.
    pub blocks: Vec<(u64, B256, u64)>,
    /// Logs that do not fit the ABI of a contract that is not ours; they are rows of `raw_log` only.
    pub misfits: usize,
}

/// Decodes the logs of one chain.
#[derive(Debug, Clone)]
pub struct Decoder {
    catalog: Arc<Catalog>,
    /// Index in the catalog of the contract at an address.
    contracts: HashMap<Address, usize>,
}

impl Decoder {
    /// A decoder of the logs of these contracts, by their names in the catalog.
    ///
    /// # Panics
    ///
    /// If the catalog lacks one of them: both come from one manifest.
    pub fn new<'a>(catalog: Arc<Catalog>, contracts: impl IntoIterator<Item = (&'a str, Address)>) -> Self {
        let mut decoder = Self { catalog, contracts: HashMap::default() };
        for (name, address) in contracts {
            decoder.add(name, address);
        }
        decoder
    }

    /// Decodes the logs of one more contract.
    ///
    /// # Panics
    ///
    /// As [`Self::new`].
    pub fn add(&mut self, name: &str, address: Address) {
        let index = self.catalog.index_of(name).unwrap_or_else(|| panic!("the catalog has no contract {name}"));
        self.contracts.insert(address, index);
    }

    /// Does not decode the logs of a contract any more.
    pub fn remove(&mut self, address: Address) {
        self.contracts.remove(&address);
    }

    /// Addresses of the contracts.
    pub fn addresses(&self) -> Vec<Address> {
        let mut addresses: Vec<_> = self.contracts.keys().copied().collect();
        addresses.sort();
        addresses
    }

    /// Selectors of all events of the catalog.
    pub fn selectors(&self) -> Vec<B256> {
        self.catalog.selectors()
    }

    /// Adds a log that stands at `at`, but for its row of `raw_log`.
    ///
    /// # Errors
    ///
    /// If the log is one of our contracts' and does not fit its ABI.
    pub fn decode(&self, at: Position, log: &Log, decoded: &mut Decoded) -> Result<(), DecodeError> {
        decoded.logs += 1;
        let Some(contract) = self.contracts.get(&log.address).map(|index| self.catalog.contract(*index)) else {
            return Ok(()); // a contract that a later version of the manifest left out
        };
        let error = |cause: String| DecodeError {
            block: log.block,
            log_index: log.log_index,
            contract: contract.name().to_owned(),
            address: log.address,
            cause,
        };
        if let Some(typed) = contract.typed() {
            let event = Event::decode(typed, &log.topics, &log.data).map_err(|cause| error(cause.to_string()))?;
            decoded.events.extend(event.map(|event| (at, event)));
        }
        let Some(table) = log.topics.first().and_then(|selector| contract.table(selector)) else { return Ok(()) };
        decoded.rows.resize_with(self.catalog.tables().len(), Cells::default);
        let row = &mut decoded.rows[table];
        let begins = row.len();
        row.integer(at.id.cast_signed());
        row.integer(at.time.cast_signed());
        match self.catalog.columns(table).write(&log.topics[1..], &log.data, row) {
            Ok(()) => {}
            Err(cause) if contract.typed().is_some() => return Err(error(cause.to_string())),
            Err(cause) => {
                row.truncate(begins);
                decoded.misfits += 1;
                tracing::warn!(error = %error(cause.to_string()), "kept as a raw log only");
            }
        }
        Ok(())
    }
}

impl Decoded {
    /// Adds the row of `raw_log`, and notes the block.
    pub fn keep(&mut self, at: Position, log: &Log) {
        let raw = &mut self.raw;
        raw.integer(at.id.cast_signed());
        raw.integer(at.time.cast_signed());
        raw.blob(log.address.as_slice());
        raw.blob_of(log.topics.iter().map(|topic| topic.as_slice()));
        raw.blob(&log.data);
        raw.blob(log.tx_hash.as_slice());
        if self.blocks.last().is_none_or(|(number, ..)| *number != log.block) {
            self.blocks.push((log.block, log.block_hash, at.time));
        }
    }
}
