//! Standing orders: leases that do not run dry while their renter sleeps.

use alloy::primitives::{
    Address, B256, U256,
    aliases::{U40, U104},
};
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde::Serialize;
use spheron_bindings::standing_top_ups::IStandingTopUps::Order;
use spheron_client::{Client, ClientError, lease::OpenedLease, numbering::LeaseStatus, standing::StandingOrder};

use super::{
    id::{Prefix, short},
    state::find,
};
use crate::{
    amount::{Amount, Written},
    args::{Account, Percent, PercentError, Seconds, address, whose},
    output::{Output, Report, Style, duration, percent, time},
};

/// Seconds of a day, the period of a daily cap.
const DAY: u32 = 86_400;

/// Standing orders
///
/// A renter authorises once; from then on anyone may top the lease up when its runway is low, out of the renter's Ledger
/// balance, for a tip. `run` is what such a keeper does.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Example:\n  spheron lease standing new 0x91c2d3e4 --add 6h --below 1h --budget 50\n  spheron lease standing run"
)]
pub enum Standing {
    /// Authorise top-ups of a lease
    #[command(
        after_help = "Example:\n  spheron lease standing new 0x91c2d3e4 --add 6h --below 1h --budget 50 --per-day 10"
    )]
    New(New),
    /// List orders
    #[command(after_help = "Example:\n  spheron lease standing list")]
    List(List),
    /// Revoke an order, at once and for good
    #[command(after_help = "Example:\n  spheron lease standing revoke 0x7a1b2c3d")]
    Revoke(Revoke),
    /// Top up every lease whose runway is below its order's threshold, once, for the tips
    #[command(after_help = "Example:\n  spheron lease standing run")]
    Run(Run),
}

/// `lease standing new`
#[derive(Debug, Args)]
pub struct New {
    /// The lease, by the first digits of its id
    lease: Prefix,
    /// How much time a top-up adds, such as 6h
    #[arg(long, value_name = "TIME")]
    add: Seconds,
    /// The runway below which a top-up may come, such as 1h
    #[arg(long, value_name = "TIME")]
    below: Seconds,
    /// What all top-ups may cost, tips included
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    budget: Written,
    /// What they may cost in a day [default: the budget]
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    per_day: Option<Written>,
    /// For whoever tops up, as a share of the amount, 1% at most
    #[arg(long, value_name = "PERCENT", default_value = "0.1%", value_parser = tip)]
    tip: Percent,
    /// For how long the order holds
    #[arg(long = "for", value_name = "TIME", default_value = "30d")]
    valid: Seconds,
    /// Take tokens out of the wallet too, where the Ledger balance is too small and the Ledger is allowed to
    #[arg(long)]
    from_wallet: bool,
    #[command(flatten)]
    account: Account,
}

/// `lease standing list`
#[derive(Debug, Args)]
pub struct List {
    /// Whose orders [default: the key's]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    renter: Option<Address>,
    /// Everybody's
    #[arg(long, conflicts_with = "renter")]
    all: bool,
    #[command(flatten)]
    account: Account,
}

/// `lease standing revoke`
#[derive(Debug, Args)]
pub struct Revoke {
    /// The order, by the first digits of its id
    order: Prefix,
    #[command(flatten)]
    account: Account,
}

/// `lease standing run`
#[derive(Debug, Args)]
pub struct Run {
    /// Only for this renter
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    renter: Option<Address>,
    #[command(flatten)]
    account: Account,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderRow {
    order: B256,
    renter: Address,
    /// The lease, or 0 for all on `node`.
    lease: B256,
    node: Address,
    adds_seconds: u32,
    below_seconds: u32,
    spent: Amount,
    budget: Amount,
    tip_bps: u16,
    /// Unix seconds.
    expiry: u64,
}

/// Orders that are not revoked.
#[derive(Debug, Serialize)]
pub struct Orders {
    orders: Vec<OrderRow>,
}

/// What became of one lease under an order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Used {
    order: B256,
    lease: B256,
    seconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tip: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
}

/// The leases whose runway was low.
#[derive(Debug, Serialize)]
pub struct Uses {
    used: Vec<Used>,
}

impl Report for Orders {
    fn human(&self, style: Style) -> String {
        if self.orders.is_empty() {
            return "no standing orders\n".to_owned();
        }
        let row = |order: &OrderRow| {
            let what = if order.lease.is_zero() { order.node.to_string() } else { short(order.lease) };
            let adds = duration(order.adds_seconds.into());
            vec![
                short(order.order),
                what,
                format!("{adds} when below {}", duration(order.below_seconds.into())),
                format!("{} of {}", order.spent, order.budget),
                percent(order.tip_bps.into()),
                time(order.expiry),
            ]
        };
        style.table(&["ORDER", "LEASE", "ADDS", "SPENT", "TIP", "UNTIL"], self.orders.iter().map(row))
    }
}

impl Report for Uses {
    fn human(&self, style: Style) -> String {
        if self.used.is_empty() {
            return "no lease needs a top-up\n".to_owned();
        }
        let or_none = |amount: &Option<Amount>| amount.as_ref().map_or_else(String::new, ToString::to_string);
        let row = |used: &Used| {
            let done = used.refused.clone().unwrap_or_else(|| format!("added {}", duration(used.seconds)));
            vec![short(used.order), short(used.lease), done, or_none(&used.amount), or_none(&used.tip)]
        };
        style.table(&["ORDER", "LEASE", "WHAT", "COST", "TIP"], self.used.iter().map(row))
    }
}

impl Standing {
    /// Does it.
    pub async fn run(self, output: Output) -> anyhow::Result<()> {
        match self {
            Self::New(command) => output.print(&command.run().await?),
            Self::List(command) => output.print(&command.run().await?),
            Self::Revoke(command) => output.print(&command.run().await?),
            Self::Run(command) => output.print(&command.run().await?),
        }
    }
}

