//! Writing a range: rows, state, undo records and cursor, in one transaction.

use std::collections::BTreeMap;

use sqlx::{Connection as _, SqliteConnection};

use super::{Cursor, StoreError, Tip, Writer, insert::Inserter, schema::RAW_LOG_COLUMNS, writer::Chain};
use crate::{
    decode::{Decoded, event_tables},
    fold::{Change, State},
    source::{BlockRange, Header},
    table::{insert_sql, quoted},
    value::{Field as _, Row, Value},
};

/// A range that was fetched and decoded.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The chain.
    pub chain_id: u64,
    /// The range; it must follow on the last one.
    pub range: BlockRange,
    /// Header of its last block.
    pub tip: Header,
    /// The last block that is final now, `None` if none is.
    pub finalized: Option<u64>,
    /// All logs of the range, in order.
    pub logs: Vec<Decoded>,
    /// Blocks per range that the planner has learned.
    pub learned: u64,
}

/// A change of state in a block that is not final.
struct Undo {
    block: u64,
    change: Change,
}

/// What a range does to the state.
#[derive(Default)]
struct Folded {
    /// In the order of the chain; a row may be there several times.
    changes: Vec<Change>,
    /// The same of the blocks that are not final.
    undo: Vec<Undo>,
}

impl Writer {
    /// Writes a range.
    ///
    /// # Errors
    ///
    /// If the range does not follow on the last one, if an event does not fit the state, or if the database fails. In
    /// any case the file and the state are as before; after a failure of the database the writer must be opened again.
    pub async fn commit(&mut self, batch: Batch) -> Result<Cursor, StoreError> {
        let Self { path, conn, chains, inserter, .. } = self;
        let chain = chains.get_mut(&batch.chain_id).ok_or(StoreError::UnknownChain(batch.chain_id))?;
        check_order(chain, &batch)?;
        let finalized = chain.cursor.finalized.max(batch.finalized);
        let is_final = finalized.is_some_and(|finalized| batch.range.to <= finalized);
        let folded = fold(&mut chain.state, &batch, is_final)?;
        let cursor = Cursor { next_block: batch.range.to + 1, tip: Some(Tip::from(batch.tip)), finalized };
        write(conn, inserter, batch, folded, cursor, is_final).await.map_err(|error| StoreError::sql(path, &error))?;
        chain.cursor = cursor;
        Ok(cursor)
    }
}

fn check_order(chain: &Chain, batch: &Batch) -> Result<(), StoreError> {
    let follows = match chain.cursor.tip {
        // One block names its parent; the source has compared the hashes of longer ranges.
        Some(tip) if batch.range.from == batch.range.to => batch.tip.parent_hash == tip.hash,
        _ => true,
    };
    if batch.range.from != chain.cursor.next_block || batch.tip.number != batch.range.to || !follows {
        let (from, next) = (batch.range.from, chain.cursor.next_block);
        return Err(StoreError::OutOfOrder { chain_id: batch.chain_id, from, next });
    }
    Ok(())
}

/// Applies the events, and takes the state back if one does not fit.
fn fold(state: &mut State, batch: &Batch, is_final: bool) -> Result<Folded, StoreError> {
    let mut folded = Folded::default();
    match fold_all(state, batch, is_final, &mut folded) {
        Ok(()) => Ok(folded),
        Err(error) => {
            state.abort();
            for change in folded.changes.into_iter().rev() {
                let restored = state.restore(change.table, &change.key, change.before.as_deref());
                restored.expect("the state reads back what it has written");
            }
            Err(error)
        }
    }
}

fn fold_all(state: &mut State, batch: &Batch, is_final: bool, folded: &mut Folded) -> Result<(), StoreError> {
    for (index, decoded) in batch.logs.iter().enumerate() {
        let block = decoded.at.block();
        if let Some(event) = &decoded.event {
            state.apply(decoded.at, event).map_err(|cause| StoreError::Inconsistent {
                chain_id: batch.chain_id,
                block,
                log_index: decoded.at.log_index(),
                cause,
            })?;
        }
        let ends_block = batch.logs.get(index + 1).is_none_or(|next| next.at.block() != block);
        if ends_block && !is_final {
            let changes = state.take_changes();
            folded.undo.extend(changes.iter().map(|change| Undo { block, change: change.clone() }));
            folded.changes.extend(changes);
        }
    }
    // Blocks that are final are not taken back one by one, so they may share what they change.
    folded.changes.extend(state.take_changes());
    Ok(())
}

async fn write(
    conn: &mut SqliteConnection,
    inserter: &mut Inserter,
    batch: Batch,
    folded: Folded,
    cursor: Cursor,
    is_final: bool,
) -> Result<(), sqlx::Error> {
    let chain_id = batch.chain_id;
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
    write_headers(&mut tx, &batch, is_final).await?;
    write_undo(&mut tx, inserter, chain_id, folded.undo).await?;
    write_state(&mut tx, inserter, chain_id, folded.changes).await?;
    let learned = batch.learned;
    write_rows(&mut tx, inserter, batch.logs).await?;
    prune(&mut tx, chain_id, cursor).await?;
    write_cursor(&mut tx, chain_id, cursor).await?;
    let query = sqlx::query(
        "INSERT INTO learned (chain_id, blocks) VALUES (?, ?) ON CONFLICT DO UPDATE SET blocks = excluded.blocks",
    );
    query.bind(chain_id.cast_signed()).bind(learned.cast_signed()).execute(&mut *tx).await?;
    tx.commit().await
}

