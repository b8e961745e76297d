//! Deterministic deployment of the contracts and the address book of a deployment.
//!
//! [`Plan`] says which contracts there are, in which order, and at which address each will stand: the same on every
//! chain, since CREATE2 derives it from the init code alone. [`deploy`] carries a plan out with some [`Settings`] and
//! can be repeated: what is done already is left alone. [`Deployment`] is the address book that everyone else reads.

mod action;
mod apply;
mod book;
mod catalog;
mod configuration;
mod failure;
mod plan;
mod roles;
mod settings;

pub use action::{Action, Probe};
pub use apply::{DeployError, deploy, survey};
pub use book::{BookError, Contracts, Deployment};
pub use catalog::{CatalogError, catalog_entries};
pub use failure::reason;
pub use plan::{CREATE2_DEPLOYER, Plan, Step};
pub use roles::{Role, RoleTable};
pub use settings::{
    Admin, BondRole, DemandBond, DisputeDeposit, Grant, Market, MinimumBond, Quorum, Settings, SettingsError, Token,
};
