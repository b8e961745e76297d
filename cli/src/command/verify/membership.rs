//! Joining, revealing and leaving.

use alloy::primitives::{Address, B256};
use anyhow::{Context as _, ensure};
use clap::Args;
use serde::Serialize;
use spheron_client::{Client, node::BondRole};

use crate::{
    args::{Account, TokenName, address, whose},
    command::bond::{self, BondState},
    output::{Fields, Report, Style},
};

/// `verify join`
#[derive(Debug, Args)]
pub struct Join {
    /// Token of the bond: spon, dollar, or its address [default: the one that is bonded]
    #[arg(long, value_name = "TOKEN")]
    bond_token: Option<TokenName>,
    #[command(flatten)]
    account: Account,
}

/// `verify reveal`
#[derive(Debug, Args)]
pub struct Reveal {
    #[command(flatten)]
    account: Account,
}

/// `verify leave`
#[derive(Debug, Args)]
pub struct Leave {
    #[command(flatten)]
    account: Account,
}

/// `verify status`
#[derive(Debug, Args)]
pub struct Status {
    /// The verifier [default: the key's]
    #[arg(value_name = "VERIFIER", value_parser = address)]
    verifier: Option<Address>,
    #[command(flatten)]
    account: Account,
}

/// A verifier and the rounds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifierState {
    verifier: Address,
    member: bool,
    tip: B256,
    round: u64,
    beacon: B256,
    verifiers: usize,
    committee_size: u64,
    quorum: u64,
    bond: BondState,
}

impl Report for VerifierState {
    fn human(&self, style: Style) -> String {
        let member = if self.member { style.good("yes") } else { "no".to_owned() };
        let committees = format!("{} of {}, {} sign", self.committee_size, self.verifiers, self.quorum);
        let fields = Fields::new(style)
            .row("member", member)
            .row("round", self.round)
            .row("beacon", self.beacon)
            .row("committees", committees);
        self.bond.fields(style).and(fields).text()
    }
}

impl VerifierState {
    async fn read(client: &Client, verifier: Address) -> anyhow::Result<Self> {
        let tip = client.verifier_tip(verifier).await?;
        let round = client.round_at(client.chain_time().await?).await?;
        let (committee_size, quorum) = client.quorum().await?;
        Ok(Self {
            verifier,
            member: !tip.is_zero(),
            tip,
            round,
            beacon: client.beacon(round).await?,
            verifiers: client.verifiers().await?.len(),
            committee_size,
            quorum,
            bond: BondState::of(client, BondRole::Verifier, verifier).await?,
        })
    }
}

impl Join {
    pub(super) async fn run(self) -> anyhow::Result<VerifierState> {
        let client = self.account.client().await?;
        let verifier = client.address()?;
        let token = bond::token(&client, BondRole::Verifier, verifier, self.bond_token, None).await?;
        let joins = client.verifier_joins(verifier).await?;
        client.join_verifiers(token.address, client.hash_chain(joins + 1)?.tip()).await?;
        VerifierState::read(&client, verifier).await
    }
}

impl Reveal {
    pub(super) async fn run(self) -> anyhow::Result<VerifierState> {
        let client = self.account.client().await?;
        reveal(&client).await?;
        VerifierState::read(&client, client.address()?).await
    }
}

impl Leave {
    pub(super) async fn run(self) -> anyhow::Result<VerifierState> {
        let client = self.account.client().await?;
        client.leave_verifiers().await?;
        VerifierState::read(&client, client.address()?).await
    }
}

impl Status {
    pub(super) async fn run(self) -> anyhow::Result<VerifierState> {
        let client = self.account.reader().await?;
        VerifierState::read(&client, whose(self.verifier, &client)?).await
    }
}

/// Reveals the next preimage of the caller's hash chain.
pub async fn reveal(client: &Client) -> anyhow::Result<()> {
    let verifier = client.address()?;
    let tip = client.verifier_tip(verifier).await?;
    ensure!(!tip.is_zero(), "{verifier} is no verifier: spheron verify join first");
    let preimage = client.hash_chain(client.verifier_joins(verifier).await?)?.preimage_of(tip);
    let preimage = preimage.context("the key's hash chain is used up: leave, and join again")?;
    Ok(client.reveal(preimage).await?)
}
