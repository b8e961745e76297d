//! The tables of state as the fold reads them: one row at a time, when an event needs it.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rusqlite::Connection;

use super::{StoreError, writer::read_row};
use crate::{
    cells::Cells,
    fold::{State, Stock},
    value::{Row, ValueError},
};

/// The open file. The writer and the states over it take turns, on one thread.
pub(super) struct DatabaseFile {
    path: PathBuf,
    conn: Mutex<Connection>,
}

impl DatabaseFile {
    pub fn new(path: PathBuf, conn: Connection) -> Self {
        Self { path, conn: Mutex::new(conn) }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The connection. Events are applied before a transaction begins, so nobody waits here for itself.
    pub fn conn(&self) -> MutexGuard<'_, Connection> {
        self.conn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The state of one chain in its file.
pub(super) struct TableStock {
    file: Arc<DatabaseFile>,
    chain_id: i64,
    /// By index in [`State::tables`]: the statement that reads a row, and the columns that it gives.
    statements: Vec<(String, usize)>,
    failure: Mutex<Option<StoreError>>,
}

impl TableStock {
    pub fn new(file: Arc<DatabaseFile>, chain_id: u64) -> Self {
        let statements = State::tables().iter().map(|table| (table.select_sql(), table.value_width())).collect();
        Self { file, chain_id: chain_id.cast_signed(), statements, failure: Mutex::new(None) }
    }

    /// Whether all rows could be read since this was last asked.
    pub fn check(&self) -> Result<(), StoreError> {
        self.failure().take().map_or(Ok(()), Err)
    }

    fn failure(&self) -> MutexGuard<'_, Option<StoreError>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn query(&self, table: usize, key: &Cells) -> rusqlite::Result<Option<Row>> {
        let (sql, columns) = &self.statements[table];
        let conn = self.file.conn();
        let mut statement = conn.prepare_cached(sql)?;
        statement.raw_bind_parameter(1, self.chain_id)?;
        for index in 0..key.len() {
            statement.raw_bind_parameter(index + 2, key.get(index))?;
        }
        let mut rows = statement.raw_query();
        rows.next()?.map(|row| read_row(row, *columns)).transpose()
    }
}

impl Stock for TableStock {
    fn read(&self, table: usize, key: &Cells) -> Option<Row> {
        self.query(table, key).unwrap_or_else(|error| {
            self.failure().get_or_insert(StoreError::sql(self.file.path(), &error));
            None
        })
    }

    fn is_wrong(&self, table: usize, cause: ValueError) {
        let table = State::tables()[table].base();
        self.failure().get_or_insert(StoreError::Value { table, cause });
    }
}
