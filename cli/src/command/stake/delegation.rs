//! Delegations to the bonds of others.

use alloy::primitives::{Address, U256};
use anyhow::ensure;
use clap::Args;
use serde::Serialize;
use spheron_client::{Client, delegation::Pool, token::Token};

use crate::{
    amount::{Amount, Written, WrittenOrAll},
    args::{Account, TokenName, address, whose},
    command::{
        bond,
        pool::{PoolState, Role},
        thaw::Thaw,
    },
    output::{Fields, Report, Style},
};

/// `stake delegate`
#[derive(Debug, Args)]
pub struct Delegate {
    /// How much
    #[arg(allow_negative_numbers = true)]
    amount: Written,
    #[command(flatten)]
    behind: Behind,
}

/// `stake undelegate`
#[derive(Debug, Args)]
pub struct Undelegate {
    /// How much, or all
    #[arg(allow_negative_numbers = true)]
    amount: WrittenOrAll,
    #[command(flatten)]
    behind: Behind,
}

/// `stake cancel-undelegation`
#[derive(Debug, Args)]
pub struct CancelUndelegation {
    #[command(flatten)]
    behind: Behind,
}

/// `stake withdraw-delegation`
#[derive(Debug, Args)]
pub struct WithdrawDelegation {
    #[command(flatten)]
    behind: Behind,
    /// Who gets the tokens [default: the caller]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    to: Option<Address>,
}

/// `stake reward`
#[derive(Debug, Args)]
pub struct Reward {
    /// How much
    #[arg(allow_negative_numbers = true)]
    amount: Written,
    #[command(flatten)]
    behind: Behind,
}

/// `stake delegations`
#[derive(Debug, Args)]
pub struct Delegations {
    /// Whose [default: the key's]
    #[arg(value_name = "ADDRESS", value_parser = address)]
    delegator: Option<Address>,
    #[command(flatten)]
    account: Account,
}

/// Behind which bond.
#[derive(Debug, Args)]
struct Behind {
    /// Whose bond
    #[arg(value_parser = address)]
    owner: Address,
    /// What the bond is for
    #[arg(long, value_enum, default_value_t = Role::Provider)]
    role: Role,
    /// spon, dollar, or the token's address [default: the bond's]
    #[arg(long)]
    token: Option<TokenName>,
    #[command(flatten)]
    account: Account,
}

/// What somebody has in a pool.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delegation {
    delegator: Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rewarded: Option<Amount>,
    delegated: Amount,
    #[serde(flatten)]
    thaw: Thaw,
    pool: PoolState,
}

/// What somebody has in all pools.
#[derive(Debug, Serialize)]
pub struct DelegationList {
    delegator: Address,
    delegations: Vec<Delegation>,
}

impl Report for Delegation {
    fn human(&self, style: Style) -> String {
        let head = Fields::new(style)
            .row("account", self.delegator)
            .maybe("withdrawn", self.withdrawn.as_ref())
            .maybe("rewarded", self.rewarded.as_ref())
            .row("delegated", &self.delegated)
            .maybe("thawing", self.thaw.in_words())
            .row(self.pool.role.name(), self.pool.owner);
        head.and(self.pool.fields(style)).text()
    }
}

impl Report for DelegationList {
    fn human(&self, style: Style) -> String {
        let head = Fields::new(style).row("account", self.delegator).text();
        if self.delegations.is_empty() {
            return head + "nothing is delegated\n";
        }
        let line = |delegation: &Delegation| {
            let Delegation { delegated, thaw, pool, .. } = delegation;
            let thaw = thaw.in_words().unwrap_or_default();
            vec![pool.owner.to_string(), pool.role.name().to_owned(), delegated.to_string(), thaw]
        };
        head + "\n" + &style.table(&["BOND OF", "ROLE", "DELEGATED", "THAWING"], self.delegations.iter().map(line))
    }
}

