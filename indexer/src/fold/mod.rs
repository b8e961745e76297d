//! The fold: a pure function from the events of a chain to the state that they add up to.
//!
//! It reads no clock, no chain and no database. An event that does not fit the state, such as a withdrawal of more than
//! a balance, is an error and never rounded away: it means that events before it are missing.

use alloy::primitives::U256;

mod delegation;
mod disputes;
mod drip;
mod entities;
mod entity;
mod governance;
mod lease;
mod macros;
mod money;
mod orders;
mod registry;
mod rewards;
mod stake;
mod token;
mod verification;

pub use entities::*;
pub use entity::{Change, Entity, Rows, Stock};
pub use stake::BURN_ADDRESS;
pub use token::{SPON, STAKED_SPON};

use crate::{event::Event, position::Position};

/// An event that does not fit what the events before it add up to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: events before it are missing")]
pub struct Inconsistent {
    what: String,
}

impl Inconsistent {
    fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }

    fn unknown(kind: &str, key: impl std::fmt::Display) -> Self {
        Self::new(format!("{kind} {key} is unknown"))
    }
}

impl State {
    /// Applies the next event of the chain.
    ///
    /// # Errors
    ///
    /// If the event does not fit; the state is then half changed, and `abort` undoes that.
    pub fn apply(&mut self, at: Position, event: &Event) -> Result<(), Inconsistent> {
        match event {
            Event::Ledger(event) => money::apply(self, event),
            Event::LeaseBook(event) => lease::apply(self, at, event),
            Event::OfferBoard(_) => Ok(()),
            Event::VerifierSet(event) => verification::apply_verifier_set(self, at, event),
            Event::AttestationPolicy(event) => verification::apply_policy(self, event),
            Event::Bonds(event) => stake::apply_bonds(self, at, event),
            Event::Disputes(event) => disputes::apply(self, at, event),
            Event::StandingTopUps(event) => orders::apply(self, at, event),
            Event::MeasurementDemand(event) => {
                orders::apply_demand(self, event);
                Ok(())
            }
            Event::Payout(event) => {
                orders::apply_payout(self, event);
                Ok(())
            }
            Event::OutageClock(event) => {
                governance::apply_clock(self, event);
                Ok(())
            }
            Event::PauseSwitch(event) => {
                governance::apply_switch(self, event);
                Ok(())
            }
            Event::NodeRegistry(event) => registry::apply_nodes(self, at, event),
            Event::ResourceCatalog(event) => registry::apply_catalog(self, event),
            Event::Distributor(event) => rewards::apply(self, at, event),
            Event::Spon(event) => token::apply_spon(self, at, event),
            Event::StakedSpon(event) => token::apply_staked(self, at, event),
        }
    }

    fn set(&mut self, contract: &str, name: &str, value: impl ToString) {
        self.settings.entry((contract.to_owned(), name.to_owned())).value = value.to_string();
    }

    /// A parameter of a contract, if an event told it.
    pub fn setting(&self, contract: &str, name: &str) -> Option<&str> {
        self.settings.get(&(contract.to_owned(), name.to_owned())).map(|setting| setting.value.as_str())
    }
}

fn add(total: &mut U256, amount: U256, what: &str) -> Result<(), Inconsistent> {
    *total = total
        .checked_add(amount)
        .ok_or_else(|| Inconsistent::new(format!("{what} of {total} and {amount} more pass 256 bits")))?;
    Ok(())
}

fn subtract(total: &mut U256, amount: U256, what: impl FnOnce() -> String) -> Result<(), Inconsistent> {
    let has = *total;
    let short = || Inconsistent::new(format!("{} is {has}, {amount} leave it", what()));
    *total = has.checked_sub(amount).ok_or_else(short)?;
    Ok(())
}

/// A number of seconds, a count or an id that an event carries in 256 bits. No contract lets it pass 64.
fn small(number: U256) -> u64 {
    number.saturating_to()
}
