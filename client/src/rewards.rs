//! Reward epochs.

use std::collections::{BTreeMap, BTreeSet};

use alloy::{
    primitives::{Address, B256, U256},
    rpc::types::Filter,
};
use spheron_bindings::{
    distributor::{
        Distributor,
        IDistributor::{Epoch, Reward},
    },
    range::range_payment,
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
        let (distributor, filter) = (self.contracts().distributor, Filter::new().topic1(B256::from(epoch)));
        let claims = self.events::<Distributor::RewardPaid>(distributor, filter.clone()).await?;
        let ranges = self.events::<Distributor::RangePaid>(distributor, filter).await?;
        let in_ranges = ranges.iter().flat_map(|range| {
            let start: u32 = range.start.saturating_to();
            (0..256u32).filter(|bit| range.leaves.bit(*bit as usize)).map(move |bit| start + bit)
        });
        Ok(claims.iter().map(|event| event.index.saturating_to()).chain(in_ranges).collect())
    }

    /// Wei of rewards that were ever paid for `account`, per token.
    pub async fn rewards_of(&self, account: Address) -> Result<BTreeMap<Address, U256>, ClientError> {
        let distributor = self.contracts().distributor;
        let claims = Filter::new().topic2(account.into_word());
        let claims = self.events::<Distributor::RewardPaid>(distributor, claims).await?;
        let claims = claims.into_iter().map(|event| (event.epoch, event.amount));
        // The accounts of a range are packed, and no filter finds them.
        let ranges = self.events::<Distributor::RangePaid>(distributor, Filter::new()).await?;
        let ranges =
            ranges.iter().flat_map(|range| range.payments.iter().map(|word| (range.epoch, range_payment(*word))));
        let ranges = ranges.filter(|(_, (payee, _))| *payee == account).map(|(epoch, (_, amount))| (epoch, amount));
        let (mut tokens, mut paid) = (BTreeMap::new(), BTreeMap::new());
        for (epoch, amount) in claims.chain(ranges) {
            let token = match tokens.get(&epoch) {
                Some(token) => *token,
                None => self.epoch(epoch).await?.token,
            };
            tokens.insert(epoch, token);
            *paid.entry(token).or_insert(U256::ZERO) += amount;
        }
        Ok(paid)
    }

    /// When a posted epoch activates (unix seconds), with the outages until now.
    pub async fn activation_of(&self, epoch: U256) -> Result<u64, ClientError> {
        let call = Distributor::activationOfCall { epoch };
        Ok(self.view(self.contracts().distributor, &call).await?.saturating_to())
    }

    /// Funds the next epoch with `cap` wei, as far as it is not funded yet, and posts its root; returns when it activates
    /// (unix seconds). Needs the rewarder's role.
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
        let missing = cap.saturating_sub(U256::from(self.epoch(epoch).await?.cap));
        if !missing.is_zero() {
            self.approve(token, distributor, missing).await?;
            self.send(distributor, &Distributor::fundCall { epoch, token, amount: missing }).await?;
        }
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

    /// Puts `bond` wei at stake against a posted root: its leaf `index` should read `expected`.
    pub async fn challenge_epoch(&self, epoch: U256, index: u32, expected: Reward) -> Result<U256, ClientError> {
        let distributor = self.contracts().distributor;
        let bond = self.view(distributor, &Distributor::challengeBondOfCall { epoch }).await?;
        let token = self.epoch(epoch).await?.token;
        self.approve(token, distributor, bond).await?;
        let call = Distributor::challengeCall { epoch, index: U256::from(index), expected };
        let receipt = self.send(distributor, &call).await?;
        Ok(event_of::<Distributor::EpochChallenged>(&receipt, distributor)?.bond)
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
