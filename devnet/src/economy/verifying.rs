//! Act 3: verifiers measure every node, and bring their verdicts.

use std::time::Duration;

use alloy::primitives::B256;
use spheron_bindings::verifier_set::IVerifierSet::Verdict;

use super::Stage;
use crate::{cast::NodeActor, services::Services};

/// Within this, all services have the time of the latest block. It may be ahead of theirs, and a measurement is timed by it:
/// none may begin before.
const TIME_SPREADS: Duration = Duration::from_millis(300);

/// What came out of measuring a node.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The node's name.
    pub node: &'static str,
    /// The verdict that the chain accepted.
    pub verdict: Verdict,
    /// Verifiers that signed it.
    pub signers: usize,
}

impl Stage<'_> {
    /// Has every node measured inside its lease. The leading verifier submits each verdict.
    ///
    /// # Errors
    ///
    /// If a session ends without a verdict, or the chain refuses it.
    pub async fn verifiers_measure(&self, services: &Services) -> anyhow::Result<Vec<Measured>> {
        let mut measured = Vec::new();
        for (_, node) in self.cast.nodes() {
            tokio::time::sleep(TIME_SPREADS).await;
            let signed = services.measure(self.chain, &self.cast.verifiers[0], node, self.lease_on(node)).await?;
            measured.push(Measured {
                node: node.actor.name,
                verdict: signed.verdict,
                signers: signed.signatures.len(),
            });
        }
        Ok(measured)
    }

    fn lease_on(&self, node: &NodeActor) -> B256 {
        let address = node.actor.address();
        self.leases().find(|(_, lease)| lease.terms.node == address).map_or(B256::ZERO, |(_, lease)| lease.lease_id)
    }
}
