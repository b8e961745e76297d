//! Providers, gateways, nodes and classes of hardware.

use alloy::primitives::{Address, B256, U256};

use super::super::macros::entities;
use crate::{position::EventId, value::named_enum};

named_enum! {
    /// Where a node stands, see `INodeRegistry.Status`.
    NodeStatus {
        /// Not registered.
        #[default]
        None = "none",
        /// Can be leased.
        Active = "active",
        /// Taken out by its provider for a while.
        Maintenance = "maintenance",
        /// Taken out by the network.
        Suspended = "suspended",
        /// Gone, until a provider registers it again.
        Retired = "retired",
        /// No node, but a key that a node has or had.
        Operator = "operator",
    }
}

named_enum! {
    /// Whose machine a node is, see `INodeRegistry.Kind`.
    NodeKind {
        /// A data centre's.
        #[default]
        Provider = "provider",
        /// Somebody's own.
        Fizz = "fizz",
    }
}

named_enum! {
    /// What a resource is, see `IResourceCatalog.ResourceKind`.
    ResourceKind {
        /// Unknown.
        #[default]
        None = "none",
        /// Graphics card.
        Gpu = "gpu",
        /// Processor threads.
        Cpu = "cpu",
    }
}

entities! {
    /// Providers.
    Provider in "provider" (provider: Address) {
        /// Event that registered it.
        registered_id: EventId,
        /// Gets its rewards.
        reward_wallet: Address,
        /// Proposed and not yet accepted, else 0.
        proposed_wallet: Address,
        /// Token of the bond that counts.
        bond_token: Address,
        /// 1 best to 7.
        trust_tier: u64,
        /// Whether the network suspended it, and so its nodes.
        suspended: bool,
        /// Whether its bond was found to be too small, which suspends its nodes.
        underbonded: bool,
        /// Of its description.
        uri: String,
        /// Owner that was proposed and has not yet accepted, else 0.
        proposed_owner: Address,
        /// Who is the provider in its stead, 0 as long as it is one.
        successor: Address,
        /// Its id in the ERC-8004 identity registry, 0 if it named none.
        agent_id: U256,
    }

    /// Gateways, which front Fizz nodes.
    Gateway in "gateway" (gateway: Address) {
        /// Event that registered it.
        registered_id: EventId,
        /// Token of the bond that counts.
        bond_token: Address,
        /// Nodes that it fronts.
        nodes: u64,
        /// Whether its bond was found to be too small.
        underbonded: bool,
        /// Of its description.
        uri: String,
    }

    /// Whose nodes gateways let in.
    Admission in "gateway_admission" (gateway: Address, provider: Address) {
        /// Whether it does now.
        admitted: bool,
    }

    /// Keys that sign, or signed, for nodes that have another name.
    NodeOperator in "node_operator" (operator: Address) {
        /// The node.
        node: Address,
    }

    /// Nodes.
    Node in "node" (node: Address) {
        /// Event that registered it.
        registered_id: EventId,
        /// Its owner.
        provider: Address,
        /// Whose machine it is.
        kind: NodeKind,
        /// Class in the catalog.
        resource: u64,
        /// Of that class.
        units: u64,
        /// CPU class beside it, 0 if none.
        cpu_resource: u64,
        /// CPU threads.
        cpu_units: u64,
        /// MiB.
        memory_mib: u64,
        /// GiB.
        storage_gib: u64,
        /// Hash of the spec at `uri`.
        spec_hash: B256,
        /// Where it is.
        region: String,
        /// Of the spec and the agent.
        uri: String,
        /// 0 if none.
        gateway: Address,
        /// The key that signs for it.
        operator: Address,
        /// Where it stands.
        status: NodeStatus,
        /// That its next consent must carry.
        consent_nonce: u64,
        /// Units that are leased now.
        leased_units: u64,
    }

    /// Classes of hardware.
    Resource in "resource" (id: u64) {
        /// Version of the catalog that set it.
        version: u64,
        /// What it is.
        kind: ResourceKind,
        /// Class whose rates a measurement is held against.
        reference_class: u64,
        /// Weight of one unit, basis points.
        multiplier_bps: u64,
        /// Milli-points of a Fizz node, per unit at multiplier 1.
        fizz_base_points: u64,
        /// Milli-points of a provider's node.
        provider_base_points: u64,
        /// As people call it.
        name: String,
        /// Group that it is in.
        tier: String,
    }
}
