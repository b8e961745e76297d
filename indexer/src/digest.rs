//! One hash per table: two databases that hold the same are the same.

use std::{collections::BTreeMap, path::Path};

use alloy::primitives::{B256, Keccak256};
use rusqlite::{Connection, types::ValueRef};

use crate::{
    store::{Reader, StoreError, connect_to_read},
    table::quoted,
};

/// Rows and hash of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TableDigest {
    /// Number of rows.
    pub rows: u64,
    /// Hash over the rows in the order of their keys.
    pub hash: B256,
}

/// Digests of the raw logs, of every event table and of every table of state. What depends on when and in which ranges
/// blocks were fetched is left out.
///
/// # Errors
///
/// If the database fails.
pub async fn digest(reader: &Reader) -> Result<BTreeMap<String, TableDigest>, StoreError> {
    let path = reader.path().to_owned();
    tokio::task::spawn_blocking(move || digest_file(&path)).await.expect("hashing does not panic")
}

fn digest_file(path: &Path) -> Result<BTreeMap<String, TableDigest>, StoreError> {
    let conn = connect_to_read(path)?;
    digest_tables(&conn).map_err(|error| StoreError::sql(path, &error))
}

fn digest_tables(conn: &Connection) -> rusqlite::Result<BTreeMap<String, TableDigest>> {
    // One transaction, so that all tables are of one moment.
    let tx = conn.unchecked_transaction()?;
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table'
               AND (name LIKE 'event\\_%' ESCAPE '\\' OR name LIKE 'state\\_%' ESCAPE '\\' OR name = 'raw_log')";
    let tables: Vec<String> = tx.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let digest = |table: String| Ok((table.clone(), digest_rows(&tx, &table)?));
    tables.into_iter().map(digest).collect()
}

fn digest_rows(conn: &Connection, table: &str) -> rusqlite::Result<TableDigest> {
    if table == "raw_log" {
        // The numbers of the dictionary are each database's own.
        let entry = |number: &str| format!("(SELECT bytes FROM dictionary WHERE number = raw_log.{number})");
        let (contract, selector) = (entry("contract"), entry("selector"));
        let columns = format!("event_id, block_time, {contract}, {selector}, contents, tx_hash");
        return digest_query(conn, &format!("SELECT {columns} FROM raw_log ORDER BY event_id"));
    }
    let sql = "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk";
    let key: Vec<String> = conn.prepare(sql)?.query_map([table], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let key = key.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ");
    digest_query(conn, &format!("SELECT * FROM {} ORDER BY {key}", quoted(table)))
}

fn digest_query(conn: &Connection, sql: &str) -> rusqlite::Result<TableDigest> {
    let mut statement = conn.prepare(sql)?;
    let width = statement.column_count();
    let mut found = statement.query([])?;
    let (mut rows, mut hasher) = (0, Keccak256::new());
    while let Some(row) = found.next()? {
        rows += 1;
        for index in 0..width {
            hash_value(row.get_ref(index)?, &mut hasher);
        }
    }
    Ok(TableDigest { rows, hash: hasher.finalize() })
}

/// A value with its type and length, so that no two rows read the same.
fn hash_value(value: ValueRef<'_>, hasher: &mut Keccak256) {
    let number;
    let (kind, bytes): (u8, &[u8]) = match value {
        ValueRef::Null => (0, &[]),
        ValueRef::Integer(integer) => {
            number = integer.to_be_bytes();
            (1, &number)
        }
        ValueRef::Text(text) => (2, text),
        ValueRef::Blob(blob) => (3, blob),
        ValueRef::Real(real) => {
            number = real.to_be_bytes();
            (4, &number)
        }
    };
    hasher.update([kind]);
    hasher.update((bytes.len() as u64).to_be_bytes());
    hasher.update(bytes);
}
