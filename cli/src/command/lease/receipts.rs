//! What a lease paid, settlement by settlement.

use alloy::primitives::{B256, U256};
use clap::Args;
use serde::Serialize;
use spheron_client::{receipt::Receipt, token::Token};

use super::{
    id::{Prefix, short},
    state::find,
};
use crate::{
    amount::Amount,
    args::Network,
    output::{Fields, Report, Style, time},
};

/// `lease receipts`
#[derive(Debug, Args)]
pub struct Receipts {
    /// The lease, by the first digits of its id
    lease: Prefix,
    #[command(flatten)]
    network: Network,
}

#[derive(Debug, Serialize)]
struct Row {
    from: u64,
    to: u64,
    payment: Amount,
    fee: Amount,
    refund: Amount,
    receipt: B256,
}

/// All that a lease paid and refunded for its seconds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptList {
    lease: B256,
    payment: Amount,
    fee: Amount,
    refund: Amount,
    /// Stands for all of the receipts; 0 if there is none.
    receipt: B256,
    receipts: Vec<Row>,
}

impl Report for ReceiptList {
    fn human(&self, style: Style) -> String {
        if self.receipts.is_empty() {
            return format!("lease {} has settled nothing yet\n", short(self.lease));
        }
        let row = |row: &Row| {
            let amounts = [&row.payment, &row.fee, &row.refund].map(ToString::to_string);
            [vec![time(row.from), time(row.to)], amounts.to_vec(), vec![short(row.receipt)]].concat()
        };
        let table = style.table(
            &["FROM", "TO", "TO THE PROVIDER", "FEE", "BACK TO THE RENTER", "RECEIPT"],
            self.receipts.iter().map(row),
        );
        let sums = Fields::new(style)
            .row("lease", self.lease)
            .row("to the provider", &self.payment)
            .row("fee", &self.fee)
            .row("back to the renter", &self.refund)
            .row("receipt", self.receipt);
        table + "\n" + &sums.text()
    }
}

impl Receipts {
    pub(super) async fn run(self) -> anyhow::Result<ReceiptList> {
        let client = self.network.reader().await?;
        let opened = find(&client, &self.lease).await?;
        let token = client.token(opened.terms.token).await?;
        Ok(list(opened.lease_id, &client.receipts(&opened).await?, &token))
    }
}

fn list(lease: B256, receipts: &[Receipt], token: &Token) -> ReceiptList {
    let amount = |wei| Amount::new(wei, token);
    let sum = |part: fn(&Receipt) -> U256| amount(receipts.iter().map(part).sum());
    let row = |receipt: &Receipt| Row {
        from: receipt.from,
        to: receipt.to,
        payment: amount(receipt.payment),
        fee: amount(receipt.fee),
        refund: amount(receipt.refund),
        receipt: receipt.hash,
    };
    ReceiptList {
        lease,
        payment: sum(|receipt| receipt.payment),
        fee: sum(|receipt| receipt.fee),
        refund: sum(|receipt| receipt.refund),
        receipt: receipts.last().map_or(B256::ZERO, |last| last.hash),
        receipts: receipts.iter().map(row).collect(),
    }
}
