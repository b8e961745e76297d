//! Opening the file: what may be wrong with it is found out here, before anything is written.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use alloy::primitives::Address;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Transaction, TransactionBehavior, params};
use sqlx::{
    ConnectOptions as _, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

use super::{StoreError, error::moved, schema, writer::read_field};
use crate::{
    decode::Catalog,
    manifest::{ChainManifest, Manifest},
    position::MAX_CHAINS,
    value::Value,
};

/// Pages of 16 KiB, as rows are appended by the thousand: fewer calls of the kernel. WAL so that readers never wait; NORMAL loses no consistency, and after a power cut at most the last ranges, which
/// are fetched again.
pub(super) const PRAGMAS: &str = "
PRAGMA page_size = 16384;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA wal_autocheckpoint = 6000;
PRAGMA cache_size = -16384;
PRAGMA temp_store = MEMORY;
";

const BUSY: Duration = Duration::from_secs(5);
const STATEMENTS: usize = 512;
const READERS: u32 = 4;

/// The open file.
pub(super) struct Opened {
    pub path: PathBuf,
    pub conn: Connection,
    /// Held as long as the file is open for writing.
    pub lock: File,
}

/// Opens the file for writing, makes the tables if it is new, and notes the chains of the manifest.
pub(super) fn open(path: &Path, manifest: &Manifest, catalog: &Catalog) -> Result<Opened, StoreError> {
    let (conn, lock) = connect(path)?;
    let failed = |error: rusqlite::Error| StoreError::sql(path, &error);
    let is_new = match check(path, &conn)? {
        Found::Nothing => true,
        Found::Database { rebuilding: true, .. } => return Err(StoreError::Rebuilding { path: path.to_owned() }),
        Found::Database { layout, .. } if layout != schema::layout(catalog).to_string() => {
            return Err(StoreError::OtherLayout { path: path.to_owned() });
        }
        Found::Database { .. } => false,
    };
    conn.execute_batch(PRAGMAS).map_err(failed)?;

    let tx = Transaction::new_unchecked(&conn, TransactionBehavior::Immediate).map_err(failed)?;
    if is_new {
        tx.execute_batch(&schema::create_sql(catalog)).map_err(failed)?;
        set_meta(&tx, "layout", &schema::layout(catalog).to_string()).map_err(failed)?;
    }
    // Writes even if nothing is new, so that a read-only file is found out now.
    set_meta(&tx, "version", env!("CARGO_PKG_VERSION")).map_err(failed)?;
    for chain in &manifest.chains {
        register(path, &tx, chain)?;
    }
    tx.commit().map_err(failed)?;
    Ok(Opened { path: path.to_owned(), conn, lock })
}

/// Connects for writing, as the only one who does.
pub(super) fn connect(path: &Path) -> Result<(Connection, File), StoreError> {
    let lock = lock(path)?;
    // One thread at a time uses it, which the borrow checker sees to.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(|error| StoreError::sql(path, &error))?;
    conn.busy_timeout(BUSY).map_err(|error| StoreError::sql(path, &error))?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok((conn, lock))
}

/// Connects for reading.
pub(crate) fn connect_to_read(path: &Path) -> Result<Connection, StoreError> {
    let failed = |error: rusqlite::Error| StoreError::sql(path, &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(failed)?;
    conn.busy_timeout(BUSY).map_err(failed)?;
    Ok(conn)
}

/// Sets a fact about the file.
pub(super) fn set_meta(conn: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value";
    conn.execute(sql, params![name, value]).map(drop)
}

/// A fact about the file.
pub(super) fn meta(conn: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    conn.query_row("SELECT value FROM meta WHERE name = ?", params![name], |row| row.get(0)).optional()
}

/// Opens the file for reading only. Readers see whole transactions, and cannot write.
pub(super) async fn open_readers(path: &Path) -> Result<SqlitePool, StoreError> {
    match check(path, &connect_to_read(path)?)? {
        Found::Nothing => {
            let cause = "it is empty".to_owned();
            return Err(StoreError::Open { path: path.to_owned(), cause });
        }
        Found::Database { rebuilding: true, .. } => return Err(StoreError::Rebuilding { path: path.to_owned() }),
        Found::Database { .. } => {}
    }
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).disable_statement_logging();
    let options = options.read_only(true).pragma("query_only", "ON");
    let pool = SqlitePoolOptions::new().max_connections(READERS).connect_with(options);
    pool.await.map_err(|error| StoreError::sqlx(path, &error))
}

/// A lock beside the database: a second writer would not damage it, but it would waste every range that it fetches.
fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let fail = |error: std::io::Error| {
        let (path, cause) = (path.to_owned(), error.to_string());
        match error.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                StoreError::ReadOnly { path, cause }
            }
            _ => StoreError::Open { path, cause },
        }
    };
    let file = File::options().create(true).truncate(false).write(true).open(PathBuf::from(name)).map_err(fail)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(fail(error)),
    }
}

