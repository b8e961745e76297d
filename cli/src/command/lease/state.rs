//! Where a lease stands.

use alloy::primitives::{Address, B256, U256};
use anyhow::{Context as _, bail};
use serde::Serialize;
use spheron_client::{Client, lease::OpenedLease, numbering::LeaseStatus};

use super::id::{Prefix, short};
use crate::{
    amount::Amount,
    output::{Fields, Report, Style, duration, time},
};

/// Where a lease stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaseState {
    /// Hash of its terms.
    pub lease: B256,
    /// Who pays.
    pub renter: Address,
    /// Who is paid.
    pub provider: Address,
    /// What runs it.
    pub node: Address,
    /// As in `ILeaseBook.Status`.
    pub status: &'static str,
    /// Price at the full rate.
    pub per_hour: Amount,
    /// Unix seconds.
    pub start: u64,
    /// Unix seconds, every second before which is paid or refunded.
    pub settled_to: u64,
    /// Unix seconds, end of the full rate.
    pub funded_until: u64,
    /// Unix seconds; when it ends if nobody tops it up.
    pub ends_at: u64,
    /// Seconds that are funded at the full rate from now on.
    pub runway_seconds: u64,
    /// What is neither paid nor refunded.
    pub escrow: Amount,
    /// What the command released from the escrow, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released: Option<Amount>,
    /// What the command added to the escrow, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid: Option<Amount>,
}

impl LeaseState {
    /// Reads it from the chain.
    pub async fn read(client: &Client, opened: &OpenedLease) -> anyhow::Result<Self> {
        let terms = &opened.terms;
        let token = client.token(terms.token).await?;
        let lease = client.lease(opened.lease_id).await?;
        let (runway, until_end) = client.runway(terms).await?;
        let now = client.chain_time().await?;
        let ends_at: u64 = lease.endsAt.to();
        Ok(Self {
            lease: opened.lease_id,
            renter: terms.renter,
            provider: terms.provider,
            node: terms.node,
            status: status(lease.status, until_end.is_zero()),
            per_hour: Amount::per_hour(U256::from(terms.rate), &token),
            start: terms.start.to(),
            settled_to: lease.settledTo.to(),
            funded_until: lease.fundedUntil.to(),
            ends_at: if ends_at == 0 { now.saturating_add(until_end.saturating_to()) } else { ends_at },
            runway_seconds: runway.saturating_to(),
            escrow: Amount::new(client.lease_escrow(terms).await?, &token),
            released: None,
            paid: None,
        })
    }

    /// A line of a table.
    pub fn line(&self) -> Vec<String> {
        let until = if self.status == "closed" { String::new() } else { time(self.funded_until) };
        vec![
            short(self.lease),
            self.node.to_string(),
            self.status.to_owned(),
            self.per_hour.to_string(),
            until,
            self.escrow.to_string(),
        ]
    }
}

/// Header of a table of leases.
pub const HEADER: [&str; 6] = ["LEASE", "NODE", "STATUS", "PER HOUR", "FUNDED UNTIL", "ESCROW"];

impl Report for LeaseState {
    fn human(&self, style: Style) -> String {
        let runway = match (self.status, self.runway_seconds) {
            ("open" | "ending", 0) => format!("none, in grace until {}", time(self.ends_at)),
            ("open" | "ending", seconds) => format!("{} (until {})", duration(seconds), time(self.funded_until)),
            _ => format!("none, it ended at {}", time(self.ends_at)),
        };
        Fields::new(style)
            .row("lease", self.lease)
            .row("node", self.node)
            .row("status", self.status)
            .row("per hour", &self.per_hour)
            .row("runway", runway)
            .row("settled to", time(self.settled_to))
            .maybe("paid", self.paid.as_ref())
            .maybe("released", self.released.as_ref())
            .row("in escrow", &self.escrow)
            .text()
    }
}

/// `over` is when the end has come, whether or not a transaction has noticed.
fn status(status: u8, over: bool) -> &'static str {
    match LeaseStatus::from_number(status) {
        Some(LeaseStatus::Open | LeaseStatus::Ending) if over => LeaseStatus::Ended.name(),
        _ => LeaseStatus::name_of(status),
    }
}

/// The one lease that `prefix` names.
pub async fn find(client: &Client, prefix: &Prefix) -> anyhow::Result<OpenedLease> {
    if let Some(whole) = prefix.whole() {
        return client.opened_lease(whole).await?.with_context(|| missing(client, prefix));
    }
    let mut found = client.all_leases().await?;
    found.retain(|lease| prefix.names(lease.lease_id));
    match found.len() {
        0 => bail!(missing(client, prefix)),
        1 => Ok(found.remove(0)),
        count => bail!("{count} leases begin with {prefix}: give more digits"),
    }
}

fn missing(client: &Client, prefix: &Prefix) -> String {
    format!("no lease {prefix} on {}: spheron lease list shows yours", client.deployment().chain)
}
