//! `spheron stake`: SPON that earns the network's fees.

mod delegation;

use std::process::ExitCode;

use alloy::primitives::{Address, U256};
use anyhow::ensure;
use clap::{Args, Subcommand};
use serde::Serialize;
use spheron_client::{Client, token::Token};

use crate::{
    amount::{Amount, Written, WrittenOrAll},
    args::{Account, TokenName, address, whose},
    output::{Fields, Output, Report, Style, duration, possible},
};

/// Stake SPON
///
/// Staked SPON earns the fees that drip into the stake. Leaving takes a cooldown whose end is known from the start. What is
/// delegated stands behind a bond instead: it earns what that one shares, and is slashed with it.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Example:\n  spheron stake deposit 1000\n  spheron stake exit all\n  spheron stake claim\n  spheron stake delegate 100 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --role verifier"
)]
pub enum Stake {
    /// Stake SPON
    #[command(after_help = "Example:\n  spheron stake deposit \"1000 SPON\"")]
    Deposit(Deposit),
    /// Start to leave: the amount is fixed now and can be claimed after the cooldown
    #[command(after_help = "Example:\n  spheron stake exit 250")]
    Exit(Exit),
    /// Claim an exit whose cooldown is over
    #[command(after_help = "Example:\n  spheron stake claim")]
    Claim(Claim),
    /// Drip SPON to everybody who stakes, over the next week
    #[command(after_help = "Example:\n  spheron stake fund 500")]
    Fund(Fund),
    /// Show a stake, a pending exit, and what drips
    #[command(after_help = "Example:\n  spheron stake status 0x70997970C51812dc3A010C7d01b50e0d17dc79C8")]
    Status(Status),
    /// Put money behind the bond of a provider, gateway or verifier
    #[command(
        after_help = "Example:\n  spheron stake delegate \"100 SPON\" 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --role verifier"
    )]
    Delegate(delegation::Delegate),
    /// Start to take a delegation out: it thaws, earns nothing, and stays slashable until then
    #[command(
        after_help = "Example:\n  spheron stake undelegate all 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --role verifier"
    )]
    Undelegate(delegation::Undelegate),
    /// Put what thaws back into the pool
    #[command(after_help = "Example:\n  spheron stake cancel-undelegation 0x70997970C51812dc3A010C7d01b50e0d17dc79C8")]
    CancelUndelegation(delegation::CancelUndelegation),
    /// Take what has thawed of a delegation
    #[command(after_help = "Example:\n  spheron stake withdraw-delegation 0x70997970C51812dc3A010C7d01b50e0d17dc79C8")]
    WithdrawDelegation(delegation::WithdrawDelegation),
    /// Give to those who delegate to a bond, over the next week, and the commission to its owner
    #[command(after_help = "Example:\n  spheron stake reward 10 0x70997970C51812dc3A010C7d01b50e0d17dc79C8")]
    Reward(delegation::Reward),
    /// Show what an account has delegated
    #[command(after_help = "Example:\n  spheron stake delegations 0x70997970C51812dc3A010C7d01b50e0d17dc79C8")]
    Delegations(delegation::Delegations),
}

/// `stake deposit`
#[derive(Debug, Args)]
pub struct Deposit {
    /// How much SPON
    #[arg(allow_negative_numbers = true)]
    amount: Written,
    #[command(flatten)]
    account: Account,
}

/// `stake exit`
#[derive(Debug, Args)]
pub struct Exit {
    /// How much SPON, or all
    #[arg(allow_negative_numbers = true)]
    amount: WrittenOrAll,
    #[command(flatten)]
    account: Account,
}

/// `stake claim`
#[derive(Debug, Args)]
pub struct Claim {
    #[command(flatten)]
    account: Account,
}

/// `stake fund`
#[derive(Debug, Args)]
pub struct Fund {
    /// How much SPON
    #[arg(allow_negative_numbers = true)]
    amount: Written,
    #[command(flatten)]
    account: Account,
}