/// Hashes of the last block and, in a range that is not final, of every block with logs: between two of them no row is.
async fn write_headers(conn: &mut SqliteConnection, batch: &Batch, is_final: bool) -> Result<(), sqlx::Error> {
    let open = batch.logs.iter().filter(|_| !is_final);
    let mut headers: BTreeMap<_, _> =
        open.map(|decoded| (decoded.log.block, (decoded.log.block_hash, decoded.at.time))).collect();
    headers.insert(batch.tip.number, (batch.tip.hash, batch.tip.time));
    for (number, (hash, time)) in headers {
        let query = sqlx::query("INSERT OR REPLACE INTO header (chain_id, number, hash, time) VALUES (?, ?, ?, ?)");
        let query = query.bind(batch.chain_id.cast_signed()).bind(number.cast_signed());
        query.bind(hash.to_vec()).bind(time.cast_signed()).execute(&mut *conn).await?;
    }
    Ok(())
}

async fn write_undo(
    conn: &mut SqliteConnection,
    inserter: &mut Inserter,
    chain_id: u64,
    undo: Vec<Undo>,
) -> Result<(), sqlx::Error> {
    let json = |row: &Row| Value::Text(serde_json::to_string(row).expect("values are JSON"));
    let rows = undo.iter().enumerate().map(|(seq, undo)| {
        let Change { table, key, before, .. } = &undo.change;
        let table = State::tables()[*table].name.to_value();
        let before = before.as_ref().map_or(Value::Null, json);
        vec![chain_id.to_value(), undo.block.to_value(), (seq as u64).to_value(), table, json(key), before]
    });
    let columns = ["chain_id", "block", "seq", "state_table", "key", "before"].map(quoted);
    inserter.insert(conn, usize::MAX, |rows| insert_sql("undo", &columns, rows), rows.collect()).await
}

async fn write_state(
    conn: &mut SqliteConnection,
    inserter: &mut Inserter,
    chain_id: u64,
    changes: Vec<Change>,
) -> Result<(), sqlx::Error> {
    let mut by_table: BTreeMap<usize, Vec<Row>> = BTreeMap::new();
    for change in changes {
        let row = [vec![chain_id.to_value()], change.key, change.after].concat();
        by_table.entry(change.table).or_default().push(row);
    }
    for (index, rows) in by_table {
        let table = &State::tables()[index];
        inserter.insert(conn, event_tables().len() + index, |rows| table.insert_sql(rows), rows).await?;
    }
    Ok(())
}

async fn write_rows(
    conn: &mut SqliteConnection,
    inserter: &mut Inserter,
    logs: Vec<Decoded>,
) -> Result<(), sqlx::Error> {
    let mut raw = Vec::with_capacity(logs.len());
    let mut by_table: BTreeMap<usize, Vec<Row>> = BTreeMap::new();
    for Decoded { at, log, row, .. } in logs {
        let topics = Value::Blob(log.topics.concat());
        let (id, time) = (at.id.to_value(), at.time.to_value());
        raw.push(vec![id, time, log.address.to_value(), topics, Value::Blob(log.data), log.tx_hash.to_value()]);
        if let Some((table, row)) = row {
            by_table.entry(table).or_default().push(row);
        }
    }
    let columns = RAW_LOG_COLUMNS.map(quoted);
    inserter.insert(conn, usize::MAX - 1, |rows| insert_sql("raw_log", &columns, rows), raw).await?;
    for (index, rows) in by_table {
        inserter.insert(conn, index, |rows| event_tables()[index].insert_sql(rows), rows).await?;
    }
    Ok(())
}

/// What is final needs no undo records, and one hash to hold on to.
async fn prune(conn: &mut SqliteConnection, chain_id: u64, cursor: Cursor) -> Result<(), sqlx::Error> {
    let Some(finalized) = cursor.finalized else { return Ok(()) };
    let (chain_id, finalized) = (chain_id.cast_signed(), finalized.cast_signed());
    let undo = sqlx::query("DELETE FROM undo WHERE chain_id = ? AND block <= ?");
    undo.bind(chain_id).bind(finalized).execute(&mut *conn).await?;
    let headers = sqlx::query(
        "DELETE FROM header WHERE chain_id = ?1 AND number <
         (SELECT max(number) FROM header WHERE chain_id = ?1 AND number <= ?2)",
    );
    headers.bind(chain_id).bind(finalized).execute(&mut *conn).await?;
    Ok(())
}

/// Moves the cursor.
pub(super) async fn write_cursor(
    conn: &mut SqliteConnection,
    chain_id: u64,
    cursor: Cursor,
) -> Result<(), sqlx::Error> {
    let query =
        sqlx::query("UPDATE cursor SET next_block = ?, tip_hash = ?, tip_time = ?, finalized = ? WHERE chain_id = ?");
    let query = query
        .bind(cursor.next_block.cast_signed())
        .bind(cursor.tip.map(|tip| tip.hash.to_vec()))
        .bind(cursor.tip.map(|tip| tip.time.cast_signed()))
        .bind(cursor.finalized.map(u64::cast_signed));
    query.bind(chain_id.cast_signed()).execute(conn).await?;
    Ok(())
}