/// What is at the path.
pub(super) enum Found {
    /// A file without a table.
    Nothing,
    /// A database of ours.
    Database {
        /// Tells what its tables are.
        layout: String,
        /// Whether making its tables again was interrupted.
        rebuilding: bool,
    },
}

/// What the file is; an error if it is not ours, or of a newer version.
pub(super) fn check(path: &Path, conn: &Connection) -> Result<Found, StoreError> {
    let failed = |error: rusqlite::Error| StoreError::sql(path, &error);
    let number = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(failed);
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    let (application, version) = (number("PRAGMA application_id")?, number("PRAGMA user_version")?);
    if tables == 0 && application == 0 && version == 0 {
        return Ok(Found::Nothing);
    }
    let path = path.to_owned();
    if application != schema::APPLICATION_ID {
        return Err(StoreError::Foreign { path });
    }
    if version > schema::VERSION {
        return Err(StoreError::Newer { path, found: version, known: schema::VERSION });
    }
    if version < schema::VERSION {
        return Err(StoreError::Older { path, found: version, needed: schema::VERSION });
    }
    let layout = meta(conn, "layout").map_err(failed)?.unwrap_or_default();
    let rebuilding = meta(conn, super::rebuild::MARK).map_err(failed)?.is_some();
    Ok(Found::Database { layout, rebuilding })
}

/// Notes a chain, or checks that what was noted is the same deployment.
pub(super) fn register(path: &Path, conn: &Connection, chain: &ChainManifest) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| StoreError::sql(path, &error);
    let other = |what| StoreError::OtherDeployment { path: path.to_owned(), what };
    let chain_id = chain.chain_id.cast_signed();
    let known = "SELECT start_block FROM chain WHERE chain_id = ?";
    let known = conn.query_row(known, params![chain_id], |row| row.get::<_, i64>(0)).optional().map_err(failed)?;
    if let Some(start) = known {
        if start != chain.start_block.cast_signed() {
            let what = format!("it begins at block {start}, the manifest at {}", chain.start_block);
            return Err(other(what));
        }
        return check_contracts(path, conn, chain);
    }

    let slot: i64 = conn.query_row("SELECT count(*) FROM chain", [], |row| row.get(0)).map_err(failed)?;
    if usize::try_from(slot).is_ok_and(|slot| slot >= MAX_CHAINS) {
        return Err(other(format!("it has {MAX_CHAINS} chains, the most that it can have")));
    }
    let start = chain.start_block.cast_signed();
    let insert = "INSERT INTO chain (slot, chain_id, name, start_block) VALUES (?, ?, ?, ?)";
    conn.execute(insert, params![slot, chain_id, chain.name, start]).map_err(failed)?;
    let insert = "INSERT INTO cursor (chain_id, next_block) VALUES (?, ?)";
    conn.execute(insert, params![chain_id, start]).map_err(failed)?;
    for (name, address) in chain.named_addresses() {
        let insert = "INSERT INTO contract (chain_id, name, address) VALUES (?, ?, ?)";
        conn.execute(insert, params![chain_id, name, address.as_slice()]).map_err(failed)?;
    }
    Ok(())
}

fn check_contracts(path: &Path, conn: &Connection, chain: &ChainManifest) -> Result<(), StoreError> {
    let sql = "SELECT name, address FROM contract WHERE chain_id = ?";
    let read = |row: &rusqlite::Row<'_>| -> rusqlite::Result<(String, Vec<u8>)> { row.try_into() };
    let rows = conn.prepare(sql).and_then(|mut statement| {
        statement.query_map(params![chain.chain_id.cast_signed()], read)?.collect::<rusqlite::Result<Vec<_>>>()
    });
    let rows = rows.map_err(|error| StoreError::sql(path, &error))?;
    let mut wanted: Vec<_> = chain.named_addresses().collect();
    for (name, address) in rows {
        let found: Address = read_field("contract", Value::Blob(address))?;
        let index = wanted.iter().position(|(wanted, _)| *wanted == name);
        let address = index.map(|index| wanted.swap_remove(index).1);
        if address != Some(found) {
            let what = format!("on chain {}, {}", chain.chain_id, moved(&name, Some(found), address));
            return Err(StoreError::OtherDeployment { path: path.to_owned(), what });
        }
    }
    match wanted.first() {
        Some((name, address)) => {
            let what = format!("on chain {}, {}", chain.chain_id, moved(name, None, Some(*address)));
            Err(StoreError::OtherDeployment { path: path.to_owned(), what })
        }
        None => Ok(()),
    }
}
