//! Which logs are asked for.

use std::sync::Arc;

use alloy::primitives::{Address, B256};
use serde_json::{Value, json};

/// Addresses that a filter names; of more contracts, the events are named, and others' logs are left out here.
const MAX_ADDRESSES: usize = 500;

/// The contracts whose logs are wanted.
#[derive(Debug, Clone)]
pub struct LogFilter {
    /// In order.
    addresses: Arc<[Address]>,
    selectors: Arc<[B256]>,
}

impl LogFilter {
    /// The logs of these contracts; `selectors` are those of all their events.
    pub fn new(mut addresses: Vec<Address>, selectors: Vec<B256>) -> Self {
        addresses.sort();
        Self { addresses: addresses.into(), selectors: selectors.into() }
    }

    /// The contracts, in order.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Whether logs of this contract are wanted.
    pub fn contains(&self, address: Address) -> bool {
        self.addresses.binary_search(&address).is_ok()
    }

    /// Whether the endpoint is asked for more than is wanted.
    pub(super) fn is_wide(&self) -> bool {
        self.addresses.len() > MAX_ADDRESSES
    }

    /// The filter in JSON-RPC, but for the blocks.
    pub(super) fn json(&self) -> Value {
        if self.is_wide() { json!({"topics": [&*self.selectors]}) } else { json!({"address": &*self.addresses}) }
    }
}
