//! How disputes end.

use alloy::primitives::{Address, U256};
use anyhow::{Context as _, ensure};
use clap::Args;
use spheron_client::dispute::Compensation;

use super::state::DisputeState;
use crate::{
    amount::{Amount, Written},
    args::{Account, address},
};

/// `dispute accept`
#[derive(Debug, Args)]
pub struct Accept {
    /// The dispute's number
    id: u64,
    /// How much of the bond to slash, a tenth of what was at stake at most [default: nothing]
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    slash: Option<Written>,
    /// Who was harmed, and is paid first
    #[arg(long, value_name = "ADDRESS", value_parser = address, requires = "loss")]
    harmed: Option<Address>,
    /// By how much
    #[arg(long, value_name = "AMOUNT", requires = "harmed", allow_negative_numbers = true)]
    loss: Option<Written>,
    #[command(flatten)]
    account: Account,
}

/// `dispute reject`
#[derive(Debug, Args)]
pub struct Reject {
    /// The dispute's number
    id: u64,
    #[command(flatten)]
    account: Account,
}

/// `dispute draw`
#[derive(Debug, Args)]
pub struct Draw {
    /// The dispute's number
    id: u64,
    #[command(flatten)]
    account: Account,
}

/// `dispute expire`
#[derive(Debug, Args)]
pub struct Expire {
    /// The dispute's number
    id: u64,
    #[command(flatten)]
    account: Account,
}

impl Accept {
    pub(super) async fn run(self) -> anyhow::Result<DisputeState> {
        let client = self.account.client().await?;
        let dispute = client.dispute(self.id).await?.with_context(|| format!("there is no dispute {}", self.id))?;
        let token = client.token(dispute.token).await?;
        let amount = self.slash.as_ref().map_or(Ok(U256::ZERO), |slash| slash.in_token(&token))?;
        let loss = self.loss.as_ref().map(|loss| loss.in_token(&token)).transpose()?;
        ensure!(loss.is_none() || !amount.is_zero(), "without a slash nothing compensates a loss: give --slash AMOUNT");
        let compensation = self.harmed.zip(loss).map(|(harmed, loss)| Compensation { harmed, loss });
        let slashed = client.accept_dispute(self.id, amount, compensation).await?;
        Ok(DisputeState::read(&client, self.id).await?.with_slashed(Amount::new(slashed, &token)))
    }
}

impl Reject {
    pub(super) async fn run(self) -> anyhow::Result<DisputeState> {
        let client = self.account.client().await?;
        client.reject_dispute(self.id).await?;
        DisputeState::read(&client, self.id).await
    }
}

impl Draw {
    pub(super) async fn run(self) -> anyhow::Result<DisputeState> {
        let client = self.account.client().await?;
        client.draw_dispute(self.id).await?;
        DisputeState::read(&client, self.id).await
    }
}

impl Expire {
    pub(super) async fn run(self) -> anyhow::Result<DisputeState> {
        let client = self.account.client().await?;
        client.expire_dispute(self.id).await?;
        DisputeState::read(&client, self.id).await
    }
}
