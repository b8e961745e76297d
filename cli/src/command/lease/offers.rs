//! Offers on the board.

use alloy::primitives::{Address, B256, U256};
use clap::Args;
use serde::Serialize;
use spheron_client::{Client, lease::SignedOffer, token::Token};

use super::id::short;
use crate::{
    amount::{Amount, Written},
    args::{Network, TokenName, address},
    output::{Report, Style, duration, time},
};

/// `lease offers`
#[derive(Debug, Args)]
pub struct Offers {
    /// Of this node only
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    node: Option<Address>,
    /// In this token only: spon, dollar, or its address
    #[arg(long)]
    token: Option<TokenName>,
    /// For at most this much an hour
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    max_price: Option<Written>,
    /// Those that cannot be opened now, too: expired, used, or on a node that is full
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    network: Network,
}

/// An offer, and whether it can be opened now.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferRow {
    /// Its EIP-712 digest, by which it is named.
    pub offer: B256,
    /// What is offered.
    pub node: Address,
    /// Units that one lease takes.
    pub units: u32,
    /// Price at the full rate.
    pub per_hour: Amount,
    /// Seconds that a lease is funded at least.
    pub min_seconds: u32,
    /// Seconds that a lease may last.
    pub max_seconds: u32,
    /// Unix seconds; no lease opens after it.
    pub deadline: u64,
    /// Why it cannot be opened, if it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unavailable: Option<&'static str>,
    /// What a lease is opened with.
    pub signed: SignedOffer,
}

/// Offers, the cheapest first.
#[derive(Debug, Serialize)]
pub struct OfferList {
    offers: Vec<OfferRow>,
}

impl Report for OfferList {
    fn human(&self, style: Style) -> String {
        if self.offers.is_empty() {
            return "no offers\n".to_owned();
        }
        let row = |offer: &OfferRow| {
            vec![
                short(offer.offer),
                offer.node.to_string(),
                offer.units.to_string(),
                offer.per_hour.to_string(),
                format!("{} to {}", duration(offer.min_seconds.into()), duration(offer.max_seconds.into())),
                offer.unavailable.map_or_else(|| format!("until {}", time(offer.deadline)), str::to_owned),
            ]
        };
        style.table(&["OFFER", "NODE", "UNITS", "PER HOUR", "FOR", "OPEN"], self.offers.iter().map(row))
    }
}

impl Offers {
    pub(super) async fn run(self) -> anyhow::Result<OfferList> {
        let client = self.network.reader().await?;
        let limit = self.limit(&client).await?;
        let mut offers = Vec::new();
        for signed in client.posted_offers(self.node).await? {
            let row = offer_row(&client, signed).await?;
            let wanted = limit.as_ref().is_none_or(|limit| limit.allows(&row));
            if wanted && (self.all || row.unavailable.is_none()) {
                offers.push(row);
            }
        }
        offers.sort_by_key(|row| row.per_hour.wei);
        Ok(OfferList { offers })
    }

    async fn limit(&self, client: &Client) -> anyhow::Result<Option<Limit>> {
        if self.token.is_none() && self.max_price.is_none() {
            return Ok(None);
        }
        let symbol = self.max_price.as_ref().and_then(Written::symbol);
        let token = TokenName::choose(self.token, symbol, client).await?;
        let per_hour = self.max_price.as_ref().map_or(Ok(U256::MAX), |price| price.in_token(&token))?;
        Ok(Some(Limit { token, per_hour }))
    }
}

struct Limit {
    token: Token,
    per_hour: U256,
}

impl Limit {
    fn allows(&self, row: &OfferRow) -> bool {
        row.signed.offer.token == self.token.address && row.per_hour.wei <= self.per_hour
    }
}

/// The offer as it stands now.
pub async fn offer_row(client: &Client, signed: SignedOffer) -> anyhow::Result<OfferRow> {
    let offer = &signed.offer;
    let token = client.token(offer.token).await?;
    Ok(OfferRow {
        offer: client.hash_offer(offer),
        node: offer.node,
        units: offer.units,
        per_hour: Amount::per_hour(U256::from(offer.rate), &token),
        min_seconds: offer.minSeconds,
        max_seconds: offer.maxSeconds,
        deadline: offer.deadline,
        unavailable: unavailable(client, &signed).await?,
        signed,
    })
}

async fn unavailable(client: &Client, signed: &SignedOffer) -> anyhow::Result<Option<&'static str>> {
    let offer = &signed.offer;
    if client.chain_time().await? > offer.deadline {
        return Ok(Some("expired"));
    }
    if client.is_offer_used(offer.node, offer.nonce).await? {
        return Ok(Some("used"));
    }
    // An offer on the board may name any contract as its policy, even none.
    let free = client.free_units(offer.node, offer.policy).await.unwrap_or_default();
    Ok((free < U256::from(offer.units)).then_some("no free units"))
}
