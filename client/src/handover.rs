//! A provider's reward wallet and ownership in other hands.

use alloy::primitives::Address;
use spheron_bindings::node_registry::NodeRegistry;

use crate::{Client, ClientError};

impl Client {
    /// Proposes a new reward wallet of the caller, which has to accept.
    pub async fn propose_reward_wallet(&self, reward_wallet: Address) -> Result<(), ClientError> {
        let call = NodeRegistry::proposeRewardWalletCall { rewardWallet: reward_wallet };
        self.send(self.contracts().node_registry, &call).await.map(drop)
    }

    /// Accepts to be the reward wallet of `provider`.
    pub async fn accept_reward_wallet(&self, provider: Address) -> Result<(), ClientError> {
        self.send(self.contracts().node_registry, &NodeRegistry::acceptRewardWalletCall { provider }).await.map(drop)
    }

    /// Proposes another account as what the caller is as a provider, which has to accept; zero takes it back.
    pub async fn propose_owner(&self, owner: Address) -> Result<(), ClientError> {
        self.send(self.contracts().node_registry, &NodeRegistry::proposeOwnerCall { owner }).await.map(drop)
    }

    /// Accepts to be the provider in the stead of `provider`, with the caller's own bond in `bond_token`.
    pub async fn accept_owner(&self, provider: Address, bond_token: Address) -> Result<(), ClientError> {
        let call = NodeRegistry::acceptOwnerCall { provider, bondToken: bond_token };
        self.send(self.contracts().node_registry, &call).await.map(drop)
    }

    /// Takes over nodes of providers that handed over to the caller.
    pub async fn adopt_nodes(&self, nodes: Vec<Address>) -> Result<(), ClientError> {
        self.send(self.contracts().node_registry, &NodeRegistry::adoptNodesCall { nodes }).await.map(drop)
    }
}
