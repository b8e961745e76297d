//! Nodes and what providers say of them.

use alloy::primitives::{Address, U256};
use rand::{Rng as _, seq::IteratorRandom as _};
use spheron_bindings::{node_registry, node_registry::NodeRegistry};
use spheron_indexer::Contract;

use super::Economy;

impl Economy {
    pub(super) fn register_node(&mut self) {
        let provider = self.account();
        let token = self.token();
        if self.state.providers.get(&(provider,)).is_none() {
            self.bond_for(0, provider, token, U256::from(1_000));
            let (wallet, uri) = (self.account(), format!("https://{provider}"));
            let registered = NodeRegistry::ProviderRegistered {
                provider,
                rewardWallet: wallet,
                bondToken: token,
                trustTier: U256::from(6),
                uri,
            };
            self.emit(Contract::NodeRegistry, registered);
        }
        let node = Address::from_word(self.unique());
        let claim = self.claim();
        self.emit(Contract::NodeRegistry, NodeRegistry::NodeRegistered { node, provider, claim });
    }

    pub(super) fn claim(&mut self) -> node_registry::INodeRegistry::Claim {
        node_registry::INodeRegistry::Claim {
            kind: self.rng.random_range(0..2),
            resource: self.rng.random_range(1..4),
            units: self.rng.random_range(1..9),
            cpuResource: 4,
            cpuUnits: 16,
            memoryMiB: 65_536,
            storageGiB: 1_000,
            specHash: self.unique(),
            region: "eu-west".to_owned(),
            uri: "https://node".to_owned(),
            gateway: Address::ZERO,
        }
    }

    pub(super) fn node(&mut self) -> Address {
        let mut nodes: Vec<_> = self.state.nodes.iter().map(|(key, _)| key.0).collect();
        nodes.sort();
        nodes.into_iter().choose(&mut self.rng).unwrap()
    }

    pub(super) fn change_node(&mut self) {
        let node = self.node();
        let provider = self.state.nodes.get(&(node,)).unwrap().provider;
        match self.rng.random_range(0..5) {
            0 => {
                let claim = self.claim();
                self.emit(Contract::NodeRegistry, NodeRegistry::NodeClaimChanged { node, claim });
            }
            1 => {
                let status = self.rng.random_range(1..5);
                self.emit(Contract::NodeRegistry, NodeRegistry::NodeStatusChanged { node, status });
            }
            2 => {
                let trust_tier = U256::from(self.rng.random_range(1..8));
                self.emit(Contract::NodeRegistry, NodeRegistry::TrustTierChanged { provider, trustTier: trust_tier });
            }
            3 => {
                let suspended = self.rng.random_bool(0.5);
                self.emit(Contract::NodeRegistry, NodeRegistry::ProviderSuspensionChanged { provider, suspended });
            }
            _ => {
                let wallet = self.account();
                self.emit(
                    Contract::NodeRegistry,
                    NodeRegistry::RewardWalletProposed { provider, rewardWallet: wallet },
                );
                self.emit(Contract::NodeRegistry, NodeRegistry::RewardWalletChanged { provider, rewardWallet: wallet });
            }
        }
    }
}
