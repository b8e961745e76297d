//! What an audit found.

use std::collections::BTreeMap;

use alloy::primitives::B256;
use serde::Serialize;

use super::check::{Check, Field};
use crate::{manifest::ChainManifest, position::EventId, store::Tip};

/// What the audit of all chains found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Values compared, over all chains.
    pub compared: u64,
    /// Number of values that differ.
    pub differing: u64,
    /// Chain by chain.
    pub chains: Vec<ChainAudit>,
}

/// What the audit of a chain found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainAudit {
    /// Name of the chain.
    pub chain: String,
    /// EIP-155 id.
    pub chain_id: u64,
    /// The block that both were looked at.
    pub block: u64,
    /// Its hash.
    pub block_hash: B256,
    /// Values compared, by what they are.
    pub compared: BTreeMap<&'static str, u64>,
    /// Values that differ.
    pub differences: Vec<Difference>,
    #[serde(skip)]
    answered: usize,
}

/// A value that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it is.
    pub kind: &'static str,
    /// The thing that it is of.
    pub entity: String,
    /// Which of its values.
    pub field: &'static str,
    /// In the database.
    pub database: String,
    /// In the contract.
    pub chain: String,
    /// The last events that name the thing, the newest first.
    pub events: Vec<EventRef>,
}

/// An event in the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventRef {
    /// `event_id` of its rows.
    pub event_id: EventId,
    /// Block number.
    pub block: u64,
    /// Place among the logs of the block.
    pub log_index: u64,
    /// Transaction.
    pub tx_hash: B256,
    /// Table of the event, such as `ledger_deposited`, if there is one.
    pub event: Option<String>,
}

impl AuditReport {
    pub(super) fn new(chains: Vec<ChainAudit>) -> Self {
        let compared = chains.iter().flat_map(|chain| chain.compared.values()).sum();
        let differing = chains.iter().map(|chain| chain.differences.len() as u64).sum();
        Self { compared, differing, chains }
    }

    /// Whether every value was equal.
    pub fn is_clean(&self) -> bool {
        self.differing == 0
    }
}

impl ChainAudit {
    pub(super) fn new(chain: &ChainManifest, tip: Tip) -> Self {
        Self {
            chain: chain.name.clone(),
            chain_id: chain.chain_id,
            block: tip.number,
            block_hash: tip.hash,
            compared: BTreeMap::new(),
            differences: Vec::new(),
            answered: 0,
        }
    }

    pub(super) fn count(&mut self, kind: &'static str, values: u64) {
        *self.compared.entry(kind).or_default() += values;
    }

    /// Takes in that so many more calls were answered; says how many were in all.
    pub(super) fn calls(&mut self, more: usize) -> usize {
        self.answered += more;
        self.answered
    }
}

impl Difference {
    pub(super) fn new(check: &Check, field: Field, events: Vec<EventRef>) -> Self {
        let Field { name, database, chain, .. } = field;
        Self { kind: check.kind, entity: check.entity.clone(), field: name, database, chain, events }
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: {} is {} in the database, {} in the contract",
            self.entity, self.field, self.database, self.chain
        )
    }
}
