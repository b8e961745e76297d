//! The one writer. Of the state of every chain it holds what was used lately, as the file has it.

use std::{collections::BTreeMap, fs::File, path::Path, sync::Arc};

use alloy::primitives::{Address, B256};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    Child, Cursor, Learned, StoreError, Tip,
    checkpoint::Checkpointer,
    commit::Statements,
    open,
    open::Opened,
    raw_log::load_dictionary,
    schema,
    stock::{DatabaseFile, TableStock},
};
use crate::{
    cells::Cells,
    decode::Catalog,
    dictionary::Dictionary,
    fold::State,
    manifest::Manifest,
    table::{Shape, Table, quoted},
    value::{Field, Row, Value},
};

/// Bytes of a chain's state that are held unless it is said otherwise.
pub const STATE_MEMORY: usize = 24 << 20;

/// The writer of a database.
pub struct Writer {
    pub(super) file: Arc<DatabaseFile>,
    pub(super) catalog: Arc<Catalog>,
    pub(super) dictionary: Arc<Dictionary>,
    /// The greatest number of the dictionary that is in the file.
    pub(super) numbered: u32,
    pub(super) chains: BTreeMap<u64, Chain>,
    pub(super) statements: Statements,
    /// Rows of state on their way into the file; kept for their memory.
    pub(super) state_rows: Vec<Cells>,
    pub(super) checkpointer: Checkpointer,
    pub(super) _lock: File,
}

/// What the writer holds of a chain.
pub(super) struct Chain {
    pub slot: u64,
    pub cursor: Cursor,
    /// Over the file.
    pub state: State,
    pub stock: Arc<TableStock>,
    /// Bytes of state that are held.
    pub memory: usize,
}

impl Writer {
    /// Opens a file, makes it if there is none, and loads the state of the manifest's chains.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened or written, is damaged, in use, or of another program, version or deployment.
    pub fn open(path: &Path, manifest: &Manifest, catalog: Arc<Catalog>) -> Result<Self, StoreError> {
        let opened = open::open(path, manifest, &catalog)?;
        Self::over(opened, manifest, catalog)
    }

    /// A writer of an open file.
    pub(super) fn over(opened: Opened, manifest: &Manifest, catalog: Arc<Catalog>) -> Result<Self, StoreError> {
        let entries = load_dictionary(&opened.conn).map_err(|error| StoreError::sql(&opened.path, &error))?;
        let dictionary = Dictionary::new(entries);
        let mut writer = Self {
            numbered: dictionary.after(0).last().map_or(0, |(number, _)| *number),
            dictionary: Arc::new(dictionary),
            checkpointer: Checkpointer::start(&opened.path),
            file: Arc::new(DatabaseFile::new(opened.path, opened.conn)),
            statements: Statements::new(catalog.tables()),
            catalog,
            chains: BTreeMap::new(),
            state_rows: vec![Cells::default(); State::tables().len()],
            _lock: opened.lock,
        };
        for chain in &manifest.chains {
            let (slot, cursor) = load_cursor(writer.path(), &writer.file.conn(), chain.chain_id)?;
            let stock = Arc::new(TableStock::new(writer.file.clone(), chain.chain_id));
            let state = State::over(stock.clone());
            writer.chains.insert(chain.chain_id, Chain { slot, cursor, state, stock, memory: STATE_MEMORY });
        }
        Ok(writer)
    }

    /// The numbers that this database has for addresses and selectors.
    pub fn dictionary(&self) -> Arc<Dictionary> {
        self.dictionary.clone()
    }

    /// Holds at most about so many bytes of the state of each chain; more are read again, fewer make it slow.
    pub fn hold(&mut self, bytes: usize) {
        self.chains.values_mut().for_each(|chain| chain.memory = bytes);
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// How far a chain is.
    ///
    /// # Errors
    ///
    /// If the manifest did not name the chain.
    pub fn cursor(&self, chain_id: u64) -> Result<Cursor, StoreError> {
        Ok(self.chain(chain_id)?.cursor)
    }

    /// The folded state of a chain, whole, as the file has it.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub fn state(&self, chain_id: u64) -> Result<State, StoreError> {
        load_state(self.path(), &self.file.conn(), chain_id)
    }

    /// Slot of a chain, the uppermost bits of its event ids.
    ///
    /// # Errors
    ///
    /// If the manifest did not name the chain.
    pub fn slot(&self, chain_id: u64) -> Result<u64, StoreError> {
        Ok(self.chain(chain_id)?.slot)
    }

