//! The database: one SQLite file, one writer, any number of readers.
//!
//! Rows, folded state, undo records and the cursor of a range are written in one transaction, so that whatever happens
//! to the process, the file always holds whole ranges, each once.

mod checkpoint;
mod commit;
mod error;
mod open;
mod raw_log;
mod reader;
mod rebuild;
mod rollback;
mod schema;
mod snapshot;
mod stock;
#[cfg(test)]
mod tests;
mod writer;

pub use commit::Batch;
pub use error::StoreError;
pub use reader::{Found, Reader, Wanted};
pub use rebuild::{Rebuilt, rebuild};
pub use snapshot::Snapshot;
pub use writer::{STATE_MEMORY, Writer};

pub(crate) use open::connect_to_read;
pub(crate) use raw_log::{COLUMNS, RawLogs, columns_with_tx};
pub(crate) use snapshot::stored_chain;

use alloy::primitives::{Address, B256};

use crate::source::Header;

/// How far a chain is in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The next block to fetch.
    pub next_block: u64,
    /// The block before it, `None` while nothing is fetched.
    pub tip: Option<Tip>,
    /// Blocks up to here are final: never rolled back. Less than the first block while none is.
    pub finalized: Option<u64>,
}

/// The last block whose events the database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    /// Block number.
    pub number: u64,
    /// Block hash.
    pub hash: B256,
    /// Unix seconds.
    pub time: u64,
}

/// A contract that an event of another one brought into being.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// Where it is.
    pub address: Address,
    /// Its name in the catalog.
    pub name: String,
    /// Block of the event.
    pub block: u64,
}

/// What has been learned of an endpoint, so that the next run need not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learned {
    /// Its label.
    pub endpoint: String,
    /// Blocks that an `eth_getLogs` may span.
    pub blocks: u64,
    /// Logs that a reply may have.
    pub logs: u64,
    /// Addresses that a call may name.
    pub addresses: u64,
    /// Requests that it bears at once.
    pub in_flight: u64,
}

impl From<Header> for Tip {
    fn from(header: Header) -> Self {
        Self { number: header.number, hash: header.hash, time: header.time }
    }
}
