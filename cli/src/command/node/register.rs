//! Registering providers and nodes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use alloy::primitives::{Address, B256, keccak256};
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use spheron_bindings::node_registry::INodeRegistry::Claim;
use spheron_client::{
    Client,
    node::BondRole,
    numbering::{NodeKind, NodeStatus},
};

use super::{
    resource::Resource,
    status::{NodeState, ProviderState},
};
use crate::{
    args::{Account, NodeKeyArgs, TokenName, address},
    command::bond,
};

/// Seconds that a node's consent stays valid.
const CONSENT_SECONDS: u64 = 3_600;

/// `node provider-register`
#[derive(Debug, Args)]
pub struct ProviderRegister {
    /// Who gets rewards [default: the caller]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    reward_wallet: Option<Address>,
    /// Token of the bond: spon, dollar, or its address [default: the one that is bonded]
    #[arg(long, value_name = "TOKEN")]
    bond_token: Option<TokenName>,
    /// Where people read about the provider
    #[arg(long, default_value = "")]
    uri: String,
    #[command(flatten)]
    account: Account,
}

/// `node register`
#[derive(Debug, Args)]
pub struct Register {
    /// Main hardware: name or id in the resource catalogue
    #[arg(long)]
    resource: Resource,
    /// Units of it
    #[arg(long, default_value_t = 1)]
    units: u32,
    /// Whose machine it is
    #[arg(long, value_enum, default_value_t = Kind::Fizz)]
    kind: Kind,
    /// CPU beside a GPU: name or id in the resource catalogue
    #[arg(long, value_name = "RESOURCE", requires = "cpu_units")]
    cpu: Option<Resource>,
    /// Threads of it
    #[arg(long, value_name = "UNITS", requires = "cpu", default_value_t = 0)]
    cpu_units: u32,
    /// Memory in MiB
    #[arg(long, value_name = "MIB", default_value_t = 0)]
    memory: u32,
    /// Storage in GiB
    #[arg(long, value_name = "GIB", default_value_t = 0)]
    storage: u32,
    /// Where the machine is, such as us-east
    #[arg(long, default_value = "")]
    region: String,
    /// Where the node's agent and spec are
    #[arg(long)]
    uri: String,
    /// The spec, whose hash is registered
    #[arg(long, value_name = "FILE")]
    spec: Option<PathBuf>,
    /// Gateway that fronts the node
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    gateway: Option<Address>,
    #[command(flatten)]
    node: NodeKeyArgs,
    #[command(flatten)]
    account: Account,
}

/// Whose machine a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A data centre's
    Provider,
    /// Somebody's own
    Fizz,
}

impl From<Kind> for NodeKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Provider => Self::Provider,
            Kind::Fizz => Self::Fizz,
        }
    }
}

/// `node change-claim`
#[derive(Debug, Args)]
pub struct ChangeClaim {
    /// The node
    #[arg(value_name = "NODE", value_parser = address)]
    node: Address,
    /// Units of its main hardware
    #[arg(long)]
    units: Option<u32>,
    /// CPU beside a GPU: name or id in the resource catalogue
    #[arg(long, value_name = "RESOURCE", requires = "cpu_units")]
    cpu: Option<Resource>,
    /// Threads of it, 0 for none
    #[arg(long, value_name = "UNITS")]
    cpu_units: Option<u32>,
    /// Memory in MiB
    #[arg(long, value_name = "MIB")]
    memory: Option<u32>,
    /// Storage in GiB
    #[arg(long, value_name = "GIB")]
    storage: Option<u32>,
    /// Where the machine is, such as us-east
    #[arg(long)]
    region: Option<String>,
    /// Where the node's agent and spec are
    #[arg(long)]
    uri: Option<String>,
    /// The spec, whose hash is registered
    #[arg(long, value_name = "FILE")]
    spec: Option<PathBuf>,
    /// Gateway that fronts the node
    #[arg(long, value_name = "ADDRESS", value_parser = address, conflicts_with = "no_gateway")]
    gateway: Option<Address>,
    /// Be fronted by no gateway any more
    #[arg(long)]
    no_gateway: bool,
    #[command(flatten)]
    key: NodeKeyArgs,
    #[command(flatten)]
    account: Account,
}

