//! Opening a lease.

use std::path::Path;

use alloy::primitives::B256;
use anyhow::bail;
use clap::{Args, ValueEnum};
use serde::Serialize;
use spheron_client::{
    Client,
    lease::{Payment, SignedOffer},
};

use super::{
    id::Prefix,
    offers::{OfferRow, offer_row},
    state::LeaseState,
};
use crate::{
    amount::Amount,
    args::{Account, Seconds, hash},
    file::read_json,
    output::{Fields, Report, Style, duration},
};

/// Seconds that a payment's signature stays valid.
const SIGNATURE_SECONDS: u64 = 3_600;

/// `lease open`
#[derive(Debug, Args)]
pub struct Open {
    /// The offer: the first digits of its hash on the board, or a file with a signed offer
    offer: String,
    /// How long to fund the lease, such as 12h
    #[arg(long = "for", value_name = "TIME")]
    funded: Seconds,
    /// Where the money comes from
    #[arg(long, value_enum, default_value_t = Pay::Wallet)]
    pay: Pay,
    /// Tells leases on one offer apart [default: random]
    #[arg(long, value_name = "HASH", value_parser = hash)]
    salt: Option<B256>,
    /// Only say what it would cost
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    account: Account,
}

/// Where the money comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Pay {
    /// Tokens in the wallet, brought by a signature (ERC-3009): one transaction
    Wallet,
    /// Tokens in the wallet, which the Ledger is first allowed to take: two transactions
    Approve,
    /// The balance in the Ledger
    Ledger,
}

/// What a lease costs, and the lease.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Opening {
    offer: OfferRow,
    seconds: u64,
    cost: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease: Option<LeaseState>,
}

impl Report for Opening {
    fn human(&self, style: Style) -> String {
        let cost = format!("{} for {}, grace reserve included", self.cost, duration(self.seconds));
        match &self.lease {
            Some(lease) => Fields::new(style).row("funded with", cost).text() + &lease.human(style),
            None => Fields::new(style)
                .row("node", self.offer.node)
                .row("per hour", &self.offer.per_hour)
                .row("would cost", cost)
                .text(),
        }
    }
}

impl Open {
    pub(super) async fn run(self) -> anyhow::Result<Opening> {
        let client = if self.dry_run { self.account.reader().await? } else { self.account.client().await? };
        let signed = find_offer(&client, &self.offer).await?;
        let seconds = u32::try_from(self.funded)?;
        let cost = client.quote(&signed.offer, seconds).await?;
        let offer = offer_row(&client, signed).await?;
        let cost = Amount::new(cost, &client.token(offer.signed.offer.token).await?);
        let lease = match self.dry_run {
            true => None,
            false => Some(self.open(&client, &offer.signed, seconds).await?),
        };
        Ok(Opening { offer, seconds: seconds.into(), cost, lease })
    }

    async fn open(&self, client: &Client, signed: &SignedOffer, seconds: u32) -> anyhow::Result<LeaseState> {
        let payment = match self.pay {
            Pay::Wallet => Payment::Authorization { valid_before: client.chain_time().await? + SIGNATURE_SECONDS },
            Pay::Approve => Payment::Transfer,
            Pay::Ledger => Payment::Balance,
        };
        let salt = self.salt.unwrap_or_else(|| rand::random::<[u8; 32]>().into());
        let opened = client.open_lease(signed, seconds, salt, payment).await?;
        LeaseState::read(client, &opened).await
    }
}

/// The offer on the board that `named` begins, or the one in the file `named`.
async fn find_offer(client: &Client, named: &str) -> anyhow::Result<SignedOffer> {
    let path = Path::new(named);
    if path.exists() || !named.starts_with("0x") {
        return read_offer(path);
    }
    let prefix: Prefix = named.parse().map_err(anyhow::Error::msg)?;
    let mut found = client.posted_offers(None).await?;
    found.retain(|signed| prefix.names(client.hash_offer(&signed.offer)));
    match found.len() {
        0 => bail!("no offer {prefix} on the board of {}: see spheron lease offers", client.deployment().chain),
        1 => Ok(found.remove(0)),
        count => bail!("{count} offers begin with {prefix}: give more digits"),
    }
}

/// Reads a signed offer.
pub fn read_offer(path: &Path) -> anyhow::Result<SignedOffer> {
    read_json(path, "signed offer")
}
