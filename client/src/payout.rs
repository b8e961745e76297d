//! Payouts: what providers earned, pushed to their reward wallets.

use alloy::primitives::{Address, U256};
use spheron_bindings::payout::Payout;

use crate::{Client, ClientError, event_of};

impl Client {
    /// Has the caller's balance in `token` paid out from `minimum` wei on, or no longer with 0.
    pub async fn set_payout_minimum(&self, token: Address, minimum: U256) -> Result<(), ClientError> {
        self.send(self.contracts().payout, &Payout::setMinimumCall { token, minimum }).await.map(drop)
    }

    /// From how many wei on a provider is paid out, 0 if it does not want to be.
    pub async fn payout_minimum(&self, provider: Address, token: Address) -> Result<U256, ClientError> {
        self.view(self.contracts().payout, &Payout::minimumOfCall { provider, token }).await
    }

    /// Sends all of a provider's balance to its reward wallet. Anyone may. Returns the wallet and wei.
    pub async fn pay_out(&self, provider: Address, token: Address) -> Result<(Address, U256), ClientError> {
        let contract = self.contracts().payout;
        let receipt = self.send(contract, &Payout::payOutCall { provider, token }).await?;
        let event = event_of::<Payout::PaidOut>(&receipt, contract)?;
        Ok((event.rewardWallet, event.amount))
    }
}
