//! A chain in memory and an endpoint that serves it, well or badly, for the indexer's tests and its benchmark.
//!
//! * [`chain`] holds blocks and branches of them.
//! * [`economy`] emits what the contracts could have emitted, every event of them, in small numbers.
//! * [`workload`] emits a few kinds of events by the million, in the proportions of a busy network.
//! * [`server`] serves a chain as JSON-RPC, with limits, latency and faults.
#![allow(missing_docs, clippy::unwrap_used)] // for tests and measurements, which may panic

pub mod chain;
pub mod economy;
pub mod json;
pub mod server;
pub mod workload;

use alloy::primitives::{Address, LogData};
use spheron_indexer::Contract;

/// An event that was emitted.
#[derive(Debug, Clone, PartialEq)]
pub struct Emitted {
    pub contract: Contract,
    pub data: LogData,
}

/// Where a contract is.
pub fn address_of(contract: Contract) -> Address {
    let index = Contract::ALL.iter().position(|other| *other == contract).unwrap();
    Address::repeat_byte(0xc0 + u8::try_from(index).unwrap())
}
