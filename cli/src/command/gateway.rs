//! `spheron gateway`: accounts that front the nodes of others.

use std::process::ExitCode;

use alloy::primitives::Address;
use clap::{Args, Subcommand};
use serde::Serialize;
use spheron_client::{Client, node::BondRole};

use super::{
    bond::{self, BondState},
    pool,
};
use crate::{
    args::{Account, TokenName, address, whose},
    output::{Fields, Output, Report, Style},
};

/// Front the nodes of others
///
/// A gateway bonds, registers, and admits providers, whose Fizz nodes may then join it: 2,000 at most. A node joins with
/// `spheron node register --gateway`.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Example:\n  spheron gateway bond 1000\n  spheron gateway register --uri https://gateway.example\n  spheron gateway admit 0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
)]
pub enum Gateway {
    /// Bond as a gateway
    #[command(after_help = "Example:\n  spheron gateway bond \"1000 SPON\"")]
    Bond(bond::Bond),
    /// Start to take a bond out: it thaws, and stays slashable until then
    #[command(after_help = "Example:\n  spheron gateway thaw all")]
    Thaw(bond::StartThaw),
    /// Put what thaws back into the bond
    #[command(after_help = "Example:\n  spheron gateway cancel-thaw")]
    CancelThaw(bond::CancelThaw),
    /// Take what has thawed
    #[command(after_help = "Example:\n  spheron gateway withdraw-bond")]
    WithdrawBond(bond::WithdrawBond),
    /// Set what is kept of the rewards of those who delegate: at once if it falls, in two weeks if it rises
    #[command(after_help = "Example:\n  spheron gateway commission 10%")]
    Commission(pool::Commission),
    /// Register the caller as a gateway
    #[command(after_help = "Example:\n  spheron gateway register --uri https://gateway.example")]
    Register(Register),
    /// Let the nodes of a provider join
    #[command(after_help = "Example:\n  spheron gateway admit 0x70997970C51812dc3A010C7d01b50e0d17dc79C8")]
    Admit(Provider),
    /// Let no more nodes of a provider join; those that are fronted already stay
    #[command(after_help = "Example:\n  spheron gateway refuse 0x70997970C51812dc3A010C7d01b50e0d17dc79C8")]
    Refuse(Provider),
    /// Front a node no longer
    #[command(after_help = "Example:\n  spheron gateway dismiss 0x70997970C51812dc3A010C7d01b50e0d17dc79C8")]
    Dismiss(Dismiss),
    /// Show a gateway
    #[command(after_help = "Example:\n  spheron gateway status 0x70997970C51812dc3A010C7d01b50e0d17dc79C8")]
    Status(Status),
}

/// `gateway register`
#[derive(Debug, Args)]
pub struct Register {
    /// Token of the bond: spon, dollar, or its address [default: the one that is bonded]
    #[arg(long, value_name = "TOKEN")]
    bond_token: Option<TokenName>,
    /// Where the gateway is reached
    #[arg(long, default_value = "")]
    uri: String,
    #[command(flatten)]
    account: Account,
}

/// `gateway admit` and `gateway refuse`
#[derive(Debug, Args)]
pub struct Provider {
    /// The provider
    #[arg(value_parser = address)]
    provider: Address,
    #[command(flatten)]
    account: Account,
}

/// `gateway dismiss`
#[derive(Debug, Args)]
pub struct Dismiss {
    /// The node
    #[arg(value_parser = address)]
    node: Address,
    #[command(flatten)]
    account: Account,
}

/// `gateway status`
#[derive(Debug, Args)]
pub struct Status {
    /// Whose [default: the key's]
    #[arg(value_name = "ADDRESS", value_parser = address)]
    gateway: Option<Address>,
    #[command(flatten)]
    account: Account,
}

/// Where a gateway stands.
#[derive(Debug, Serialize)]
struct GatewayState {
    gateway: Address,
    registered: bool,
    underbonded: bool,
    nodes: u16,
    admitted: Vec<Address>,
    bond: BondState,
}

impl Report for GatewayState {
    fn human(&self, style: Style) -> String {
        let registered = match (self.registered, self.underbonded) {
            (false, _) => style.bad("no"),
            (true, true) => style.bad("yes, but its bond is too small"),
            (true, false) => style.good("yes"),
        };
        let fields = Fields::new(style).row("registered", registered).row("nodes", self.nodes);
        let mut text = self.bond.fields(style).and(fields).text();
        if !self.admitted.is_empty() {
            let lines = self.admitted.iter().map(|provider| vec![provider.to_string()]);
            text = text + "\n" + &style.table(&["ADMITS"], lines);
        }
        text
    }
}

impl Gateway {
    /// Does it.
    pub async fn run(self, output: Output) -> anyhow::Result<ExitCode> {
        const ROLE: BondRole = BondRole::Gateway;
        match self {
            Self::Bond(command) => output.print(&command.run(ROLE).await?)?,
            Self::Thaw(command) => output.print(&command.run(ROLE).await?)?,
            Self::CancelThaw(command) => output.print(&command.run(ROLE).await?)?,
            Self::WithdrawBond(command) => output.print(&command.run(ROLE).await?)?,
            Self::Commission(command) => output.print(&command.run(ROLE).await?)?,
            Self::Register(command) => output.print(&command.run().await?)?,
            Self::Admit(command) => output.print(&command.run(true).await?)?,
            Self::Refuse(command) => output.print(&command.run(false).await?)?,
            Self::Dismiss(command) => output.print(&command.run().await?)?,
            Self::Status(command) => output.print(&command.run().await?)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Register {
    async fn run(self) -> anyhow::Result<GatewayState> {
        let client = self.account.client().await?;
        let gateway = client.address()?;
        let token = bond::token(&client, BondRole::Gateway, gateway, self.bond_token, None).await?;
        client.register_gateway(token.address, &self.uri).await?;
        GatewayState::read(&client, gateway).await
    }
}

impl Provider {
    async fn run(self, admitted: bool) -> anyhow::Result<GatewayState> {
        let client = self.account.client().await?;
        client.set_admitted(self.provider, admitted).await?;
        GatewayState::read(&client, client.address()?).await
    }
}

impl Dismiss {
    async fn run(self) -> anyhow::Result<GatewayState> {
        let client = self.account.client().await?;
        client.dismiss_node(self.node).await?;
        GatewayState::read(&client, client.address()?).await
    }
}

impl Status {
    async fn run(self) -> anyhow::Result<GatewayState> {
        let client = self.account.reader().await?;
        GatewayState::read(&client, whose(self.gateway, &client)?).await
    }
}

impl GatewayState {
    async fn read(client: &Client, gateway: Address) -> anyhow::Result<Self> {
        let state = client.gateway(gateway).await?;
        Ok(Self {
            gateway,
            registered: state.registered,
            underbonded: state.underbonded,
            nodes: state.nodes,
            admitted: client.admitted_by(gateway).await?,
            bond: BondState::of(client, BondRole::Gateway, gateway).await?,
        })
    }
}
