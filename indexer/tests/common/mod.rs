//! What the tests share: an economy that emits consistent events, a chain that holds them, an endpoint that serves it.
#![allow(dead_code, clippy::unwrap_used)] // each test uses its part; a test may panic

pub mod chain;
pub mod economy;
pub mod server;

use std::{path::Path, time::Duration};

use alloy::primitives::Address;
use spheron_indexer::{ChainManifest, Config, Contract, Manifest, follow::FollowOptions, source::PoolOptions};

/// Where a contract is in the tests.
pub fn address_of(contract: Contract) -> Address {
    let index = Contract::ALL.iter().position(|other| *other == contract).unwrap();
    Address::repeat_byte(0xc0 + u8::try_from(index).unwrap())
}

/// A chain with these endpoints.
pub fn chain_manifest(chain_id: u64, endpoints: &[String]) -> ChainManifest {
    ChainManifest {
        name: format!("chain-{chain_id}"),
        chain_id,
        endpoints: endpoints.to_vec(),
        start_block: 1,
        finality_depth: None,
        quorum: None,
        contracts: Contract::ALL.iter().map(|contract| (*contract, address_of(*contract))).collect(),
    }
}

/// A manifest of one chain.
pub fn manifest(chain_id: u64, endpoints: &[String]) -> Manifest {
    Manifest { chains: vec![chain_manifest(chain_id, endpoints)] }
}

/// Catches up and ends; retries at once, and gives up soon.
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
        ..Config::new(manifest, database)
    }
}
