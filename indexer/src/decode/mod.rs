//! From logs to typed events and to rows of the event tables.
//!
//! Everything here is a function of the log alone, so that ranges are decoded on any thread.

mod abi;
mod catalog;
mod columns;

pub use abi::WrongData;
pub use catalog::{Catalog, event_tables};

use std::sync::Arc;

use alloy::primitives::{Address, B256, map::HashMap};

use crate::{
    cells::{CellRef, Cells},
    event::{Contract, Event, Log, Topics},
    position::Position,
    source::LogFilter,
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
    /// For each row of `raw`, the contract whose event the fold takes in.
    folded: Vec<Option<Contract>>,
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

    /// What is to be asked for: the contracts, each with the selectors of its events.
    pub fn filter(&self) -> LogFilter {
        let contracts = self.contracts.iter();
        LogFilter::new(
            contracts.map(|(address, index)| (*address, self.catalog.contract(*index).selectors())).collect(),
        )
    }

    /// Adds a log that stands at `at`.
    ///
    /// # Errors
    ///
    /// If the log is one of our contracts' and does not fit its ABI.
    pub fn decode(&self, at: Position, log: &Log, decoded: &mut Decoded) -> Result<(), DecodeError> {
        let contract = self.contracts.get(&log.address).map(|index| self.catalog.contract(*index));
        decoded.keep(at, log, contract.and_then(|contract| contract.typed()));
        let Some(contract) = contract else {
            return Ok(()); // a contract that a later version of the manifest left out
        };
        let error = |cause: String| DecodeError {
            block: log.block,
            log_index: log.log_index,
            contract: contract.name().to_owned(),
            address: log.address,
            cause,
        };
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

/// Columns of `raw_log`.
pub const RAW_WIDTH: usize = 6;

impl Decoded {
    /// With room for so many logs.
    pub fn with_capacity(logs: usize) -> Self {
        /// Bytes of an average row of `raw_log`.
        const ROW: usize = 400;
        let raw = Cells::with_capacity(logs * RAW_WIDTH, logs * ROW);
        Self { raw, folded: Vec::with_capacity(logs), ..Self::default() }
    }

    /// What the fold takes in, in the order of the chain.
    pub fn events(&self) -> impl Iterator<Item = StoredEvent<'_>> {
        let typed = self.folded.iter().enumerate().filter_map(|(row, contract)| Some((row, (*contract)?)));
        typed.map(|(row, contract)| StoredEvent { raw: &self.raw, row, contract })
    }

    /// Adds the row of `raw_log`, and notes the block.
    fn keep(&mut self, at: Position, log: &Log, folded: Option<Contract>) {
        self.logs += 1;
        self.folded.push(folded);
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

/// A row of `raw_log` that the fold takes in. It is decoded when its turn comes: an event takes as much memory as the
/// longest one of all contracts.
#[derive(Debug, Clone, Copy)]
pub struct StoredEvent<'a> {
    raw: &'a Cells,
    row: usize,
    contract: Contract,
}

impl<'a> StoredEvent<'a> {
    /// Where it stands.
    pub fn at(&self) -> Position {
        Position { id: self.cell(0).number(), time: self.cell(1).number() }
    }

    /// The event, `None` if the contract's ABI has no such event.
    ///
    /// # Errors
    ///
    /// If the log does not fit the ABI.
    pub fn decode(&self) -> Result<Option<Event>, DecodeError> {
        let topics = Topics::from_bytes(self.cell(3).bytes()).unwrap_or_default();
        Event::decode(self.contract, &topics, self.cell(4).bytes()).map_err(|cause| DecodeError {
            block: self.at().block(),
            log_index: self.at().log_index(),
            contract: self.contract.name().to_owned(),
            address: Address::try_from(self.cell(2).bytes()).unwrap_or_default(),
            cause: cause.to_string(),
        })
    }

    fn cell(&self, column: usize) -> CellRef<'a> {
        self.raw.get(RAW_WIDTH * self.row + column)
    }
}