impl Behind {
    async fn pool(&self, client: &Client, symbol: Option<&str>) -> anyhow::Result<(Pool, Token)> {
        let role = self.role.into();
        let token = bond::token(client, role, self.owner, self.token, symbol).await?;
        Ok((Pool { role, owner: self.owner, token: token.address }, token))
    }
}

impl Delegate {
    pub(super) async fn run(self) -> anyhow::Result<Delegation> {
        let client = self.behind.account.client().await?;
        let (pool, token) = self.behind.pool(&client, self.amount.symbol()).await?;
        client.delegate(pool, self.amount.in_token(&token)?).await?;
        delegation(&client, pool, &token, client.address()?).await
    }
}

impl Undelegate {
    pub(super) async fn run(self) -> anyhow::Result<Delegation> {
        let client = self.behind.account.client().await?;
        let (pool, token) = self.behind.pool(&client, self.amount.symbol()).await?;
        let delegator = client.address()?;
        let shares = U256::from(client.position(pool, delegator).await?.shares);
        let (worth, _) = client.delegated(pool, delegator).await?;
        let amount = self.amount.in_token(&token, worth)?;
        ensure!(amount <= worth, "only {} are delegated: give at most that, or all", Amount::new(worth, &token));
        // The price moves with what drips, so that all of it is said in shares.
        let leaving = if amount == worth { shares } else { (amount * shares).div_ceil(worth) };
        client.undelegate(pool, leaving).await?;
        delegation(&client, pool, &token, delegator).await
    }
}

impl CancelUndelegation {
    pub(super) async fn run(self) -> anyhow::Result<Delegation> {
        let client = self.behind.account.client().await?;
        let (pool, token) = self.behind.pool(&client, None).await?;
        client.cancel_undelegation(pool).await?;
        delegation(&client, pool, &token, client.address()?).await
    }
}

impl WithdrawDelegation {
    pub(super) async fn run(self) -> anyhow::Result<Delegation> {
        let client = self.behind.account.client().await?;
        let (pool, token) = self.behind.pool(&client, None).await?;
        let delegator = client.address()?;
        let withdrawn = client.withdraw_delegation(pool, self.to.unwrap_or(delegator)).await?;
        let state = delegation(&client, pool, &token, delegator).await?;
        Ok(Delegation { withdrawn: Some(Amount::new(withdrawn, &token)), ..state })
    }
}

impl Reward {
    pub(super) async fn run(self) -> anyhow::Result<Delegation> {
        let client = self.behind.account.client().await?;
        let (pool, token) = self.behind.pool(&client, self.amount.symbol()).await?;
        let (to_pool, _) = client.reward_pool(pool, self.amount.in_token(&token)?).await?;
        let state = delegation(&client, pool, &token, client.address()?).await?;
        Ok(Delegation { rewarded: Some(Amount::new(to_pool, &token)), ..state })
    }
}

impl Delegations {
    pub(super) async fn run(self) -> anyhow::Result<DelegationList> {
        let client = self.account.reader().await?;
        let delegator = whose(self.delegator, &client)?;
        let mut delegations = Vec::new();
        for pool in client.pools_of(delegator).await? {
            let token = client.token(pool.token).await?;
            let state = delegation(&client, pool, &token, delegator).await?;
            if !(state.delegated.wei.is_zero() && state.thaw.is_empty()) {
                delegations.push(state);
            }
        }
        Ok(DelegationList { delegator, delegations })
    }
}

async fn delegation(client: &Client, pool: Pool, token: &Token, delegator: Address) -> anyhow::Result<Delegation> {
    let (delegated, thawing) = client.delegated(pool, delegator).await?;
    let thawed_at = client.position(pool, delegator).await?.thawedAt.to();
    let withdrawal = client.delegation_withdrawal(pool, delegator).await?;
    let pool = PoolState::read(client, pool, token).await?;
    Ok(Delegation {
        delegator,
        withdrawn: None,
        rewarded: None,
        delegated: Amount::new(delegated, token),
        thaw: Thaw::new(thawing, token, thawed_at, withdrawal, pool.now),
        pool,
    })
}
