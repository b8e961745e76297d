//! Writing ranges: rows, state, undo records and cursors, in one transaction.

use std::collections::BTreeMap;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::{Child, Cursor, Learned, StoreError, Tip, Writer, writer::Chain};
use crate::{
    cells::Cells,
    decode::{Decoded, RAW_WIDTH},
    dictionary::Dictionary,
    fold::{Change, State},
    source::{BlockRange, Header},
    value::{Field as _, Row},
};

/// A range that was fetched and decoded.
#[derive(Debug)]
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
    pub logs: Decoded,
    /// Contracts that the range brought into being.
    pub children: Vec<Child>,
    /// What has been learned of the endpoints, if it is new.
    pub learned: Vec<Learned>,
}

impl Batch {
    /// Whether none of its blocks can be taken back.
    pub fn is_final(&self) -> bool {
        self.finalized.is_some_and(|finalized| self.range.to <= finalized)
    }
}

/// A change of state in a block that is not final.
pub(super) struct Undo {
    block: u64,
    change: Change,
}

/// What a range does to the state.
#[derive(Default)]
struct Folded {
    /// In the order of the chain; a row may be there several times. Empty for final ranges, whose rows the state has.
    changes: Vec<Undo>,
    cursor: Option<Cursor>,
}

impl Writer {
    /// Writes ranges in one transaction; if that fails, each in its own. Only ranges that are final may be written
    /// together.
    ///
    /// A range fails if it does not follow on the last one, if an event does not fit the state, or if the database
    /// fails. File and memory are then as they were before it.
    pub fn commit(&mut self, batches: &[Batch]) -> Vec<Result<Cursor, StoreError>> {
        debug_assert!(
            batches.len() == 1 || batches.iter().all(Batch::is_final),
            "undo records need a range of their own"
        );
        match self.write(batches) {
            Ok(cursors) => cursors.into_iter().map(Ok).collect(),
            Err(error) if batches.len() == 1 => vec![Err(error)],
            Err(_) => batches.iter().flat_map(|batch| self.commit(std::slice::from_ref(batch))).collect(),
        }
    }

    fn write(&mut self, batches: &[Batch]) -> Result<Vec<Cursor>, StoreError> {
        let mut folded: Vec<Folded> = Vec::with_capacity(batches.len());
        let mut written = Ok(());
        for batch in batches {
            let mut fold = Folded::default();
            let same_chain = batches.iter().zip(&folded).rev().find(|(other, _)| other.chain_id == batch.chain_id);
            written = self.fold(batch, same_chain.and_then(|(_, last)| last.cursor), &mut fold);
            folded.push(fold);
            if written.is_err() {
                break;
            }
        }
        let written = written.and_then(|()| {
            self.state_rows.iter_mut().for_each(Cells::clear);
            let failed = |error: rusqlite::Error| StoreError::sql(self.file.path(), &error);
            let conn = self.file.conn();
            let tx = Transaction::new_unchecked(&conn, TransactionBehavior::Immediate).map_err(failed)?;
            self.statements.write(&tx, &mut self.chains, batches, &folded, &mut self.state_rows).map_err(failed)?;
            // After the rows were made that have these numbers.
            let numbered = write_dictionary(&tx, &self.dictionary, self.numbered).map_err(failed)?;
            tx.commit().map_err(failed)?;
            Ok(numbered)
        });
        match written {
            Ok(numbered) => {
                self.numbered = numbered;
                self.checkpointer.committed(batches.iter().map(|batch| batch.logs.logs).sum());
                let cursors =
                    batches.iter().zip(&folded).filter_map(|(batch, fold)| Some((batch.chain_id, fold.cursor?)));
                for (chain_id, cursor) in cursors {
                    if let Some(chain) = self.chains.get_mut(&chain_id) {
                        chain.cursor = cursor;
                        chain.settle();
                    }
                }
                Ok(folded.into_iter().filter_map(|fold| fold.cursor).collect())
            }
            Err(error) => {
                // Nothing was written: what is in the file holds.
                self.chains.values_mut().for_each(|chain| chain.state.abort());
                Err(error)
            }
        }
    }

    /// Applies the events of a range that follows on `before`, or on what is written.
    fn fold(&mut self, batch: &Batch, before: Option<Cursor>, folded: &mut Folded) -> Result<(), StoreError> {
        let chain = self.chains.get_mut(&batch.chain_id).ok_or(StoreError::UnknownChain(batch.chain_id))?;
        let before = before.unwrap_or(chain.cursor);
        check_order(before, batch)?;
        let finalized = before.finalized.max(batch.finalized);
        folded.cursor = Some(Cursor { next_block: batch.range.to + 1, tip: Some(Tip::from(batch.tip)), finalized });
        chain.apply(batch.chain_id, &batch.logs, batch.is_final(), &mut folded.changes)
    }
}

