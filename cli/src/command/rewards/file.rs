//! The reward file: what an epoch pays, and every number on the way.

use std::path::Path;

use alloy::primitives::{Address, B256, U256};
use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use spheron_accounting::{
    reward_tree::{RewardTree, TreeId},
    rewards::{self, Era, NodeReward, RewardInput},
    wei,
};
use spheron_client::Client;

use crate::file::{read_json, write_json};

/// What an epoch pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RewardFile {
    /// EIP-155 id of the chain.
    pub chain_id: u64,
    /// The Distributor.
    pub distributor: Address,
    /// Number of the epoch.
    pub epoch: u64,
    /// The era that it pays.
    pub era: Era,
    /// What it pays in.
    pub token: Address,
    /// Wei that were shared; the total is less by what rounding leaves over.
    #[serde(with = "wei")]
    pub budget: U256,
    /// Hash of everything that it was computed from.
    pub evidence: B256,
    /// Root of the tree.
    pub root: B256,
    /// Wei of all leaves: what the epoch has to be funded with.
    #[serde(with = "wei")]
    pub total: U256,
    /// Number of leaves.
    pub leaf_count: u32,
    /// Every node, by ascending address; those with a leaf number are the leaves.
    pub nodes: Vec<NodeReward>,
}

impl RewardFile {
    /// Computes what `tree` pays.
    pub fn compute(tree: TreeId, token: Address, input: &RewardInput) -> anyhow::Result<Self> {
        let nodes = rewards::compute(input)?;
        let era = input.era.0;
        let built = RewardTree::new(tree, rewards::leaves(&nodes))
            .with_context(|| format!("no node earned anything in era {era}: there is nothing to pay"))?;
        Ok(Self {
            chain_id: tree.chain_id,
            distributor: tree.distributor,
            epoch: tree.epoch,
            era: input.era,
            token,
            budget: input.budget,
            evidence: input.evidence(),
            root: built.root(),
            total: built.total(),
            leaf_count: u32::try_from(built.rewards().len())?,
            nodes,
        })
    }

    /// Reads a file.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        read_json(path, "reward file")
    }

    /// Writes a file.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        write_json(path, self)
    }

    /// Which tree it is.
    pub fn id(&self) -> TreeId {
        TreeId { chain_id: self.chain_id, distributor: self.distributor, epoch: self.epoch }
    }

    /// The tree over its leaves.
    ///
    /// # Errors
    ///
    /// If its root or total are not those of its leaves: somebody changed the file.
    pub fn tree(&self) -> anyhow::Result<RewardTree> {
        let tree = RewardTree::new(self.id(), rewards::leaves(&self.nodes))?;
        let (root, total) = (tree.root(), tree.total());
        ensure!(root == self.root, "the file was changed: its leaves have root {root}, but it says {}", self.root);
        ensure!(total == self.total, "the file was changed: its leaves sum up to {total}, but it says {}", self.total);
        Ok(tree)
    }

    /// Refuses a client of another chain or deployment.
    pub fn check_network(&self, client: &Client) -> anyhow::Result<()> {
        let (chain, here) = (client.chain_id(), client.contracts().distributor);
        ensure!(self.chain_id == chain, "the file is for chain {}, but this is chain {chain}", self.chain_id);
        let theirs = self.distributor;
        ensure!(theirs == here, "the file is for the Distributor {theirs}, but this deployment's is {here}");
        Ok(())
    }
}
