//! What a renter can do when a node does not deliver, and what of the provider's bond stands behind that.

use alloy::primitives::{Address, B256};
use clap::Args;
use serde::Serialize;
use spheron_client::{Client, lease::OpenedLease, token::Token};

use super::{id::Prefix, state::find};
use crate::{
    amount::Amount,
    args::Account,
    output::{Fields, Report, Style, time},
};

/// `lease claw-back`, `lease free-cover`, `lease demand` and `lease resolve`
#[derive(Debug, Args)]
pub struct Remedy {
    /// The lease, by the first digits of its id
    lease: Prefix,
    #[command(flatten)]
    account: Account,
}

/// What came out of a provider's bond.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Seized {
    lease: B256,
    renter: Address,
    seized: Amount,
    still_owed: Amount,
}

/// What of a provider's bond is behind a lease no longer.
#[derive(Debug, Serialize)]
pub struct Freed {
    lease: B256,
    provider: Address,
    freed: Amount,
}

/// What a demand costs, and when it has its answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Demanded {
    lease: B256,
    node: Address,
    bond: Amount,
    deadline: u64,
}

/// How a demand ended.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DemandEnd {
    lease: B256,
    passed: bool,
    /// Unix seconds, 0 if nothing was measured.
    measured_at: u64,
    bond: Amount,
    to: Address,
}

impl Report for Seized {
    fn human(&self, style: Style) -> String {
        Fields::new(style)
            .row("lease", self.lease)
            .row("from the bond", &self.seized)
            .row("still owed", &self.still_owed)
            .row("for", format!("{}, by spheron account collect", self.renter))
            .text()
    }
}

impl Report for Freed {
    fn human(&self, style: Style) -> String {
        Fields::new(style)
            .row("lease", self.lease)
            .row("freed", &self.freed)
            .row("of the bond of", self.provider)
            .text()
    }
}

impl Report for Demanded {
    fn human(&self, style: Style) -> String {
        Fields::new(style)
            .row("lease", self.lease)
            .row("node", self.node)
            .row("bond", &self.bond)
            .row("measured by", time(self.deadline))
            .text()
    }
}

impl Report for DemandEnd {
    fn human(&self, style: Style) -> String {
        let answer = match (self.passed, self.measured_at) {
            (_, 0) => style.bad("nothing was measured"),
            (true, at) => style.good(&format!("passed at {}", time(at))),
            (false, at) => style.bad(&format!("failed at {}", time(at))),
        };
        Fields::new(style)
            .row("lease", self.lease)
            .row("the node", answer)
            .row("bond", format!("{} to {}", self.bond, self.to))
            .text()
    }
}

impl Remedy {
    /// The account, the lease, and the token that it is paid in.
    async fn find(&self) -> anyhow::Result<(Client, OpenedLease, Token)> {
        let client = self.account.client().await?;
        let opened = find(&client, &self.lease).await?;
        let token = client.token(opened.terms.token).await?;
        Ok((client, opened, token))
    }

    pub(super) async fn claw_back(self) -> anyhow::Result<Seized> {
        let (client, opened, token) = self.find().await?;
        let (seized, owed) = client.claw_back(&opened.terms).await?;
        Ok(Seized {
            lease: opened.lease_id,
            renter: opened.terms.renter,
            seized: Amount::new(seized, &token),
            still_owed: Amount::new(owed, &token),
        })
    }

    pub(super) async fn free_cover(self) -> anyhow::Result<Freed> {
        let (client, opened, token) = self.find().await?;
        let freed = Amount::new(client.free_cover(&opened.terms).await?, &token);
        Ok(Freed { lease: opened.lease_id, provider: opened.terms.provider, freed })
    }

    pub(super) async fn demand(self) -> anyhow::Result<Demanded> {
        let (client, opened, token) = self.find().await?;
        let (bond, deadline) = client.demand_measurement(&opened.terms).await?;
        let (lease, node) = (opened.lease_id, opened.terms.node);
        Ok(Demanded { lease, node, bond: Amount::new(bond, &token), deadline })
    }

    pub(super) async fn resolve(self) -> anyhow::Result<DemandEnd> {
        let (client, opened, token) = self.find().await?;
        let end = client.resolve_demand(&opened.terms).await?;
        Ok(DemandEnd {
            lease: opened.lease_id,
            passed: end.passed,
            measured_at: end.measured_at,
            bond: Amount::new(end.bond, &token),
            to: end.to,
        })
    }
}
