//! `spheron account`: money in the Ledger.

use std::process::ExitCode;

use alloy::primitives::{Address, U256, aliases::U40};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde::Serialize;
use spheron_bindings::ledger::ILedger::Allowance;
use spheron_client::{Client, token::Token};

use crate::{
    amount::{Amount, Written, WrittenOrAll},
    args::{Account, Seconds, TokenName, address, whose},
    output::{Fields, Output, Report, Style, time},
};

/// Money in the Ledger
///
/// The Ledger is the one contract that holds renters' and providers' money. Leases are paid from a balance there, and
/// pay into one; withdrawing is always possible.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Example:\n  spheron account deposit 100\n  spheron account balance\n  spheron account withdraw all"
)]
pub enum AccountCommand {
    /// Put tokens into the Ledger
    #[command(after_help = "Example:\n  spheron account deposit \"100 tUSD\"")]
    Deposit(Deposit),
    /// Take tokens out of the Ledger
    #[command(
        after_help = "Example:\n  spheron account withdraw all --token spon --to 0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    )]
    Withdraw(Withdraw),
    /// Show what an account has, in its wallet and in the Ledger
    #[command(after_help = "Example:\n  spheron account balance 0x70997970C51812dc3A010C7d01b50e0d17dc79C8")]
    Balance(Balance),
    /// Let an operator open leases on the account's balance, within caps
    #[command(
        after_help = "Example:\n  spheron account allow 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --per-hour 2 --exposure 50 --for 30d"
    )]
    Allow(Allow),
    /// Take what bonds owe: for a renter's loss, for a report, as a pool's commission, or what had not dripped when its last
    /// delegator left
    #[command(after_help = "Example:\n  spheron account collect --token spon")]
    Collect(Collect),
}

/// `account deposit`
#[derive(Debug, Args)]
pub struct Deposit {
    /// How much, such as 100 or "100 tUSD"
    #[arg(allow_negative_numbers = true)]
    amount: Written,
    /// spon, dollar, or the token's address [default: dollar]
    #[arg(long)]
    token: Option<TokenName>,
    #[command(flatten)]
    account: Account,
}

/// `account withdraw`
#[derive(Debug, Args)]
pub struct Withdraw {
    /// How much, such as 100 or "100 tUSD", or all
    #[arg(allow_negative_numbers = true)]
    amount: WrittenOrAll,
    /// spon, dollar, or the token's address [default: dollar]
    #[arg(long)]
    token: Option<TokenName>,
    /// Who gets the tokens [default: the caller]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    to: Option<Address>,
    #[command(flatten)]
    account: Account,
}

/// `account balance`
#[derive(Debug, Args)]
pub struct Balance {
    /// Whose [default: the key's]
    #[arg(value_name = "ADDRESS", value_parser = address)]
    owner: Option<Address>,
    /// spon, dollar, or a token's address [default: spon and dollar]
    #[arg(long)]
    token: Option<TokenName>,
    #[command(flatten)]
    account: Account,
}

/// `account allow`
#[derive(Debug, Args)]
pub struct Allow {
    /// Who may spend
    #[arg(value_name = "OPERATOR", value_parser = address)]
    operator: Address,
    /// Cap on what all its live leases cost in an hour
    #[arg(long, value_name = "AMOUNT", required_unless_present = "revoke", allow_negative_numbers = true)]
    per_hour: Option<Written>,
    /// Cap on what all its live leases hold in escrow
    #[arg(long, value_name = "AMOUNT", required_unless_present = "revoke", allow_negative_numbers = true)]
    exposure: Option<Written>,
    /// How long it may open leases, such as 30d
    #[arg(long = "for", value_name = "TIME", required_unless_present = "revoke")]
    valid: Option<Seconds>,
    /// How far ahead it may commit money, such as 24h [default: as far as it likes]
    #[arg(long, value_name = "TIME")]
    ahead: Option<Seconds>,
    /// Allow nothing any more; leases that run go on
    #[arg(long, conflicts_with_all = ["per_hour", "exposure", "valid", "ahead"])]
    revoke: bool,
    /// spon, dollar, or the token's address [default: dollar]
    #[arg(long)]
    token: Option<TokenName>,
    #[command(flatten)]
    account: Account,
}

/// `account collect`
#[derive(Debug, Args)]
pub struct Collect {
    /// spon, dollar, or the token's address [default: dollar if any are owed, else spon]
    #[arg(long)]
    token: Option<TokenName>,
    /// Who gets the tokens [default: the caller]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    to: Option<Address>,
    #[command(flatten)]
    account: Account,
}

/// What a balance became.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Moved {
    #[serde(skip)]
    what: &'static str,
    amount: Amount,
    account: Address,
    balance: Amount,
}

impl Report for Moved {
    fn human(&self, style: Style) -> String {
        Fields::new(style)
            .row(self.what, &self.amount)
            .row("account", self.account)
            .row("balance", &self.balance)
            .text()
    }
}

/// What was owed, and went out.
#[derive(Debug, Serialize)]
pub struct Collected {
    amount: Amount,
    to: Address,
}

impl Collected {
    /// `wei` of `token` to `to`.
    pub fn new(wei: U256, token: &Token, to: Address) -> Self {
        Self { amount: Amount::new(wei, token), to }
    }
}

impl Report for Collected {
    fn human(&self, style: Style) -> String {
        Fields::new(style).row("collected", &self.amount).row("to", self.to).text()
    }
}

#[derive(Debug, Serialize)]
struct Balances {
    account: Address,
    tokens: Vec<TokenBalance>,
}

#[derive(Debug, Serialize)]
struct TokenBalance {
    token: Address,
    wallet: Amount,
    ledger: Amount,
}

