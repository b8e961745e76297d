//! The verification protocol without I/O, clocks or threads: what a node computes and commits to, what verifiers draw
//! and recompute, and the verdict that follows.
//!
//! From the bottom up:
//! - [`job`], [`expand`], [`product`]: the work, exact mod 2^32;
//! - [`commit`], [`merkle`], [`chain`]: what a node commits to;
//! - [`prover`]: what a device has to implement;
//! - [`wire`], [`session`]: signed messages and the rules between them;
//! - [`sample`], [`check`]: drawing leaves and recomputing them;
//! - [`class`], [`policy`]: what a machine has to reach;
//! - [`evidence`], [`verdict`], [`explain`]: the verdict as a function of its evidence, and in words.

pub mod chain;
pub mod check;
pub mod class;
pub mod commit;
pub mod evidence;
pub mod expand;
mod explain;
pub mod job;
pub mod merkle;
pub mod policy;
pub mod product;
pub mod prover;
pub mod sample;
pub mod session;
pub mod verdict;
pub mod wire;

pub use explain::explain;
