//! From the moment an endpoint shows a block to the moment a reader of the database sees its events.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use spheron_indexer::{Config, Indexer};
use spheron_indexer_mock::{chain::Chain, server::Server};
use tokio_util::sync::CancellationToken;

use crate::{endpoint::CHAIN_ID, run::manifest};

/// Time of a block.
const BLOCK: Duration = Duration::from_millis(250);

/// Blocks that are there at the start.
const BEFORE: u64 = 50;

/// Milliseconds from head to API.
#[derive(Debug, Clone, Copy)]
pub struct Lag {
    pub median: f64,
    pub p99: f64,
    pub requests_per_block: f64,
}

/// Follows a chain that grows by `blocks`.
pub async fn lag(blocks: u64, folder: &Path) -> anyhow::Result<Lag> {
    let server = Server::start(CHAIN_ID, Chain::busy(5, BEFORE + blocks, 20)).await;
    server.world().head = Some(BEFORE);
    server.world().finalized = Some(BEFORE / 2);
    let mut config = Config::new(manifest(&server.url), folder.join("live.sqlite"));
    config.api = Some(([127, 0, 0, 1], 0).into());
    let indexer = Indexer::open(config).await?;
    let (status, cancel) = (indexer.status(), CancellationToken::new());
    let running = tokio::spawn(indexer.run(cancel.clone()));
    // `/health` serves this report, so what it says is what the API says.
    let reached = async |block: u64| {
        while status.reports()[0].block.is_none_or(|reached| reached < block) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    reached(BEFORE).await;
    let requests = server.world().requests;
    let mut lags = Vec::new();
    for block in BEFORE + 1..=BEFORE + blocks {
        let shown = Instant::now();
        server.world().head = Some(block);
        reached(block).await;
        lags.push(shown.elapsed().as_secs_f64() * 1e3);
        tokio::time::sleep(BLOCK.saturating_sub(shown.elapsed())).await;
    }
    let requests = server.world().requests - requests;
    cancel.cancel();
    running.await??;
    lags.sort_by(f64::total_cmp);
    let at = |share: f64| lags[((lags.len() as f64 * share) as usize).min(lags.len() - 1)];
    Ok(Lag { median: at(0.5), p99: at(0.99), requests_per_block: requests as f64 / blocks as f64 })
}
