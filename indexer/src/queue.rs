//! The queue to the one writer: every chain sends its ranges here, and the writer takes one after the other.
//!
//! Final ranges that wait together are written together: rows of state that several of them change are written once.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::{
    decode::Decoded,
    shelf::Shelf,
    store::{Batch, Child, Cursor, StoreError, Tip, Writer},
};

/// Ranges that wait for the writer.
const CAPACITY: usize = 4;

/// Logs that are written in one transaction, if more wait.
const GROUP_LOGS: usize = 50_000;

/// Ranges whose memory is kept for the next ones.
const KEPT: usize = 2 * CAPACITY;

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

enum Command {
    Commit(Box<Batch>, Reply<Cursor>),
    Rollback(u64, Option<Tip>, Reply<(Cursor, Vec<Child>)>),
    Headers(u64, Reply<Vec<Tip>>),
    CreateIndexes(Reply<()>),
}

/// Sends work to the writer.
#[derive(Clone)]
pub(crate) struct WriterQueue {
    commands: mpsc::Sender<Command>,
    shelf: Arc<Shelf<Decoded>>,
}

/// The writer is gone: the program is shutting down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the database's writer has stopped")]
pub(crate) struct WriterStopped;

/// What comes of a range once it is written.
pub(crate) struct Pending(oneshot::Receiver<Result<Cursor, StoreError>>);

impl Pending {
    /// Waits until the range is written.
    pub async fn done(self) -> Result<Result<Cursor, StoreError>, WriterStopped> {
        self.0.await.map_err(|_| WriterStopped)
    }
}

impl WriterQueue {
    /// A queue to a writer that runs, on a thread of its own, until every sender is gone.
    pub fn new(writer: Writer) -> (Self, tokio::task::JoinHandle<()>) {
        let (commands, receiver) = mpsc::channel(CAPACITY);
        let shelf = Arc::new(Shelf::new(KEPT));
        let queue = Self { commands, shelf: shelf.clone() };
        (queue, tokio::task::spawn_blocking(move || work(writer, receiver, &shelf)))
    }

    /// Where the writer leaves the rows that it has written.
    pub fn shelf(&self) -> Arc<Shelf<Decoded>> {
        self.shelf.clone()
    }

    /// Queues a range; waits for room in the queue.
    pub async fn commit(&self, batch: Batch) -> Result<Pending, WriterStopped> {
        let (reply, done) = oneshot::channel();
        self.send(Command::Commit(Box::new(batch), reply)).await?;
        Ok(Pending(done))
    }

    /// Takes back all blocks after `ancestor`; the children that are left.
    pub async fn rollback(
        &self,
        chain_id: u64,
        ancestor: Option<Tip>,
    ) -> Result<Result<(Cursor, Vec<Child>), StoreError>, WriterStopped> {
        self.ask(|reply| Command::Rollback(chain_id, ancestor, reply)).await
    }

    /// Hashes of the blocks where a reorg may have begun, the newest first.
    pub async fn headers(&self, chain_id: u64) -> Result<Result<Vec<Tip>, StoreError>, WriterStopped> {
        self.ask(|reply| Command::Headers(chain_id, reply)).await
    }

    /// Makes the indexes that the API reads by.
    pub async fn create_indexes(&self) -> Result<Result<(), StoreError>, WriterStopped> {
        self.ask(Command::CreateIndexes).await
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, WriterStopped> {
        let (reply, done) = oneshot::channel();
        self.send(command(reply)).await?;
        done.await.map_err(|_| WriterStopped)
    }

    async fn send(&self, command: Command) -> Result<(), WriterStopped> {
        self.commands.send(command).await.map_err(|_| WriterStopped)
    }
}

fn work(mut writer: Writer, mut commands: mpsc::Receiver<Command>, shelf: &Shelf<Decoded>) {
    let mut next = None;
    while let Some(command) = next.take().or_else(|| commands.blocking_recv()) {
        match command {
            Command::Commit(batch, reply) => next = commit(&mut writer, *batch, reply, &mut commands, shelf),
            Command::Rollback(chain_id, ancestor, reply) => {
                let taken_back = writer.rollback(chain_id, ancestor);
                answer(reply, taken_back.and_then(|cursor| Ok((cursor, writer.children(chain_id)?))));
            }
            Command::Headers(chain_id, reply) => answer(reply, writer.headers(chain_id)),
            Command::CreateIndexes(reply) => answer(reply, writer.create_indexes()),
        }
    }
}

/// Writes a range with those that wait behind it; the first command that is something else.
fn commit(
    writer: &mut Writer,
    batch: Batch,
    reply: Reply<Cursor>,
    commands: &mut mpsc::Receiver<Command>,
    shelf: &Shelf<Decoded>,
) -> Option<Command> {
    let (mut logs, mut next) = (batch.logs.logs, None);
    let (mut batches, mut replies) = (vec![batch], vec![reply]);
    while batches[0].is_final() && logs < GROUP_LOGS && next.is_none() {
        match commands.try_recv() {
            Ok(Command::Commit(batch, reply)) if batch.is_final() => {
                logs += batch.logs.logs;
                batches.push(*batch);
                replies.push(reply);
            }
            Ok(other) => next = Some(other),
            Err(_) => break,
        }
    }
    let results = writer.commit(&batches);
    batches.into_iter().for_each(|batch| shelf.leave(batch.logs));
    replies.into_iter().zip(results).for_each(|(reply, result)| answer(reply, result));
    next
}

/// Whoever asked may be gone by now, which is no failure of the work.
fn answer<T>(reply: Reply<T>, result: Result<T, StoreError>) {
    let _ = reply.send(result);
}