impl New {
    async fn run(self) -> anyhow::Result<Orders> {
        let client = self.account.client().await?;
        let opened = find(&client, &self.lease).await?;
        let order = self.order(&client, &opened).await?;
        let authorized = client.authorize_order(order).await?;
        Ok(Orders { orders: vec![order_row(&client, authorized).await?] })
    }

    async fn order(&self, client: &Client, opened: &OpenedLease) -> anyhow::Result<Order> {
        let terms = &opened.terms;
        let token = client.token(terms.token).await?;
        let wei = |written: &Written| -> anyhow::Result<U104> {
            let wei = written.in_token(&token)?;
            U104::checked_from_limbs_slice(wei.as_limbs()).context("a budget is below 2^104 wei: give less")
        };
        let budget = wei(&self.budget)?;
        let expiry = client.chain_time().await?.saturating_add(self.valid.0);
        Ok(Order {
            renter: client.address()?,
            token: terms.token,
            leaseId: opened.lease_id,
            node: Address::ZERO,
            maxRate: terms.rate,
            budget,
            periodCap: self.per_day.as_ref().map_or(Ok(budget), wei)?,
            period: DAY,
            threshold: u32::try_from(self.below)?,
            chunk: u32::try_from(self.add)?,
            tipBps: self.tip.bps(),
            maxTip: U104::MAX,
            fromWallet: self.from_wallet,
            expiry: U40::try_from(expiry).context("the time is too long: give less")?,
            nonce: U256::from_be_bytes(rand::random::<[u8; 32]>()),
        })
    }
}

impl List {
    async fn run(self) -> anyhow::Result<Orders> {
        let client = self.account.reader().await?;
        let renter = if self.all { None } else { Some(whose(self.renter, &client)?) };
        let mut orders = Vec::new();
        for order in client.standing_orders(renter).await? {
            orders.push(order_row(&client, order).await?);
        }
        Ok(Orders { orders })
    }
}

impl Revoke {
    async fn run(self) -> anyhow::Result<Orders> {
        let client = self.account.client().await?;
        let mut found = client.standing_orders(Some(client.address()?)).await?;
        found.retain(|order| self.order.names(order.id));
        let [order] = found.as_slice() else {
            bail!("{} of your orders begin with {}: see spheron lease standing list", found.len(), self.order);
        };
        client.revoke_order(order.order.clone()).await?;
        List { renter: None, all: false, account: self.account }.run().await
    }
}

impl Run {
    async fn run(self) -> anyhow::Result<Uses> {
        let client = self.account.client().await?;
        let now = client.chain_time().await?;
        let mut used = Vec::new();
        for standing in client.standing_orders(self.renter).await? {
            if standing.order.expiry.to::<u64>() <= now {
                continue;
            }
            for lease in covered(&client, &standing.order).await? {
                used.extend(top_up(&client, &standing, &lease).await?);
            }
        }
        Ok(Uses { used })
    }
}

/// Reads a tip, which is at most what the contract takes (`IStandingTopUps.MAX_TIP_BPS`).
fn tip(text: &str) -> Result<Percent, String> {
    let share: Percent = text.parse().map_err(|error: PercentError| error.to_string())?;
    if share.bps() <= 100 { Ok(share) } else { Err(format!("\"{text}\" is too much: a tip is 1% at most")) }
}

/// The running leases that an order is for.
async fn covered(client: &Client, order: &Order) -> anyhow::Result<Vec<OpenedLease>> {
    if !order.leaseId.is_zero() {
        return Ok(client.opened_lease(order.leaseId).await?.into_iter().collect());
    }
    let mut leases = client.leases_on_node(order.node).await?;
    leases.retain(|lease| lease.terms.renter == order.renter && lease.terms.token == order.token);
    Ok(leases)
}

/// Tops the lease up if it runs and its runway is low. A refusal concerns this lease alone.
async fn top_up(client: &Client, standing: &StandingOrder, lease: &OpenedLease) -> anyhow::Result<Option<Used>> {
    let (runway, until_end) = client.runway(&lease.terms).await?;
    let status = client.lease(lease.lease_id).await?.status;
    if status != LeaseStatus::Open as u8 || until_end.is_zero() || runway >= U256::from(standing.order.threshold) {
        return Ok(None);
    }
    let token = client.token(lease.terms.token).await?;
    let used = Used { order: standing.id, lease: lease.lease_id, seconds: 0, amount: None, tip: None, refused: None };
    Ok(Some(match client.use_order(&standing.order, &lease.terms).await {
        Ok(done) => Used {
            seconds: done.seconds,
            amount: Some(Amount::new(done.amount, &token)),
            tip: Some(Amount::new(done.tip, &token)),
            ..used
        },
        Err(ClientError::Reverted { reason, .. }) => Used { refused: Some(reason), ..used },
        Err(failed @ ClientError::Failed { .. }) => Used { refused: Some(failed.to_string()), ..used },
        Err(error) => return Err(error.into()),
    }))
}

async fn order_row(client: &Client, standing: StandingOrder) -> anyhow::Result<OrderRow> {
    let StandingOrder { id, order } = standing;
    let token = client.token(order.token).await?;
    let amount = |wei: U104| Amount::new(U256::from(wei), &token);
    Ok(OrderRow {
        order: id,
        renter: order.renter,
        lease: order.leaseId,
        node: order.node,
        adds_seconds: order.chunk,
        below_seconds: order.threshold,
        spent: amount(client.order_state(id).await?.spent),
        budget: amount(order.budget),
        tip_bps: order.tipBps,
        expiry: order.expiry.to(),
    })
}
