//! Ponder on the same chain: `bench/ponder`, run by the scripts in it.

use std::{
    fmt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::Context as _;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use spheron_indexer::Contract;
use spheron_indexer_mock::address_of;

use crate::{endpoint::CHAIN_ID, run::Taken};

/// What both databases must agree on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Kept {
    /// Rows of events.
    pub events: u64,
    rows: String,
    balances: String,
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events, rows {}, balances {}", self.events, self.rows, self.balances)
    }
}

/// A folder with `bench/ponder` and what npm installed for it.
#[derive(Debug, Clone)]
pub struct Ponder(pub PathBuf);

impl Ponder {
    /// Indexes the chain at `url` up to block `head` into a new database.
    pub fn index(&self, url: &str, head: u64) -> anyhow::Result<Taken> {
        let contract = |contract: &Contract| -> anyhow::Result<Value> {
            let path = format!("bindings/abi/{contract}.json");
            let artifact = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
            let artifact: Value = serde_json::from_str(&artifact)?;
            Ok(json!({"name": contract.name(), "address": address_of(*contract), "abi": artifact["abi"]}))
        };
        let contracts = Contract::ALL.iter().map(contract).collect::<Result<Vec<Value>, _>>()?;
        let chain = json!({"url": url, "head": head, "id": CHAIN_ID, "contracts": contracts});
        std::fs::write(self.0.join("chain.json"), chain.to_string())?;
        self.node("run.mjs", &[])
    }

    /// What its database holds.
    pub fn kept(&self) -> anyhow::Result<Kept> {
        self.node("digest.mjs", &[])
    }

    /// What a database of ours holds.
    pub fn kept_by_us(&self, database: &Path) -> anyhow::Result<Kept> {
        self.node("digest.mjs", &[database.to_str().context("a strange path")?])
    }

    fn node<T: DeserializeOwned>(&self, script: &str, arguments: &[&str]) -> anyhow::Result<T> {
        let mut command = Command::new(self.0.join("node_modules/.bin/node"));
        command.arg(script).args(arguments).current_dir(&self.0).stdin(Stdio::null());
        let output = command.output().context("cannot start Node; run npm install in the folder")?;
        let error = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "{script} failed: {error}");
        serde_json::from_slice(&output.stdout).with_context(|| format!("{script} printed something else"))
    }
}
