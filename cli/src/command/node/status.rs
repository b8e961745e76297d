//! Where a provider and its nodes stand, and what they earned.

use std::collections::BTreeSet;

use alloy::primitives::{Address, U256};
use anyhow::{Context as _, ensure};
use clap::Args;
use serde::Serialize;
use spheron_accounting::trust_tier;
use spheron_bindings::node_registry::INodeRegistry::Provider;
use spheron_client::{
    Client,
    node::BondRole,
    numbering::{NodeKind, NodeStatus},
};

use super::resource;
use crate::{
    amount::Amount,
    args::{Account, address, whose},
    command::bond::BondState,
    output::{Fields, Report, Style, duration, time},
};

/// `node status`
#[derive(Debug, Args)]
pub struct Status {
    /// A provider or a node [default: the key's]
    #[arg(value_name = "ADDRESS", value_parser = address)]
    subject: Option<Address>,
    #[command(flatten)]
    account: Account,
}

/// `node earnings`
#[derive(Debug, Args)]
pub struct Earnings {
    /// The provider [default: the key's]
    #[arg(value_name = "PROVIDER", value_parser = address)]
    provider: Option<Address>,
    #[command(flatten)]
    account: Account,
}

/// A provider or a node.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Standing {
    /// A provider with its nodes.
    Provider(Box<ProviderState>),
    /// A node.
    Node(Box<NodeState>),
    /// A key that signs for a node, and is not its name.
    Operator(Box<OperatorState>),
}

/// A node's key that came in the place of an earlier one.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatorState {
    operator: Address,
    /// Whether another key has come in its place since.
    spent: bool,
    signs_for: NodeState,
}

/// Where a provider stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProviderState {
    provider: Address,
    registered: bool,
    suspended: bool,
    underbonded: bool,
    reward_wallet: Address,
    trust_tier: u8,
    bond: BondState,
    nodes: Vec<NodeState>,
}

/// Where a node stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeState {
    node: Address,
    provider: Address,
    status: &'static str,
    kind: &'static str,
    resource: u16,
    resource_name: String,
    units: u32,
    leased_units: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<Address>,
    measured_at: u64,
    attested_units: u32,
    attested_until: u64,
    now: u64,
}

/// What a provider has earned.
#[derive(Debug, Serialize)]
pub struct EarningsReport {
    provider: Address,
    tokens: Vec<TokenEarnings>,
}

#[derive(Debug, Serialize)]
struct TokenEarnings {
    token: Address,
    leases: Amount,
    rewards: Amount,
    balance: Amount,
}

impl Report for Standing {
    fn human(&self, style: Style) -> String {
        match self {
            Self::Provider(provider) => provider.human(style),
            Self::Node(node) => node.human(style),
            Self::Operator(operator) => operator.human(style),
        }
    }
}

impl Report for ProviderState {
    fn human(&self, style: Style) -> String {
        let tier = trust_tier::get(self.trust_tier).map(|tier| format!("{} ({})", tier.tier, tier.name));
        let registered = match (self.registered, self.suspended, self.underbonded) {
            (false, ..) => style.bad("no"),
            (true, true, _) => style.bad("yes, but suspended"),
            (true, false, true) => style.bad("yes, but its bond is too small"),
            (true, false, false) => style.good("yes"),
        };
        let fields = Fields::new(style).row("registered", registered);
        let fields = match self.registered {
            true => fields.row("rewards to", self.reward_wallet).maybe("trust tier", tier),
            false => fields,
        };
        let mut text = self.bond.fields(style).and(fields).text();
        if !self.nodes.is_empty() {
            let header = ["NODE", "STATUS", "RESOURCE", "LEASED", "ATTESTED UNTIL"];
            text += "\n";
            text += &style.table(&header, self.nodes.iter().map(NodeState::line));
        }
        text
    }
}

impl Report for OperatorState {
    fn human(&self, style: Style) -> String {
        let said = match self.spent {
            true => "no node any more: its key was changed",
            false => "the node below",
        };
        Fields::new(style).row("operator", self.operator).row("signs for", said).text() + &self.signs_for.human(style)
    }
}

impl Report for NodeState {
    fn human(&self, style: Style) -> String {
        let measured = match self.measured_at {
            0 => "never".to_owned(),
            at => format!("{}, {} units attested", time(at), self.attested_units),
        };
        Fields::new(style)
            .row("node", self.node)
            .row("provider", self.provider)
            .row("status", self.status)
            .row("kind", self.kind)
            .row("resource", format!("{} x {}", self.units, self.resource_name))
            .maybe("uri", self.uri.as_ref())
            .maybe("gateway", self.gateway)
            .row("leased", format!("{} of {}", self.leased_units, self.units))
            .row("measured", measured)
            .row("attested", self.attested())
            .text()
    }
}