impl Chain {
    /// Applies events. What they change in blocks that are not final goes into `changes`, block by block.
    pub fn apply(
        &mut self,
        chain_id: u64,
        logs: &Decoded,
        is_final: bool,
        changes: &mut Vec<Undo>,
    ) -> Result<(), StoreError> {
        let (mut applied, mut words) = (None, Vec::new());
        for stored in logs.events() {
            let (at, block) = (stored.at(), stored.at().block());
            if let Some(last) = applied.replace(block).filter(|last| *last != block && !is_final) {
                self.note(last, changes);
            }
            let event = stored.decode(&mut words)?;
            if let Err(cause) = self.state.apply(at, &event) {
                // What does not fit may be what could not be read.
                self.stock.check()?;
                return Err(StoreError::Inconsistent { chain_id, block, log_index: at.log_index(), cause });
            }
        }
        if let Some(last) = applied.filter(|_| !is_final) {
            self.note(last, changes);
        }
        self.stock.check()
    }

    /// Adds what `block` changed.
    fn note(&mut self, block: u64, changes: &mut Vec<Undo>) {
        changes.extend(self.state.take_changes().into_iter().map(|change| Undo { block, change }));
    }

    /// What was applied is written.
    pub fn settle(&mut self) {
        self.state.settle();
        self.state.shrink(self.memory);
    }
}

fn check_order(cursor: Cursor, batch: &Batch) -> Result<(), StoreError> {
    let follows = match cursor.tip {
        // One block names its parent; the source has compared the hashes of longer ranges.
        Some(tip) if batch.range.from == batch.range.to => batch.tip.parent_hash == tip.hash,
        _ => true,
    };
    if batch.range.from != cursor.next_block || batch.tip.number != batch.range.to || !follows {
        let (from, next) = (batch.range.from, cursor.next_block);
        return Err(StoreError::OutOfOrder { chain_id: batch.chain_id, from, next });
    }
    Ok(())
}

/// The SQL of every table that rows go into, made once.
pub(super) struct Statements {
    raw: String,
    /// By index in the catalog: SQL and number of columns.
    events: Vec<(String, usize)>,
    /// By index in [`State::tables`].
    state: Vec<(String, usize)>,
}

impl Statements {
    pub fn new(events: &[crate::table::Table]) -> Self {
        let sql = |tables: &[crate::table::Table]| {
            tables.iter().map(|table| (table.insert_sql(), table.width())).collect::<Vec<_>>()
        };
        let raw = "INSERT INTO raw_log (event_id, block_time, contract, selector, contents, tx_hash) VALUES (?, ?, ?, ?, ?, ?)";
        Self { raw: raw.to_owned(), events: sql(events), state: sql(State::tables()) }
    }

    fn write(
        &self,
        tx: &Connection,
        chains: &mut BTreeMap<u64, Chain>,
        batches: &[Batch],
        folded: &[Folded],
        state_rows: &mut [Cells],
    ) -> rusqlite::Result<()> {
        for batch in batches {
            insert(tx, &self.raw, RAW_WIDTH, &batch.logs.raw)?;
        }
        self.write_events(tx, batches.iter().map(|batch| &batch.logs))?;
        let ends: BTreeMap<u64, (&Batch, Cursor)> = batches
            .iter()
            .zip(folded)
            .filter_map(|(batch, fold)| Some((batch.chain_id, (batch, fold.cursor?))))
            .collect();
        for (chain_id, (batch, cursor)) in &ends {
            if let Some(chain) = chains.get_mut(chain_id).filter(|_| batch.is_final()) {
                chain.state.changed(*chain_id, state_rows);
            }
            write_headers(tx, batch)?;
            write_cursor(tx, *chain_id, *cursor)?;
        }
        for (batch, fold) in batches.iter().zip(folded) {
            write_undo(tx, batch.chain_id, &fold.changes)?;
            changes_to_rows(batch.chain_id, &fold.changes, state_rows);
            write_found(tx, batch)?;
        }
        self.write_state(tx, state_rows)?;
        ends.iter().try_for_each(|(chain_id, (_, cursor))| prune(tx, *chain_id, *cursor))
    }

    /// Rows of the event tables, one table after the other.
    pub fn write_events<'a>(
        &self,
        tx: &Connection,
        ranges: impl Iterator<Item = &'a Decoded> + Clone,
    ) -> rusqlite::Result<()> {
        for (index, (sql, width)) in self.events.iter().enumerate() {
            for rows in ranges.clone().filter_map(|logs| logs.rows.get(index)) {
                insert(tx, sql, *width, rows)?;
            }
        }
        Ok(())
    }

    /// Rows of the tables of state.
    pub fn write_state(&self, tx: &Connection, state_rows: &[Cells]) -> rusqlite::Result<()> {
        self.state.iter().zip(state_rows).try_for_each(|((sql, width), rows)| insert(tx, sql, *width, rows))
    }
}

/// Inserts rows, one by one: with a prepared statement that is as fast as many rows in one.
fn insert(tx: &Connection, sql: &str, width: usize, rows: &Cells) -> rusqlite::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut statement = tx.prepare_cached(sql)?;
    for row in rows.rows(width) {
        for (index, cell) in row.enumerate() {
            statement.raw_bind_parameter(index + 1, cell)?;
        }
        statement.raw_execute()?;
    }
    Ok(())
}

