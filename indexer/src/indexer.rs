//! The indexer: every chain of a manifest, one database, and the API over it.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    api,
    decode::Catalog,
    follow::{Behind, FollowError, FollowOptions, Follower, Left},
    manifest::{ChainManifest, Manifest, ManifestError},
    memory::give_back_large_blocks,
    queue::WriterQueue,
    source::{Endpoint, Expected, LogSource, Pool, PoolOptions, Rpc, RpcOptions, SourceError},
    status::{ChainStatus, Phase, Status},
    store::{Reader, STATE_MEMORY, StoreError, Writer},
};

/// What to index, where to, and how.
#[derive(Debug, Clone)]
pub struct Config {
    /// The chains.
    pub manifest: Manifest,
    /// The SQLite file; it is made if there is none.
    pub database: PathBuf,
    /// Where to serve the API; port 0 takes a free one.
    pub api: Option<SocketAddr>,
    /// Limits of requests.
    pub rpc: RpcOptions,
    /// How endpoints are tried.
    pub pool: PoolOptions,
    /// How chains are followed.
    pub follow: FollowOptions,
    /// Without progress for so long, a chain is reported as stalled.
    pub stall_after: Duration,
    /// Bytes of each chain's folded state that are held in memory, about; what is not held is read when it is needed.
    pub state_memory: usize,
}

impl Config {
    /// The usual limits.
    pub fn new(manifest: Manifest, database: impl Into<PathBuf>) -> Self {
        Self {
            manifest,
            database: database.into(),
            api: None,
            rpc: RpcOptions::default(),
            pool: PoolOptions::default(),
            follow: FollowOptions::default(),
            stall_after: Duration::from_secs(60),
            state_memory: STATE_MEMORY,
        }
    }
}

/// Why the indexer does not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum IndexerError {
    /// The manifest is wrong.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No endpoint of a chain can be used.
    #[error("chain {chain:?}: {cause}")]
    Endpoint {
        /// Name of the chain.
        chain: String,
        /// Why.
        cause: SourceError,
    },
    /// A chain cannot be followed any further.
    #[error("chain {chain:?}: {cause}")]
    Follow {
        /// Name of the chain.
        chain: String,
        /// Why.
        cause: Box<FollowError>,
    },
    /// The API's address cannot be used.
    #[error("cannot serve the API at {address}: {cause}; give another address")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        cause: std::io::Error,
    },
    /// The API failed.
    #[error("the API failed: {0}")]
    Api(std::io::Error),
}

/// An indexer that is ready to run.
pub struct Indexer {
    chains: Vec<(ChainManifest, Left, Arc<dyn LogSource>, ChainStatus)>,
    catalog: Arc<Catalog>,
    writer: Writer,
    reader: Reader,
    listener: Option<TcpListener>,
    status: Status,
    config: Config,
}

impl Indexer {
    /// Opens the database, checks the endpoints, and takes the API's port.
    ///
    /// # Errors
    ///
    /// If the manifest, the database, an endpoint or the address cannot be used.
    pub async fn open(config: Config) -> Result<Self, IndexerError> {
        give_back_large_blocks();
        config.manifest.validate()?;
        let mut pools = Vec::new();
        for chain in &config.manifest.chains {
            let pool = pool(chain, &config)?;
            let cause = |cause| IndexerError::Endpoint { chain: chain.name.clone(), cause };
            pool.check().await.map_err(cause)?;
            pools.push(pool);
        }
        let catalog = Catalog::of(&config.manifest).map_err(ManifestError::Contracts)?;
        let catalog = Arc::new(catalog);
        let mut writer = Writer::open(&config.database, &config.manifest, catalog.clone())?;
        writer.hold(config.state_memory);
        let reader = Reader::open(&config.database).await?;
        let mut chains = Vec::new();
        for (chain, pool) in config.manifest.chains.iter().zip(pools) {
            let id = chain.chain_id;
            let (slot, cursor, children) = (writer.slot(id)?, writer.cursor(id)?, writer.children(id)?);
            let left = Left { dictionary: writer.dictionary(), slot, cursor, children };
            let status = ChainStatus::new(&chain.name, id, left.cursor, config.stall_after);
            pool.remember(&writer.learned(id)?);
            let source: Arc<dyn LogSource> = Arc::new(pool);
            chains.push((chain.clone(), left, source, status));
        }
        let status = Status { chains: chains.iter().map(|(_, _, _, status)| status.clone()).collect() };
        let listener = match config.api {
            Some(address) => {
                let bound = TcpListener::bind(address).await;
                Some(bound.map_err(|cause| IndexerError::Bind { address, cause })?)
            }
            None => None,
        };
        Ok(Self { chains, catalog, writer, reader, listener, status, config })
    }

