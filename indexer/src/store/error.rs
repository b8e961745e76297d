//! What can go wrong with the database.

use std::path::{Path, PathBuf};

use alloy::primitives::Address;

use crate::{decode::DecodeError, fold::Inconsistent, value::ValueError};

/// A failure of the database. Nothing that was committed is lost by any of them.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be opened.
    #[error("cannot open the database {}: {cause}; check the path and its permissions", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// The file is damaged, or no SQLite database.
    #[error("the database {} is damaged ({cause}); restore it, or remove it and index again", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        cause: String,
    },
    /// The file or its folder cannot be written.
    #[error("the database {} is read-only ({cause}); make the file and its folder writable", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        cause: String,
    },
    /// Another indexer writes to the file.
    #[error("the database {} is in use by another indexer; stop it first", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file is a database of another program.
    #[error("{} is a database of another program; give the path of a new file", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer version of this program.
    #[error("the database {} has version {found}, this program knows up to {known}; upgrade it", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// The file was written by an older version of this program, which kept logs in another way.
    #[error(
        "the database {} has version {found}, this program needs {needed}; remove it, or give the path of a new file, \
         and index again",
        path.display()
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The one that is needed.
        needed: i64,
    },
    /// The tables are those of other contracts.
    #[error(
        "the tables of {} are those of other contract versions; make them again with spheron index rebuild, \
         or index into a new file",
        path.display()
    )]
    OtherLayout {
        /// The file.
        path: PathBuf,
    },
    /// Making the tables again was interrupted.
    #[error("the tables of {} are half made; run spheron index rebuild again, it goes on where it was", path.display())]
    Rebuilding {
        /// The file.
        path: PathBuf,
    },
    /// There is no space for more.
    #[error("the disk of {} is full ({cause}); make room, the indexer goes on by itself", path.display())]
    Full {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        cause: String,
    },
    /// The file was written for another deployment.
    #[error("the database {} is of another deployment: {what}; index into a new file", path.display())]
    OtherDeployment {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: String,
    },
    /// The chain is not in the database.
    #[error("the database has no chain {0}")]
    UnknownChain(u64),
    /// A stored log does not fit the ABI of its contract.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Any other failure.
    #[error("the database {} failed: {cause}", path.display())]
    Sql {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        cause: String,
    },
    /// A value in the file does not fit its column.
    #[error("table {table} of the database holds a wrong value: {cause}; restore it, or remove it and index again")]
    Value {
        /// The table.
        table: String,
        /// What is wrong.
        cause: ValueError,
    },
    /// An event does not fit the state.
    #[error("chain {chain_id}, block {block}, log {log_index}: {cause}; did an endpoint return part of the logs?")]
    Inconsistent {
        /// The chain.
        chain_id: u64,
        /// Block of the event.
        block: u64,
        /// Place in the block.
        log_index: u64,
        /// What does not fit.
        cause: Inconsistent,
    },
    /// A range does not follow on what is there.
    #[error("chain {chain_id}: the range from block {from} does not follow on block {next}")]
    OutOfOrder {
        /// The chain.
        chain_id: u64,
        /// First block of the range.
        from: u64,
        /// The block that comes next.
        next: u64,
    },
    /// A reorg reaches below what is final.
    #[error(
        "chain {chain_id}: the endpoint's chain parts from the database's at or below block {finalized}, which was final; \
         is it another chain? Nothing was deleted"
    )]
    DeepReorg {
        /// The chain.
        chain_id: u64,
        /// The last final block.
        finalized: u64,
    },
}

impl StoreError {
    /// Sorts what SQLite says.
    pub(crate) fn sql(path: &Path, error: &rusqlite::Error) -> Self {
        let code = error.sqlite_error().map(|error| error.extended_code);
        Self::sorted(path, code, error.to_string())
    }

    /// Sorts what SQLite says to readers.
    pub(crate) fn sqlx(path: &Path, error: &sqlx::Error) -> Self {
        let code = match error {
            sqlx::Error::Database(error) => error.code().and_then(|code| code.parse::<i32>().ok()),
            _ => None,
        };
        Self::sorted(path, code, error.to_string())
    }

    fn sorted(path: &Path, code: Option<i32>, cause: String) -> Self {
        let path = path.to_owned();
        // The low byte is the primary result code, see sqlite.org/rescode.html.
        match code.map(|code| code & 0xff) {
            Some(8) => Self::ReadOnly { path, cause },
            Some(11 | 26) => Self::Corrupt { path, cause },
            Some(13) => Self::Full { path, cause },
            Some(14) => Self::Open { path, cause },
            Some(5 | 6) => Self::InUse { path },
            _ => Self::Sql { path, cause },
        }
    }

    /// Whether fetching again may help.
    pub fn is_misfit(&self) -> bool {
        matches!(self, Self::Inconsistent { .. } | Self::OutOfOrder { .. })
    }

    /// Whether it may pass by itself, or once somebody does what the message says.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::Sql { .. } | Self::InUse { .. })
    }
}

/// A contract that the database has at another address than the manifest.
pub(crate) fn moved(name: &str, found: Option<Address>, wanted: Option<Address>) -> String {
    let show = |address: Option<Address>| address.map_or_else(|| "absent".to_owned(), |address| address.to_string());
    format!("{name} is {} in the database and {} in the manifest", show(found), show(wanted))
}
