//! NodeRegistry and ResourceCatalog: providers, nodes, classes of hardware.

use alloy::primitives::Address;
use spheron_bindings::{
    node_registry::{INodeRegistry, NodeRegistry::NodeRegistryEvents},
    resource_catalog::ResourceCatalog::ResourceCatalogEvents,
};

use super::{Inconsistent, Node, NodeKind, NodeStatus, Provider, Resource, ResourceKind, State, small};
use crate::position::{EventId, Position};

pub(super) fn apply_nodes(state: &mut State, at: Position, event: &NodeRegistryEvents) -> Result<(), Inconsistent> {
    match event {
        NodeRegistryEvents::ProviderRegistered(e) => {
            *state.providers.entry((e.provider,)) = Provider {
                registered_id: EventId(at.id),
                reward_wallet: e.rewardWallet,
                bond_token: e.bondToken,
                trust_tier: small(e.trustTier),
                uri: e.uri.clone(),
                ..Provider::default()
            };
        }
        NodeRegistryEvents::RewardWalletProposed(e) => provider(state, e.provider)?.proposed_wallet = e.rewardWallet,
        NodeRegistryEvents::RewardWalletChanged(e) => {
            let provider = provider(state, e.provider)?;
            provider.reward_wallet = e.rewardWallet;
            provider.proposed_wallet = Address::ZERO;
        }
        NodeRegistryEvents::ProviderSuspensionChanged(e) => provider(state, e.provider)?.suspended = e.suspended,
        NodeRegistryEvents::TrustTierChanged(e) => provider(state, e.provider)?.trust_tier = small(e.trustTier),
        NodeRegistryEvents::NodeRegistered(e) => {
            // A retired node may come back: its nonce goes on, and so do leases that have not ended.
            let node = state.nodes.entry((e.node,));
            node.registered_id = EventId(at.id);
            node.provider = e.provider;
            node.status = NodeStatus::Active;
            claim(node, &e.claim);
        }
        NodeRegistryEvents::NodeClaimChanged(e) => claim(node(state, e.node)?, &e.claim),
        NodeRegistryEvents::NodeStatusChanged(e) => {
            let status = NodeStatus::from_number(e.status);
            node(state, e.node)?.status =
                status.ok_or_else(|| Inconsistent::new(format!("node status {} is unknown", e.status)))?;
        }
        NodeRegistryEvents::AuthorityUpdated(e) => state.set("NodeRegistry", "authority", e.authority),
        NodeRegistryEvents::EIP712DomainChanged(_) => {}
    }
    Ok(())
}

pub(super) fn apply_catalog(state: &mut State, event: &ResourceCatalogEvents) -> Result<(), Inconsistent> {
    match event {
        ResourceCatalogEvents::ResourceSet(e) => {
            let kind = ResourceKind::from_number(e.resource.kind);
            *state.resources.entry((small(e.id),)) = Resource {
                version: small(e.version),
                kind: kind.ok_or_else(|| Inconsistent::new(format!("resource kind {} is unknown", e.resource.kind)))?,
                reference_class: u64::from(e.resource.referenceClass),
                multiplier_bps: u64::from(e.resource.multiplierBps),
                fizz_base_points: u64::from(e.resource.fizzBasePoints),
                provider_base_points: u64::from(e.resource.providerBasePoints),
                name: e.name.clone(),
                tier: e.tier.clone(),
            };
            state.set("ResourceCatalog", "version", e.version);
        }
        ResourceCatalogEvents::AuthorityUpdated(e) => state.set("ResourceCatalog", "authority", e.authority),
    }
    Ok(())
}

impl State {
    /// The status that the registry answers with: a suspended provider's active nodes are suspended.
    pub fn effective_status(&self, node: &Node) -> NodeStatus {
        let suspended = self.providers.get(&(node.provider,)).is_some_and(|provider| provider.suspended);
        if suspended && node.status == NodeStatus::Active { NodeStatus::Suspended } else { node.status }
    }
}

fn provider(state: &mut State, provider: Address) -> Result<&mut Provider, Inconsistent> {
    state.providers.existing((provider,)).ok_or_else(|| Inconsistent::unknown("provider", provider))
}

fn node(state: &mut State, node: Address) -> Result<&mut Node, Inconsistent> {
    state.nodes.existing((node,)).ok_or_else(|| Inconsistent::unknown("node", node))
}

fn claim(node: &mut Node, claim: &INodeRegistry::Claim) {
    node.kind = NodeKind::from_number(claim.kind).unwrap_or_default();
    node.resource = u64::from(claim.resource);
    node.units = u64::from(claim.units);
    node.cpu_resource = u64::from(claim.cpuResource);
    node.cpu_units = u64::from(claim.cpuUnits);
    node.memory_mib = u64::from(claim.memoryMiB);
    node.storage_gib = u64::from(claim.storageGiB);
    node.spec_hash = claim.specHash;
    node.region.clone_from(&claim.region);
    node.uri.clone_from(&claim.uri);
    node.gateway = claim.gateway;
    node.consent_nonce += 1;
}
