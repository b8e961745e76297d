//! An epoch on the chain.

use alloy::primitives::{B256, U256};
use anyhow::ensure;
use clap::Args;
use serde::Serialize;
use spheron_client::{Client, numbering::EpochStatus};

use crate::{
    amount::Amount,
    args::Network,
    output::{Fields, Report, Style, from},
};

/// `rewards status`
#[derive(Debug, Args)]
pub struct Status {
    /// Number of the epoch [default: the latest]
    epoch: Option<u64>,
    #[command(flatten)]
    network: Network,
}

/// An epoch on the chain.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EpochState {
    epoch: u64,
    root: B256,
    leaf_count: u32,
    /// Unix seconds, with the outages until now; 0 if it will not activate as things stand.
    activates_at: u64,
    status: &'static str,
    cap: Amount,
    paid: Amount,
    now: u64,
}

impl Report for EpochState {
    fn human(&self, style: Style) -> String {
        let state = match self.status {
            "disabled" => style.bad("disabled"),
            "challenged" => style.bad("challenged: an arbiter decides, or the root is disabled"),
            "swept" => "over, the rest went back".to_owned(),
            "posted" if self.now < self.activates_at => format!("active {}", from(self.activates_at, self.now)),
            "active" | "posted" => style.good("active"),
            status => status.to_owned(),
        };
        Fields::new(style)
            .row("epoch", self.epoch)
            .row("root", self.root)
            .row("leaves", self.leaf_count)
            .row("state", state)
            .row("paid", format!("{} of {}", self.paid, self.cap))
            .text()
    }
}

impl EpochState {
    /// Reads it from the chain.
    pub async fn read(client: &Client, number: U256) -> anyhow::Result<Self> {
        let epoch = client.epoch(number).await?;
        ensure!(!epoch.root.is_zero(), "no epoch {number} was posted on {}", client.deployment().chain);
        let token = client.token(epoch.token).await?;
        Ok(Self {
            epoch: number.saturating_to(),
            root: epoch.root,
            leaf_count: epoch.leafCount.to(),
            activates_at: client.activation_of(number).await?,
            status: EpochStatus::name_of(epoch.status),
            cap: Amount::new(U256::from(epoch.cap), &token),
            paid: Amount::new(U256::from(epoch.paid), &token),
            now: client.chain_time().await?,
        })
    }
}

impl Status {
    pub(super) async fn run(self) -> anyhow::Result<EpochState> {
        let client = self.network.reader().await?;
        let number = match self.epoch {
            Some(number) => U256::from(number),
            None => client.next_epoch().await?.saturating_sub(U256::ONE),
        };
        EpochState::read(&client, number).await
    }
}
