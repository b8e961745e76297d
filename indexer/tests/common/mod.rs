//! What the tests share: manifests and settings.
#![allow(dead_code, unused_imports, clippy::unwrap_used)] // each test uses its part; a test may panic

pub use spheron_indexer_mock::{address_of, chain, economy, server};

use std::{path::Path, time::Duration};

use spheron_indexer::{ChainManifest, Config, Contract, Manifest, follow::FollowOptions, source::PoolOptions};

/// A chain with these endpoints.
pub fn chain_manifest(chain_id: u64, endpoints: &[String]) -> ChainManifest {
    ChainManifest {
        name: format!("chain-{chain_id}"),
        chain_id,
        endpoints: endpoints.to_vec(),
        start_block: 1,
        finality_depth: None,
        quorum: None,
        sources: Vec::new(),
        contracts: Contract::ALL.iter().map(|contract| (*contract, address_of(*contract))).collect(),
    }
}

/// A manifest of one chain.
pub fn manifest(chain_id: u64, endpoints: &[String]) -> Manifest {
    Manifest { chains: vec![chain_manifest(chain_id, endpoints)] }
}

/// Catches up and ends; retries at once, gives up soon, and holds so little state that most of it is read again.
pub fn config(manifest: Manifest, database: &Path) -> Config {
    let soon = Duration::from_millis(5);
    Config {
        pool: PoolOptions { attempts: 3, backoff: soon, max_backoff: Duration::from_millis(20) },
        follow: FollowOptions {
            poll: soon,
            backoff: soon,
            max_backoff: Duration::from_millis(20),
            give_up_after: Some(Duration::from_secs(5)),
            stop_at_head: true,
            ..FollowOptions::default()
        },
        state_memory: 20_000,
        ..Config::new(manifest, database)
    }
}