    /// What earlier runs have learned of a chain's endpoints.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub fn learned(&self, chain_id: u64) -> Result<Vec<Learned>, StoreError> {
        let sql = "SELECT endpoint, blocks, logs, addresses, in_flight FROM learned WHERE chain_id = ?";
        let read = |row: &rusqlite::Row<'_>| {
            let number = |index| row.get::<_, i64>(index).map(i64::cast_unsigned);
            let [blocks, logs, addresses, in_flight] = [number(1)?, number(2)?, number(3)?, number(4)?];
            Ok(Learned { endpoint: row.get(0)?, blocks, logs, addresses, in_flight })
        };
        let rows = self.file.conn().prepare(sql).and_then(|mut statement| {
            statement.query_map(params![chain_id.cast_signed()], read)?.collect::<rusqlite::Result<Vec<_>>>()
        });
        rows.map_err(|error| StoreError::sql(self.path(), &error))
    }

    /// Contracts of a chain that other contracts brought into being.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub fn children(&self, chain_id: u64) -> Result<Vec<Child>, StoreError> {
        load_children(self.path(), &self.file.conn(), chain_id)
    }

    /// Makes the indexes that the API reads by, if they are not there.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub fn create_indexes(&mut self) -> Result<(), StoreError> {
        for index in schema::indexes(&self.catalog) {
            self.file.conn().execute_batch(index).map_err(|error| StoreError::sql(self.path(), &error))?;
        }
        Ok(())
    }

    pub(super) fn chain(&self, chain_id: u64) -> Result<&Chain, StoreError> {
        self.chains.get(&chain_id).ok_or(StoreError::UnknownChain(chain_id))
    }
}

/// Loads slot and cursor of a chain.
pub(super) fn load_cursor(path: &Path, conn: &Connection, chain_id: u64) -> Result<(u64, Cursor), StoreError> {
    let failed = |error: rusqlite::Error| StoreError::sql(path, &error);
    let sql = "SELECT slot, next_block, tip_hash, tip_time, finalized FROM chain JOIN cursor USING (chain_id)
               WHERE chain_id = ?";
    type Fields = (i64, i64, Option<Vec<u8>>, Option<i64>, Option<i64>);
    let read = |row: &rusqlite::Row<'_>| -> rusqlite::Result<Fields> { row.try_into() };
    let found = conn.query_row(sql, params![chain_id.cast_signed()], read).optional().map_err(failed)?;
    let (slot, next_block, hash, time, finalized) = found.ok_or(StoreError::UnknownChain(chain_id))?;
    let next_block = next_block.cast_unsigned();
    let tip = match hash.zip(time) {
        Some((hash, time)) => {
            let hash = read_field::<B256>("cursor", Value::Blob(hash))?;
            Some(Tip { number: next_block.saturating_sub(1), hash, time: time.cast_unsigned() })
        }
        None => None,
    };
    Ok((slot.cast_unsigned(), Cursor { next_block, tip, finalized: finalized.map(i64::cast_unsigned) }))
}

/// Loads the whole folded state of a chain; none if the database has no tables of state.
pub(super) fn load_state(path: &Path, conn: &Connection, chain_id: u64) -> Result<State, StoreError> {
    let failed = |error: rusqlite::Error| StoreError::sql(path, &error);
    let mut state = State::default();
    if !has_state(conn).map_err(failed)? {
        return Ok(state);
    }
    for (index, table) in State::tables().iter().enumerate() {
        let Shape::State { key_columns } = table.shape else { unreachable!("{} is a table of state", table.name) };
        let sql = format!("SELECT {} FROM {} WHERE chain_id = ?", column_list(table), quoted(&table.base()));
        let mut statement = conn.prepare(&sql).map_err(failed)?;
        let mut rows = statement.query(params![chain_id.cast_signed()]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let row = read_row(row, table.columns.len()).map_err(failed)?;
            let restored = state.restore(index, &row[..key_columns], Some(&row[key_columns..]));
            restored.map_err(|cause| StoreError::Value { table: table.base(), cause })?;
        }
    }
    Ok(state)
}

/// Whether the database folds: it holds our contracts.
pub(super) fn has_state(conn: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE name = ?";
    Ok(conn.query_row(sql, params![State::tables()[0].base()], |row| row.get::<_, i64>(0))? > 0)
}

/// Contracts that other contracts brought into being.
pub(super) fn load_children(path: &Path, conn: &Connection, chain_id: u64) -> Result<Vec<Child>, StoreError> {
    let sql = "SELECT address, name, block FROM child WHERE chain_id = ? ORDER BY block, address";
    let read = |row: &rusqlite::Row<'_>| -> rusqlite::Result<(Vec<u8>, String, i64)> { row.try_into() };
    let rows = conn.prepare(sql).and_then(|mut statement| {
        statement.query_map(params![chain_id.cast_signed()], read)?.collect::<rusqlite::Result<Vec<_>>>()
    });
    let rows = rows.map_err(|error| StoreError::sql(path, &error))?;
    let child = |(address, name, block): (Vec<u8>, String, i64)| {
        let address = read_field::<Address>("child", Value::Blob(address))?;
        Ok(Child { address, name, block: block.cast_unsigned() })
    };
    rows.into_iter().map(child).collect()
}

/// The columns besides those that the shape brings.
pub(super) fn column_list(table: &Table) -> String {
    table.columns.iter().map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ")
}

pub(super) fn read_row(row: &rusqlite::Row<'_>, columns: usize) -> rusqlite::Result<Row> {
    use rusqlite::types::ValueRef;

    let value = |index| {
        Ok(match row.get_ref(index)? {
            ValueRef::Null | ValueRef::Real(_) => Value::Null,
            ValueRef::Integer(number) => Value::Integer(number),
            ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        })
    };
    (0..columns).map(value).collect()
}

/// A value in a column of `table`.
pub(super) fn read_field<F: Field>(table: &str, value: Value) -> Result<F, StoreError> {
    F::from_value(&value).map_err(|cause| StoreError::Value { table: table.to_owned(), cause })
}
