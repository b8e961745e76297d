//! One chain as it stands, read in one transaction; and the events that name something.

use std::path::Path;

use alloy::primitives::B256;
use sqlx::Row as _;

use super::{
    Child, Cursor, Reader, StoreError,
    open::connect_to_read,
    writer::{load_children, load_cursor, load_state, read_field},
};
use crate::{
    audit::EventRef,
    decode::Catalog,
    fold::State,
    manifest::ChainManifest,
    position::{EventId, Position},
    value::Value,
};

/// A chain at one moment.
pub struct Snapshot {
    /// How far it is.
    pub cursor: Cursor,
    /// What its events add up to.
    pub state: State,
}

/// Whose logs are followed: contracts of the manifest, and those that they brought into being.
const EMITTERS: &str =
    "(SELECT chain_id, name, address FROM contract UNION ALL SELECT chain_id, name, address FROM child)";

/// Events that are shown of a thing.
const SHOWN: i64 = 3;

impl Reader {
    /// A chain at one moment, however far the writer goes meanwhile.
    ///
    /// # Errors
    ///
    /// If the database does not have the chain, or fails.
    pub async fn snapshot(&self, chain: &ChainManifest) -> Result<Snapshot, StoreError> {
        let (path, chain_id) = (self.path().to_owned(), chain.chain_id);
        tokio::task::spawn_blocking(move || take(&path, chain_id)).await.expect("reading does not panic")
    }

    /// The last events of a chain that hold all of these words, the newest first.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn events_about(
        &self,
        catalog: &Catalog,
        chain_id: u64,
        words: &[Vec<u8>],
    ) -> Result<Vec<EventRef>, StoreError> {
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let failed = |error: sqlx::Error| StoreError::sqlx(self.path(), &error);
        // Slow, and only done for what differs.
        let mut sql = format!(
            "SELECT event_id, block_time, topics, tx_hash,
                (SELECT name FROM {EMITTERS} AS e WHERE e.chain_id = chain.chain_id AND e.address = raw_log.address)
             FROM raw_log JOIN chain ON slot = event_id >> 60 WHERE chain.chain_id = ?",
        );
        for _ in words {
            sql.push_str(" AND (instr(topics, ?) OR instr(data, ?) OR instr(raw_log.address, ?))");
        }
        sql.push_str(" ORDER BY event_id DESC LIMIT ?");
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(chain_id.cast_signed());
        for word in words {
            query = query.bind(word.clone()).bind(word.clone()).bind(word.clone());
        }
        let rows = query.bind(SHOWN).fetch_all(self.pool()).await.map_err(failed)?;
        rows.into_iter().map(|row| event_ref(catalog, &row)).collect()
    }

    /// The events of a transaction in the block of `at`.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn events_of(
        &self,
        catalog: &Catalog,
        chain_id: u64,
        at: Position,
        tx_hash: B256,
    ) -> Result<Vec<EventRef>, StoreError> {
        let sql = format!(
            "SELECT event_id, block_time, topics, tx_hash,
                (SELECT name FROM {EMITTERS} AS e WHERE e.chain_id = ?1 AND e.address = raw_log.address)
             FROM raw_log WHERE event_id BETWEEN ?2 AND ?3 AND tx_hash = ?4 ORDER BY event_id",
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql));
        let first = at.id - at.log_index();
        let last = first | ((1 << crate::table::BLOCK_SHIFT) - 1);
        let query = query.bind(chain_id.cast_signed()).bind(first.cast_signed()).bind(last.cast_signed());
        let rows = query.bind(tx_hash.to_vec()).fetch_all(self.pool()).await;
        let rows = rows.map_err(|error| StoreError::sqlx(self.path(), &error))?;
        rows.into_iter().map(|row| event_ref(catalog, &row)).collect()
    }
}

/// A row of id, time, topics, transaction and contract.
fn event_ref(catalog: &Catalog, row: &sqlx::sqlite::SqliteRow) -> Result<EventRef, StoreError> {
    let at = Position { id: row.get::<i64, _>(0).cast_unsigned(), time: row.get::<i64, _>(1).cast_unsigned() };
    let selector = row.get::<Vec<u8>, _>(2).first_chunk::<32>().map(|word| B256::from(*word));
    let contract = row.get::<Option<String>, _>(4);
    let table = contract.zip(selector).and_then(|(contract, selector)| catalog.table_of(&contract, selector));
    Ok(EventRef {
        event_id: EventId(at.id),
        block: at.block(),
        log_index: at.log_index(),
        tx_hash: read_field("raw_log", Value::Blob(row.get(3)))?,
        event: table.map(|table| table.name.clone()),
    })
}

/// Where a chain was left, without its state.
pub(crate) struct StoredChain {
    pub slot: u64,
    pub cursor: Cursor,
    pub children: Vec<Child>,
}

/// Reads where a chain was left.
pub(crate) fn stored_chain(path: &Path, chain_id: u64) -> Result<StoredChain, StoreError> {
    let conn = connect_to_read(path)?;
    let (slot, cursor) = load_cursor(path, &conn, chain_id)?;
    Ok(StoredChain { slot, cursor, children: load_children(path, &conn, chain_id)? })
}

fn take(path: &Path, chain_id: u64) -> Result<Snapshot, StoreError> {
    let failed = |error: rusqlite::Error| StoreError::sql(path, &error);
    let conn = connect_to_read(path)?;
    // One transaction, so that all is of one moment.
    let tx = conn.unchecked_transaction().map_err(failed)?;
    let (_, cursor) = load_cursor(path, &tx, chain_id)?;
    Ok(Snapshot { cursor, state: load_state(path, &tx, chain_id)? })
}
