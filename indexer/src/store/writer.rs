//! The one writer: it holds the state of every chain in memory, as the file has it.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
};

use alloy::primitives::B256;
use futures::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{Cursor, StoreError, Tip, insert::Inserter, open, schema};
use crate::{
    fold::State,
    manifest::Manifest,
    table::{Column, Shape, Table, quoted},
    value::{Kind, Row, Value},
};

/// The writer of a database.
pub struct Writer {
    pub(super) path: PathBuf,
    pub(super) conn: SqliteConnection,
    pub(super) chains: BTreeMap<u64, Chain>,
    pub(super) inserter: Inserter,
    _lock: File,
}

/// What the writer holds of a chain.
pub(super) struct Chain {
    pub slot: u64,
    pub cursor: Cursor,
    pub state: State,
}

impl Writer {
    /// Opens a file, makes it if there is none, and loads the state of the manifest's chains.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened or written, is damaged, in use, or of another program, version or deployment.
    pub async fn open(path: &Path, manifest: &Manifest) -> Result<Self, StoreError> {
        let opened = open::open(path, manifest).await?;
        let mut writer = Self {
            path: opened.path,
            conn: opened.conn,
            chains: BTreeMap::new(),
            inserter: Inserter::default(),
            _lock: opened.lock,
        };
        for chain in &manifest.chains {
            let chain_id = chain.chain_id;
            let loaded = load_chain(&writer.path, &mut writer.conn, chain_id).await?;
            writer.chains.insert(chain_id, loaded);
        }
        Ok(writer)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How far a chain is.
    ///
    /// # Errors
    ///
    /// If the manifest did not name the chain.
    pub fn cursor(&self, chain_id: u64) -> Result<Cursor, StoreError> {
        Ok(self.chain(chain_id)?.cursor)
    }

    /// The folded state of a chain.
    ///
    /// # Errors
    ///
    /// If the manifest did not name the chain.
    pub fn state(&self, chain_id: u64) -> Result<&State, StoreError> {
        Ok(&self.chain(chain_id)?.state)
    }

    /// Slot of a chain, the uppermost bits of its event ids.
    ///
    /// # Errors
    ///
    /// If the manifest did not name the chain.
    pub fn slot(&self, chain_id: u64) -> Result<u64, StoreError> {
        Ok(self.chain(chain_id)?.slot)
    }

    /// Blocks per range that an earlier run had learned.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn learned(&mut self, chain_id: u64) -> Result<Option<u64>, StoreError> {
        let query = sqlx::query_scalar::<_, i64>("SELECT blocks FROM learned WHERE chain_id = ?");
        let blocks = query.bind(chain_id.cast_signed()).fetch_optional(&mut self.conn).await;
        let blocks = blocks.map_err(|error| StoreError::sql(&self.path, &error))?;
        Ok(blocks.and_then(|blocks| u64::try_from(blocks).ok()))
    }

    /// Makes the indexes that the API reads by, if they are not there.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn create_indexes(&mut self) -> Result<(), StoreError> {
        for index in schema::INDEXES {
            sqlx::raw_sql(*index).execute(&mut self.conn).await.map_err(|error| StoreError::sql(&self.path, &error))?;
        }
        Ok(())
    }

    pub(super) fn chain(&self, chain_id: u64) -> Result<&Chain, StoreError> {
        self.chains.get(&chain_id).ok_or(StoreError::UnknownChain(chain_id))
    }
}

/// Loads cursor and state of a chain.
pub(super) async fn load_chain(path: &Path, conn: &mut SqliteConnection, chain_id: u64) -> Result<Chain, StoreError> {
    let failed = |error: sqlx::Error| StoreError::sql(path, &error);
    let row = sqlx::query(
        "SELECT slot, next_block, tip_hash, tip_time, finalized FROM chain JOIN cursor USING (chain_id) WHERE chain_id = ?",
    );
    let row = row.bind(chain_id.cast_signed()).fetch_optional(&mut *conn).await.map_err(failed)?;
    let row = row.ok_or(StoreError::UnknownChain(chain_id))?;
    let next_block = row.get::<i64, _>(1).cast_unsigned();
    let tip = match (row.get::<Option<Vec<u8>>, _>(2), row.get::<Option<i64>, _>(3)) {
        (Some(hash), Some(time)) => {
            let hash = read_hash("cursor", hash)?;
            Some(Tip { number: next_block.saturating_sub(1), hash, time: time.cast_unsigned() })
        }
        _ => None,
    };
    let finalized = row.get::<Option<i64>, _>(4).map(i64::cast_unsigned);
    let cursor = Cursor { next_block, tip, finalized };
    let state = load_state(path, conn, chain_id).await?;
    Ok(Chain { slot: row.get::<i64, _>(0).cast_unsigned(), cursor, state })
}

/// Loads the folded state of a chain.
pub(super) async fn load_state(path: &Path, conn: &mut SqliteConnection, chain_id: u64) -> Result<State, StoreError> {
    let mut state = State::default();
    for (index, table) in State::tables().iter().enumerate() {
        let Shape::State { key_columns } = table.shape else { unreachable!("{} is a table of state", table.name) };
        let sql = format!("SELECT {} FROM {} WHERE chain_id = ?", column_list(table), quoted(&table.base()));
        let mut rows = sqlx::query(AssertSqlSafe(sql)).bind(chain_id.cast_signed()).fetch(&mut *conn);
        while let Some(row) = rows.try_next().await.map_err(|error| StoreError::sql(path, &error))? {
            let row = read_row(&row, &table.columns).map_err(|error| StoreError::sql(path, &error))?;
            let restored = state.restore(index, &row[..key_columns], Some(&row[key_columns..]));
            restored.map_err(|cause| StoreError::Value { table: table.base(), cause })?;
        }
    }
    Ok(state)
}

/// The columns besides those that the shape brings.
pub(super) fn column_list(table: &Table) -> String {
    table.columns.iter().map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ")
}

/// A row of these columns.
pub(super) fn read_row(row: &SqliteRow, columns: &[Column]) -> Result<Row, sqlx::Error> {
    let value = |(index, column): (usize, &Column)| {
        Ok(match column.kind {
            Kind::Integer | Kind::Id | Kind::Flag => {
                row.try_get::<Option<i64>, _>(index)?.map_or(Value::Null, Value::Integer)
            }
            Kind::Number | Kind::Text | Kind::Json => {
                row.try_get::<Option<String>, _>(index)?.map_or(Value::Null, Value::Text)
            }
            Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(index)?.map_or(Value::Null, Value::Blob),
        })
    };
    columns.iter().enumerate().map(value).collect()
}

/// A hash in a column of `table`.
pub(super) fn read_hash(table: &str, bytes: Vec<u8>) -> Result<B256, StoreError> {
    let hash = crate::value::Field::from_value(&Value::Blob(bytes));
    hash.map_err(|cause| StoreError::Value { table: table.to_owned(), cause })
}
