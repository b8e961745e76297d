//! Taking back blocks that a reorg has replaced, in one transaction.

use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};

use super::{Cursor, StoreError, Tip, Writer, commit::write_cursor, insert::bind, writer::read_hash};
use crate::{
    fold::State,
    position::ids_from,
    store::schema,
    table::{Shape, quoted},
    value::{Field as _, Row},
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
    pub async fn headers(&mut self, chain_id: u64) -> Result<Vec<Tip>, StoreError> {
        let query = sqlx::query("SELECT number, hash, time FROM header WHERE chain_id = ? ORDER BY number DESC");
        let rows = query.bind(chain_id.cast_signed()).fetch_all(&mut self.conn).await;
        let rows = rows.map_err(|error| StoreError::sql(&self.path, &error))?;
        let tip = |row: sqlx::sqlite::SqliteRow| {
            let hash = read_hash("header", row.get::<Vec<u8>, _>(1))?;
            Ok(Tip { number: row.get::<i64, _>(0).cast_unsigned(), hash, time: row.get::<i64, _>(2).cast_unsigned() })
        };
        rows.into_iter().map(tip).collect()
    }

    /// Takes back all blocks after `ancestor`, or all there are if it is `None`.
    ///
    /// # Errors
    ///
    /// [`StoreError::DeepReorg`] if one of them was final: then nothing is deleted. After a failure of the database
    /// the writer must be opened again.
    pub async fn rollback(&mut self, chain_id: u64, ancestor: Option<Tip>) -> Result<Cursor, StoreError> {
        let Self { path, conn, chains, .. } = self;
        let chain = chains.get_mut(&chain_id).ok_or(StoreError::UnknownChain(chain_id))?;
        let failed = |error: sqlx::Error| StoreError::sql(path, &error);
        let start = start_block(conn, chain_id).await.map_err(failed)?;
        let next_block = ancestor.map_or(start, |tip| tip.number + 1);
        if let Some(finalized) = chain.cursor.finalized {
            let anchor = final_header(conn, chain_id, finalized).await.map_err(failed)?;
            if anchor.is_some_and(|anchor| anchor >= next_block) {
                return Err(StoreError::DeepReorg { chain_id, finalized });
            }
        }
        let cursor = Cursor { next_block, tip: ancestor, finalized: chain.cursor.finalized };

        let mut tx = conn.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let undo = read_undo(&mut tx, chain_id, next_block).await.map_err(failed)?;
        for before in &undo {
            restore(&mut tx, chain_id, before).await.map_err(failed)?;
        }
        delete_blocks(&mut tx, chain_id, chain.slot, next_block).await.map_err(failed)?;
        write_cursor(&mut tx, chain_id, cursor).await.map_err(failed)?;
        tx.commit().await.map_err(failed)?;

        for before in &undo {
            let restored = chain.state.restore(before.table, &before.key, before.value.as_deref());
            let table = || State::tables()[before.table].base();
            restored.map_err(|cause| StoreError::Value { table: table(), cause })?;
        }
        chain.cursor = cursor;
        Ok(cursor)
    }
}

async fn start_block(conn: &mut SqliteConnection, chain_id: u64) -> Result<u64, sqlx::Error> {
    let query = sqlx::query_scalar::<_, i64>("SELECT start_block FROM chain WHERE chain_id = ?");
    Ok(query.bind(chain_id.cast_signed()).fetch_one(conn).await?.cast_unsigned())
}

/// The newest final block whose hash is held; no row is in the final blocks after it.
async fn final_header(conn: &mut SqliteConnection, chain_id: u64, finalized: u64) -> Result<Option<u64>, sqlx::Error> {
    let query =
        sqlx::query_scalar::<_, Option<i64>>("SELECT max(number) FROM header WHERE chain_id = ? AND number <= ?");
    let number = query.bind(chain_id.cast_signed()).bind(finalized.cast_signed()).fetch_one(conn).await?;
    Ok(number.map(i64::cast_unsigned))
}

/// The undo records of the blocks from `next_block` on, the newest first.
async fn read_undo(conn: &mut SqliteConnection, chain_id: u64, next_block: u64) -> Result<Vec<Before>, sqlx::Error> {
    let query = sqlx::query(
        "SELECT state_table, key, before FROM undo WHERE chain_id = ? AND block >= ? ORDER BY block DESC, seq DESC",
    );
    let rows = query.bind(chain_id.cast_signed()).bind(next_block.cast_signed()).fetch_all(conn).await?;
    let read = |row: sqlx::sqlite::SqliteRow| {
        let json = |text: String| serde_json::from_str::<Row>(&text).map_err(|error| sqlx::Error::Decode(error.into()));
        let name = row.get::<String, _>(0);
        let table = State::tables().iter().position(|table| table.name == name);
        let table = table.ok_or_else(|| sqlx::Error::Decode(format!("no table of state is named {name}").into()))?;
        let value = row.get::<Option<String>, _>(2).map(json).transpose()?;
        Ok(Before { table, key: json(row.get(1))?, value })
    };
    rows.into_iter().map(read).collect()
}

async fn restore(conn: &mut SqliteConnection, chain_id: u64, before: &Before) -> Result<(), sqlx::Error> {
    let table = &State::tables()[before.table];
    let (sql, value) = match &before.value {
        Some(value) => (table.insert_sql(1), value.as_slice()),
        None => (table.delete_sql(), [].as_slice()),
    };
    let values = std::iter::once(chain_id.to_value()).chain(before.key.iter().cloned()).chain(value.iter().cloned());
    values.fold(sqlx::query(AssertSqlSafe(sql)), bind).execute(conn).await?;
    Ok(())
}

async fn delete_blocks(
    conn: &mut SqliteConnection,
    chain_id: u64,
    slot: u64,
    next_block: u64,
) -> Result<(), sqlx::Error> {
    let ids = ids_from(slot, next_block);
    let events = schema::derived_tables().filter(|table| table.shape == Shape::Event).map(|table| table.base());
    for table in events.chain(["raw_log".to_owned()]) {
        let sql = format!("DELETE FROM {} WHERE event_id BETWEEN ? AND ?", quoted(&table));
        let query = sqlx::query(AssertSqlSafe(sql)).bind(ids.start().cast_signed()).bind(ids.end().cast_signed());
        query.execute(&mut *conn).await?;
    }
    for sql in
        ["DELETE FROM undo WHERE chain_id = ? AND block >= ?", "DELETE FROM header WHERE chain_id = ? AND number >= ?"]
    {
        let query = sqlx::query(sql).bind(chain_id.cast_signed()).bind(next_block.cast_signed());
        query.execute(&mut *conn).await?;
    }
    Ok(())
}
