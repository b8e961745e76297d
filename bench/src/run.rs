//! Runs, each in a process of its own.

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Child, Command, Stdio},
    time::Instant,
};

use anyhow::Context as _;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use spheron_indexer::{
    ChainManifest, Config, Contract, Indexer, Manifest,
    digest::{TableDigest, digest},
    store::{Reader, rebuild},
};
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

impl Taken {
    /// Events per second.
    pub fn rate(&self) -> f64 {
        self.events as f64 / self.wall
    }

    /// Microseconds of processor time per event.
    pub fn cpu_per_event(&self) -> f64 {
        self.usage.cpu * 1e6 / self.events as f64
    }

    /// Requests per 100,000 events.
    pub fn requests_per_100k(&self) -> f64 {
        self.requests as f64 * 1e5 / self.events as f64
    }
}

/// The manifest of the chain that the server serves at `url`.
pub fn manifest(url: &str) -> Manifest {
    let contracts = Contract::ALL.iter().map(|contract| (*contract, address_of(*contract)));
    Manifest {
        chains: vec![ChainManifest {
            name: "bench".to_owned(),
            chain_id: CHAIN_ID,
            endpoints: vec![url.to_owned()],
            start_block: 1,
            finality_depth: None,
            quorum: None,
            contracts: contracts.collect::<BTreeMap<_, _>>(),
            sources: Vec::new(),
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
    print(&Taken { events: report.events, wall, requests: report.requests, ..taken(database)? })
}

/// Makes the tables again, and prints what it took as JSON.
pub fn make_again(url: &str, database: &Path) -> anyhow::Result<()> {
    let begun = Instant::now();
    let rebuilt = rebuild(database, &manifest(url), |_| ())?;
    let wall = begun.elapsed().as_secs_f64();
    print(&Taken { events: rebuilt.logs, wall, ..taken(database)? })
}

/// Prints the digest of each table as JSON.
pub async fn digests(database: &Path) -> anyhow::Result<()> {
    print(&digest(&Reader::open(database).await?).await?)
}

fn taken(database: &Path) -> anyhow::Result<Taken> {
    let disk = std::fs::metadata(database)?.len();
    Ok(Taken { events: 0, wall: 0.0, usage: Usage::of("self")?, requests: 0, disk })
}

fn print(value: &impl Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string(value)?);
    Ok(())
}

/// Digests of a database's tables.
pub type Digests = BTreeMap<String, TableDigest>;

/// Starts this program again.
pub fn start(arguments: &[&str]) -> anyhow::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("cannot start a process")
}

/// Runs this program again, and reads the JSON that it prints.
pub fn ask<T: DeserializeOwned>(arguments: &[&str]) -> anyhow::Result<T> {
    let output = start(arguments)?.wait_with_output()?;
    anyhow::ensure!(output.status.success(), "{} failed: {}", arguments.join(" "), output.status);
    serde_json::from_slice(&output.stdout).with_context(|| format!("{} printed something else", arguments.join(" ")))
}
