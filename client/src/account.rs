//! The caller's account in the Ledger.

use std::collections::BTreeMap;

use alloy::{
    primitives::{Address, U256},
    rpc::types::Filter,
};
use spheron_bindings::ledger::{
    ILedger::{Allowance, Authorization, Usage},
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

    /// What `operator` may commit of `owner`'s balance, and what it has committed.
    pub async fn allowance(
        &self,
        token: Address,
        owner: Address,
        operator: Address,
    ) -> Result<(Allowance, Usage), ClientError> {
        let ledger = self.contracts().ledger;
        let allowance = self.view(ledger, &Ledger::allowanceOfCall { token, owner, operator }).await?;
        Ok((allowance, self.view(ledger, &Ledger::usageOfCall { token, owner, operator }).await?))
    }

    /// Wei that leases ever paid to `payee`, per token.
    pub async fn lease_payments(&self, payee: Address) -> Result<BTreeMap<Address, U256>, ClientError> {
        let filter = Filter::new().topic2(payee.into_word());
        let mut paid = BTreeMap::new();
        for event in self.events::<Ledger::Released>(self.contracts().ledger, filter).await? {
            *paid.entry(event.token).or_insert(U256::ZERO) += event.payment;
        }
        Ok(paid)
    }

    /// Moves the LeaseBook's fees in `token` into the collector's balance; returns wei.
    pub async fn collect_fees(&self, token: Address) -> Result<U256, ClientError> {
        let (ledger, module) = (self.contracts().ledger, self.contracts().lease_book);
        let receipt = self.send(ledger, &Ledger::collectFeesCall { module, token }).await?;
        Ok(event_of::<Ledger::FeesCollected>(&receipt, ledger)?.amount)
    }
}
