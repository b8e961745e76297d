//! Every table again, out of the raw logs: without a request, and after a change of the contracts' ABIs or of the fold.
//!
//! The old tables are dropped and the new ones made in one transaction, which also notes the next event to take in. Each
//! further transaction moves that note, and the last one removes it: an interrupted rebuild goes on where it was.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
};

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::{
    Cursor, StoreError, Writer,
    commit::{changes_to_rows, write_undo},
    open::{self, Found, Opened, connect, connect_to_read, set_meta},
    raw_log::{COLUMNS, RawLogs},
    schema,
    writer::load_children,
};
use crate::{
    cells::Cells,
    decode::{Catalog, Decoded, Decoder},
    manifest::{ChainManifest, Manifest},
    memory::give_back_large_blocks,
    position::ids_from,
    shelf::Shelf,
    table::quoted,
};

/// Name in `meta` of the next event to take in, while a rebuild is under way.
pub(super) const MARK: &str = "rebuild";

/// Logs in one transaction, but for the last block's.
const LOGS: usize = 20_000;

/// Parts that are decoded ahead of the writer.
const AHEAD: usize = 2;

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilt {
    /// Logs taken in so far, since this process began.
    pub logs: u64,
}

/// Some logs of one chain, decoded.
struct Part {
    chain_id: u64,
    logs: Decoded,
    is_final: bool,
    /// The next event's id is at least this.
    next: u64,
}

/// Makes every table of events and of state again out of the raw logs.
///
/// # Errors
///
/// If the file is no database of the manifest's deployments, if a log does not fit, or if the database fails. Nothing
/// of the raw logs is ever changed, and a second call goes on.
pub fn rebuild(path: &Path, manifest: &Manifest, mut progress: impl FnMut(Rebuilt)) -> Result<Rebuilt, StoreError> {
    give_back_large_blocks();
    let wrong = |what| StoreError::OtherDeployment { path: path.to_owned(), what };
    let catalog = Arc::new(Catalog::of(manifest).map_err(wrong)?);
    let (conn, lock) = connect(path)?;
    let mut next = begin(path, &conn, manifest, &catalog)?;
    let mut writer = Writer::over(Opened { path: path.to_owned(), conn, lock }, manifest, catalog.clone())?;

    let mut rebuilt = Rebuilt { logs: 0 };
    let mut chains: Vec<&ChainManifest> = manifest.chains.iter().collect();
    chains.sort_by_key(|chain| writer.chains[&chain.chain_id].slot);
    for chain in chains {
        let loaded = &writer.chains[&chain.chain_id];
        let (first, last) = ids_from(loaded.slot, 0).into_inner();
        if next > last {
            continue;
        }
        let from = next.max(first);
        let mut decoder = chain.decoder(catalog.clone(), writer.dictionary());
        for child in load_children(path, &writer.file.conn(), chain.chain_id)? {
            decoder.add(&child.name, child.address);
        }
        let shelf = Arc::new(Shelf::new(2 * AHEAD));
        let (chain_id, cursor) = (chain.chain_id, loaded.cursor);
        let source = Source { path: path.to_owned(), decoder, chain_id, cursor, shelf: shelf.clone() };
        let (sender, parts) = mpsc::sync_channel(AHEAD);
        let reading = std::thread::spawn(move || source.read(from, last, &sender));
        for part in parts {
            writer.take(&part)?;
            rebuilt.logs += part.logs.logs as u64;
            shelf.leave(part.logs);
            progress(rebuilt);
        }
        reading.join().expect("reading logs does not panic")?;
        next = last + 1;
    }
    writer.finish()?;
    Ok(rebuilt)
}

/// Drops the tables and makes them new, unless that was done; the next event to take in.
fn begin(path: &Path, conn: &Connection, manifest: &Manifest, catalog: &Catalog) -> Result<u64, StoreError> {
    let failed = |error: rusqlite::Error| StoreError::sql(path, &error);
    let layout = schema::layout(catalog).to_string();
    match open::check(path, conn)? {
        Found::Nothing => {
            let cause = "it is empty".to_owned();
            return Err(StoreError::Open { path: path.to_owned(), cause });
        }
        Found::Database { layout: found, rebuilding: true } if found == layout => {
            let next = open::meta(conn, MARK).map_err(failed)?;
            return Ok(next.and_then(|next| next.parse().ok()).unwrap_or_default());
        }
        Found::Database { .. } => {}
    }
    conn.execute_batch(open::PRAGMAS).map_err(failed)?;
    let tx = Transaction::new_unchecked(conn, TransactionBehavior::Immediate).map_err(failed)?;
    let sql = "SELECT chain_id FROM chain";
    let chains = tx.prepare(sql).and_then(|mut statement| {
        statement.query_map([], |row| row.get::<_, i64>(0))?.collect::<rusqlite::Result<Vec<_>>>()
    });
    for chain_id in chains.map_err(failed)? {
        if manifest.chain(chain_id.cast_unsigned()).is_none() {
            let what = format!("it has chain {chain_id}, which the manifest lacks");
            return Err(StoreError::OtherDeployment { path: path.to_owned(), what });
        }
    }
    for chain in &manifest.chains {
        open::register(path, &tx, chain)?;
    }
    drop_derived(&tx).map_err(failed)?;
    tx.execute_batch(&schema::create_derived_sql(catalog)).map_err(failed)?;
    tx.execute("DELETE FROM undo", []).map_err(failed)?;
    set_meta(&tx, "layout", &layout).map_err(failed)?;
    set_meta(&tx, MARK, "0").map_err(failed)?;
    tx.commit().map_err(failed)?;
    Ok(0)
}

