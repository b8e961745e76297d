//! The caller's account in the Ledger.

use alloy::primitives::{Address, U256};
use spheron_bindings::ledger::{
    ILedger::{Allowance, Authorization},
    Ledger,
};

use crate::{Client, ClientError, event_of};

impl Client {
    /// Balance of `owner` in the Ledger, in wei.
    pub async fn balance(&self, token: Address, owner: Address) -> Result<U256, ClientError> {
        self.view(self.contracts().ledger, &Ledger::balanceOfCall { token, owner }).await
    }

    /// Approves and deposits `amount` wei; returns what arrived.
    pub async fn deposit(&self, token: Address, amount: U256) -> Result<U256, ClientError> {
        let (ledger, owner) = (self.contracts().ledger, self.address()?);
        self.approve(token, ledger, amount).await?;
        let receipt = self.send(ledger, &Ledger::depositCall { token, owner, amount }).await?;
        Ok(event_of::<Ledger::Deposited>(&receipt, ledger)?.amount)
    }

    /// Brings somebody's signed deposit; returns what arrived.
    pub async fn deposit_signed(&self, authorization: Authorization) -> Result<U256, ClientError> {
        let ledger = self.contracts().ledger;
        let receipt = self.send(ledger, &Ledger::depositWithAuthorizationCall { authorization }).await?;
        Ok(event_of::<Ledger::Deposited>(&receipt, ledger)?.amount)
    }

    /// Takes `amount` wei out to `to`.
    pub async fn withdraw(&self, token: Address, to: Address, amount: U256) -> Result<(), ClientError> {
        self.send(self.contracts().ledger, &Ledger::withdrawCall { token, to, amount }).await.map(drop)
    }

    /// Sets what `operator` may commit of the caller's balance.
    pub async fn allow_operator(
        &self,
        token: Address,
        operator: Address,
        allowance: Allowance,
    ) -> Result<(), ClientError> {
        self.send(self.contracts().ledger, &Ledger::setAllowanceCall { token, operator, allowance }).await.map(drop)
    }

    /// Moves the LeaseBook's fees in `token` into the collector's balance; returns wei.
    pub async fn collect_fees(&self, token: Address) -> Result<U256, ClientError> {
        let (ledger, module) = (self.contracts().ledger, self.contracts().lease_book);
        let receipt = self.send(ledger, &Ledger::collectFeesCall { module, token }).await?;
        Ok(event_of::<Ledger::FeesCollected>(&receipt, ledger)?.amount)
    }
}
