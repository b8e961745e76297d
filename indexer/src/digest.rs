//! One hash per table: two databases that hold the same are the same.

use std::collections::BTreeMap;

use alloy::primitives::{B256, Keccak256};
use futures::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Row as _, TypeInfo as _, ValueRef as _, sqlite::SqliteRow};

use crate::{
    store::{Reader, StoreError, derived_tables},
    table::{Shape, Table, quoted},
};

/// Rows and hash of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
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
    let mut digests = BTreeMap::new();
    let raw = [("raw_log".to_owned(), "event_id".to_owned())];
    for (table, key) in derived_tables().map(|table| (table.base(), key(table))).chain(raw) {
        let sql = format!("SELECT * FROM {} ORDER BY {key}", quoted(&table));
        let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(reader.pool());
        let (mut count, mut hasher) = (0, Keccak256::new());
        let failed = |error: sqlx::Error| StoreError::sql(reader.path(), &error);
        while let Some(row) = rows.try_next().await.map_err(failed)? {
            count += 1;
            hash_row(&row, &mut hasher).map_err(failed)?;
        }
        digests.insert(table, TableDigest { rows: count, hash: hasher.finalize() });
    }
    Ok(digests)
}

fn key(table: &Table) -> String {
    match table.shape {
        Shape::Event => "event_id".to_owned(),
        Shape::State { key_columns } => {
            let columns = table.all_columns();
            columns[..=key_columns].iter().map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ")
        }
    }
}

/// Each value with its type and length, so that no two rows read the same.
fn hash_row(row: &SqliteRow, hasher: &mut Keccak256) -> Result<(), sqlx::Error> {
    for index in 0..row.len() {
        let value = row.try_get_raw(index)?;
        let (kind, bytes) = if value.is_null() {
            (0u8, Vec::new())
        } else {
            match value.type_info().name() {
                "INTEGER" => (1, row.try_get::<i64, _>(index)?.to_be_bytes().to_vec()),
                "TEXT" => (2, row.try_get::<String, _>(index)?.into_bytes()),
                _ => (3, row.try_get::<Vec<u8>, _>(index)?),
            }
        };
        hasher.update([kind]);
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(&bytes);
    }
    Ok(())
}
