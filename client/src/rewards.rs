//! Reward epochs.

use std::collections::{BTreeMap, BTreeSet};

use alloy::{
    primitives::{Address, B256, U256},
    rpc::types::Filter,
};
use spheron_bindings::distributor::{
    Distributor,
    IDistributor::{Epoch, Reward},
};

use crate::{Client, ClientError, event_of};

impl Client {
    /// The number of the next epoch.
    pub async fn next_epoch(&self) -> Result<U256, ClientError> {
        self.view(self.contracts().distributor, &Distributor::nextEpochCall {}).await
    }

    /// An epoch.
    pub async fn epoch(&self, epoch: U256) -> Result<Epoch, ClientError> {
        self.view(self.contracts().distributor, &Distributor::epochOfCall { epoch }).await
    }

    /// Which leaves of an epoch were paid.
    pub async fn paid_rewards(&self, epoch: U256) -> Result<BTreeSet<u32>, ClientError> {
        let filter = Filter::new().topic1(B256::from(epoch));
        let events = self.events::<Distributor::RewardPaid>(self.contracts().distributor, filter).await?;
        Ok(events.iter().map(|event| event.index.saturating_to()).collect())
    }

    /// Wei of rewards that were ever paid for `account`, per token.
    pub async fn rewards_of(&self, account: Address) -> Result<BTreeMap<Address, U256>, ClientError> {
        let filter = Filter::new().topic3(account.into_word());
        let (mut tokens, mut paid) = (BTreeMap::new(), BTreeMap::new());
        for event in self.events::<Distributor::RewardPaid>(self.contracts().distributor, filter).await? {
            let token = match tokens.get(&event.epoch) {
                Some(token) => *token,
                None => self.epoch(event.epoch).await?.token,
            };
            tokens.insert(event.epoch, token);
            *paid.entry(token).or_insert(U256::ZERO) += event.amount;
        }
        Ok(paid)
    }

    /// Approves `cap` wei and posts the next epoch; returns when it activates (unix seconds). Needs the rewarder's role.
    pub async fn post_epoch(
        &self,
        epoch: U256,
        token: Address,
        root: B256,
        cap: U256,
        leaf_count: u32,
        evidence: B256,
    ) -> Result<U256, ClientError> {
        let distributor = self.contracts().distributor;
        self.approve(token, distributor, cap).await?;
        let call = Distributor::postCall { epoch, token, root, cap, leafCount: U256::from(leaf_count), evidence };
        let receipt = self.send(distributor, &call).await?;
        Ok(event_of::<Distributor::EpochPosted>(&receipt, distributor)?.activatesAt)
    }

    /// Pays 256 aligned leaves. Anyone may.
    pub async fn pay_range(
        &self,
        epoch: U256,
        start: u32,
        rewards: Vec<Reward>,
        proof: Vec<B256>,
    ) -> Result<(), ClientError> {
        let call = Distributor::payRangeCall { epoch, start: U256::from(start), rewards, proof };
        self.send(self.contracts().distributor, &call).await.map(drop)
    }

    /// Pays one leaf to its account. Anyone may.
    pub async fn claim_reward(
        &self,
        epoch: U256,
        index: u32,
        reward: Reward,
        proof: Vec<B256>,
    ) -> Result<(), ClientError> {
        let call = Distributor::claimCall { epoch, index: U256::from(index), reward, proof };
        self.send(self.contracts().distributor, &call).await.map(drop)
    }

    /// Pays one leaf to `to`. Only its account, or that account's claimer.
    pub async fn claim_reward_to(
        &self,
        epoch: U256,
        index: u32,
        reward: Reward,
        to: Address,
        proof: Vec<B256>,
    ) -> Result<(), ClientError> {
        let call = Distributor::claimToCall { epoch, index: U256::from(index), reward, to, proof };
        self.send(self.contracts().distributor, &call).await.map(drop)
    }
}
