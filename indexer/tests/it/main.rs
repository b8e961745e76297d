//! The indexer against endpoints that misbehave, chains that reorganise, databases that are broken, and the contracts.
#![allow(clippy::unwrap_used)] // a test may panic

#[path = "../common/mod.rs"]
mod common;

mod api;
mod audit_logs;
mod contracts;
mod endpoints;
mod fold;
mod rebuild;
mod reorgs;
mod reward_input;
mod simulation;
mod sources;
mod store;
mod watch;

use std::{collections::BTreeMap, path::Path};

use common::server::Server;
use spheron_indexer::{
    Config, Indexer, IndexerError, Manifest,
    digest::{TableDigest, digest},
    store::Reader,
};
use tokio_util::sync::CancellationToken;

/// Runs until the head is reached, or an error.
async fn run(config: Config) -> Result<(), IndexerError> {
    Indexer::open(config).await?.run(CancellationToken::new()).await
}

/// Catches up with one endpoint.
async fn index(server: &Server, database: &Path) -> Result<(), IndexerError> {
    let chain_id = server.world().chain_id;
    run(common::config(common::manifest(chain_id, std::slice::from_ref(&server.url)), database)).await
}

/// Digests of all tables.
async fn digest_of(database: &Path) -> BTreeMap<String, TableDigest> {
    digest(&Reader::open(database).await.unwrap()).await.unwrap()
}

/// Digests of a new database with what `server` serves now.
async fn fresh(server: &Server) -> BTreeMap<String, TableDigest> {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("fresh.sqlite");
    index(server, &database).await.unwrap();
    digest_of(&database).await
}

/// The tables that differ.
fn differing(a: &BTreeMap<String, TableDigest>, b: &BTreeMap<String, TableDigest>) -> Vec<String> {
    a.iter().filter(|(table, digest)| b.get(*table) != Some(digest)).map(|(table, _)| table.clone()).collect()
}

fn events(digests: &BTreeMap<String, TableDigest>) -> u64 {
    digests["raw_log"].rows
}

/// Checks that two databases hold the same.
macro_rules! assert_same {
    ($a:expr, $b:expr) => {
        let none: Vec<String> = Vec::new();
        assert_eq!(crate::differing($a, $b), none);
    };
}
pub(crate) use assert_same;

/// A manifest with one chain per server.
fn manifest_of(servers: &[&Server]) -> Manifest {
    let chains = servers.iter().map(|server| {
        let chain_id = server.world().chain_id;
        common::chain_manifest(chain_id, std::slice::from_ref(&server.url))
    });
    Manifest { chains: chains.collect() }
}
