//! Logs as they came, in a third of the bytes: what all other tables can be made from again.

use alloy::primitives::{Address, B256};
use rusqlite::{Connection, Row};

use super::StoreError;
use crate::{event::Log, packed::unpack, position::Position, table::tx_hash_sql, value::ValueError};

/// The columns that [`RawLogs::log`] reads, of `raw_log AS r`.
pub(crate) const COLUMNS: &str = "r.event_id, r.block_time, r.contract, r.selector, r.contents";

/// Turns rows of `raw_log` into logs.
pub(crate) struct RawLogs {
    /// Of the dictionary, by number, from 1 on.
    entries: Vec<Vec<u8>>,
    /// Memory for what is unpacked.
    words: Vec<u8>,
}

/// [`COLUMNS`] and the hash of the transaction.
pub(crate) fn columns_with_tx() -> String {
    format!("{COLUMNS}, {}", tx_hash_sql("r"))
}

/// The entries of a database's dictionary, in the order of their numbers.
pub(super) fn load_dictionary(conn: &Connection) -> rusqlite::Result<Vec<Vec<u8>>> {
    conn.prepare("SELECT bytes FROM dictionary ORDER BY number")?.query_map([], |row| row.get(0))?.collect()
}

impl RawLogs {
    /// A reader of the logs of a database, of the rows that are there in the same transaction.
    pub fn of(conn: &Connection) -> rusqlite::Result<Self> {
        Ok(Self { entries: load_dictionary(conn)?, words: Vec::new() })
    }

    /// The log of a row of [`COLUMNS`], and where it stands. The block's hash is not stored; that of the transaction is
    /// zero without [`columns_with_tx`], and if the row that has it is gone.
    ///
    /// # Errors
    ///
    /// If a value is none that the writer writes.
    pub fn log(&mut self, row: &Row<'_>) -> Result<(Position, Log), StoreError> {
        let wrong = |cause| StoreError::Value { table: "raw_log".to_owned(), cause };
        let of_row = |error: rusqlite::Error| wrong(ValueError::unknown("column", &error.to_string()));
        let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned).map_err(of_row);
        let at = Position { id: number(0)?, time: number(1)? };
        let address = self.known::<Address>(number(2)?).map_err(wrong)?;
        let selector = row.get::<_, Option<i64>>(3).map_err(of_row)?;
        let selector = selector.map(|number| self.known::<B256>(number.cast_unsigned())).transpose().map_err(wrong)?;
        let contents = row.get_ref(4).and_then(|value| Ok(value.as_blob()?)).map_err(of_row)?;

        self.words.clear();
        let unpacked = contents.split_first().and_then(|(topics, packed)| {
            unpack(packed, &mut self.words)?;
            self.words.split_at_checked(32 * usize::from(*topics))
        });
        let (topics, data) =
            unpacked.ok_or_else(|| wrong(ValueError::unknown("packed log", &format!("{contents:02x?}"))))?;
        let topics = topics.as_chunks::<32>().0.iter().map(|word| B256::from(*word));
        let tx_hash = match row.as_ref().column_count() {
            ..6 => None,
            _ => row.get_ref(5).and_then(|value| Ok(value.as_blob_or_null()?)).map_err(of_row)?,
        };
        let log = Log {
            address,
            topics: selector.into_iter().chain(topics).collect(),
            data: data.to_vec(),
            block: at.block(),
            block_hash: B256::ZERO,
            block_time: Some(at.time),
            tx_hash: tx_hash.and_then(|hash| B256::try_from(hash).ok()).unwrap_or_default(),
            log_index: at.log_index(),
        };
        Ok((at, log))
    }

    fn known<'a, T: TryFrom<&'a [u8]>>(&'a self, number: u64) -> Result<T, ValueError> {
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let entry = index.and_then(|index| T::try_from(self.entries.get(index)?).ok());
        entry.ok_or_else(|| ValueError::unknown("number of the dictionary", &number.to_string()))
    }
}
