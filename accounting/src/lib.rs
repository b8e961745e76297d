//! The pure accounting model: accrual, attested seconds, reward formulas and reward trees, without I/O.
//!
//! It is written from the contracts' interfaces, not from their code, so that tests can hold one against the other, and
//! from nothing but chain events, so that anybody can recompute what was paid.
//!
//! | module | answers |
//! |---|---|
//! | [`attestation`] | how many seconds of a node are attested up to a time |
//! | [`lease`] | what a lease has in escrow, pays, refunds, and how long it lasts |
//! | [`rewards`] | what each node earns in an era, and why not more |
//! | [`trust_tier`] | what a provider's tier asks and pays |
//! | [`reward_tree`] | the root of an era's rewards, and the proofs that pay them |
//!
//! Time is unix seconds, money is wei in [`U256`](alloy::primitives::U256), shares are basis points.

pub mod attestation;
pub mod lease;
pub mod reward_tree;
pub mod rewards;
pub mod trust_tier;
pub mod wei;

/// One whole in basis points.
pub const BPS: u64 = 10_000;
