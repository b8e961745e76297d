//! What a renter can do when a node does not deliver, and what bonds owe.

use alloy::primitives::{Address, B256, U256};
use spheron_bindings::{
    bonds::Bonds,
    lease_book::{
        ILeaseBook::{Claim, Terms},
        LeaseBook,
    },
    measurement_demand::{IMeasurementDemand::Demand, MeasurementDemand},
};

use crate::{Client, ClientError, event_of, same::same};

/// How a demand for a measurement ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved {
    /// Whether the node passed; its provider has the bond then.
    pub passed: bool,
    /// Unix seconds, 0 if nothing was measured.
    pub measured_at: u64,
    /// Who has the bond in its Ledger balance.
    pub to: Address,
    /// Wei.
    pub bond: U256,
}

impl Client {
    /// Books what verdicts took back of seconds that a lease has paid, and seizes it from the provider's bond for the
    /// renter, who collects it. Anyone may. Returns wei seized, and wei that are still owed.
    pub async fn claw_back(&self, terms: &Terms) -> Result<(U256, U256), ClientError> {
        let book = self.contracts().lease_book;
        let receipt = self.send(book, &LeaseBook::clawBackCall { terms: terms.clone() }).await?;
        let event = event_of::<LeaseBook::LeaseCompensated>(&receipt, book)?;
        Ok((event.amount, event.owed))
    }

    /// Frees what of the provider's bond a lease that is over needs locked no longer. Anyone may. Returns wei.
    pub async fn free_cover(&self, terms: &Terms) -> Result<U256, ClientError> {
        let book = self.contracts().lease_book;
        let receipt = self.send(book, &LeaseBook::freeCoverCall { terms: terms.clone() }).await?;
        Ok(event_of::<LeaseBook::CoverFreed>(&receipt, book)?.amount)
    }

    /// What a lease's renter is owed out of the provider's bond.
    pub async fn lease_claim(&self, lease_id: B256) -> Result<Claim, ClientError> {
        self.view(self.contracts().lease_book, &LeaseBook::claimOfCall { leaseId: lease_id }).await
    }

    /// Demands a fresh measurement of a lease's node, for a bond out of the renter's Ledger balance. Returns the bond in
    /// wei, and until when (unix seconds) the node has to be measured.
    pub async fn demand_measurement(&self, terms: &Terms) -> Result<(U256, u64), ClientError> {
        let demands = self.contracts().measurement_demand;
        let receipt = self.send(demands, &MeasurementDemand::demandCall { terms: same(terms) }).await?;
        let event = event_of::<MeasurementDemand::MeasurementDemanded>(&receipt, demands)?;
        Ok((event.bond, event.deadline.saturating_to()))
    }

    /// Ends a demand that has its answer, or will get none. Anyone may.
    pub async fn resolve_demand(&self, terms: &Terms) -> Result<Resolved, ClientError> {
        let demands = self.contracts().measurement_demand;
        let receipt = self.send(demands, &MeasurementDemand::resolveCall { terms: same(terms) }).await?;
        let event = event_of::<MeasurementDemand::DemandResolved>(&receipt, demands)?;
        let measured_at = event.measuredAt.saturating_to();
        Ok(Resolved { passed: event.passed, measured_at, to: event.to, bond: event.bond })
    }

    /// The demand on a lease; made at 0 if there is none.
    pub async fn demand_of(&self, lease_id: B256) -> Result<Demand, ClientError> {
        self.view(self.contracts().measurement_demand, &MeasurementDemand::demandOfCall { leaseId: lease_id }).await
    }

    /// Wei that a demand on a lease in `token` costs, 0 if none is taken.
    pub async fn demand_bond(&self, token: Address) -> Result<U256, ClientError> {
        self.view(self.contracts().measurement_demand, &MeasurementDemand::bondOfCall { token }).await
    }

    /// Wei that slashes and seizures of bonds owe `account`.
    pub async fn owed(&self, account: Address, token: Address) -> Result<U256, ClientError> {
        self.view(self.contracts().bonds, &Bonds::owedToCall { account, token }).await
    }

    /// Pays what bonds owe the caller to `to`; returns wei.
    pub async fn collect_owed(&self, token: Address, to: Address) -> Result<U256, ClientError> {
        let bonds = self.contracts().bonds;
        let receipt = self.send(bonds, &Bonds::collectCall { token, to }).await?;
        Ok(event_of::<Bonds::OwedCollected>(&receipt, bonds)?.amount)
    }
}
