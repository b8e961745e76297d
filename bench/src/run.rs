//! One run of ours, in a process of its own.

use std::{collections::BTreeMap, path::Path, time::Instant};

use serde::{Deserialize, Serialize};
use spheron_indexer::{ChainManifest, Config, Contract, Indexer, Manifest};
use spheron_indexer_mock::address_of;
use tokio_util::sync::CancellationToken;

use crate::{endpoint::CHAIN_ID, usage::Usage};

/// What a run took.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Taken {
    /// Events that were written.
    pub events: u64,
    /// Seconds from start to end.
    pub wall: f64,
    /// Of the process.
    pub usage: Usage,
    /// Requests that were sent.
    pub requests: u64,
    /// Bytes of the database.
    pub disk: u64,
}

fn manifest(url: &str) -> Manifest {
    let contracts = Contract::ALL.iter().map(|contract| (*contract, address_of(*contract)));
    Manifest {
        chains: vec![ChainManifest {
            name: "bench".to_owned(),
            chain_id: CHAIN_ID,
            endpoints: vec![url.to_owned()],
            start_block: 1,
            finality_depth: None,
            quorum: None,
            sources: Vec::new(),
            contracts: contracts.collect::<BTreeMap<_, _>>(),
        }],
    }
}

/// Indexes to the head, and prints what it took as JSON.
pub async fn index(url: &str, database: &Path) -> anyhow::Result<()> {
    let mut config = Config::new(manifest(url), database);
    config.follow.stop_at_head = true;
    let begun = Instant::now();
    let indexer = Indexer::open(config).await?;
    let status = indexer.status();
    indexer.run(CancellationToken::new()).await?;
    let wall = begun.elapsed().as_secs_f64();
    let report = status.reports().remove(0);
    let disk = std::fs::metadata(database)?.len();
    let taken = Taken { events: report.events, wall, usage: Usage::of("self")?, requests: report.requests, disk };
    println!("{}", serde_json::to_string(&taken)?);
    Ok(())
}
