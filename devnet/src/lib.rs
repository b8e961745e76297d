//! Two local chains with every contract deployed and an economy running on them.

pub mod anvil;
pub mod cast;
pub mod chain;
pub mod keys;
pub mod process;
