//! What happens on each chain, act by act. Every step is a transaction from its actor's own key.
//!
//! The acts are the same on both chains; [`Stage`] is one chain with the leases that were opened on it.

mod joining;
mod renting;
mod rewarding;
pub(crate) mod staking;
mod verifying;

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};
use spheron_client::lease::{OpenedLease, SignedOffer};

use crate::{
    cast::{Actor, Cast},
    chain::Chain,
};

pub use rewarding::Rewards;
pub use spheron_accounting::attestation::VERDICT_DEADLINE;
pub use verifying::Measured;

/// Seconds of a minute, an hour and a day.
pub const MINUTE: u64 = 60;
/// Seconds of an hour.
pub const HOUR: u64 = 3_600;
/// Seconds of a day.
pub const DAY: u64 = 86_400;

/// One chain of the economy.
pub struct Stage<'a> {
    /// The chain.
    pub chain: &'a Chain,
    /// Who takes part.
    pub cast: &'a Cast,
    /// Midnight before the first lease (unix seconds): the start of the era that is rewarded.
    pub opening: u64,
    offers: BTreeMap<&'static str, SignedOffer>,
    leases: BTreeMap<&'static str, OpenedLease>,
    /// What each renter has brought, by name.
    pub brought: BTreeMap<&'static str, Money>,
}

/// An amount of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// The token.
    pub token: Address,
    /// Wei.
    pub amount: U256,
}

impl<'a> Stage<'a> {
    /// Before the first act.
    pub fn new(chain: &'a Chain, cast: &'a Cast, opening: u64) -> Self {
        Self { chain, cast, opening, offers: BTreeMap::new(), leases: BTreeMap::new(), brought: BTreeMap::new() }
    }

    /// The lease of a renter.
    ///
    /// # Panics
    ///
    /// If the renter has not opened one: the acts run in order.
    pub fn lease(&self, renter: &Actor) -> &OpenedLease {
        self.leases.get(renter.name).expect("renting comes before")
    }

    /// Every lease with its renter's name.
    pub fn leases(&self) -> impl Iterator<Item = (&'static str, &OpenedLease)> {
        self.leases.iter().map(|(name, lease)| (*name, lease))
    }

    /// Moves the chain to `opening - seconds`.
    ///
    /// # Errors
    ///
    /// If anvil does not answer.
    pub async fn before(&self, seconds: u64) -> anyhow::Result<()> {
        self.chain.anvil.travel_to(self.opening - seconds).await
    }

    /// Moves the chain to `opening + seconds`.
    ///
    /// # Errors
    ///
    /// If anvil does not answer.
    pub async fn at(&self, seconds: u64) -> anyhow::Result<()> {
        self.chain.anvil.travel_to(self.opening + seconds).await
    }
}
