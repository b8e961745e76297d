//! What a verifier knows of others, from the chains themselves.

use std::collections::HashMap;

use alloy::primitives::{Address, B256};
use anyhow::{Context as _, ensure};
use futures::future::{BoxFuture, FutureExt as _};
use spheron_client::{Client, numbering::NodeStatus};
use spheron_verifier_core::wire::{Domain, Terms};
use spheron_verifier_service::Directory;

/// Verifiers as they were named, and everything else from the chains.
#[derive(Debug)]
pub struct ChainDirectory {
    chains: Vec<Client>,
    peers: HashMap<Address, String>,
}

impl ChainDirectory {
    /// Reads `chains`; `peers` are the public APIs of other verifiers.
    pub fn new(chains: Vec<Client>, peers: HashMap<Address, String>) -> Self {
        Self { chains, peers }
    }

    async fn check(&self, domain: &Domain, terms: &Terms) -> anyhow::Result<String> {
        let chain = self.chains.iter().find(|chain| domain_of(chain) == *domain);
        let chain = chain.with_context(|| format!("chain {} is not followed here", domain.chain_id))?;
        check_committee(chain, terms).await?;
        check_claim(chain, terms).await?;
        if !terms.leaseId.is_zero() {
            check_lease(chain, terms.leaseId, terms.node).await?;
        }
        let claim = chain.claim_of(terms.node).await?.with_context(|| format!("{} has no claim", terms.node))?;
        Ok(claim.uri)
    }
}

impl Directory for ChainDirectory {
    fn verifier_url(&self, verifier: Address) -> Option<String> {
        self.peers.get(&verifier).cloned()
    }

    fn approve<'a>(&'a self, domain: &'a Domain, terms: &'a Terms) -> BoxFuture<'a, Result<String, String>> {
        self.check(domain, terms).map(|checked| checked.map_err(|reason| format!("{reason:#}"))).boxed()
    }
}

/// The VerifierSet of a chain.
pub fn domain_of(chain: &Client) -> Domain {
    Domain { chain_id: chain.chain_id(), verifier_set: chain.contracts().verifier_set }
}

async fn check_committee(chain: &Client, terms: &Terms) -> anyhow::Result<()> {
    let (round, now) = (terms.beaconRound, chain.round_at(chain.chain_time().await?).await?);
    ensure!(round == now || round + 1 == now, "round {round} is not the present one, {now}, or the one before");
    let beacon = chain.beacon(round).await?;
    ensure!(terms.beacon == beacon, "the beacon of round {round} is {beacon}, not {}", terms.beacon);
    let committee = chain.committee(terms.node, round).await?;
    let stranger = terms.verifiers.iter().find(|verifier| !committee.contains(verifier));
    ensure!(stranger.is_none(), "{} is not in the committee of round {round}", stranger.copied().unwrap_or_default());
    let (_, quorum) = chain.quorum().await?;
    ensure!(u64::from(terms.quorum) == quorum, "a verdict needs {quorum} signatures, not {}", terms.quorum);
    Ok(())
}

async fn check_claim(chain: &Client, terms: &Terms) -> anyhow::Result<()> {
    let node = chain.node(terms.node).await?;
    ensure!(node.status == NodeStatus::Active as u8, "node {} is not active", terms.node);
    ensure!(
        node.provider == terms.provider,
        "node {} belongs to {}, not {}",
        terms.node,
        node.provider,
        terms.provider
    );
    ensure!(
        node.operator == terms.operator,
        "node {} is operated by {}, not {}",
        terms.node,
        node.operator,
        terms.operator
    );
    let claimed = terms.claimedClass;
    ensure!(node.resource == claimed, "node {} claims resource {}, not {claimed}", terms.node, node.resource);
    let last = u32::from(terms.gpuIndex) + u32::from(terms.gpuCount);
    ensure!(terms.gpuCount > 0 && last <= node.units, "node {} has {} units, not {last}", terms.node, node.units);
    Ok(())
}

async fn check_lease(chain: &Client, lease: B256, node: Address) -> anyhow::Result<()> {
    let opened = chain.opened_lease(lease).await?.with_context(|| format!("there is no lease {lease}"))?;
    ensure!(opened.terms.node == node, "lease {lease} is on node {}, not {node}", opened.terms.node);
    Ok(())
}