/// `stake status`
#[derive(Debug, Args)]
pub struct Status {
    /// Whose [default: the key's]
    #[arg(value_name = "ADDRESS", value_parser = address)]
    owner: Option<Address>,
    #[command(flatten)]
    account: Account,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Position {
    account: Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed: Option<Amount>,
    wallet: Amount,
    staked: Amount,
    shares: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<PendingExit>,
    total_staked: Amount,
    drip: Amount,
    drip_ends_at: u64,
    now: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PendingExit {
    amount: Amount,
    claimable_at: u64,
}

impl Report for Position {
    fn human(&self, style: Style) -> String {
        let leaving =
            |exit: &PendingExit| format!("{}, {}", exit.amount, possible("claimed", exit.claimable_at, self.now));
        let drip = match self.drip_ends_at.saturating_sub(self.now) {
            0 => "nothing".to_owned(),
            left => format!("{} to all {} over {}", self.drip, self.total_staked, duration(left)),
        };
        Fields::new(style)
            .row("account", self.account)
            .maybe("claimed", self.claimed.as_ref())
            .row("wallet", &self.wallet)
            .row("staked", &self.staked)
            .maybe("leaving", self.exit.as_ref().map(leaving))
            .row("dripping", drip)
            .text()
    }
}

impl Stake {
    /// Does it.
    pub async fn run(self, output: Output) -> anyhow::Result<ExitCode> {
        match self {
            Self::Deposit(command) => output.print(&command.run().await?)?,
            Self::Exit(command) => output.print(&command.run().await?)?,
            Self::Claim(command) => output.print(&command.run().await?)?,
            Self::Fund(command) => output.print(&command.run().await?)?,
            Self::Status(command) => output.print(&command.run().await?)?,
            Self::Delegate(command) => output.print(&command.run().await?)?,
            Self::Undelegate(command) => output.print(&command.run().await?)?,
            Self::CancelUndelegation(command) => output.print(&command.run().await?)?,
            Self::WithdrawDelegation(command) => output.print(&command.run().await?)?,
            Self::Reward(command) => output.print(&command.run().await?)?,
            Self::Delegations(command) => output.print(&command.run().await?)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Deposit {
    async fn run(self) -> anyhow::Result<Position> {
        let client = self.account.client().await?;
        let spon = TokenName::Spon.resolve(&client).await?;
        client.stake(self.amount.in_token(&spon)?).await?;
        position(&client, &spon, client.address()?).await
    }
}

impl Exit {
    async fn run(self) -> anyhow::Result<Position> {
        let client = self.account.client().await?;
        let spon = TokenName::Spon.resolve(&client).await?;
        let owner = client.address()?;
        let shares = client.shares_of(owner).await?;
        let staked = client.assets_of(shares).await?;
        let amount = self.amount.in_token(&spon, staked)?;
        ensure!(amount <= staked, "only {} are staked: give at most that, or all", Amount::new(staked, &spon));
        // The price moves with the drip, so that all of it is said in shares.
        let leaving = if amount == staked { shares } else { client.shares_for(amount).await? };
        client.request_exit(leaving).await?;
        position(&client, &spon, owner).await
    }
}

impl Claim {
    async fn run(self) -> anyhow::Result<Position> {
        let client = self.account.client().await?;
        let spon = TokenName::Spon.resolve(&client).await?;
        let claimed = client.claim_exit().await?;
        let position = position(&client, &spon, client.address()?).await?;
        Ok(Position { claimed: Some(Amount::new(claimed, &spon)), ..position })
    }
}

impl Fund {
    async fn run(self) -> anyhow::Result<Position> {
        let client = self.account.client().await?;
        let spon = TokenName::Spon.resolve(&client).await?;
        client.fund_stakers(self.amount.in_token(&spon)?).await?;
        position(&client, &spon, client.address()?).await
    }
}

impl Status {
    async fn run(self) -> anyhow::Result<Position> {
        let client = self.account.reader().await?;
        let spon = TokenName::Spon.resolve(&client).await?;
        position(&client, &spon, whose(self.owner, &client)?).await
    }
}

async fn position(client: &Client, spon: &Token, account: Address) -> anyhow::Result<Position> {
    let amount = |wei| Amount::new(wei, spon);
    let shares = client.shares_of(account).await?;
    let exit = client.exit_of(account).await?;
    let pending = PendingExit { amount: amount(U256::from(exit.assets)), claimable_at: exit.claimableAt.to() };
    let (drip, drip_ends_at) = client.drip().await?;
    Ok(Position {
        account,
        claimed: None,
        wallet: amount(client.token_balance(spon.address, account).await?),
        staked: amount(client.assets_of(shares).await?),
        shares: shares.to_string(),
        exit: (!exit.shares.is_zero()).then_some(pending),
        total_staked: amount(client.total_staked().await?),
        drip: amount(drip),
        drip_ends_at: drip_ends_at.saturating_to(),
        now: client.chain_time().await?,
    })
}
