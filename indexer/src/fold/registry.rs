//! NodeRegistry and ResourceCatalog: providers, nodes, classes of hardware.

use alloy::primitives::Address;
use spheron_bindings::{
    node_registry::{
        INodeRegistry,
        NodeRegistry::{NodeRegistryEvents, OwnerChanged},
    },
    resource_catalog::ResourceCatalog::ResourceCatalogEvents,
};

use super::{
    BondRole, Gateway, Inconsistent, Node, NodeKind, NodeStatus, Provider, Resource, ResourceKind, State, small,
};
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
        NodeRegistryEvents::OwnerProposed(e) => provider(state, e.provider)?.proposed_owner = e.owner,
        NodeRegistryEvents::OwnerChanged(e) => hand_over(state, at, e)?,
        NodeRegistryEvents::NodeAdopted(e) => node(state, e.node)?.provider = e.provider,
        NodeRegistryEvents::AgentIdSet(e) => provider(state, e.provider)?.agent_id = e.agentId,
        NodeRegistryEvents::GatewayRegistered(e) => {
            *state.gateways.entry((e.gateway,)) = Gateway {
                registered_id: EventId(at.id),
                bond_token: e.bondToken,
                uri: e.uri.clone(),
                ..Gateway::default()
            };
        }
        NodeRegistryEvents::ProviderAdmitted(e) => {
            state.admissions.entry((e.gateway, e.provider)).admitted = e.admitted;
        }
        NodeRegistryEvents::NodeDismissed(e) => move_to_gateway(state, e.node, Address::ZERO)?,
        NodeRegistryEvents::BondTokenChanged(e) => set_bond(state, e.role, e.account, e.bondToken, true)?,
        NodeRegistryEvents::BondChecked(e) => set_bond(state, e.role, e.account, e.bondToken, e.sufficient)?,
        NodeRegistryEvents::OperatorChanged(e) => {
            let node = node(state, e.node)?;
            node.operator = e.operator;
            node.consent_nonce += 1;
            state.node_operators.entry((e.operator,)).node = e.node;
        }
        NodeRegistryEvents::PausedSet(e) => state.set("NodeRegistry", "paused", e.paused),
        NodeRegistryEvents::ProviderSuspensionChanged(e) => provider(state, e.provider)?.suspended = e.suspended,
        NodeRegistryEvents::TrustTierChanged(e) => provider(state, e.provider)?.trust_tier = small(e.trustTier),
        NodeRegistryEvents::NodeRegistered(e) => {
            // A retired node may come back: its nonce goes on, and so do leases that have not ended.
            let node = state.nodes.entry((e.node,));
            node.registered_id = EventId(at.id);
            node.provider = e.provider;
            node.status = NodeStatus::Active;
            if node.operator.is_zero() {
                node.operator = e.node;
            }
            claim(state, e.node, &e.claim)?;
        }
        NodeRegistryEvents::NodeClaimChanged(e) => claim(state, e.node, &e.claim)?,
        NodeRegistryEvents::NodeStatusChanged(e) => {
            let status = NodeStatus::from_number(e.status)
                .ok_or_else(|| Inconsistent::new(format!("node status {} is unknown", e.status)))?;
            node(state, e.node)?.status = status;
            if status == NodeStatus::Retired {
                move_to_gateway(state, e.node, Address::ZERO)?;
            }
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
    /// The status that the registry answers with: active nodes are suspended if their provider is, if its bond is too
    /// small, or if it handed over without them.
    pub fn effective_status(&self, node: &Node) -> NodeStatus {
        let suspends =
            |provider: &Provider| provider.suspended || provider.underbonded || !provider.successor.is_zero();
        let suspended = self.providers.get(&(node.provider,)).is_some_and(suspends);
        if suspended && node.status == NodeStatus::Active { NodeStatus::Suspended } else { node.status }
    }
}

fn provider(state: &mut State, provider: Address) -> Result<&mut Provider, Inconsistent> {
    state.providers.existing((provider,)).ok_or_else(|| Inconsistent::unknown("provider", provider))
}

fn node(state: &mut State, node: Address) -> Result<&mut Node, Inconsistent> {
    state.nodes.existing((node,)).ok_or_else(|| Inconsistent::unknown("node", node))
}

/// The successor is a provider in the former one's stead, with a bond of its own.
fn hand_over(state: &mut State, at: Position, event: &OwnerChanged) -> Result<(), Inconsistent> {
    let former = provider(state, event.provider)?;
    let successor = Provider {
        registered_id: EventId(at.id),
        bond_token: event.bondToken,
        underbonded: false,
        proposed_wallet: Address::ZERO,
        proposed_owner: Address::ZERO,
        ..former.clone()
    };
    *former = Provider {
        registered_id: former.registered_id,
        bond_token: former.bond_token,
        uri: former.uri.clone(),
        agent_id: former.agent_id,
        successor: event.owner,
        ..Provider::default()
    };
    *state.providers.entry((event.owner,)) = successor;
    Ok(())
}

/// Notes which bond counts for a provider or a gateway, and whether it suffices.
fn set_bond(
    state: &mut State,
    role: u8,
    account: Address,
    token: Address,
    sufficient: bool,
) -> Result<(), Inconsistent> {
    let (bond_token, underbonded) = match BondRole::from_number(role) {
        Some(BondRole::Provider) => {
            let provider = provider(state, account)?;
            (&mut provider.bond_token, &mut provider.underbonded)
        }
        Some(BondRole::Gateway) => {
            let gateway = gateway(state, account)?;
            (&mut gateway.bond_token, &mut gateway.underbonded)
        }
        _ => return Err(Inconsistent::new(format!("bond role {role} is neither a provider's nor a gateway's"))),
    };
    (*bond_token, *underbonded) = (token, !sufficient);
    Ok(())
}

fn gateway(state: &mut State, gateway: Address) -> Result<&mut Gateway, Inconsistent> {
    state.gateways.existing((gateway,)).ok_or_else(|| Inconsistent::unknown("gateway", gateway))
}

/// Counts a node at the gateway that fronts it from now on, 0 for none.
fn move_to_gateway(state: &mut State, name: Address, next: Address) -> Result<(), Inconsistent> {
    let former = std::mem::replace(&mut node(state, name)?.gateway, next);
    if former == next {
        return Ok(());
    }
    if !former.is_zero() {
        let count = &mut gateway(state, former)?.nodes;
        *count = count.checked_sub(1).ok_or_else(|| Inconsistent::new(format!("gateway {former} fronts no node")))?;
    }
    if !next.is_zero() {
        gateway(state, next)?.nodes += 1;
    }
    Ok(())
}

fn claim(state: &mut State, name: Address, claim: &INodeRegistry::Claim) -> Result<(), Inconsistent> {
    let node = node(state, name)?;
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
    node.consent_nonce += 1;
    move_to_gateway(state, name, claim.gateway)
}
