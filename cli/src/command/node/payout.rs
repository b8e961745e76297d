//! Earnings pushed to a provider's reward wallet.

use alloy::primitives::{Address, U256};
use clap::Args;
use serde::Serialize;

use crate::{
    amount::{Amount, Written},
    args::{Account, TokenName, address, whose},
    output::{Fields, Report, Style},
};

/// `node payouts`
#[derive(Debug, Args)]
pub struct Payouts {
    /// The balance from which on it is paid out, such as "10 tUSD"
    #[arg(long, value_name = "AMOUNT", required_unless_present = "off", allow_negative_numbers = true)]
    from: Option<Written>,
    /// Pay out nothing any more
    #[arg(long, conflicts_with = "from")]
    off: bool,
    /// spon, dollar, or the token's address [default: dollar]
    #[arg(long)]
    token: Option<TokenName>,
    #[command(flatten)]
    account: Account,
}

/// `node pay-out`
#[derive(Debug, Args)]
pub struct PayOut {
    /// Whose earnings [default: the key's]
    #[arg(value_name = "PROVIDER", value_parser = address)]
    provider: Option<Address>,
    /// spon, dollar, or the token's address [default: dollar]
    #[arg(long)]
    token: Option<TokenName>,
    #[command(flatten)]
    account: Account,
}

/// From when on a provider is paid out.
#[derive(Debug, Serialize)]
pub struct PayoutSetting {
    provider: Address,
    /// 0 if it does not want to be.
    from: Amount,
}

/// What went to a reward wallet.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaidOut {
    provider: Address,
    reward_wallet: Address,
    amount: Amount,
}

impl Report for PayoutSetting {
    fn human(&self, style: Style) -> String {
        let from = if self.from.wei.is_zero() { "off".to_owned() } else { format!("from {} on", self.from) };
        Fields::new(style).row("provider", self.provider).row("payouts", from).text()
    }
}

impl Report for PaidOut {
    fn human(&self, style: Style) -> String {
        Fields::new(style)
            .row("provider", self.provider)
            .row("paid out", &self.amount)
            .row("reward wallet", self.reward_wallet)
            .text()
    }
}

impl Payouts {
    pub(super) async fn run(self) -> anyhow::Result<PayoutSetting> {
        let client = self.account.client().await?;
        let symbol = self.from.as_ref().and_then(Written::symbol);
        let token = TokenName::choose(self.token, symbol, &client).await?;
        let minimum = self.from.as_ref().map_or(Ok(U256::ZERO), |from| from.in_token(&token))?;
        client.set_payout_minimum(token.address, minimum).await?;
        let provider = client.address()?;
        let from = Amount::new(client.payout_minimum(provider, token.address).await?, &token);
        Ok(PayoutSetting { provider, from })
    }
}

impl PayOut {
    pub(super) async fn run(self) -> anyhow::Result<PaidOut> {
        let client = self.account.client().await?;
        let token = TokenName::choose(self.token, None, &client).await?;
        let provider = whose(self.provider, &client)?;
        let (reward_wallet, amount) = client.pay_out(provider, token.address).await?;
        Ok(PaidOut { provider, reward_wallet, amount: Amount::new(amount, &token) })
    }
}
