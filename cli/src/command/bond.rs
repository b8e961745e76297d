//! Bonds, of providers under `spheron node`, of verifiers under `spheron verify`, of gateways under `spheron gateway`.

use alloy::primitives::{Address, U256};
use anyhow::ensure;
use clap::Args;
use serde::Serialize;
use spheron_client::{Client, node::BondRole, token::Token};

use super::thaw::Thaw;
use crate::{
    amount::{Amount, Written, WrittenOrAll},
    args::{Account, TokenName, address},
    output::{Fields, Report, Style, until},
};

/// `bond`
#[derive(Debug, Args)]
pub struct Bond {
    /// How much
    #[arg(allow_negative_numbers = true)]
    amount: Written,
    /// spon, dollar, or the token's address [default: the one that counts, else the one that may be bonded]
    #[arg(long)]
    token: Option<TokenName>,
    #[command(flatten)]
    account: Account,
}

/// `thaw`
#[derive(Debug, Args)]
pub struct StartThaw {
    /// How much, or all
    #[arg(allow_negative_numbers = true)]
    amount: WrittenOrAll,
    /// spon, dollar, or the token's address [default: the bond's]
    #[arg(long)]
    token: Option<TokenName>,
    #[command(flatten)]
    account: Account,
}

/// `cancel-thaw`
#[derive(Debug, Args)]
pub struct CancelThaw {
    /// spon, dollar, or the token's address [default: the bond's]
    #[arg(long)]
    token: Option<TokenName>,
    #[command(flatten)]
    account: Account,
}

/// `withdraw-bond`
#[derive(Debug, Args)]
pub struct WithdrawBond {
    /// spon, dollar, or the token's address [default: the bond's]
    #[arg(long)]
    token: Option<TokenName>,
    /// Who gets the tokens [default: the caller]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    to: Option<Address>,
    #[command(flatten)]
    account: Account,
}

/// A bond, what of it is tied, and what of it thaws.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BondState {
    account: Address,
    token: Address,
    active: Amount,
    /// Behind leases; it cannot thaw.
    locked: Amount,
    /// What a dispute may take; it cannot be withdrawn.
    held: Amount,
    held_until: u64,
    #[serde(flatten)]
    thaw: Thaw,
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
        let locked = (!self.locked.wei.is_zero()).then(|| format!("{} behind leases", self.locked));
        let held = (!self.held.wei.is_zero())
            .then(|| format!("{} for a dispute {}", self.held, until(self.held_until, self.now)));
        let counts = match self.counts {
            true => style.good("yes"),
            false => style.bad(&format!("no, it takes {}", self.minimum)),
        };
        Fields::new(style)
            .row("account", self.account)
            .row("bonded", &self.active)
            .maybe("locked", locked)
            .maybe("held", held)
            .maybe("thawing", self.thaw.in_words())
            .row("counts", counts)
    }

    /// Reads the bond that counts for an account, or would.
    pub async fn of(client: &Client, role: BondRole, account: Address) -> anyhow::Result<Self> {
        let token = token(client, role, account, None, None).await?;
        Self::read(client, role, account, &token).await
    }

    /// Reads it from the chain.
    pub async fn read(client: &Client, role: BondRole, account: Address, token: &Token) -> anyhow::Result<Self> {
        let bond = client.bond_of(role, account, token.address).await?;
        let withdrawal = client.bond_withdrawal(role, account, token.address).await?;
        let now = client.chain_time().await?;
        let (thawed_at, held_until) = (bond.thawedAt.to(), bond.heldUntil.to());
        let amount = |wei| Amount::new(wei, token);
        Ok(Self {
            account,
            token: token.address,
            active: amount(U256::from(bond.active)),
            locked: amount(U256::from(bond.locked)),
            held: amount(if now < held_until { U256::from(bond.held) } else { U256::ZERO }),
            held_until,
            thaw: Thaw::new(U256::from(bond.thawing), token, thawed_at, withdrawal, now),
            minimum: amount(client.minimum_bond(role, token.address).await?),
            counts: client.is_bonded(role, account, token.address).await?,
            now,
        })
    }
}

impl Bond {
    /// Bonds for the caller.
    pub async fn run(self, role: BondRole) -> anyhow::Result<BondState> {
        let client = self.account.client().await?;
        let owner = client.address()?;
        let token = token(&client, role, owner, self.token, self.amount.symbol()).await?;
        client.bond(role, token.address, self.amount.in_token(&token)?).await?;
        BondState::read(&client, role, owner, &token).await
    }
}

impl StartThaw {
    /// Starts to thaw.
    pub async fn run(self, role: BondRole) -> anyhow::Result<BondState> {
        let client = self.account.client().await?;
        let owner = client.address()?;
        let token = token(&client, role, owner, self.token, self.amount.symbol()).await?;
        let bond = client.bond_of(role, owner, token.address).await?;
        let free = bond.active.saturating_sub(bond.locked);
        let shown = |wei| Amount::new(U256::from(wei), &token);
        ensure!(
            bond.active.is_zero() || !free.is_zero(),
            "the whole bond of {} is locked behind leases: see spheron lease free-cover for those that are over",
            shown(bond.active)
        );
        let amount = self.amount.in_token(&token, U256::from(free))?;
        client.thaw(role, token.address, amount).await?;
        BondState::read(&client, role, owner, &token).await
    }
}

impl CancelThaw {
    /// Takes the thawing bucket back.
    pub async fn run(self, role: BondRole) -> anyhow::Result<BondState> {
        let client = self.account.client().await?;
        let owner = client.address()?;
        let token = token(&client, role, owner, self.token, None).await?;
        client.cancel_thaw(role, token.address).await?;
        BondState::read(&client, role, owner, &token).await
    }
}

impl WithdrawBond {
    /// Withdraws what has thawed.
    pub async fn run(self, role: BondRole) -> anyhow::Result<BondState> {
        let client = self.account.client().await?;
        let owner = client.address()?;
        let token = token(&client, role, owner, self.token, None).await?;
        client.withdraw_bond(role, token.address, self.to.unwrap_or(owner)).await?;
        BondState::read(&client, role, owner, &token).await
    }
}

/// The token of a bond of `owner`: the named one, else the one whose bond counts for it, else the one that it has bonded,
/// else the first that may be bonded.
pub async fn token(
    client: &Client,
    role: BondRole,
    owner: Address,
    flag: Option<TokenName>,
    symbol: Option<&str>,
) -> anyhow::Result<Token> {
    if flag.is_some() || symbol.is_some() {
        return TokenName::choose(flag, symbol, client).await;
    }
    let address = match client.bond_token_of(role, owner).await? {
        Some(address) => address,
        None => usual_token(client, role, owner).await?,
    };
    Ok(client.token(address).await?)
}

/// Of SPON and the dollar the one that `owner` has bonded, else the one that may be bonded.
async fn usual_token(client: &Client, role: BondRole, owner: Address) -> anyhow::Result<Address> {
    let tokens = [client.contracts().spon, client.contracts().dollar];
    for token in tokens {
        let bond = client.bond_of(role, owner, token).await?;
        if !(bond.active.is_zero() && bond.thawing.is_zero()) {
            return Ok(token);
        }
    }
    for token in tokens {
        if !client.minimum_bond(role, token).await?.is_zero() {
            return Ok(token);
        }
    }
    Ok(client.contracts().spon)
}
