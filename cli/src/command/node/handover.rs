//! A provider's reward wallet, ownership, and nodes' keys in other hands.

use alloy::primitives::Address;
use clap::{Args, Subcommand};
use serde::Serialize;
use spheron_client::{Client, node::BondRole};

use super::{
    register::consent_deadline,
    status::{NodeState, ProviderState},
};
use crate::{
    args::{Account, NodeKeyArgs, TokenName, address},
    command::bond,
    output::{Fields, Report, Style},
};

/// Change the reward wallet
///
/// The provider proposes one, and the wallet itself accepts.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Example:\n  spheron node wallet propose 0x90F79bf6EB2c4f870365E785982E1f101E93b906\n  spheron node wallet accept 0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
)]
pub enum Wallet {
    /// Propose a new reward wallet of the caller
    #[command(after_help = "Example:\n  spheron node wallet propose 0x90F79bf6EB2c4f870365E785982E1f101E93b906")]
    Propose(ProposeWallet),
    /// Accept to be a provider's reward wallet
    #[command(after_help = "Example:\n  spheron node wallet accept 0x70997970C51812dc3A010C7d01b50e0d17dc79C8")]
    Accept(AcceptWallet),
}

/// Hand a provider over to another account
///
/// The provider proposes an owner, which bonds and accepts: it has the reward wallet, trust tier and suspension from then
/// on, and adopts the nodes, which cannot be leased until then. The bond stays with the former owner.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Example:\n  spheron node owner propose 0x90F79bf6EB2c4f870365E785982E1f101E93b906\n  spheron node owner accept 0x70997970C51812dc3A010C7d01b50e0d17dc79C8\n  spheron node owner adopt 0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"
)]
pub enum Owner {
    /// Propose a new owner of what the caller is as a provider
    #[command(after_help = "Example:\n  spheron node owner propose 0x90F79bf6EB2c4f870365E785982E1f101E93b906")]
    Propose(ProposeOwner),
    /// Take the proposal back
    #[command(after_help = "Example:\n  spheron node owner keep")]
    Keep(KeepOwner),
    /// Accept to be the provider in another one's stead
    #[command(after_help = "Example:\n  spheron node owner accept 0x70997970C51812dc3A010C7d01b50e0d17dc79C8")]
    Accept(AcceptOwner),
    /// Take over nodes of a provider that handed over to the caller
    #[command(after_help = "Example:\n  spheron node owner adopt 0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65")]
    Adopt(Adopt),
}

/// `node wallet propose`
#[derive(Debug, Args)]
pub struct ProposeWallet {
    /// The new wallet
    #[arg(value_parser = address)]
    wallet: Address,
    #[command(flatten)]
    account: Account,
}

/// `node wallet accept`
#[derive(Debug, Args)]
pub struct AcceptWallet {
    /// Whose wallet the caller is to be
    #[arg(value_parser = address)]
    provider: Address,
    #[command(flatten)]
    account: Account,
}

/// `node owner propose`
#[derive(Debug, Args)]
pub struct ProposeOwner {
    /// The new owner
    #[arg(value_parser = address)]
    owner: Address,
    #[command(flatten)]
    account: Account,
}

/// `node owner keep`
#[derive(Debug, Args)]
pub struct KeepOwner {
    #[command(flatten)]
    account: Account,
}

/// `node owner accept`
#[derive(Debug, Args)]
pub struct AcceptOwner {
    /// The provider so far
    #[arg(value_parser = address)]
    provider: Address,
    /// Token of the caller's bond: spon, dollar, or its address [default: the one that is bonded]
    #[arg(long, value_name = "TOKEN")]
    bond_token: Option<TokenName>,
    #[command(flatten)]
    account: Account,
}

/// `node owner adopt`
#[derive(Debug, Args)]
pub struct Adopt {
    /// The nodes
    #[arg(required = true, value_name = "NODE", value_parser = address)]
    nodes: Vec<Address>,
    #[command(flatten)]
    account: Account,
}

/// `node change-operator`
#[derive(Debug, Args)]
pub struct ChangeOperator {
    /// The node, by the address that it registered with
    #[arg(value_name = "NODE", value_parser = address)]
    node: Address,
    #[command(flatten)]
    operator: NodeKeyArgs,
    #[command(flatten)]
    account: Account,
}

/// A provider, and who is to take what from it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Handover {
    #[serde(flatten)]
    provider: ProviderState,
    #[serde(skip_serializing_if = "Option::is_none")]
    proposed_wallet: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proposed_owner: Option<Address>,
}

impl Report for Handover {
    fn human(&self, style: Style) -> String {
        let waits = |account: Address| format!("{account}, once it accepts");
        let proposed = Fields::new(style)
            .maybe("new wallet", self.proposed_wallet.map(waits))
            .maybe("new owner", self.proposed_owner.map(waits));
        proposed.text() + &self.provider.human(style)
    }
}

impl Wallet {
    pub(super) async fn run(self) -> anyhow::Result<Handover> {
        match self {
            Self::Propose(command) => command.run().await,
            Self::Accept(command) => command.run().await,
        }
    }
}

impl Owner {
    pub(super) async fn run(self) -> anyhow::Result<Handover> {
        match self {
            Self::Propose(command) => command.run().await,
            Self::Keep(command) => command.run().await,
            Self::Accept(command) => command.run().await,
            Self::Adopt(command) => command.run().await,
        }
    }
}

impl Handover {
    async fn read(client: &Client, provider: Address) -> anyhow::Result<Self> {
        let provider = ProviderState::read(client, provider).await?;
        Ok(Self { provider, proposed_wallet: None, proposed_owner: None })
    }
}

impl ProposeWallet {
    async fn run(self) -> anyhow::Result<Handover> {
        let client = self.account.client().await?;
        client.propose_reward_wallet(self.wallet).await?;
        let state = Handover::read(&client, client.address()?).await?;
        Ok(Handover { proposed_wallet: Some(self.wallet), ..state })
    }
}

impl AcceptWallet {
    async fn run(self) -> anyhow::Result<Handover> {
        let client = self.account.client().await?;
        client.accept_reward_wallet(self.provider).await?;
        Handover::read(&client, self.provider).await
    }
}

impl ProposeOwner {
    async fn run(self) -> anyhow::Result<Handover> {
        let client = self.account.client().await?;
        client.propose_owner(self.owner).await?;
        let state = Handover::read(&client, client.address()?).await?;
        Ok(Handover { proposed_owner: Some(self.owner), ..state })
    }
}

impl KeepOwner {
    async fn run(self) -> anyhow::Result<Handover> {
        let client = self.account.client().await?;
        client.propose_owner(Address::ZERO).await?;
        Handover::read(&client, client.address()?).await
    }
}

impl AcceptOwner {
    async fn run(self) -> anyhow::Result<Handover> {
        let client = self.account.client().await?;
        let owner = client.address()?;
        let token = bond::token(&client, BondRole::Provider, owner, self.bond_token, None).await?;
        client.accept_owner(self.provider, token.address).await?;
        Handover::read(&client, owner).await
    }
}

impl Adopt {
    async fn run(self) -> anyhow::Result<Handover> {
        let client = self.account.client().await?;
        client.adopt_nodes(self.nodes).await?;
        Handover::read(&client, client.address()?).await
    }
}

impl ChangeOperator {
    pub(super) async fn run(self) -> anyhow::Result<NodeState> {
        let client = self.account.client().await?;
        let operator = self.operator.signer()?;
        client.change_operator(self.node, &operator, consent_deadline(&client).await?).await?;
        NodeState::read(&client, self.node).await
    }
}
