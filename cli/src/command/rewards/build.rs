//! Computing an era's rewards, and computing them again.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use alloy::primitives::{Address, B256, U256};
use clap::Args;
use serde::Serialize;
use spheron_accounting::{
    reward_tree::{self, Difference, Reward, TreeId},
    rewards::{self, Era, Loss, NodeReward, RewardInput},
};
use spheron_client::token::Token;
use spheron_indexer::{rewards::reward_input, store::Reader};

use super::file::RewardFile;
use crate::{
    amount::{Amount, Written},
    args::{Network, TokenName},
    output::{Fields, Output, Report, Style, percent},
};

/// `rewards build`
#[derive(Debug, Args)]
pub struct Build {
    /// The indexer's database
    #[arg(long, value_name = "FILE", env = "SPHERON_DATABASE")]
    database: PathBuf,
    /// Number of the era, in days since 1970-01-01 UTC [default: the latest one that no verdict can change]
    #[arg(long)]
    era: Option<u32>,
    /// Number of the epoch that will pay it [default: the next one]
    #[arg(long)]
    epoch: Option<u64>,
    /// What all nodes share, such as "164271 SPON"
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    budget: Written,
    /// spon, dollar, or the token's address [default: spon]
    #[arg(long)]
    token: Option<TokenName>,
    /// The reward file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    network: Network,
}

/// `rewards verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// The reward file
    file: PathBuf,
    /// The indexer's database
    #[arg(long, value_name = "FILE", env = "SPHERON_DATABASE")]
    database: PathBuf,
}

/// What was built.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Built {
    #[serde(skip)]
    token: Token,
    chain: String,
    epoch: u64,
    era: Era,
    root: B256,
    evidence: B256,
    leaf_count: u32,
    budget: Amount,
    total: Amount,
    file: PathBuf,
    nodes: Vec<NodeReward>,
}

impl Report for Built {
    fn human(&self, style: Style) -> String {
        let head = Fields::new(style)
            .row("epoch", format!("{} on {}, paying era {}", self.epoch, self.chain, self.era.0))
            .row("root", self.root)
            .row("leaves", format!("{} of {} nodes", self.leaf_count, self.nodes.len()))
            .row("total", format!("{} of {}", self.total, self.budget))
            .row("file", self.file.display())
            .text();
        let row = |node: &NodeReward| {
            let amount = Amount::new(node.amount, &self.token).to_string();
            let why = node.loss.map_or_else(String::new, |loss| in_words(loss).to_owned());
            vec![node.node.to_string(), percent(node.uptime_bps), amount, why]
        };
        head + "\n" + &style.table(&["NODE", "UPTIME", "AMOUNT", "WHY NOTHING"], self.nodes.iter().map(row))
    }
}

/// Whether a file is what the chain says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Verified {
    matches: bool,
    epoch: u64,
    era: Era,
    expected_root: B256,
    found_root: B256,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<Difference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<Address>,
}

impl Report for Verified {
    fn human(&self, style: Style) -> String {
        let fields = Fields::new(style).row("epoch", self.epoch).row("era", self.era.0).row("root", self.found_root);
        if self.matches {
            return fields.row("verified", style.good("yes, it follows from the chain's events")).text();
        }
        let leaf = |reward: Option<Reward>| {
            reward.map_or("no such leaf".to_owned(), |reward| format!("{} wei to {}", reward.amount, reward.account))
        };
        let fields = fields
            .row("verified", style.bad("no, the chain's events lead to another root"))
            .row("expected", self.expected_root)
            .maybe("leaf", self.difference.map(|difference| difference.index))
            .maybe("node", self.node);
        match self.difference {
            Some(difference) => fields.row("should be", leaf(difference.expected)).row("is", leaf(difference.found)),
            None => fields,
        }
        .text()
    }
}

impl Build {
    pub(super) async fn run(self) -> anyhow::Result<Built> {
        let client = self.network.reader().await?;
        let flag = self.token.or_else(|| self.budget.symbol().is_none().then_some(TokenName::Spon));
        let token = TokenName::choose(flag, self.budget.symbol(), &client).await?;
        let budget = self.budget.in_token(&token)?;
        let epoch = match self.epoch {
            Some(epoch) => epoch,
            None => client.next_epoch().await?.saturating_to(),
        };
        let input = input(&self.database, client.chain_id(), self.era.map(Era), budget).await?;
        let id = TreeId { chain_id: client.chain_id(), distributor: client.contracts().distributor, epoch };
        let file = RewardFile::compute(id, token.address, &input)?;
        file.write(&self.out)?;
        Ok(Built {
            chain: client.deployment().chain.clone(),
            epoch,
            era: file.era,
            root: file.root,
            evidence: file.evidence,
            leaf_count: file.leaf_count,
            budget: Amount::new(file.budget, &token),
            total: Amount::new(file.total, &token),
            file: self.out,
            nodes: file.nodes,
            token,
        })
    }
}

impl Verify {
    pub(super) async fn run(self, output: Output) -> anyhow::Result<ExitCode> {
        let found = RewardFile::read(&self.file)?;
        let input = input(&self.database, found.chain_id, Some(found.era), found.budget).await?;
        let expected = RewardFile::compute(found.id(), found.token, &input)?;
        let verified = compare(&expected, &found);
        output.print(&verified)?;
        Ok(if verified.matches { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Everything that an era's rewards depend on, from the indexer's database.
async fn input(database: &Path, chain_id: u64, era: Option<Era>, budget: U256) -> anyhow::Result<RewardInput> {
    let reader = Reader::open(database).await?;
    Ok(reward_input(&reader, chain_id, era, budget).await?)
}

/// A file matches if its leaves, and what it says of them, are those that the chain's events lead to.
fn compare(expected: &RewardFile, found: &RewardFile) -> Verified {
    let (theirs, ours) = (rewards::leaves(&found.nodes), rewards::leaves(&expected.nodes));
    let difference = reward_tree::first_difference(&ours, &theirs);
    let node = difference.and_then(|difference| {
        let leaf = u32::try_from(difference.index).ok();
        let of = |file: &RewardFile| file.nodes.iter().find(|node| node.leaf == leaf).map(|node| node.node);
        of(expected).or_else(|| of(found))
    });
    Verified {
        matches: expected == found,
        epoch: found.epoch,
        era: found.era,
        expected_root: expected.root,
        found_root: found.root,
        difference,
        node,
    }
}

fn in_words(loss: Loss) -> &'static str {
    match loss {
        Loss::NotAttested => "no second was attested",
        Loss::UptimeBelowHalf => "attested for less than half of the era",
        Loss::UptimeBelowTier => "uptime below what its trust tier allows",
        Loss::TierEarnsNothing => "its trust tier earns nothing",
        Loss::ResourceEarnsNothing => "its hardware has no base points",
        Loss::LessThanOneWei => "its share is less than one wei",
    }
}