fn drop_derived(tx: &Connection) -> rusqlite::Result<()> {
    let sql = "SELECT type, name FROM sqlite_schema WHERE (type = 'view' AND name <> 'log')
               OR (type = 'table' AND (name LIKE 'event\\_%' ESCAPE '\\' OR name LIKE 'state\\_%' ESCAPE '\\'))
               ORDER BY type DESC";
    let read = |row: &rusqlite::Row<'_>| -> rusqlite::Result<(String, String)> { row.try_into() };
    let found = tx.prepare(sql)?.query_map([], read)?.collect::<rusqlite::Result<Vec<_>>>()?;
    found.iter().try_for_each(|(kind, name)| tx.execute_batch(&format!("DROP {kind} {}", quoted(name))))
}

impl Writer {
    /// Writes what a part derives to.
    fn take(&mut self, part: &Part) -> Result<(), StoreError> {
        let Self { file, chains, statements, state_rows, checkpointer, .. } = self;
        let path = file.path();
        let failed = |error: rusqlite::Error| StoreError::sql(path, &error);
        let chain = chains.get_mut(&part.chain_id).ok_or(StoreError::UnknownChain(part.chain_id))?;
        let mut changes = Vec::new();
        chain.apply(part.chain_id, &part.logs, part.is_final, &mut changes)?;
        state_rows.iter_mut().for_each(Cells::clear);
        if part.is_final {
            chain.state.changed(part.chain_id, state_rows);
        }
        changes_to_rows(part.chain_id, &changes, state_rows);
        let conn = file.conn();
        let tx = Transaction::new_unchecked(&conn, TransactionBehavior::Immediate).map_err(failed)?;
        let written = statements.write_events(&tx, std::iter::once(&part.logs));
        let written = written.and_then(|()| statements.write_state(&tx, state_rows));
        let written = written.and_then(|()| write_undo(&tx, part.chain_id, &changes));
        written.and_then(|()| set_meta(&tx, MARK, &part.next.to_string())).map_err(failed)?;
        tx.commit().map_err(failed)?;
        chain.settle();
        checkpointer.committed(part.logs.logs);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), StoreError> {
        self.create_indexes()?;
        let done = self.file.conn().execute("DELETE FROM meta WHERE name = ?", params![MARK]);
        done.map(drop).map_err(|error| StoreError::sql(self.file.path(), &error))
    }
}

/// Reads and decodes the logs of a chain.
struct Source {
    path: PathBuf,
    decoder: Decoder,
    chain_id: u64,
    cursor: Cursor,
    /// Memory for rows, from the writer.
    shelf: Arc<Shelf<Decoded>>,
}

impl Source {
    fn read(&self, mut from: u64, to: u64, parts: &mpsc::SyncSender<Part>) -> Result<(), StoreError> {
        let conn = connect_to_read(&self.path)?;
        let mut logs = RawLogs::of(&conn).map_err(|error| StoreError::sql(&self.path, &error))?;
        while let Some(part) = self.part(&conn, &mut logs, from, to)? {
            from = part.next;
            if parts.send(part).is_err() {
                break; // the writer failed, and says why
            }
        }
        Ok(())
    }

    /// The next logs: whole blocks, all final or none.
    fn part(&self, conn: &Connection, logs: &mut RawLogs, from: u64, to: u64) -> Result<Option<Part>, StoreError> {
        let failed = |error: rusqlite::Error| StoreError::sql(&self.path, &error);
        let sql = format!("SELECT {COLUMNS} FROM raw_log AS r WHERE event_id BETWEEN ? AND ? ORDER BY event_id");
        // A statement that ends with the part, so that what was written meanwhile moves out of the log of the database.
        let mut statement = conn.prepare_cached(&sql).map_err(failed)?;
        let mut rows = statement.query(params![from.cast_signed(), to.cast_signed()]).map_err(failed)?;
        let mut part: Option<Part> = None;
        let mut last_block = 0;
        while let Some(row) = rows.next().map_err(failed)? {
            let (at, log) = logs.log(row)?;
            let is_final = self.cursor.finalized.is_some_and(|finalized| at.block() <= finalized);
            let chain_id = self.chain_id;
            let part = part.get_or_insert_with(|| {
                let mut logs = self.shelf.take();
                logs.clear();
                Part { chain_id, logs, is_final, next: from }
            });
            let ends = at.block() != last_block && part.logs.logs >= LOGS;
            if ends || part.is_final != is_final {
                break;
            }
            self.decoder.decode(at, &log, &mut part.logs)?;
            (last_block, part.next) = (at.block(), at.id + 1);
        }
        Ok(part)
    }
}
