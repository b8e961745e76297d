//! Opening the file: what may be wrong with it is found out here, before anything is written.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use alloy::primitives::Address;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

use super::{StoreError, error::moved, schema};
use crate::{
    manifest::{ChainManifest, Manifest},
    position::MAX_CHAINS,
    value::{Field as _, Value},
};

/// WAL so that readers never wait; NORMAL loses no consistency, and after a power cut at most the last ranges, which
/// are fetched again.
const PRAGMAS: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA wal_autocheckpoint = 4000;
PRAGMA cache_size = -65536;
PRAGMA temp_store = MEMORY;
";

const BUSY: Duration = Duration::from_secs(5);
const STATEMENTS: usize = 2_048;
const READERS: u32 = 4;

/// The open file.
pub(super) struct Opened {
    pub path: PathBuf,
    pub conn: SqliteConnection,
    /// Held as long as the file is open for writing.
    pub lock: File,
}

/// Opens the file for writing, makes the tables if it is new, and notes the chains of the manifest.
pub(super) async fn open(path: &Path, manifest: &Manifest) -> Result<Opened, StoreError> {
    let lock = lock(path)?;
    let failed = |error: sqlx::Error| StoreError::sql(path, &error);
    let options = options(path).create_if_missing(true).statement_cache_capacity(STATEMENTS);
    let mut conn = options.connect().await.map_err(failed)?;
    let is_new = check(path, &mut conn).await?;
    sqlx::raw_sql(PRAGMAS).execute(&mut conn).await.map_err(failed)?;

    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    if is_new {
        sqlx::raw_sql(AssertSqlSafe(schema::create_sql())).execute(&mut *tx).await.map_err(failed)?;
        let insert = sqlx::query("INSERT INTO meta (name, value) VALUES ('layout', ?)");
        insert.bind(schema::layout().to_string()).execute(&mut *tx).await.map_err(failed)?;
    }
    // Writes even if nothing is new, so that a read-only file is found out now.
    let touch = sqlx::query(
        "INSERT INTO meta (name, value) VALUES ('version', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
    );
    touch.bind(env!("CARGO_PKG_VERSION")).execute(&mut *tx).await.map_err(failed)?;
    for chain in &manifest.chains {
        register(path, &mut tx, chain).await?;
    }
    tx.commit().await.map_err(failed)?;
    Ok(Opened { path: path.to_owned(), conn, lock })
}

/// Opens the file for reading only. Readers see whole transactions, and cannot write.
pub(super) async fn open_readers(path: &Path) -> Result<SqlitePool, StoreError> {
    let failed = |error: sqlx::Error| StoreError::sql(path, &error);
    let mut conn = options(path).read_only(true).connect().await.map_err(failed)?;
    if check(path, &mut conn).await? {
        let cause = "it is empty".to_owned();
        return Err(StoreError::Open { path: path.to_owned(), cause });
    }
    conn.close().await.map_err(failed)?;
    let options = options(path).read_only(true).pragma("query_only", "ON");
    let pool = SqlitePoolOptions::new().max_connections(READERS).connect_with(options);
    pool.await.map_err(failed)
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).disable_statement_logging()
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

/// Whether the file is empty; an error if it is not ours, or of another version.
async fn check(path: &Path, conn: &mut SqliteConnection) -> Result<bool, StoreError> {
    let failed = |error: sqlx::Error| StoreError::sql(path, &error);
    let number = |name: &'static str| sqlx::query_scalar::<_, i64>(name);
    let tables = number("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *conn).await.map_err(failed)?;
    let application = number("PRAGMA application_id").fetch_one(&mut *conn).await.map_err(failed)?;
    let version = number("PRAGMA user_version").fetch_one(&mut *conn).await.map_err(failed)?;
    if tables == 0 && application == 0 && version == 0 {
        return Ok(true);
    }
    let path = path.to_owned();
    if application != schema::APPLICATION_ID {
        return Err(StoreError::Foreign { path });
    }
    if version > schema::VERSION {
        return Err(StoreError::Newer { path, found: version, known: schema::VERSION });
    }
    let layout = sqlx::query_scalar::<_, String>("SELECT value FROM meta WHERE name = 'layout'");
    let layout = layout.fetch_optional(&mut *conn).await.map_err(|error| StoreError::sql(&path, &error))?;
    if layout != Some(schema::layout().to_string()) {
        return Err(StoreError::OtherLayout { path });
    }
    Ok(false)
}

/// Notes a chain, or checks that what was noted is the same deployment.
async fn register(path: &Path, conn: &mut SqliteConnection, chain: &ChainManifest) -> Result<(), StoreError> {
    let failed = |error: sqlx::Error| StoreError::sql(path, &error);
    let other = |what| StoreError::OtherDeployment { path: path.to_owned(), what };
    let chain_id = chain.chain_id.cast_signed();
    let known = sqlx::query("SELECT start_block FROM chain WHERE chain_id = ?").bind(chain_id);
    if let Some(row) = known.fetch_optional(&mut *conn).await.map_err(failed)? {
        let start = row.get::<i64, _>(0);
        if start != chain.start_block.cast_signed() {
            let what = format!("it begins at block {start}, the manifest at {}", chain.start_block);
            return Err(other(what));
        }
        return check_contracts(path, conn, chain).await;
    }

    let taken = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM chain");
    let slot = taken.fetch_one(&mut *conn).await.map_err(failed)?;
    if usize::try_from(slot).is_ok_and(|slot| slot >= MAX_CHAINS) {
        return Err(other(format!("it has {MAX_CHAINS} chains, the most that it can have")));
    }
    let insert = sqlx::query("INSERT INTO chain (slot, chain_id, name, start_block) VALUES (?, ?, ?, ?)");
    let insert = insert.bind(slot).bind(chain_id).bind(&chain.name).bind(chain.start_block.cast_signed());
    insert.execute(&mut *conn).await.map_err(failed)?;
    let cursor = sqlx::query("INSERT INTO cursor (chain_id, next_block) VALUES (?, ?)");
    let cursor = cursor.bind(chain_id).bind(chain.start_block.cast_signed());
    cursor.execute(&mut *conn).await.map_err(failed)?;
    for (contract, address) in &chain.contracts {
        let insert = sqlx::query("INSERT INTO contract (chain_id, name, address) VALUES (?, ?, ?)");
        let insert = insert.bind(chain_id).bind(contract.name()).bind(address.as_slice());
        insert.execute(&mut *conn).await.map_err(failed)?;
    }
    Ok(())
}

async fn check_contracts(path: &Path, conn: &mut SqliteConnection, chain: &ChainManifest) -> Result<(), StoreError> {
    let rows = sqlx::query("SELECT name, address FROM contract WHERE chain_id = ?").bind(chain.chain_id.cast_signed());
    let rows = rows.fetch_all(conn).await.map_err(|error| StoreError::sql(path, &error))?;
    let mut wanted: Vec<_> = chain.contracts.iter().map(|(contract, address)| (contract.name(), *address)).collect();
    for row in rows {
        let (name, address) = (row.get::<String, _>(0), row.get::<Vec<u8>, _>(1));
        let cause = |cause| StoreError::Value { table: "contract".to_owned(), cause };
        let found = Address::from_value(&Value::Blob(address)).map_err(cause)?;
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
