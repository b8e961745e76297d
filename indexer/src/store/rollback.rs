//! Taking back blocks that a reorg has replaced, in one transaction.

use rusqlite::{Connection, Transaction, TransactionBehavior, params, params_from_iter};

use super::{Cursor, StoreError, Tip, Writer, commit::write_cursor, writer::read_field};
use crate::{
    cells::{CellRef, Cells},
    fold::State,
    position::ids_from,
    table::quoted,
    value::{Row, Value},
};

/// A row of state as it was.
struct Before {
    table: usize,
    key: Row,
    value: Option<Row>,
}

impl Writer {
    /// The blocks whose hashes the database holds, the newest first: those that are not final and have logs, the last
    /// block of each range, and one that is final.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub fn headers(&self, chain_id: u64) -> Result<Vec<Tip>, StoreError> {
        let sql = "SELECT number, hash, time FROM header WHERE chain_id = ? ORDER BY number DESC";
        let read = |row: &rusqlite::Row<'_>| -> rusqlite::Result<(i64, Vec<u8>, i64)> { row.try_into() };
        let rows = self.file.conn().prepare(sql).and_then(|mut statement| {
            statement.query_map(params![chain_id.cast_signed()], read)?.collect::<rusqlite::Result<Vec<_>>>()
        });
        let rows = rows.map_err(|error| StoreError::sql(self.file.path(), &error))?;
        let tip = |(number, hash, time): (i64, Vec<u8>, i64)| {
            let hash = read_field("header", Value::Blob(hash))?;
            Ok(Tip { number: number.cast_unsigned(), hash, time: time.cast_unsigned() })
        };
        rows.into_iter().map(tip).collect()
    }

    /// Takes back all blocks after `ancestor`, or all there are if it is `None`.
    ///
    /// # Errors
    ///
    /// [`StoreError::DeepReorg`] if one of them was final: then nothing is deleted. If the database fails, file and
    /// memory are as they were.
    pub fn rollback(&mut self, chain_id: u64, ancestor: Option<Tip>) -> Result<Cursor, StoreError> {
        let Self { file, chains, catalog, .. } = self;
        let (path, conn) = (file.path(), &*file.conn());
        let chain = chains.get_mut(&chain_id).ok_or(StoreError::UnknownChain(chain_id))?;
        let failed = |error: rusqlite::Error| StoreError::sql(path, &error);
        let start = start_block(conn, chain_id).map_err(failed)?;
        let next_block = ancestor.map_or(start, |tip| tip.number + 1);
        if let Some(finalized) = chain.cursor.finalized {
            let anchor = final_header(conn, chain_id, finalized).map_err(failed)?;
            if anchor.is_some_and(|anchor| anchor >= next_block) {
                return Err(StoreError::DeepReorg { chain_id, finalized });
            }
        }
        let cursor = Cursor { next_block, tip: ancestor, finalized: chain.cursor.finalized };

        let tx = Transaction::new_unchecked(conn, TransactionBehavior::Immediate).map_err(failed)?;
        let undo = read_undo(path, &tx, chain_id, next_block)?;
        undo.iter().try_for_each(|before| restore(&tx, chain_id, before)).map_err(failed)?;
        delete_blocks(&tx, chain_id, ids_from(chain.slot, next_block), next_block, catalog.tables()).map_err(failed)?;
        write_cursor(&tx, chain_id, cursor).map_err(failed)?;
        tx.commit().map_err(failed)?;

        chain.state.abort();
        chain.cursor = cursor;
        Ok(cursor)
    }
}

fn start_block(conn: &Connection, chain_id: u64) -> rusqlite::Result<u64> {
    let sql = "SELECT start_block FROM chain WHERE chain_id = ?";
    conn.query_row(sql, params![chain_id.cast_signed()], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned)
}

/// The newest final block whose hash is held; no row is in the final blocks after it.
fn final_header(conn: &Connection, chain_id: u64, finalized: u64) -> rusqlite::Result<Option<u64>> {
    let sql = "SELECT max(number) FROM header WHERE chain_id = ? AND number <= ?";
    let ids = params![chain_id.cast_signed(), finalized.cast_signed()];
    let number = conn.query_row(sql, ids, |row| row.get::<_, Option<i64>>(0))?;
    Ok(number.map(i64::cast_unsigned))
}

/// The undo records of the blocks from `next_block` on, the newest first.
fn read_undo(
    path: &std::path::Path,
    conn: &Connection,
    chain_id: u64,
    next_block: u64,
) -> Result<Vec<Before>, StoreError> {
    let sql =
        "SELECT state_table, key, before FROM undo WHERE chain_id = ? AND block >= ? ORDER BY block DESC, seq DESC";
    let read = |row: &rusqlite::Row<'_>| -> rusqlite::Result<(String, String, Option<String>)> { row.try_into() };
    let rows = conn.prepare(sql).and_then(|mut statement| {
        let ids = params![chain_id.cast_signed(), next_block.cast_signed()];
        statement.query_map(ids, read)?.collect::<rusqlite::Result<Vec<_>>>()
    });
    let rows = rows.map_err(|error| StoreError::sql(path, &error))?;
    let wrong = |cause: String| StoreError::Corrupt { path: path.to_owned(), cause };
    let json = |text: &str| serde_json::from_str::<Row>(text).map_err(|error| wrong(format!("undo record: {error}")));
    let before = |(name, key, value): (String, String, Option<String>)| {
        let table = State::tables().iter().position(|table| table.name == name);
        let table = table.ok_or_else(|| wrong(format!("no table of state is named {name}")))?;
        Ok(Before { table, key: json(&key)?, value: value.as_deref().map(json).transpose()? })
    };
    rows.into_iter().map(before).collect()
}

fn restore(conn: &Connection, chain_id: u64, before: &Before) -> rusqlite::Result<()> {
    let table = &State::tables()[before.table];
    let (sql, value) = match &before.value {
        Some(value) => (table.insert_sql(), value.as_slice()),
        None => (table.delete_sql(), [].as_slice()),
    };
    let mut cells = Cells::default();
    cells.integer(chain_id.cast_signed());
    before.key.iter().chain(value).for_each(|value| cells.value(value));
    let values = (0..cells.len()).map(|index| -> CellRef<'_> { cells.get(index) });
    conn.prepare_cached(&sql)?.execute(params_from_iter(values)).map(drop)
}

fn delete_blocks(
    conn: &Connection,
    chain_id: u64,
    ids: std::ops::RangeInclusive<u64>,
    next_block: u64,
    events: &[crate::table::Table],
) -> rusqlite::Result<()> {
    for table in events.iter().map(crate::table::Table::base).chain(["raw_log".to_owned()]) {
        let sql = format!("DELETE FROM {} WHERE event_id BETWEEN ? AND ?", quoted(&table));
        conn.execute(&sql, params![ids.start().cast_signed(), ids.end().cast_signed()])?;
    }
    for sql in [
        "DELETE FROM undo WHERE chain_id = ? AND block >= ?",
        "DELETE FROM header WHERE chain_id = ? AND number >= ?",
        "DELETE FROM child WHERE chain_id = ? AND block >= ?",
    ] {
        conn.execute(sql, params![chain_id.cast_signed(), next_block.cast_signed()])?;
    }
    Ok(())
}
