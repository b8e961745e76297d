//! Posting an epoch, and paying it.

use std::path::PathBuf;

use alloy::primitives::{Address, U256};
use anyhow::{Context as _, ensure};
use clap::Args;
use serde::Serialize;
use spheron_accounting::reward_tree::{RangeProof, Reward as Leaf};
use spheron_bindings::distributor::IDistributor::Reward;
use spheron_client::Client;

use super::{file::RewardFile, status::EpochState};
use crate::{
    amount::Amount,
    args::{Account, address},
    output::{Fields, Report, Style, progress},
};

/// `rewards post`
#[derive(Debug, Args)]
pub struct Post {
    /// The reward file
    file: PathBuf,
    #[command(flatten)]
    account: Account,
}

/// `rewards pay`
#[derive(Debug, Args)]
pub struct Pay {
    /// The reward file
    file: PathBuf,
    #[command(flatten)]
    account: Account,
}

/// `rewards claim`
#[derive(Debug, Args)]
pub struct Claim {
    /// The reward file
    file: PathBuf,
    /// Whose leaves [default: the key's]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    of: Option<Address>,
    /// Who gets them [default: the account of the leaves]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    to: Option<Address>,
    #[command(flatten)]
    account: Account,
}

/// What was paid.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    epoch: u64,
    leaves: usize,
    transactions: usize,
    paid: Amount,
}

impl Report for Payment {
    fn human(&self, style: Style) -> String {
        let paid = match self.leaves {
            0 => "nothing, every leaf was paid before".to_owned(),
            leaves => format!("{} to {leaves} leaves in {} transactions", self.paid, self.transactions),
        };
        Fields::new(style).row("epoch", self.epoch).row("paid", paid).text()
    }
}

impl Post {
    pub(super) async fn run(self) -> anyhow::Result<EpochState> {
        let file = RewardFile::read(&self.file)?;
        let tree = file.tree()?;
        let client = self.account.client().await?;
        file.check_network(&client)?;
        let epoch = U256::from(file.epoch);
        client.post_epoch(epoch, file.token, tree.root(), tree.total(), file.leaf_count, file.evidence).await?;
        EpochState::read(&client, epoch).await
    }
}

impl Pay {
    pub(super) async fn run(self) -> anyhow::Result<Payment> {
        let file = RewardFile::read(&self.file)?;
        let tree = file.tree()?;
        let client = self.account.client().await?;
        file.check_network(&client)?;
        let done = client.paid_rewards(U256::from(file.epoch)).await?;
        let is_open = |index: usize| u32::try_from(index).is_ok_and(|index| !done.contains(&index));
        let open =
            |range: &RangeProof| (range.start..range.start + range.rewards.len()).filter(|at| is_open(*at)).count();
        let ranges: Vec<RangeProof> = tree.ranges().filter(|range| open(range) > 0).collect();
        let leaves = ranges.iter().map(open).sum();
        let before = client.epoch(U256::from(file.epoch)).await?.paid;
        let bar = progress(ranges.len(), "ranges paid");
        for range in &ranges {
            let rewards = range.rewards.iter().map(on_chain).collect();
            let start = u32::try_from(range.start)?;
            client.pay_range(U256::from(file.epoch), start, rewards, range.proof.clone()).await?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        let paid = client.epoch(U256::from(file.epoch)).await?.paid - before;
        payment(&client, &file, leaves, ranges.len(), U256::from(paid)).await
    }
}

impl Claim {
    pub(super) async fn run(self) -> anyhow::Result<Payment> {
        let file = RewardFile::read(&self.file)?;
        let tree = file.tree()?;
        let client = self.account.client().await?;
        file.check_network(&client)?;
        let owner = self.of.map_or_else(|| client.address(), Ok)?;
        let epoch = U256::from(file.epoch);
        let all = tree.rewards().iter().enumerate().filter(|(_, leaf)| leaf.account == owner);
        let mut leaves = all.map(|(at, leaf)| Ok((u32::try_from(at)?, leaf))).collect::<anyhow::Result<Vec<_>>>()?;
        ensure!(!leaves.is_empty(), "{owner} has no leaf in this file");
        let done = client.paid_rewards(epoch).await?;
        leaves.retain(|(index, _)| !done.contains(index));
        let mut paid = U256::ZERO;
        for (index, leaf) in &leaves {
            let proof = tree.proof(usize::try_from(*index)?)?;
            match self.to {
                Some(to) => client.claim_reward_to(epoch, *index, on_chain(leaf), to, proof).await?,
                None => client.claim_reward(epoch, *index, on_chain(leaf), proof).await?,
            }
            paid += leaf.amount;
        }
        payment(&client, &file, leaves.len(), leaves.len(), paid).await
    }
}

async fn payment(
    client: &Client,
    file: &RewardFile,
    leaves: usize,
    transactions: usize,
    paid: U256,
) -> anyhow::Result<Payment> {
    let token = client.token(file.token).await.context("the file's token does not answer")?;
    Ok(Payment { epoch: file.epoch, leaves, transactions, paid: Amount::new(paid, &token) })
}

fn on_chain(leaf: &Leaf) -> Reward {
    Reward { account: leaf.account, amount: leaf.amount }
}