/// Rows that changed in blocks that are not final; a later change of a row replaces the one before.
pub(super) fn changes_to_rows(chain_id: u64, changes: &[Undo], rows: &mut [Cells]) {
    for Undo { change, .. } in changes {
        let row = &mut rows[change.table];
        chain_id.write(row);
        change.key.iter().chain(&change.after).for_each(|value| row.value(value));
    }
}

/// Hashes of the last block and, in a range that is not final, of every block with logs: between two of them no row is.
fn write_headers(tx: &Connection, batch: &Batch) -> rusqlite::Result<()> {
    let mut statement =
        tx.prepare_cached("INSERT OR REPLACE INTO header (chain_id, number, hash, time) VALUES (?, ?, ?, ?)")?;
    let open = batch.logs.blocks.iter().filter(|_| !batch.is_final()).copied();
    for (number, hash, time) in open.chain([(batch.tip.number, batch.tip.hash, batch.tip.time)]) {
        let (chain_id, number, time) = (batch.chain_id.cast_signed(), number.cast_signed(), time.cast_signed());
        statement.execute(params![chain_id, number, hash.as_slice(), time])?;
    }
    Ok(())
}

pub(super) fn write_undo(tx: &Connection, chain_id: u64, changes: &[Undo]) -> rusqlite::Result<()> {
    let json = |row: &Row| serde_json::to_string(row).expect("values are JSON");
    let mut statement = tx.prepare_cached(
        "INSERT INTO undo (chain_id, block, seq, state_table, key, before) VALUES (?, ?, ?, ?, ?, ?)",
    )?;
    for (seq, Undo { block, change }) in changes.iter().enumerate() {
        let table = &State::tables()[change.table].name;
        let before = change.before.as_ref().map(json);
        let (chain_id, block) = (chain_id.cast_signed(), block.cast_signed());
        statement.execute(params![chain_id, block, seq as i64, table, json(&change.key), before])?;
    }
    Ok(())
}

/// Entries of the dictionary with greater numbers than `written`; the greatest one now.
fn write_dictionary(tx: &Connection, dictionary: &Dictionary, written: u32) -> rusqlite::Result<u32> {
    let mut last = written;
    for (number, bytes) in dictionary.after(written) {
        tx.prepare_cached("INSERT INTO dictionary (number, bytes) VALUES (?, ?)")?.execute(params![number, bytes])?;
        last = number;
    }
    Ok(last)
}

/// Contracts that came into being, and what was learned of the endpoints.
fn write_found(tx: &Connection, batch: &Batch) -> rusqlite::Result<()> {
    let chain_id = batch.chain_id.cast_signed();
    for child in &batch.children {
        let sql = "INSERT OR IGNORE INTO child (chain_id, address, name, block) VALUES (?, ?, ?, ?)";
        let values = params![chain_id, child.address.as_slice(), child.name, child.block.cast_signed()];
        tx.prepare_cached(sql)?.execute(values)?;
    }
    for learned in &batch.learned {
        let sql = "INSERT OR REPLACE INTO learned (chain_id, endpoint, blocks, logs, addresses, in_flight)
                   VALUES (?, ?, ?, ?, ?, ?)";
        let Learned { endpoint, blocks, logs, addresses, in_flight } = learned;
        let [blocks, logs, addresses, in_flight] = [*blocks, *logs, *addresses, *in_flight].map(u64::cast_signed);
        tx.prepare_cached(sql)?.execute(params![chain_id, endpoint, blocks, logs, addresses, in_flight])?;
    }
    Ok(())
}

/// What is final needs no undo records, and one hash to hold on to.
fn prune(tx: &Connection, chain_id: u64, cursor: Cursor) -> rusqlite::Result<()> {
    let Some(finalized) = cursor.finalized else { return Ok(()) };
    let ids = params![chain_id.cast_signed(), finalized.cast_signed()];
    tx.prepare_cached("DELETE FROM undo WHERE chain_id = ? AND block <= ?")?.execute(ids)?;
    tx.prepare_cached(
        "DELETE FROM header WHERE chain_id = ?1 AND number <
         (SELECT max(number) FROM header WHERE chain_id = ?1 AND number <= ?2)",
    )?
    .execute(ids)?;
    Ok(())
}

/// Moves the cursor.
pub(super) fn write_cursor(tx: &Connection, chain_id: u64, cursor: Cursor) -> rusqlite::Result<()> {
    let mut statement = tx.prepare_cached(
        "UPDATE cursor SET next_block = ?, tip_hash = ?, tip_time = ?, finalized = ? WHERE chain_id = ?",
    )?;
    statement.execute(params![
        cursor.next_block.cast_signed(),
        cursor.tip.map(|tip| tip.hash.to_vec()),
        cursor.tip.map(|tip| tip.time.cast_signed()),
        cursor.finalized.map(u64::cast_signed),
        chain_id.cast_signed(),
    ])?;
    Ok(())
}
