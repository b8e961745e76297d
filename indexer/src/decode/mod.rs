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
    dictionary::Dictionary,
    event::{Contract, Event, Log, Topics},
    packed::{pack, unpack},
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
    /// What the fold takes in, in the order of the chain.
    folded: Vec<Folded>,
    /// Blocks with logs: number, hash, and unix seconds.
    pub blocks: Vec<(u64, B256, u64)>,
    /// Logs that do not fit the ABI of a contract that is not ours; they are rows of `raw_log` only.
    pub misfits: usize,
    /// Transaction of the last log, and the id of the first log of it.
    tx: Option<(B256, u64)>,
}

/// A row of `raw` that is an event of ours.
#[derive(Debug, Clone, Copy)]
struct Folded {
    row: usize,
    contract: Contract,
    address: Address,
    selector: B256,
}

/// Decodes the logs of one chain.
#[derive(Debug, Clone)]
pub struct Decoder {
    catalog: Arc<Catalog>,
    dictionary: Arc<Dictionary>,
    /// The contract at an address: its index in the catalog, and its number in the dictionary.
    contracts: HashMap<Address, (usize, u32)>,
    /// The number of each table's selector.
    selectors: Arc<[u32]>,
}

impl Decoder {
    /// A decoder of the logs of these contracts, by their names in the catalog.
    ///
    /// # Panics
    ///
    /// If the catalog lacks one of them: both come from one manifest.
    pub fn new<'a>(
        catalog: Arc<Catalog>,
        dictionary: Arc<Dictionary>,
        contracts: impl IntoIterator<Item = (&'a str, Address)>,
    ) -> Self {
        let selectors = catalog.table_selectors().map(|selector| dictionary.number(selector.as_slice())).collect();
        let mut decoder = Self { catalog, dictionary, contracts: HashMap::default(), selectors };
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
        self.contracts.insert(address, (index, self.dictionary.number(address.as_slice())));
    }

    /// Does not decode the logs of a contract any more.
    pub fn remove(&mut self, address: Address) {
        self.contracts.remove(&address);
    }

    /// What is to be asked for: the contracts, each with the selectors of its events.
    pub fn filter(&self) -> LogFilter {
        let contracts = self.contracts.iter();
        LogFilter::new(
            contracts.map(|(address, (index, _))| (*address, self.catalog.contract(*index).selectors())).collect(),
        )
    }

    /// Adds a log that stands at `at`.
    ///
    /// # Errors
    ///
    /// If the log is one of our contracts' and does not fit its ABI.
    pub fn decode(&self, at: Position, log: &Log, decoded: &mut Decoded) -> Result<(), DecodeError> {
        let Some((index, number)) = self.contracts.get(&log.address).copied() else {
            // A contract that a later version of the manifest left out.
            decoded.keep(at, log, self.dictionary.number(log.address.as_slice()), None);
            return Ok(());
        };
        let contract = self.catalog.contract(index);
        let known = log.topics.first().and_then(|selector| Some((*selector, contract.table(selector)?)));
        decoded.keep(at, log, number, known.map(|(_, table)| self.selectors[table]));
        let Some((selector, table)) = known else { return Ok(()) };
        if let Some(typed) = contract.typed() {
            let row = decoded.logs - 1;
            decoded.folded.push(Folded { row, contract: typed, address: log.address, selector });
        }
        let error = |cause: String| DecodeError {
            block: log.block,
            log_index: log.log_index,
            contract: contract.name().to_owned(),
            address: log.address,
            cause,
        };
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

/// The one with what is packed.
const CONTENTS: usize = 4;

impl Decoded {
    /// Forgets the logs and keeps the memory.
    pub fn clear(&mut self) {
        let Self { logs, raw, rows, folded, blocks, misfits, tx } = self;
        (*logs, *misfits, *tx) = (0, 0, None);
        raw.clear();
        rows.iter_mut().for_each(Cells::clear);
        folded.clear();
        blocks.clear();
    }

    /// What the fold takes in, in the order of the chain.
    pub fn events(&self) -> impl Iterator<Item = StoredEvent<'_>> {
        self.folded.iter().map(|folded| StoredEvent { raw: &self.raw, folded })
    }

    /// Adds the row of `raw_log`, and notes the block. A selector with a number is not among the row's contents.
    fn keep(&mut self, at: Position, log: &Log, contract: u32, selector: Option<u32>) {
        self.logs += 1;
        let topics = &log.topics[usize::from(selector.is_some())..];
        let raw = &mut self.raw;
        raw.integer(at.id.cast_signed());
        raw.integer(at.time.cast_signed());
        raw.integer(contract.into());
        match selector {
            Some(selector) => raw.integer(selector.into()),
            None => raw.null(),
        }
        raw.blob_by(|bytes| {
            bytes.push(topics.len() as u8);
            topics.iter().for_each(|topic| pack(topic.as_slice(), bytes));
            pack(&log.data, bytes);
        });
        let is_new_block = self.blocks.last().is_none_or(|(number, ..)| *number != log.block);
        match self.tx.filter(|(hash, _)| *hash == log.tx_hash && !is_new_block) {
            Some((_, first)) => raw.integer((at.id - first).cast_signed()),
            None => {
                self.tx = Some((log.tx_hash, at.id));
                raw.blob(log.tx_hash.as_slice());
            }
        }
        if is_new_block {
            self.blocks.push((log.block, log.block_hash, at.time));
        }
    }
}

/// An event of ours. It is decoded when its turn comes: decoded, it takes as much memory as the longest one of all
/// contracts.
#[derive(Debug, Clone, Copy)]
pub struct StoredEvent<'a> {
    raw: &'a Cells,
    folded: &'a Folded,
}

impl<'a> StoredEvent<'a> {
    /// Where it stands.
    pub fn at(&self) -> Position {
        Position { id: self.cell(0).number(), time: self.cell(1).number() }
    }

    /// The event. `words` is memory for it, whatever it held.
    ///
    /// # Errors
    ///
    /// If the log does not fit the ABI.
    pub fn decode(&self, words: &mut Vec<u8>) -> Result<Event, DecodeError> {
        let Folded { contract, address, selector, .. } = *self.folded;
        let wrong = |cause: &dyn std::fmt::Display| DecodeError {
            block: self.at().block(),
            log_index: self.at().log_index(),
            contract: contract.name().to_owned(),
            address,
            cause: cause.to_string(),
        };
        words.clear();
        let unpacked = self.cell(CONTENTS).bytes().split_first().and_then(|(topics, contents)| {
            unpack(contents, words)?;
            words.split_at_checked(32 * usize::from(*topics))
        });
        let (topics, data) = unpacked.ok_or_else(|| wrong(&"it was packed wrongly"))?;
        let topics = topics.as_chunks::<32>().0.iter().map(|word| B256::from(*word));
        let topics: Topics = std::iter::once(selector).chain(topics).collect();
        let event = Event::decode(contract, &topics, data).map_err(|cause| wrong(&cause))?;
        event.ok_or_else(|| wrong(&"its ABI has no such event"))
    }

    fn cell(&self, column: usize) -> CellRef<'a> {
        self.raw.get(RAW_WIDTH * self.folded.row + column)
    }
}
