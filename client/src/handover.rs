//! A provider's reward wallet and ownership in other hands.

use alloy::{primitives::Address, rpc::types::Filter};
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

    /// The wallet and the owner that `provider` proposed last; either may have accepted since.
    pub async fn proposals_of(&self, provider: Address) -> Result<(Option<Address>, Option<Address>), ClientError> {
        let (registry, filter) = (self.contracts().node_registry, Filter::new().topic1(provider.into_word()));
        let wallet = self.events::<NodeRegistry::RewardWalletProposed>(registry, filter.clone()).await?.pop();
        let owner = self.events::<NodeRegistry::OwnerProposed>(registry, filter).await?.pop();
        Ok((wallet.map(|event| event.rewardWallet), owner.map(|event| event.owner)))
    }
}
