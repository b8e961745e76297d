//! Delegations: money behind the bonds of others, in their pools.

use alloy::{
    primitives::{Address, U256},
    rpc::types::Filter,
    sol_types::SolError as _,
};
use spheron_bindings::bonds::{
    Bonds,
    IDelegation::{Pool as PoolState, Position},
};

use crate::{
    Client, ClientError, event_of,
    node::{BondRole, Withdrawal},
};

/// The pool behind a bond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pool {
    /// What the bond is for.
    pub role: BondRole,
    /// Whose bond it is.
    pub owner: Address,
    /// The token of both.
    pub token: Address,
}

impl Client {
    /// Approves and puts `amount` wei of the caller into a pool; returns the shares.
    pub async fn delegate(&self, pool: Pool, amount: U256) -> Result<U256, ClientError> {
        let (bonds, Pool { role, owner, token }) = (self.contracts().bonds, pool);
        self.approve(token, bonds, amount).await?;
        let receipt = self.send(bonds, &Bonds::delegateCall { role: role as u8, owner, token, amount }).await?;
        Ok(event_of::<Bonds::Delegated>(&receipt, bonds)?.shares)
    }

    /// Starts to take `shares` of the caller out of a pool. The thaw of all that already thaws restarts.
    pub async fn undelegate(&self, pool: Pool, shares: U256) -> Result<(), ClientError> {
        let Pool { role, owner, token } = pool;
        self.send(self.contracts().bonds, &Bonds::undelegateCall { role: role as u8, owner, token, shares })
            .await
            .map(drop)
    }

    /// Puts what thaws for the caller back into the pool.
    pub async fn cancel_undelegation(&self, pool: Pool) -> Result<(), ClientError> {
        let Pool { role, owner, token } = pool;
        self.send(self.contracts().bonds, &Bonds::cancelUndelegationCall { role: role as u8, owner, token })
            .await
            .map(drop)
    }

    /// Withdraws what has thawed for the caller to `to`; returns wei.
    pub async fn withdraw_delegation(&self, pool: Pool, to: Address) -> Result<U256, ClientError> {
        let (bonds, Pool { role, owner, token }) = (self.contracts().bonds, pool);
        let receipt = self.send(bonds, &Bonds::withdrawDelegationCall { role: role as u8, owner, token, to }).await?;
        Ok(event_of::<Bonds::DelegationWithdrawn>(&receipt, bonds)?.amount)
    }

    /// Whether what has thawed for `delegator` may leave a pool now.
    pub async fn delegation_withdrawal(&self, pool: Pool, delegator: Address) -> Result<Withdrawal, ClientError> {
        let Pool { role, owner, token } = pool;
        let call = Bonds::withdrawDelegationCall { role: role as u8, owner, token, to: delegator };
        let refusal = self.refusal(delegator, self.contracts().bonds, &call).await?;
        let leaves_at =
            |data: &[u8]| Bonds::Delegation_NotThawed::abi_decode(data).ok().map(|refused| refused.leavesAt);
        Ok(Withdrawal::from_refusal(refusal, leaves_at))
    }

    /// Approves and gives `amount` wei of the caller to a pool. Returns wei that its shares get, over a week, and wei that
    /// its owner gets as commission.
    pub async fn reward_pool(&self, pool: Pool, amount: U256) -> Result<(U256, U256), ClientError> {
        let (bonds, Pool { role, owner, token }) = (self.contracts().bonds, pool);
        self.approve(token, bonds, amount).await?;
        let receipt = self.send(bonds, &Bonds::rewardCall { role: role as u8, owner, token, amount }).await?;
        let event = event_of::<Bonds::PoolRewarded>(&receipt, bonds)?;
        Ok((event.toPool, event.commission))
    }

    /// Sets what the caller keeps of its pool's rewards (basis points): at once if it falls, after a notice if it rises.
    pub async fn set_commission(&self, role: BondRole, token: Address, bps: u64) -> Result<(), ClientError> {
        let call = Bonds::setCommissionCall { role: role as u8, token, commissionBps: U256::from(bps) };
        self.send(self.contracts().bonds, &call).await.map(drop)
    }

    /// A pool.
    pub async fn pool(&self, pool: Pool) -> Result<PoolState, ClientError> {
        let Pool { role, owner, token } = pool;
        self.view(self.contracts().bonds, &Bonds::poolOfCall { role: role as u8, owner, token }).await
    }

    /// Wei of a pool that earn and count now.
    pub async fn pool_earning(&self, pool: Pool) -> Result<U256, ClientError> {
        let Pool { role, owner, token } = pool;
        self.view(self.contracts().bonds, &Bonds::earningOfCall { role: role as u8, owner, token }).await
    }

    /// Wei that still drip to a pool's shares, and until when (unix seconds, 0 if nothing drips).
    pub async fn pool_drip(&self, pool: Pool) -> Result<(U256, U256), ClientError> {
        let Pool { role, owner, token } = pool;
        let drip = self.view(self.contracts().bonds, &Bonds::dripOfCall { role: role as u8, owner, token }).await?;
        Ok((drip.undripped, drip.endsAt))
    }

    /// What the owner of a pool keeps of its rewards now (basis points).
    pub async fn commission(&self, pool: Pool) -> Result<u64, ClientError> {
        let Pool { role, owner, token } = pool;
        let call = Bonds::commissionOfCall { role: role as u8, owner, token };
        Ok(self.view(self.contracts().bonds, &call).await?.saturating_to())
    }

    /// What a bond weighs with its pool (wei).
    pub async fn weight(&self, pool: Pool) -> Result<U256, ClientError> {
        let Pool { role, owner, token } = pool;
        self.view(self.contracts().bonds, &Bonds::weightOfCall { role: role as u8, owner, token }).await
    }

    /// The shares of a delegator in a pool.
    pub async fn position(&self, pool: Pool, delegator: Address) -> Result<Position, ClientError> {
        let Pool { role, owner, token } = pool;
        self.view(self.contracts().bonds, &Bonds::positionOfCall { role: role as u8, owner, token, delegator }).await
    }

    /// What a delegator's shares in a pool are worth (wei): those that earn, and those that thaw.
    pub async fn delegated(&self, pool: Pool, delegator: Address) -> Result<(U256, U256), ClientError> {
        let Pool { role, owner, token } = pool;
        let call = Bonds::valueOfCall { role: role as u8, owner, token, delegator };
        let worth = self.view(self.contracts().bonds, &call).await?;
        Ok((worth.value, worth.thawing))
    }

    /// The pools that `delegator` ever delegated to.
    pub async fn pools_of(&self, delegator: Address) -> Result<Vec<Pool>, ClientError> {
        let filter = Filter::new().topic3(delegator.into_word());
        let events = self.events::<Bonds::Delegated>(self.contracts().bonds, filter).await?;
        let pool = |event: Bonds::Delegated| {
            let role = BondRole::ALL.into_iter().find(|role| *role as u8 == event.role)?;
            Some(Pool { role, owner: event.owner, token: event.token })
        };
        let mut pools: Vec<Pool> = events.into_iter().filter_map(pool).collect();
        pools.sort();
        pools.dedup();
        Ok(pools)
    }
}