/// `node set-status`
#[derive(Debug, Args)]
pub struct SetStatus {
    /// The node
    #[arg(value_name = "NODE", value_parser = address)]
    node: Address,
    /// Where to move it
    #[arg(value_enum)]
    status: NewStatus,
    #[command(flatten)]
    account: Account,
}

/// Where a provider may move its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NewStatus {
    /// It can be leased
    Active,
    /// It cannot be leased for now
    Maintenance,
    /// It is gone, unless it registers anew
    Retired,
}

impl From<NewStatus> for NodeStatus {
    fn from(status: NewStatus) -> Self {
        match status {
            NewStatus::Active => Self::Active,
            NewStatus::Maintenance => Self::Maintenance,
            NewStatus::Retired => Self::Retired,
        }
    }
}

impl ProviderRegister {
    pub(super) async fn run(self) -> anyhow::Result<ProviderState> {
        let client = self.account.client().await?;
        let provider = client.address()?;
        let token = bond::token(&client, BondRole::Provider, provider, self.bond_token, None).await?;
        client.register_provider(self.reward_wallet.unwrap_or(provider), token.address, &self.uri).await?;
        ProviderState::read(&client, provider).await
    }
}

impl Register {
    pub(super) async fn run(self) -> anyhow::Result<NodeState> {
        let client = self.account.client().await?;
        let key = self.node.signer()?;
        client.register_node(&key, self.claim()?, consent_deadline(&client).await?).await?;
        NodeState::read(&client, key.address()).await
    }

    fn claim(&self) -> anyhow::Result<Claim> {
        let spec_hash = self.spec.as_deref().map_or(Ok(B256::ZERO), hash_of)?;
        Ok(Claim {
            kind: NodeKind::from(self.kind) as u8,
            resource: self.resource.0,
            units: self.units,
            cpuResource: self.cpu.map_or(0, |cpu| cpu.0),
            cpuUnits: self.cpu_units,
            memoryMiB: self.memory,
            storageGiB: self.storage,
            specHash: spec_hash,
            region: self.region.clone(),
            uri: self.uri.clone(),
            gateway: self.gateway.unwrap_or_default(),
        })
    }
}

impl ChangeClaim {
    pub(super) async fn run(self) -> anyhow::Result<NodeState> {
        let client = self.account.client().await?;
        let key = self.key.signer()?;
        let present = client.claim_of(self.node).await?;
        let present = present.with_context(|| format!("{} is no node on {}", self.node, client.deployment().chain))?;
        let claim = self.claim(present)?;
        client.change_claim(self.node, &key, claim, consent_deadline(&client).await?).await?;
        NodeState::read(&client, self.node).await
    }

    /// The present claim with what is to be another.
    fn claim(&self, present: Claim) -> anyhow::Result<Claim> {
        let spec_hash = self.spec.as_deref().map_or(Ok(present.specHash), hash_of)?;
        let cpu_units = self.cpu_units.unwrap_or(present.cpuUnits);
        let cpu = if cpu_units == 0 { 0 } else { self.cpu.map_or(present.cpuResource, |cpu| cpu.0) };
        let gateway = if self.no_gateway { Address::ZERO } else { self.gateway.unwrap_or(present.gateway) };
        Ok(Claim {
            units: self.units.unwrap_or(present.units),
            cpuResource: cpu,
            cpuUnits: cpu_units,
            memoryMiB: self.memory.unwrap_or(present.memoryMiB),
            storageGiB: self.storage.unwrap_or(present.storageGiB),
            specHash: spec_hash,
            region: self.region.clone().unwrap_or(present.region),
            uri: self.uri.clone().unwrap_or(present.uri),
            gateway,
            ..present
        })
    }
}

/// Until when a consent that is signed now stays valid (unix seconds).
pub(super) async fn consent_deadline(client: &Client) -> anyhow::Result<u64> {
    Ok(client.chain_time().await? + CONSENT_SECONDS)
}

fn hash_of(file: &Path) -> anyhow::Result<B256> {
    Ok(keccak256(fs::read(file).with_context(|| format!("cannot read {}", file.display()))?))
}

impl SetStatus {
    pub(super) async fn run(self) -> anyhow::Result<NodeState> {
        let client = self.account.client().await?;
        client.set_node_status(self.node, NodeStatus::from(self.status) as u8).await?;
        NodeState::read(&client, self.node).await
    }
}
