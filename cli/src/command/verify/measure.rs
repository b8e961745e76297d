//! `spheron verify measure`: orders one's own verifier to measure a node.

use std::{path::PathBuf, time::Duration};

use alloy::primitives::Address;
use anyhow::{Context as _, ensure};
use clap::Args;
use spheron_client::{Client, numbering::NodeStatus};
use spheron_verifier_agent::http::ApiError;
use spheron_verifier_core::verdict::SignedVerdict;
use spheron_verifier_service::Work;

use super::{directory::domain_of, verdict::VerdictState};
use crate::{
    args::{Account, address},
    command::lease::{Prefix, find},
};

/// Longest that a measurement may take.
const TIMEOUT: Duration = Duration::from_secs(3_600);

/// `verify measure`
#[derive(Debug, Args)]
pub struct Measure {
    /// The node
    #[arg(value_name = "NODE", value_parser = address)]
    node: Address,
    /// Lease that it is measured for, by the first digits of its id
    #[arg(long)]
    lease: Option<Prefix>,
    /// One's own verifier's control API
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7072")]
    control: String,
    /// File for the signed verdict
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Bring the verdict to the chain
    #[arg(long)]
    submit: bool,
    #[command(flatten)]
    account: Account,
}

impl Measure {
    pub(super) async fn run(self) -> anyhow::Result<VerdictState> {
        let client = if self.submit { self.account.client().await? } else { self.account.reader().await? };
        let signed = order(&self.control, &self.work(&client).await?).await?;
        let state = VerdictState::of(&client, signed, self.submit).await?;
        match &self.out {
            Some(file) => state.write(file),
            None => Ok(state),
        }
    }

    /// What the chain says about the node now.
    async fn work(&self, client: &Client) -> anyhow::Result<Work> {
        let lease_id = match &self.lease {
            Some(prefix) => find(client, prefix).await?.lease_id,
            None => Default::default(),
        };
        let node = client.node(self.node).await?;
        ensure!(node.status != NodeStatus::None as u8, "{} is no node on {}", self.node, client.deployment().chain);
        let beacon_round = client.round_at(client.chain_time().await?).await?;
        let (_, quorum) = client.quorum().await?;
        Ok(Work {
            domain: domain_of(client),
            lease_id,
            node: self.node,
            operator: node.operator,
            provider: node.provider,
            gpu_index: 0,
            gpu_count: u16::try_from(node.units).context("a verdict covers at most 65,535 units")?,
            claimed_class: node.resource,
            backend: 0,
            beacon_round,
            beacon: client.beacon(beacon_round).await?,
            committee: client.committee(self.node, beacon_round).await?,
            quorum: u16::try_from(quorum)?,
        })
    }
}

async fn order(control: &str, work: &Work) -> anyhow::Result<SignedVerdict> {
    let url = format!("{}/v1/measurements", control.trim_end_matches('/'));
    let request = reqwest::Client::new().post(url).timeout(TIMEOUT).json(work);
    let answer = request.send().await;
    let answer = answer.with_context(|| format!("no verifier answers at {control}: spheron verify run starts one"))?;
    if answer.status().is_success() {
        return answer.json().await.context("the verifier's answer is no signed verdict");
    }
    let refused: ApiError = answer.json().await.context("the verifier's answer is no error of its API")?;
    Err(refused).context("the node was not measured")
}
