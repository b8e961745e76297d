//! Topping up, settling, ending and listing leases.

use alloy::primitives::{Address, U256};
use clap::Args;
use serde::Serialize;
use spheron_client::{Client, lease::OpenedLease};

use super::{
    id::Prefix,
    state::{HEADER, LeaseState, find},
};
use crate::{
    amount::Amount,
    args::{Account, Network, Seconds, address, whose},
    output::{Report, Style},
};

/// `lease top-up`
#[derive(Debug, Args)]
pub struct TopUp {
    /// The lease, by the first digits of its id
    lease: Prefix,
    /// How much time to add, such as 12h
    #[arg(value_name = "TIME")]
    extra: Seconds,
    #[command(flatten)]
    account: Account,
}

/// `lease runway`
#[derive(Debug, Args)]
pub struct Runway {
    /// The lease, by the first digits of its id
    lease: Prefix,
    #[command(flatten)]
    network: Network,
}

/// `lease settle`
#[derive(Debug, Args)]
pub struct Settle {
    /// The leases, by the first digits of their ids
    #[arg(required = true, value_name = "LEASE")]
    leases: Vec<Prefix>,
    #[command(flatten)]
    account: Account,
}

/// `lease close`
#[derive(Debug, Args)]
pub struct Close {
    /// The lease, by the first digits of its id
    lease: Prefix,
    #[command(flatten)]
    account: Account,
}

/// `lease reclaim`
#[derive(Debug, Args)]
pub struct Reclaim {
    /// The lease, by the first digits of its id
    lease: Prefix,
    #[command(flatten)]
    account: Account,
}

/// `lease list`
#[derive(Debug, Args)]
pub struct List {
    /// Whose leases [default: the key's]
    #[arg(long, value_name = "ADDRESS", value_parser = address, conflicts_with = "node")]
    renter: Option<Address>,
    /// Leases on this node
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    node: Option<Address>,
    /// Those that are closed, too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    account: Account,
}

/// Where several leases stand.
#[derive(Debug, Serialize)]
pub struct Leases {
    leases: Vec<LeaseState>,
}

impl Report for Leases {
    fn human(&self, style: Style) -> String {
        if self.leases.is_empty() {
            return "no leases\n".to_owned();
        }
        style.table(&HEADER, self.leases.iter().map(LeaseState::line))
    }
}

impl TopUp {
    pub(super) async fn run(self) -> anyhow::Result<LeaseState> {
        let client = self.account.client().await?;
        let opened = find(&client, &self.lease).await?;
        let paid = client.top_up(&opened.terms, self.extra.0).await?;
        let state = LeaseState::read(&client, &opened).await?;
        let token = client.token(opened.terms.token).await?;
        Ok(LeaseState { paid: Some(Amount::new(paid, &token)), ..state })
    }
}

impl Runway {
    pub(super) async fn run(self) -> anyhow::Result<LeaseState> {
        let client = self.network.reader().await?;
        let opened = find(&client, &self.lease).await?;
        LeaseState::read(&client, &opened).await
    }
}

impl Settle {
    pub(super) async fn run(self) -> anyhow::Result<Leases> {
        let client = self.account.client().await?;
        let mut opened = Vec::new();
        for lease in &self.leases {
            opened.push(find(&client, lease).await?);
        }
        let before = escrows(&client, &opened).await?;
        match opened.as_slice() {
            [one] => client.settle(&one.terms).await?,
            many => client.settle_many(many.iter().map(|lease| lease.terms.clone()).collect()).await?,
        }
        let mut leases = Vec::new();
        for (lease, before) in opened.iter().zip(before) {
            leases.push(released(&client, lease, before).await?);
        }
        Ok(Leases { leases })
    }
}

impl Close {
    pub(super) async fn run(self) -> anyhow::Result<LeaseState> {
        let client = self.account.client().await?;
        let opened = find(&client, &self.lease).await?;
        let before = client.lease_escrow(&opened.terms).await?;
        client.close_lease(&opened.terms).await?;
        released(&client, &opened, before).await
    }
}

impl Reclaim {
    pub(super) async fn run(self) -> anyhow::Result<LeaseState> {
        let client = self.account.client().await?;
        let opened = find(&client, &self.lease).await?;
        let before = client.lease_escrow(&opened.terms).await?;
        client.reclaim_lease(&opened.terms).await?;
        released(&client, &opened, before).await
    }
}

impl List {
    pub(super) async fn run(self) -> anyhow::Result<Leases> {
        let client = self.account.reader().await?;
        let opened = match self.node {
            Some(node) => client.leases_on_node(node).await?,
            None => client.leases_of_renter(whose(self.renter, &client)?).await?,
        };
        let mut leases = Vec::new();
        for lease in &opened {
            leases.push(LeaseState::read(&client, lease).await?);
        }
        leases.retain(|lease| self.all || lease.status != "closed");
        Ok(Leases { leases })
    }
}

async fn escrows(client: &Client, leases: &[OpenedLease]) -> anyhow::Result<Vec<U256>> {
    let mut escrows = Vec::new();
    for lease in leases {
        escrows.push(client.lease_escrow(&lease.terms).await?);
    }
    Ok(escrows)
}

/// The state of a lease out of whose escrow of `before` wei something went.
async fn released(client: &Client, opened: &OpenedLease, before: U256) -> anyhow::Result<LeaseState> {
    let state = LeaseState::read(client, opened).await?;
    let token = client.token(opened.terms.token).await?;
    let released = Amount::new(before.saturating_sub(state.escrow.wei), &token);
    Ok(LeaseState { released: Some(released), ..state })
}
