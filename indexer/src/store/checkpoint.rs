//! Moves what was written out of the write-ahead log into the file, on a thread of its own: it is as much work for the
//! kernel as writing the log, and the writer would wait for the disk.
//!
//! Most times the log is empty when the writer begins the next transaction, and starts over. Where it is not, SQLite's
//! own checkpoint after a commit comes at `wal_autocheckpoint` pages.

use std::{
    path::Path,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::JoinHandle,
};

use rusqlite::{Connection, OpenFlags};

/// Logs after which it is worth the two waits for the disk.
const LOGS: usize = 10_000;

/// Moves pages until it is dropped.
pub(super) struct Checkpointer {
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    /// Logs written since it was last woken.
    logs: usize,
}

impl Checkpointer {
    /// One for the file at `path`.
    pub fn start(path: &Path) -> Self {
        let (wake, woken) = sync_channel(1);
        let path = path.to_owned();
        let thread = std::thread::spawn(move || work(&path, &woken));
        Self { wake: Some(wake), thread: Some(thread), logs: 0 }
    }

    /// So many logs were committed.
    pub fn committed(&mut self, logs: usize) {
        self.logs += logs;
        if self.logs >= LOGS {
            self.logs = 0;
            if let Some(wake) = &self.wake {
                // It may be at work, or gone: then the writer's connection does it in the end.
                let _ = wake.try_send(());
            }
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            thread.join().expect("moving pages does not panic");
        }
    }
}

fn work(path: &Path, woken: &Receiver<()>) {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = None;
    while woken.recv().is_ok() {
        if conn.is_none() {
            conn = Connection::open_with_flags(path, flags).ok();
        }
        let moved = conn.as_ref().map(|conn| conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())));
        if let Some(Err(error)) = moved {
            tracing::debug!(%error, "the write-ahead log was not moved into the database; the next commit tries again");
        }
    }
}
