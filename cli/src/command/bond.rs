//! Bonds, of providers under `spheron node`, of verifiers under `spheron verify`, of gateways under `spheron gateway`.

use alloy::primitives::{Address, U256};
use anyhow::Context as _;
use clap::Args;
use serde::Serialize;
use spheron_client::{Client, node::BondRole, token::Token};

use crate::{
    amount::{Amount, Written, WrittenOrAll},
    args::{Account, TokenName, address},
    output::{Fields, Report, Style, duration, time},
};

/// `bond`
#[derive(Debug, Args)]
pub struct Bond {
    /// How much
    #[arg(allow_negative_numbers = true)]
    amount: Written,
    /// spon, dollar, or the token's address [default: spon]
    #[arg(long)]
    token: Option<TokenName>,
    #[command(flatten)]
    account: Account,
}

/// `thaw`
#[derive(Debug, Args)]
pub struct Thaw {
    /// How much, or all
    #[arg(allow_negative_numbers = true)]
    amount: WrittenOrAll,
    /// spon, dollar, or the token's address [default: spon]
    #[arg(long)]
    token: Option<TokenName>,
    #[command(flatten)]
    account: Account,
}

/// `cancel-thaw`
#[derive(Debug, Args)]
pub struct CancelThaw {
    /// spon, dollar, or the token's address
    #[arg(long, default_value = "spon")]
    token: TokenName,
    #[command(flatten)]
    account: Account,
}

/// `withdraw-bond`
#[derive(Debug, Args)]
pub struct WithdrawBond {
    /// spon, dollar, or the token's address
    #[arg(long, default_value = "spon")]
    token: TokenName,
    /// Who gets the tokens [default: the caller]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    to: Option<Address>,
    #[command(flatten)]
    account: Account,
}

/// A bond and what of it thaws.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BondState {
    account: Address,
    active: Amount,
    thawing: Amount,
    thawed_at: u64,
    minimum: Amount,
    counts: bool,
    now: u64,
}

impl Report for BondState {
    fn human(&self, style: Style) -> String {
        self.fields(style).text()
    }
}

impl BondState {
    /// Its lines.
    pub fn fields(&self, style: Style) -> Fields {
        let left = self.thawed_at.saturating_sub(self.now);
        let thawing = (!self.thawing.wei.is_zero()).then(|| match left {
            0 => format!("{}, can be withdrawn now", self.thawing),
            _ => format!("{} until {} (in {})", self.thawing, time(self.thawed_at), duration(left)),
        });
        let counts = match self.counts {
            true => style.good("yes"),
            false => style.bad(&format!("no, it takes {}", self.minimum)),
        };
        Fields::new(style)
            .row("account", self.account)
            .row("bonded", &self.active)
            .maybe("thawing", thawing)
            .row("counts", counts)
    }

    /// Reads it from the chain.
    pub async fn read(client: &Client, role: BondRole, account: Address, token: &Token) -> anyhow::Result<Self> {
        let bond = client.bond_of(role, account, token.address).await?;
        let amount = |wei| Amount::new(wei, token);
        Ok(Self {
            account,
            active: amount(U256::from(bond.active)),
            thawing: amount(U256::from(bond.thawing)),
            thawed_at: bond.thawedAt.to(),
            minimum: amount(client.minimum_bond(role, token.address).await?),
            counts: client.is_bonded(role, account, token.address).await?,
            now: client.chain_time().await?,
        })
    }
}

impl Bond {
    /// Bonds for the caller.
    pub async fn run(self, role: BondRole) -> anyhow::Result<BondState> {
        let client = self.account.client().await?;
        let token = token(&client, self.token, self.amount.symbol()).await?;
        client.bond(role, token.address, self.amount.in_token(&token)?).await?;
        BondState::read(&client, role, client.address()?, &token).await
    }
}

impl Thaw {
    /// Starts to thaw.
    pub async fn run(self, role: BondRole) -> anyhow::Result<BondState> {
        let client = self.account.client().await?;
        let token = token(&client, self.token, self.amount.symbol()).await?;
        let owner = client.address()?;
        let active = client.bond_of(role, owner, token.address).await?.active;
        let amount = self.amount.in_token(&token, U256::from(active))?;
        client.thaw(role, token.address, amount).await?;
        BondState::read(&client, role, owner, &token).await
    }
}

impl CancelThaw {
    /// Takes the thawing bucket back.
    pub async fn run(self, role: BondRole) -> anyhow::Result<BondState> {
        let client = self.account.client().await?;
        let token = self.token.resolve(&client).await?;
        client.cancel_thaw(role, token.address).await?;
        BondState::read(&client, role, client.address()?, &token).await
    }
}

impl WithdrawBond {
    /// Withdraws what has thawed.
    pub async fn run(self, role: BondRole) -> anyhow::Result<BondState> {
        let client = self.account.client().await?;
        let token = self.token.resolve(&client).await?;
        let owner = client.address()?;
        client.withdraw_bond(role, token.address, self.to.unwrap_or(owner)).await?;
        BondState::read(&client, role, owner, &token).await
    }
}

/// The token of a bond: SPON unless another one is named.
pub async fn token(client: &Client, flag: Option<TokenName>, symbol: Option<&str>) -> anyhow::Result<Token> {
    let flag = flag.or_else(|| symbol.is_none().then_some(TokenName::Spon));
    TokenName::choose(flag, symbol, client).await
}

/// The account that a status is about: as named, else the key's.
pub fn whose(named: Option<Address>, client: &Client) -> anyhow::Result<Address> {
    match named {
        Some(address) => Ok(address),
        None => client.address().context("whose? name an address"),
    }
}
