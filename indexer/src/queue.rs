//! The queue to the one writer: every chain sends its ranges here, and the writer takes one after the other.

use tokio::sync::{mpsc, oneshot};

use crate::store::{Batch, Cursor, StoreError, Tip, Writer};

/// Ranges that wait for the writer.
const CAPACITY: usize = 4;

enum Command {
    Commit(Box<Batch>, oneshot::Sender<Result<Cursor, StoreError>>),
    Rollback(u64, Option<Tip>, oneshot::Sender<Result<Cursor, StoreError>>),
    Headers(u64, oneshot::Sender<Result<Vec<Tip>, StoreError>>),
    CreateIndexes(oneshot::Sender<Result<(), StoreError>>),
}

/// Sends work to the writer.
#[derive(Clone)]
pub(crate) struct WriterQueue(mpsc::Sender<Command>);

/// The writer is gone: it failed, or the program is shutting down.
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
    /// A queue to a writer that runs until every sender is gone, or the database fails.
    pub fn new(writer: Writer) -> (Self, tokio::task::JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        (Self(sender), tokio::spawn(work(writer, receiver)))
    }

    /// Queues a range; waits for room in the queue.
    pub async fn commit(&self, batch: Batch) -> Result<Pending, WriterStopped> {
        let (reply, done) = oneshot::channel();
        self.send(Command::Commit(Box::new(batch), reply)).await?;
        Ok(Pending(done))
    }

    /// Takes back all blocks after `ancestor`.
    pub async fn rollback(
        &self,
        chain_id: u64,
        ancestor: Option<Tip>,
    ) -> Result<Result<Cursor, StoreError>, WriterStopped> {
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
        self.0.send(command).await.map_err(|_| WriterStopped)
    }
}

async fn work(mut writer: Writer, mut commands: mpsc::Receiver<Command>) {
    while let Some(command) = commands.recv().await {
        // Whoever asked may be gone by now, which is no failure of the work.
        let healthy = match command {
            Command::Commit(batch, reply) => answer(reply, writer.commit(*batch).await),
            Command::Rollback(chain_id, ancestor, reply) => answer(reply, writer.rollback(chain_id, ancestor).await),
            Command::Headers(chain_id, reply) => answer(reply, writer.headers(chain_id).await),
            Command::CreateIndexes(reply) => answer(reply, writer.create_indexes().await),
        };
        if !healthy {
            break;
        }
    }
}

/// Whether the writer may go on: after a failure of the database, memory may be ahead of the file.
fn answer<T>(reply: oneshot::Sender<Result<T, StoreError>>, result: Result<T, StoreError>) -> bool {
    let healthy = match &result {
        Ok(_) | Err(StoreError::DeepReorg { .. } | StoreError::UnknownChain(_)) => true,
        Err(error) => error.is_retryable(),
    };
    let _ = reply.send(result);
    healthy
}
