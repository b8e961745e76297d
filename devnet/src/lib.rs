//! Two local chains with every contract deployed and an economy running on them.
//!
//! [`run()`] plays the whole path once: [`chain`] starts anvil and deploys, [`services`] runs indexer, verifiers and
//! agents as processes, [`economy`] lets everybody act, and [`report`] shows and checks what came of it.

pub mod anvil;
pub mod cast;
pub mod chain;
pub mod economy;
pub mod keys;
pub mod process;
pub mod report;
pub mod services;

mod run;

pub use run::{Options, run};
