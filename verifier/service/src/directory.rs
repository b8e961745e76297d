//! What a verifier knows about others from its own sources, so that it need not believe a session's leader.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use alloy::primitives::Address;
use futures::future::BoxFuture;
use spheron_verifier_core::wire::{Domain, Terms};

/// Answers from a verifier's own view of the chain.
pub trait Directory: Send + Sync + 'static {
    /// Where a verifier's public API answers.
    fn verifier_url(&self, verifier: Address) -> Option<String>;

    /// Checks terms against the chain and says where the node's agent answers. An implementation should check that the
    /// verifiers are of the committee of that node and round, that the beacon is the round's, that the quorum is the
    /// contract's, and that provider, claimed class, units and lease are the node's.
    ///
    /// # Errors
    /// The reason for which the terms are refused, in words.
    fn approve<'a>(&'a self, domain: &'a Domain, terms: &'a Terms) -> BoxFuture<'a, Result<String, String>>;
}

/// A directory in memory: it knows the verifiers and agents that it was told, and refuses all others.
#[derive(Debug, Default)]
pub struct StaticDirectory {
    verifiers: RwLock<HashMap<Address, String>>,
    agents: RwLock<HashMap<Address, String>>,
}

impl StaticDirectory {
    /// Adds or moves a verifier.
    pub fn set_verifier(&self, verifier: Address, url: impl Into<String>) {
        self.verifiers.write().unwrap_or_else(PoisonError::into_inner).insert(verifier, url.into());
    }

    /// Adds or moves a node's agent.
    pub fn set_agent(&self, node: Address, url: impl Into<String>) {
        self.agents.write().unwrap_or_else(PoisonError::into_inner).insert(node, url.into());
    }
}

impl Directory for StaticDirectory {
    fn verifier_url(&self, verifier: Address) -> Option<String> {
        self.verifiers.read().unwrap_or_else(PoisonError::into_inner).get(&verifier).cloned()
    }

    fn approve<'a>(&'a self, _: &'a Domain, terms: &'a Terms) -> BoxFuture<'a, Result<String, String>> {
        let stranger = terms.verifiers.iter().find(|v| self.verifier_url(**v).is_none());
        let agent = self.agents.read().unwrap_or_else(PoisonError::into_inner).get(&terms.node).cloned();
        let answer = match (stranger, agent) {
            (Some(stranger), _) => Err(format!("{stranger} is not a known verifier")),
            (None, None) => Err(format!("no agent of node {} is known", terms.node)),
            (None, Some(url)) => Ok(url),
        };
        Box::pin(std::future::ready(answer))
    }
}
