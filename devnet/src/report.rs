//! What happened, as a table that a person can enjoy, and what must have held.

mod balance;
mod check;
mod progress;
mod table;

use std::time::Duration;

use serde::Serialize;

pub use progress::Progress;

use crate::{economy::Stage, run::Story};
use balance::ChainBalance;
use check::Check;

/// The outcome of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    chains: Vec<ChainBalance>,
    checks: Vec<Check>,
}

impl Report {
    /// Reads everybody's balances off both chains and checks them against each other.
    ///
    /// # Errors
    ///
    /// If a chain does not answer.
    pub async fn collect(arbitrum: &Stage<'_>, base: &Stage<'_>, story: &Story) -> anyhow::Result<Self> {
        let chains =
            vec![ChainBalance::collect(arbitrum, story, 0).await?, ChainBalance::collect(base, story, 1).await?];
        let checks = chains.iter().flat_map(check::all).collect();
        Ok(Self { chains, checks })
    }

    /// Prints the table, or all of it as JSON.
    ///
    /// # Errors
    ///
    /// If it cannot be serialised.
    pub fn print(&self, json: bool, elapsed: Duration) -> anyhow::Result<()> {
        if json {
            println!("{}", serde_json::to_string_pretty(self)?);
        } else {
            println!("\n{}\n", table::render(&self.chains));
            for check in &self.checks {
                println!("{check}");
            }
            println!("\n{} checks on two chains in {:.1} s", self.checks.len(), elapsed.as_secs_f64());
        }
        Ok(())
    }

    /// Fails if a check did not hold.
    ///
    /// # Errors
    ///
    /// Naming each that did not.
    pub fn verify(&self) -> anyhow::Result<()> {
        let failed: Vec<String> = self.checks.iter().filter(|check| !check.holds).map(ToString::to_string).collect();
        anyhow::ensure!(failed.is_empty(), "the economy does not add up:\n{}", failed.join("\n"));
        Ok(())
    }
}
