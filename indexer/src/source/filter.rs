//! Which logs are asked for.

use std::sync::Arc;

use alloy::primitives::{Address, B256};
use serde_json::{Value, json};

/// Calls that one range is spread over, if endpoints take fewer addresses in one than there are contracts. Of still more
/// contracts only the events are named, and others' logs with the same events are left out here.
const MAX_CALLS: usize = 8;

/// The contracts whose logs are wanted.
#[derive(Debug, Clone)]
pub struct LogFilter {
    /// In order, each with the selectors of its events.
    contracts: Arc<[(Address, Arc<[B256]>)]>,
}

/// The calls that ask for all logs of a filter.
#[derive(Debug)]
pub(super) struct Queries {
    /// The filters in JSON-RPC, but for the blocks.
    pub filters: Vec<Value>,
    /// Whether they bring logs that are not wanted.
    pub is_wide: bool,
}

impl LogFilter {
    /// The logs of these contracts, each with the selectors of all its events.
    pub fn new(mut contracts: Vec<(Address, Arc<[B256]>)>) -> Self {
        contracts.sort_by_key(|(address, _)| *address);
        Self { contracts: contracts.into() }
    }

    /// The contracts, in order, each with the selectors of its events.
    pub fn contracts(&self) -> &[(Address, Arc<[B256]>)] {
        &self.contracts
    }

    /// Whether logs of this contract are wanted.
    pub fn contains(&self, address: Address) -> bool {
        self.contracts.binary_search_by_key(&address, |(address, _)| *address).is_ok()
    }

    /// The calls for an endpoint that takes so many addresses in one.
    pub(super) fn queries(&self, addresses: usize) -> Queries {
        let addresses = addresses.max(1);
        let is_wide = self.contracts.len() > MAX_CALLS * addresses;
        let filters = if is_wide {
            vec![json!({"topics": [self.selectors()]})]
        } else {
            let chunk = |chunk: &[(Address, Arc<[B256]>)]| {
                let addresses: Vec<Address> = chunk.iter().map(|(address, _)| *address).collect();
                json!({"address": addresses})
            };
            self.contracts.chunks(addresses).map(chunk).collect()
        };
        Queries { filters, is_wide }
    }

    /// Of all contracts.
    fn selectors(&self) -> Vec<B256> {
        let mut selectors: Vec<B256> = self.contracts.iter().flat_map(|(_, events)| events.iter().copied()).collect();
        selectors.sort();
        selectors.dedup();
        selectors
    }
}
