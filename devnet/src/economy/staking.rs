//! Act 5: a holder stakes, fees drip into the stake, and the holder leaves.

use alloy::primitives::U256;
use anyhow::ensure;

use super::{DAY, Stage};
use crate::chain::SPON;

/// What Hana stakes, in SPON.
pub const STAKED: u128 = 10_000;

impl Stage<'_> {
    /// Hana stakes.
    ///
    /// # Errors
    ///
    /// If a transaction fails.
    pub async fn holder_stakes(&self) -> anyhow::Result<()> {
        let amount = U256::from(STAKED * SPON);
        self.chain.client(&self.cast.foundation)?.mint_spon(self.cast.hana.address(), amount).await?;
        self.chain.client(&self.cast.hana)?.stake(amount).await?;
        Ok(())
    }

    /// The foundation collects the fees that were paid in SPON and drips them to the stakers. Returns wei.
    ///
    /// # Errors
    ///
    /// If a transaction fails or there are no fees.
    pub async fn fees_drip(&self) -> anyhow::Result<U256> {
        let foundation = self.chain.client(&self.cast.foundation)?;
        let (spon, account) = (self.chain.spon(), self.cast.foundation.address());
        let fees = foundation.collect_fees(spon).await?;
        ensure!(!fees.is_zero(), "no fees were paid in SPON");
        foundation.withdraw(spon, account, fees).await?;
        foundation.fund_stakers(fees).await?;
        Ok(fees)
    }

    /// Collects the fees that were paid in dollars into the foundation's account. Returns wei.
    ///
    /// # Errors
    ///
    /// If a transaction fails.
    pub async fn collect_dollar_fees(&self) -> anyhow::Result<U256> {
        let foundation = self.chain.client(&self.cast.foundation)?;
        let fees = foundation.collect_fees(self.chain.dollar()).await?;
        foundation.withdraw(self.chain.dollar(), self.cast.foundation.address(), fees).await?;
        Ok(fees)
    }

    /// Hana starts her exit, and claims it when its cooldown is over. Returns the wei that she got.
    ///
    /// # Errors
    ///
    /// If a transaction fails.
    pub async fn holder_leaves(&self) -> anyhow::Result<U256> {
        let hana = self.chain.client(&self.cast.hana)?;
        let shares = hana.shares_of(self.cast.hana.address()).await?;
        let (assets, claimable_at) = hana.request_exit(shares).await?;
        let cooldown = claimable_at.saturating_to::<u64>();
        ensure!(cooldown > self.chain.anvil.now().await? + 2 * DAY, "an exit takes a cooldown");
        self.chain.anvil.travel_to(cooldown).await?;
        let claimed = hana.claim_exit().await?;
        ensure!(claimed == assets, "the exit was fixed at {assets} wei but paid {claimed}");
        Ok(claimed)
    }
}