    /// Where the API is served.
    pub fn api_address(&self) -> Option<SocketAddr> {
        self.listener.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// The progress, also while it runs.
    pub fn status(&self) -> Status {
        self.status.clone()
    }

    /// Reads what is written, also while it runs.
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Follows all chains until `cancel`, or until each has reached its head if asked to.
    ///
    /// # Errors
    ///
    /// The first failure that cannot be repaired. What was written before it stays.
    pub async fn run(self, cancel: CancellationToken) -> Result<(), IndexerError> {
        // Ends everything below when this returns, however it returns.
        let cancel = cancel.child_token();
        let _ends = cancel.clone().drop_guard();
        let (queue, writer) = WriterQueue::new(self.writer);
        let mut tasks = JoinSet::new();
        let follow = self.config.follow;
        let behind = Behind::new(self.chains.len());
        for (chain, left, source, status) in self.chains {
            let name = chain.name.clone();
            let follower = Follower::new(chain, self.catalog.clone(), left, source, queue.clone(), status, follow);
            let follower = follower.beside(behind.clone());
            let cancel = cancel.clone();
            tasks.spawn(async move { follower.run(cancel).await.map_err(|cause| (name, cause)) });
        }
        drop(queue);
        let watch = tokio::spawn(watch(self.status.clone(), cancel.clone(), self.config.stall_after));
        let serve = self.listener.map(|listener| {
            let router = api::router(self.reader, self.status);
            tokio::spawn(api::serve(listener, router, cancel.clone()))
        });

        let mut failure = None;
        while let Some(ended) = tasks.join_next().await {
            if let Err((chain, cause)) = ended.expect("following a chain does not panic") {
                cancel.cancel();
                // The chain whose range broke the database says more than one that found the writer gone.
                if failure.is_none() || !matches!(cause, FollowError::Stopped) {
                    failure = Some(IndexerError::Follow { chain, cause: Box::new(cause) });
                }
            }
        }
        cancel.cancel();
        writer.await.expect("writing does not panic");
        watch.await.expect("watching does not panic");
        if let Some(serve) = serve {
            let served = serve.await.expect("serving does not panic");
            failure = failure.or(served.err().map(IndexerError::Api));
        }
        failure.map_or(Ok(()), Err)
    }
}

/// The endpoints of a chain as one source.
fn pool(chain: &ChainManifest, config: &Config) -> Result<Pool, ManifestError> {
    let endpoints = chain.endpoint_urls()?.into_iter().map(|url| Endpoint::new(Rpc::new(url, config.rpc)));
    Ok(Pool::new(endpoints.collect(), Expected::of(chain), config.pool))
}

/// Says so when a chain does not move, with the reason.
async fn watch(status: Status, cancel: CancellationToken, stall_after: Duration) {
    let looks = async {
        loop {
            tokio::time::sleep(stall_after).await;
            for report in status.reports().into_iter().filter(|report| report.phase == Phase::Stalled) {
                let reason = report.last_error.as_deref().unwrap_or("the endpoints tell no newer block");
                let (chain, block, head, doing) = (report.chain, report.block, report.head, report.doing);
                tracing::warn!(chain, block, head, doing, reason, "no progress");
            }
        }
    };
    cancel.run_until_cancelled(looks).await;
}
