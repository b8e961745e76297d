//! One chain as it stands, read in one transaction; and the events that name something.

use std::{ops::RangeInclusive, path::Path};

use alloy::primitives::B256;
use rusqlite::params;

use super::{
    Child, Cursor, RawLogs, Reader, StoreError, columns_with_tx,
    open::connect_to_read,
    schema::EMITTERS,
    writer::{load_children, load_cursor, load_state},
};
use crate::{
    audit::EventRef,
    decode::Catalog,
    event::Log,
    fold::State,
    manifest::ChainManifest,
    position::{EventId, Position, ids_from},
    table::{BLOCK_SHIFT, SLOT_SHIFT},
};

/// A chain at one moment.
pub struct Snapshot {
    /// How far it is.
    pub cursor: Cursor,
    /// What its events add up to.
    pub state: State,
}

/// Events that are shown of a thing.
const SHOWN: usize = 3;

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
        let slot = stored_chain(self.path(), chain_id)?.slot;
        let words = words.to_vec();
        let holds = move |log: &Log| {
            let words_of = || log.topics.iter().map(|topic| topic.as_slice()).chain([log.data.as_slice()]);
            let has = |word: &[u8]| words_of().chain([log.address.as_slice()]).any(|bytes| contains(bytes, word));
            words.iter().all(|word| has(word))
        };
        // Slow, and only done for what differs.
        let found = self.find(ids_from(slot, 0), SHOWN, holds).await?;
        Ok(found.into_iter().map(|found| found.event_ref(catalog)).collect())
    }

    /// The events of a transaction in the block of `at`.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn events_of(&self, catalog: &Catalog, at: Position, tx_hash: B256) -> Result<Vec<EventRef>, StoreError> {
        let first = at.id - at.log_index();
        let last = first | ((1 << BLOCK_SHIFT) - 1);
        let found = self.find(first..=last, usize::MAX, move |log| log.tx_hash == tx_hash).await?;
        Ok(found.into_iter().rev().map(|found| found.event_ref(catalog)).collect())
    }

    /// The last `most` logs among those with these ids that `wanted` says yes to, the newest first.
    async fn find(
        &self,
        ids: RangeInclusive<u64>,
        most: usize,
        wanted: impl Fn(&Log) -> bool + Send + 'static,
    ) -> Result<Vec<FoundLog>, StoreError> {
        let path = self.path().to_owned();
        let find = move || {
            let failed = |error: rusqlite::Error| StoreError::sql(&path, &error);
            let conn = connect_to_read(&path)?;
            let conn = conn.unchecked_transaction().map_err(failed)?;
            let mut logs = RawLogs::of(&conn).map_err(failed)?;
            let sql = format!(
                "SELECT {}, (SELECT e.name FROM {EMITTERS} AS e JOIN chain USING (chain_id)
                    WHERE slot = r.event_id >> {SLOT_SHIFT}
                    AND e.address = (SELECT bytes FROM dictionary WHERE number = r.contract))
                 FROM raw_log AS r WHERE event_id BETWEEN ? AND ? ORDER BY event_id DESC",
                columns_with_tx()
            );
            let mut statement = conn.prepare(&sql).map_err(failed)?;
            let mut rows =
                statement.query(params![ids.start().cast_signed(), ids.end().cast_signed()]).map_err(failed)?;
            let mut found = Vec::new();
            while let Some(row) = rows.next().map_err(failed)?.filter(|_| found.len() < most) {
                let (at, log) = logs.log(row)?;
                if wanted(&log) {
                    found.push(FoundLog { at, log, contract: row.get(6).map_err(failed)? });
                }
            }
            Ok(found)
        };
        tokio::task::spawn_blocking(find).await.expect("reading does not panic")
    }
}

/// A stored log with the name of its contract, if it is still followed.
struct FoundLog {
    at: Position,
    log: Log,
    contract: Option<String>,
}

impl FoundLog {
    fn event_ref(&self, catalog: &Catalog) -> EventRef {
        let selector = self.log.topics.first().copied();
        let table = self.contract.as_ref().zip(selector).and_then(|(name, selector)| catalog.table_of(name, selector));
        EventRef {
            event_id: EventId(self.at.id),
            block: self.at.block(),
            log_index: self.at.log_index(),
            tx_hash: self.log.tx_hash,
            event: table.map(|table| table.name.clone()),
        }
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
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
