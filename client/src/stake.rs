//! Staking SPON.

use alloy::primitives::{Address, U256};
use spheron_bindings::staked_spon::{IStakedSpon::Exit, StakedSpon};

use crate::{Client, ClientError, event_of};

impl Client {
    /// Approves and stakes `assets` wei of SPON; returns the shares.
    pub async fn stake(&self, assets: U256) -> Result<U256, ClientError> {
        let (staked, receiver) = (self.contracts().staked_spon, self.address()?);
        self.approve(self.contracts().spon, staked, assets).await?;
        let receipt = self.send(staked, &StakedSpon::depositCall { assets, receiver }).await?;
        Ok(event_of::<StakedSpon::Deposit>(&receipt, staked)?.shares)
    }

    /// Starts an exit of `shares`; returns what it will pay (wei) and when (unix seconds).
    pub async fn request_exit(&self, shares: U256) -> Result<(U256, U256), ClientError> {
        let (staked, owner) = (self.contracts().staked_spon, self.address()?);
        let receipt = self.send(staked, &StakedSpon::requestRedeemCall { shares, controller: owner, owner }).await?;
        let event = event_of::<StakedSpon::ExitRequested>(&receipt, staked)?;
        Ok((event.assets, event.claimableAt))
    }

    /// Claims the caller's whole exit; returns wei.
    pub async fn claim_exit(&self) -> Result<U256, ClientError> {
        let (staked, owner) = (self.contracts().staked_spon, self.address()?);
        let shares = U256::from(self.exit_of(owner).await?.shares);
        let receipt = self.send(staked, &StakedSpon::redeemCall { shares, receiver: owner, controller: owner }).await?;
        Ok(event_of::<StakedSpon::Withdraw>(&receipt, staked)?.assets)
    }

    /// Approves and drips `amount` wei of SPON to the stakers.
    pub async fn fund_stakers(&self, amount: U256) -> Result<(), ClientError> {
        let staked = self.contracts().staked_spon;
        self.approve(self.contracts().spon, staked, amount).await?;
        self.send(staked, &StakedSpon::fundCall { amount }).await.map(drop)
    }

    /// SPON (wei) that all shares are worth now.
    pub async fn total_staked(&self) -> Result<U256, ClientError> {
        self.view(self.contracts().staked_spon, &StakedSpon::totalAssetsCall {}).await
    }

    /// Wei that still drip to the stakers, and until when (unix seconds).
    pub async fn drip(&self) -> Result<(U256, U256), ClientError> {
        let drip = self.view(self.contracts().staked_spon, &StakedSpon::dripCall {}).await?;
        Ok((drip.undripped, drip.endsAt))
    }

    /// Shares that are worth `assets` wei of SPON now, rounded down.
    pub async fn shares_for(&self, assets: U256) -> Result<U256, ClientError> {
        self.view(self.contracts().staked_spon, &StakedSpon::convertToSharesCall { assets }).await
    }

    /// The pending exit of an account.
    pub async fn exit_of(&self, controller: Address) -> Result<Exit, ClientError> {
        self.view(self.contracts().staked_spon, &StakedSpon::exitOfCall { controller }).await
    }

    /// Shares of an account.
    pub async fn shares_of(&self, account: Address) -> Result<U256, ClientError> {
        self.view(self.contracts().staked_spon, &StakedSpon::balanceOfCall { account }).await
    }

    /// What shares are worth now, in wei of SPON.
    pub async fn assets_of(&self, shares: U256) -> Result<U256, ClientError> {
        self.view(self.contracts().staked_spon, &StakedSpon::convertToAssetsCall { shares }).await
    }
}
