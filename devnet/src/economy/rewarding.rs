//! Act 6: the era's rewards are built from chain events, posted, and paid to every node with one call.

use std::path::PathBuf;

use alloy::primitives::{Address, U256};
use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::{DAY, HOUR, MINUTE, Stage, VERDICT_DEADLINE};
use crate::{chain::SPON, services::Services};

/// SPON that an era distributes: 240 million over 48 months, by the day.
pub const ERA_BUDGET: u128 = 164_271 * SPON;

/// An era's rewards on one chain.
#[derive(Debug, Clone)]
pub struct Rewards {
    /// The file that `spheron rewards build` wrote.
    pub file: PathBuf,
    /// What each node earned.
    pub nodes: Vec<Node>,
}

/// What a node earned, as the reward file has it.
#[derive(Debug, Clone, Deserialize)]
pub struct Node {
    /// The node.
    pub node: Address,
    /// Who is paid.
    pub account: Address,
    /// Wei.
    pub amount: U256,
    /// Why it earned nothing.
    pub loss: Option<String>,
}

impl Rewards {
    /// What all nodes earned, in wei.
    pub fn total(&self) -> U256 {
        self.nodes.iter().map(|node| node.amount).sum()
    }
}

impl Stage<'_> {
    /// Three days in, no verdict can change the first day any more: its root is built from the indexer's database,
    /// checked, and posted.
    ///
    /// # Errors
    ///
    /// If a command fails.
    pub async fn rewards_are_posted(&self, services: &Services) -> anyhow::Result<Rewards> {
        self.at(DAY + VERDICT_DEADLINE + 10 * MINUTE).await?;
        services.wait_until_synced(self.chain).await?;
        let foundation = self.chain.client(&self.cast.foundation)?;
        let budget = U256::from(ERA_BUDGET);
        foundation.mint_spon(self.cast.foundation.address(), budget).await?;
        let file = services.reward_file(self.chain);
        let (path, book) = (text(&file)?, services.book(self.chain)?);
        let era = (self.opening / DAY).to_string();
        let (database, budget) = (services.database()?, format!("{} SPON", ERA_BUDGET / SPON));
        services
            .command(
                &[
                    "rewards",
                    "build",
                    "--deployment",
                    &book,
                    "--database",
                    &database,
                    "--era",
                    &era,
                    "--epoch",
                    "1",
                    "--budget",
                    &budget,
                    "--out",
                    &path,
                ],
                None,
            )
            .await?;
        services.command(&["rewards", "verify", "--database", &database, &path], None).await?;
        services.command(&["rewards", "post", "--deployment", &book, &path], Some(&self.cast.foundation)).await?;
        let nodes = read(&file)?;
        Ok(Rewards { file, nodes })
    }

    /// Two days later the epoch is active: anybody pays 256 nodes with one call.
    ///
    /// # Errors
    ///
    /// If a command fails.
    pub async fn rewards_are_paid(&self, services: &Services, rewards: &Rewards) -> anyhow::Result<()> {
        self.at(DAY + VERDICT_DEADLINE + 49 * HOUR).await?;
        let (path, book) = (text(&rewards.file)?, services.book(self.chain)?);
        services.command(&["rewards", "pay", "--deployment", &book, &path], Some(&self.cast.keeper)).await?;
        let epoch = self.chain.client(&self.cast.keeper)?.epoch(U256::ONE).await?;
        ensure!(U256::from(epoch.paid) == rewards.total(), "the epoch paid {} wei of {}", epoch.paid, rewards.total());
        Ok(())
    }
}

fn text(path: &std::path::Path) -> anyhow::Result<String> {
    path.to_str().map(str::to_owned).with_context(|| format!("{} is not valid UTF-8", path.display()))
}

fn read(file: &std::path::Path) -> anyhow::Result<Vec<Node>> {
    let value: Value = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    serde_json::from_value(value["nodes"].clone()).with_context(|| format!("{} has no nodes", file.display()))
}