impl Report for EarningsReport {
    fn human(&self, style: Style) -> String {
        let row =
            |token: &TokenEarnings| [&token.leases, &token.rewards, &token.balance].map(Amount::to_string).to_vec();
        let head = Fields::new(style).row("provider", self.provider).text();
        head + "\n" + &style.table(&["FROM LEASES", "FROM REWARDS", "LEDGER BALANCE"], self.tokens.iter().map(row))
    }
}

impl Status {
    pub(super) async fn run(self) -> anyhow::Result<Standing> {
        let client = self.account.reader().await?;
        let subject = whose(self.subject, &client)?;
        Ok(match NodeStatus::from_number(client.node(subject).await?.status) {
            Some(NodeStatus::None) => Standing::Provider(Box::new(ProviderState::read(&client, subject).await?)),
            Some(NodeStatus::Operator) => Standing::Operator(Box::new(OperatorState::read(&client, subject).await?)),
            _ => Standing::Node(Box::new(NodeState::read(&client, subject).await?)),
        })
    }
}

impl OperatorState {
    async fn read(client: &Client, operator: Address) -> anyhow::Result<Self> {
        let node = client.node_of_operator(operator).await?;
        let node = node.with_context(|| format!("the log has no node that {operator} signs for"))?;
        let spent = client.node(node).await?.operator != operator;
        Ok(Self { operator, spent, signs_for: NodeState::read(client, node).await? })
    }
}

impl ProviderState {
    /// Reads it from the chain.
    pub async fn read(client: &Client, provider: Address) -> anyhow::Result<Self> {
        let Provider { rewardWallet, trustTier, registered, suspended, underbonded } =
            client.provider_of(provider).await?;
        let mut nodes = Vec::new();
        for node in client.nodes_of(provider).await? {
            nodes.push(NodeState::read(client, node).await?);
        }
        Ok(Self {
            provider,
            registered,
            suspended,
            underbonded,
            reward_wallet: rewardWallet,
            trust_tier: trustTier,
            bond: BondState::of(client, BondRole::Provider, provider).await?,
            nodes,
        })
    }
}

impl NodeState {
    /// Reads it from the chain.
    pub async fn read(client: &Client, node: Address) -> anyhow::Result<Self> {
        let registered = client.node(node).await?;
        ensure!(registered.status != NodeStatus::None as u8, "{node} is no node on {}", client.deployment().chain);
        let (measured_at, attested_units) = client.standing(node).await?;
        let (attested_until, _) = client.attested_until(node).await?;
        Ok(Self {
            node,
            provider: registered.provider,
            status: NodeStatus::name_of(registered.status),
            kind: NodeKind::name_of(registered.kind),
            resource: registered.resource,
            resource_name: resource::name(registered.resource),
            units: registered.units,
            leased_units: client.leased_units(node).await?.saturating_to(),
            uri: client.claim_of(node).await?.map(|claim| claim.uri),
            gateway: client.gateway_of_node(node).await?,
            measured_at,
            attested_units,
            attested_until,
            now: client.chain_time().await?,
        })
    }

    fn line(&self) -> Vec<String> {
        vec![
            self.node.to_string(),
            self.status.to_owned(),
            format!("{} x {}", self.units, self.resource_name),
            format!("{} of {}", self.leased_units, self.units),
            self.attested(),
        ]
    }

    fn attested(&self) -> String {
        match self.attested_until.checked_sub(self.now) {
            _ if self.attested_until == 0 => "never was".to_owned(),
            Some(left) if left > 0 => format!("{} (for {})", time(self.attested_until), duration(left)),
            _ => format!("not since {}", time(self.attested_until)),
        }
    }
}

impl Earnings {
    pub(super) async fn run(self) -> anyhow::Result<EarningsReport> {
        let client = self.account.reader().await?;
        let provider = whose(self.provider, &client)?;
        let wallet = client.provider_of(provider).await?.rewardWallet;
        let leases = client.lease_payments(provider).await?;
        let rewards = client.rewards_of(if wallet.is_zero() { provider } else { wallet }).await?;
        let mut addresses: BTreeSet<Address> = leases.keys().chain(rewards.keys()).copied().collect();
        addresses.extend([client.contracts().dollar, client.contracts().spon]);
        let mut tokens = Vec::new();
        for address in addresses {
            let token = client.token(address).await?;
            let amount = |wei: Option<&U256>| Amount::new(wei.copied().unwrap_or_default(), &token);
            let balance = client.balance(address, provider).await?;
            tokens.push(TokenEarnings {
                token: address,
                leases: amount(leases.get(&address)),
                rewards: amount(rewards.get(&address)),
                balance: amount(Some(&balance)),
            });
        }
        Ok(EarningsReport { provider, tokens })
    }
}
