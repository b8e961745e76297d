//! Offers of a node.

use std::path::PathBuf;

use alloy::primitives::{Address, U256, aliases::U96};
use anyhow::{Context as _, ensure};
use clap::Args;
use serde::Serialize;
use spheron_bindings::lease_book::ILeaseBook::Offer;
use spheron_client::{Client, lease::SignedOffer};

use crate::{
    amount::{Amount, Written},
    args::{Account, Percent, Seconds, TokenName, address},
    command::lease::read_offer,
    file::write_json,
    output::{Fields, Report, Style, duration, time},
};

/// `node offer`
#[derive(Debug, Args)]
pub struct MakeOffer {
    /// The node; the key that signs is its own or its provider's
    #[arg(value_name = "NODE", value_parser = address)]
    node: Address,
    /// Price of an hour for all units, rounded down to the wei per second
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    price: Written,
    /// Token that leases are paid in: spon, dollar, or its address [default: dollar]
    #[arg(long)]
    token: Option<TokenName>,
    /// Units of the node's resource that one lease takes
    #[arg(long, default_value_t = 1)]
    units: u32,
    /// Time that a lease is funded at least
    #[arg(long, value_name = "TIME", default_value = "1h")]
    min: Seconds,
    /// Time that a lease may last, grace included
    #[arg(long, value_name = "TIME", default_value = "30d")]
    max: Seconds,
    /// Time at the hold rate once the funds have run out
    #[arg(long, value_name = "TIME", default_value = "2h")]
    grace: Seconds,
    /// Rate in grace, as a share of the price, such as 20%
    #[arg(long, value_name = "PERCENT", default_value = "20%")]
    hold: Percent,
    /// Notice after which the provider may end a lease without a price
    #[arg(long, value_name = "TIME", default_value = "1h")]
    notice: Seconds,
    /// What the provider pays for ending a lease without notice [default: the price of the notice]
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    reclaim_price: Option<Written>,
    /// Who may open [default: anyone]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    renter: Option<Address>,
    /// Let several leases open on it, as far as the node's units go
    #[arg(long)]
    reusable: bool,
    /// How long it can be opened
    #[arg(long, value_name = "TIME", default_value = "7d")]
    expires: Seconds,
    /// Number of the offer; each can be used once [default: the lowest that no offer on the board has]
    #[arg(long)]
    nonce: Option<u64>,
    /// File for the signed offer
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Post it on the board, too
    #[arg(long)]
    post: bool,
    #[command(flatten)]
    account: Account,
}

/// `node post-offer`
#[derive(Debug, Args)]
pub struct PostOffer {
    /// A file with a signed offer
    file: PathBuf,
    #[command(flatten)]
    account: Account,
}

/// `node cancel-offer`
#[derive(Debug, Args)]
pub struct CancelOffer {
    /// A file with a signed offer
    file: PathBuf,
    #[command(flatten)]
    account: Account,
}

/// An offer and what became of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferState {
    offer: String,
    per_hour: Amount,
    #[serde(skip)]
    done: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
    signed: SignedOffer,
}

impl Report for OfferState {
    fn human(&self, style: Style) -> String {
        let offer = &self.signed.offer;
        let lasts = format!("{} to {}", duration(offer.minSeconds.into()), duration(offer.maxSeconds.into()));
        Fields::new(style)
            .row(self.done, &self.offer)
            .row("node", offer.node)
            .row("per hour", &self.per_hour)
            .row("for", lasts)
            .row("open until", time(offer.deadline))
            .maybe("file", self.file.as_ref().map(|file| file.display()))
            .text()
    }
}

impl OfferState {
    async fn new(client: &Client, signed: SignedOffer, done: &'static str) -> anyhow::Result<Self> {
        let token = client.token(signed.offer.token).await?;
        let per_hour = Amount::per_hour(U256::from(signed.offer.rate), &token);
        Ok(Self { offer: client.hash_offer(&signed.offer).to_string(), per_hour, done, file: None, signed })
    }
}

impl MakeOffer {
    pub(super) async fn run(self) -> anyhow::Result<OfferState> {
        let client = self.account.client().await?;
        let signed = client.sign_offer(self.offer(&client).await?, client.signer()?)?;
        if let Some(file) = &self.out {
            write_json(file, &signed)?;
        }
        if self.post {
            client.post_offer(&signed).await?;
        }
        let state = OfferState::new(&client, signed, if self.post { "posted" } else { "signed" }).await?;
        Ok(OfferState { file: self.out, ..state })
    }

    async fn offer(&self, client: &Client) -> anyhow::Result<Offer> {
        let token = TokenName::choose(self.token, self.price.symbol(), client).await?;
        let rate = self.price.per_second(&token)?;
        ensure!(!rate.is_zero(), "the price is less than one wei per second: ask for more");
        let notice: u32 = self.notice.try_into()?;
        let reclaim_price = match &self.reclaim_price {
            Some(price) => price.in_token(&token)?,
            None => rate.saturating_mul(U256::from(notice)),
        };
        let nonce = match self.nonce {
            Some(nonce) => U256::from(nonce),
            None => client.free_nonce(self.node).await?,
        };
        Ok(Offer {
            node: self.node,
            units: self.units,
            token: token.address,
            rate: rate_of(rate).context("the price is more than 2^96 wei per second: ask for less")?,
            minSeconds: self.min.try_into()?,
            maxSeconds: self.max.try_into()?,
            graceSeconds: self.grace.try_into()?,
            holdRateBps: self.hold.bps(),
            noticeSeconds: notice,
            reclaimPrice: u128::try_from(reclaim_price)
                .context("the reclaim price is above 2^128 wei: ask for less")?,
            policy: client.contracts().attestation_policy,
            renter: self.renter.unwrap_or_default(),
            reusable: self.reusable,
            deadline: client.chain_time().await?.saturating_add(self.expires.0),
            nonce,
        })
    }
}

impl PostOffer {
    pub(super) async fn run(self) -> anyhow::Result<OfferState> {
        let client = self.account.client().await?;
        let signed = read_offer(&self.file)?;
        client.post_offer(&signed).await?;
        OfferState::new(&client, signed, "posted").await
    }
}

impl CancelOffer {
    pub(super) async fn run(self) -> anyhow::Result<OfferState> {
        let client = self.account.client().await?;
        let signed = read_offer(&self.file)?;
        client.cancel_offer(signed.offer.node, signed.offer.nonce).await?;
        OfferState::new(&client, signed, "cancelled").await
    }
}

fn rate_of(wei: U256) -> Option<U96> {
    U96::try_from(u128::try_from(wei).ok()?).ok()
}
