//! Act 1: providers and verifiers bond and join.

use std::time::Duration;

use alloy::primitives::{U256, keccak256};
use anyhow::{Context as _, ensure};
use spheron_bindings::node_registry::INodeRegistry::Claim;
use spheron_client::{lease::SignedOffer, node::BondRole};
use tokio::time::Instant;

use super::{DAY, HOUR, Stage};
use crate::{
    cast::{Actor, H100, NodeActor, ProviderActor},
    chain::{MINIMUM_BOND, SPON},
};

/// How long the services of verifiers may take to reveal once a round has begun.
const REVEAL: Duration = Duration::from_secs(30);
/// Test-dollar wei per second of an RTX 4090: 0.175 dollars an hour.
const RATE_4090: u64 = 49;
/// Test-dollar wei per second of an H100: 2 dollars an hour.
const RATE_H100: u64 = 556;
/// SPON wei per second of an RTX 4090: 3 SPON an hour.
const RATE_4090_SPON: u64 = 833_333_333_333_333;

impl Stage<'_> {
    /// Providers bond, register, and post an offer for each node. `agents` are the nodes' URLs by name.
    ///
    /// # Errors
    ///
    /// If a transaction fails.
    pub async fn providers_join(&mut self, agent_url: impl Fn(&NodeActor) -> String) -> anyhow::Result<()> {
        for provider in &self.cast.providers {
            let client = self.chain.client(&provider.actor)?;
            self.issue_bond(&provider.actor).await?;
            client.bond(BondRole::Provider, self.chain.spon(), bond()).await?;
            let uri = format!("https://{}.example", provider.actor.name.to_lowercase());
            client.register_provider(provider.actor.address(), self.chain.spon(), &uri).await?;
            for node in &provider.nodes {
                let deadline = self.opening + DAY;
                client.register_node(&node.actor.key, claim(node, agent_url(node)), deadline).await?;
                let offer = self.offer(provider, node)?;
                client.post_offer(&offer).await?;
                self.offers.insert(node.actor.name, offer);
            }
        }
        Ok(())
    }

    /// Verifiers bond and join with the tip of their hash chain.
    ///
    /// # Errors
    ///
    /// If a transaction fails.
    pub async fn verifiers_join(&self) -> anyhow::Result<()> {
        for verifier in &self.cast.verifiers {
            let client = self.chain.client(verifier)?;
            self.issue_bond(verifier).await?;
            client.bond(BondRole::Verifier, self.chain.spon(), bond()).await?;
            client.join_verifiers(self.chain.spon(), client.hash_chain(1)?.tip()).await?;
        }
        Ok(())
    }

    /// From the round after their joining on, the verifiers' services reveal by themselves, once in each round; waits until
    /// each has done so `times` times.
    ///
    /// # Errors
    ///
    /// If one has not within 30 seconds.
    pub async fn verifiers_reveal(&self, times: usize) -> anyhow::Result<()> {
        let deadline = Instant::now() + REVEAL;
        for verifier in &self.cast.verifiers {
            let client = self.chain.client(verifier)?;
            let chain = client.hash_chain(1)?;
            let tip =
                (0..times).try_fold(chain.tip(), |tip, _| chain.preimage_of(tip)).context("a chain is used up")?;
            while client.verifier_tip(verifier.address()).await? != tip {
                ensure!(Instant::now() < deadline, "{} has not revealed in {} s", verifier.name, REVEAL.as_secs());
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Ok(())
    }

    async fn issue_bond(&self, actor: &Actor) -> anyhow::Result<()> {
        Ok(self.chain.client(&self.cast.foundation)?.mint_spon(actor.address(), bond()).await?)
    }

    fn offer(&self, provider: &ProviderActor, node: &NodeActor) -> anyhow::Result<SignedOffer> {
        let (token, rate) = match (node.resource, node.fizz) {
            (H100, _) => (self.chain.dollar(), RATE_H100),
            (_, true) => (self.chain.spon(), RATE_4090_SPON),
            (_, false) => (self.chain.dollar(), RATE_4090),
        };
        let offer = spheron_bindings::lease_book::ILeaseBook::Offer {
            node: node.actor.address(),
            units: 1,
            token,
            rate: alloy::primitives::aliases::U96::from(rate),
            minSeconds: u32::try_from(HOUR)?,
            maxSeconds: u32::try_from(30 * DAY)?,
            graceSeconds: u32::try_from(2 * HOUR)?,
            holdRateBps: 2_000,
            noticeSeconds: u32::try_from(HOUR)?,
            reclaimPrice: u128::from(rate) * u128::from(HOUR),
            policy: self.chain.deployment.contracts.attestation_policy,
            renter: alloy::primitives::Address::ZERO,
            reusable: false,
            deadline: self.opening + DAY,
            nonce: U256::ONE,
        };
        Ok(self.chain.client(&provider.actor)?.sign_offer(offer, &node.actor.key)?)
    }
}

fn bond() -> U256 {
    U256::from(MINIMUM_BOND * SPON)
}

fn claim(node: &NodeActor, uri: String) -> Claim {
    Claim {
        kind: node.fizz.into(),
        resource: node.resource,
        units: 1,
        cpuResource: 1001,
        cpuUnits: 16,
        memoryMiB: 65_536,
        storageGiB: 1_000,
        specHash: keccak256(node.actor.name),
        region: "us-east".to_owned(),
        uri,
        gateway: alloy::primitives::Address::ZERO,
    }
}