impl Report for Balances {
    fn human(&self, style: Style) -> String {
        let row = |balance: &TokenBalance| vec![balance.wallet.to_string(), balance.ledger.to_string()];
        let account = Fields::new(style).row("account", self.account).text();
        account + "\n" + &style.table(&["WALLET", "LEDGER"], self.tokens.iter().map(row))
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Allowed {
    operator: Address,
    per_second: Amount,
    exposure: Amount,
    expiry: u64,
    used_per_second: Amount,
    used_exposure: Amount,
}

impl Report for Allowed {
    fn human(&self, style: Style) -> String {
        let expiry = if self.expiry == 0 { "never was, or revoked".to_owned() } else { time(self.expiry) };
        Fields::new(style)
            .row("operator", self.operator)
            .row("per second", format!("{} of {}", self.used_per_second, self.per_second))
            .row("in escrow", format!("{} of {}", self.used_exposure, self.exposure))
            .row("until", expiry)
            .text()
    }
}

impl AccountCommand {
    /// Does it.
    pub async fn run(self, output: Output) -> anyhow::Result<ExitCode> {
        match self {
            Self::Deposit(command) => output.print(&command.run().await?)?,
            Self::Withdraw(command) => output.print(&command.run().await?)?,
            Self::Balance(command) => output.print(&command.run().await?)?,
            Self::Allow(command) => output.print(&command.run().await?)?,
            Self::Collect(command) => output.print(&command.run().await?)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Deposit {
    async fn run(self) -> anyhow::Result<Moved> {
        let client = self.account.client().await?;
        let token = TokenName::choose(self.token, self.amount.symbol(), &client).await?;
        let credited = client.deposit(token.address, self.amount.in_token(&token)?).await?;
        moved(&client, &token, "deposited", credited).await
    }
}

impl Withdraw {
    /// Does it.
    pub async fn run(self) -> anyhow::Result<Moved> {
        let client = self.account.client().await?;
        let token = TokenName::choose(self.token, self.amount.symbol(), &client).await?;
        let owner = client.address()?;
        let amount = self.amount.in_token(&token, client.balance(token.address, owner).await?)?;
        client.withdraw(token.address, self.to.unwrap_or(owner), amount).await?;
        moved(&client, &token, "withdrawn", amount).await
    }
}

async fn moved(client: &Client, token: &Token, what: &'static str, amount: U256) -> anyhow::Result<Moved> {
    let account = client.address()?;
    let balance = client.balance(token.address, account).await?;
    Ok(Moved { what, amount: Amount::new(amount, token), account, balance: Amount::new(balance, token) })
}

impl Collect {
    async fn run(self) -> anyhow::Result<Collected> {
        let client = self.account.client().await?;
        let owner = client.address()?;
        let nothing = client.owed(owner, client.contracts().dollar).await?.is_zero();
        let usual = if nothing { TokenName::Spon } else { TokenName::Dollar };
        let token = self.token.unwrap_or(usual).resolve(&client).await?;
        let to = self.to.unwrap_or(owner);
        Ok(Collected::new(client.collect_owed(token.address, to).await?, &token, to))
    }
}

impl Balance {
    async fn run(self) -> anyhow::Result<Balances> {
        let client = self.account.reader().await?;
        let account = whose(self.owner, &client)?;
        let names = self.token.map_or(vec![TokenName::Dollar, TokenName::Spon], |name| vec![name]);
        let mut tokens = Vec::new();
        for name in names {
            let token = name.resolve(&client).await?;
            let wallet = client.token_balance(token.address, account).await?;
            let ledger = client.balance(token.address, account).await?;
            let (wallet, ledger) = (Amount::new(wallet, &token), Amount::new(ledger, &token));
            tokens.push(TokenBalance { token: token.address, wallet, ledger });
        }
        Ok(Balances { account, tokens })
    }
}

impl Allow {
    async fn run(self) -> anyhow::Result<Allowed> {
        let client = self.account.client().await?;
        let symbol = self.exposure.as_ref().and_then(Written::symbol);
        let token = TokenName::choose(self.token, symbol, &client).await?;
        let allowance = self.allowance(&token, client.chain_time().await?)?;
        client.allow_operator(token.address, self.operator, allowance).await?;
        let (allowance, usage) = client.allowance(token.address, client.address()?, self.operator).await?;
        let amount = |wei: u128| Amount::new(U256::from(wei), &token);
        Ok(Allowed {
            operator: self.operator,
            per_second: amount(allowance.rateCap),
            exposure: amount(allowance.exposureCap),
            expiry: allowance.expiry.to(),
            used_per_second: amount(usage.rate),
            used_exposure: amount(usage.exposure),
        })
    }

    /// What to allow; nothing if it is revoked.
    fn allowance(&self, token: &Token, now: u64) -> anyhow::Result<Allowance> {
        let (Some(per_hour), Some(exposure), Some(valid)) = (&self.per_hour, &self.exposure, self.valid) else {
            return Ok(Allowance { rateCap: 0, exposureCap: 0, expiry: U40::ZERO, maxTail: 0 });
        };
        let cap = |wei: U256| u128::try_from(wei).context("a cap is below 2^128 wei: give less");
        let expiry = now.saturating_add(valid.0);
        Ok(Allowance {
            rateCap: cap(per_hour.per_second(token)?)?,
            exposureCap: cap(exposure.in_token(token)?)?,
            expiry: U40::try_from(expiry).context("the time is too long: give less")?,
            maxTail: self.ahead.map_or(u32::MAX, |ahead| u32::try_from(ahead.0).unwrap_or(u32::MAX)),
        })
    }
}
