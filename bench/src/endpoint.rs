//! The server that every contender reads from.

use std::time::Duration;

use clap::Args;
use spheron_indexer_mock::{chain::Chain as Blocks, server::Server};

/// Chain id that the server answers with.
pub const CHAIN_ID: u64 = 42161;

/// The chain, and the limits of the endpoint.
#[derive(Debug, Clone, Args)]
pub struct Chain {
    /// Events of the whole chain
    #[arg(long, default_value_t = 1_000_000)]
    pub events: u64,
    /// Events in each block
    #[arg(long, default_value_t = 50)]
    pub per_block: u64,
    /// Most logs in a reply, 0 for no limit
    #[arg(long, default_value_t = 10_000)]
    pub cap: usize,
    /// Milliseconds before each reply
    #[arg(long, default_value_t = 0)]
    pub latency_ms: u64,
    /// Blocks at the end that are not final
    #[arg(long, default_value_t = 0)]
    pub open_blocks: u64,
    /// Empty blocks behind those with events
    #[arg(long, default_value_t = 0)]
    pub empty_blocks: u64,
    /// Seed of what happens on the chain
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl Chain {
    /// As arguments of `serve`.
    pub fn arguments(&self) -> Vec<String> {
        let fields = [
            ("events", self.events),
            ("per-block", self.per_block),
            ("cap", self.cap as u64),
            ("latency-ms", self.latency_ms),
            ("open-blocks", self.open_blocks),
            ("empty-blocks", self.empty_blocks),
            ("seed", self.seed),
        ];
        fields.iter().flat_map(|(name, value)| [format!("--{name}"), value.to_string()]).collect()
    }
}

/// Serves until the process is killed; the first line it prints is its URL.
pub async fn serve(chain: &Chain) -> anyhow::Result<()> {
    let blocks = chain.events.div_ceil(chain.per_block);
    let per_block = usize::try_from(chain.per_block)?;
    let mut all = Blocks::busy(chain.seed, blocks, per_block);
    (0..chain.empty_blocks).for_each(|_| all.push(Vec::new()));
    all.write_beforehand();
    let server = Server::start(CHAIN_ID, all).await;
    {
        let mut world = server.world();
        world.finalized = Some(blocks + chain.empty_blocks - chain.open_blocks);
        world.max_logs = (chain.cap > 0).then_some(chain.cap);
        world.latency = Duration::from_millis(chain.latency_ms);
    }
    println!("{}", server.url);
    std::future::pending().await
}
