//! Acts 2 and 4: renters bring money, open leases, top up, run dry, close early, and get back what was not delivered.

use alloy::primitives::U256;
use anyhow::{Context as _, ensure};
use spheron_bindings::lease_book::ILeaseBook::Terms;
use spheron_client::{lease::Payment, token::Purpose};

use super::{DAY, HOUR, MINUTE, Money, Stage};
use crate::{cast::Actor, keys::salt};

/// What a dollar renter brings, in test-dollar wei.
const DOLLARS: u64 = 100_000_000;
/// What the SPON renter brings, in SPON wei.
const SPON_BUDGET: u128 = 100_000_000_000_000_000_000;

/// Ada's lease when she opens it, in seconds; she tops it up to twice as much.
pub const ADA_SECONDS: u64 = 12 * HOUR;
/// Bo's lease, in seconds.
pub const BO_SECONDS: u64 = 8 * HOUR;

impl Stage<'_> {
    /// Everybody who rents gets tokens, signs one authorization, and opens a lease.
    ///
    /// # Errors
    ///
    /// If a transaction fails.
    pub async fn renters_open(&mut self) -> anyhow::Result<()> {
        let cast = self.cast;
        for renter in cast.renters() {
            self.bring(renter).await?;
        }
        let valid_before = self.opening + DAY;
        let plan = [
            (&cast.ada, "atlas-1", ADA_SECONDS, Payment::Authorization { valid_before }),
            (&cast.bo, "nova", BO_SECONDS, Payment::Balance),
            (&cast.cleo, "atlas-2", 24 * HOUR, Payment::Balance),
            (&cast.dan, "mirage", 24 * HOUR, Payment::Balance),
            (&cast.eve, "glitch", 24 * HOUR, Payment::Balance),
        ];
        for (renter, node, seconds, payment) in plan {
            if payment == Payment::Balance {
                self.deposit_by_signature(renter).await?;
            }
            let offer = self.offers.get(node).with_context(|| format!("{node} has no offer"))?;
            let client = self.chain.client(renter)?;
            let lease = client.open_lease(offer, u32::try_from(seconds)?, salt(renter.name), payment).await?;
            self.leases.insert(renter.name, lease);
        }
        Ok(())
    }

    /// Dan and Eve saw the verdicts: they close, and all but the seconds so far comes back at once.
    ///
    /// # Errors
    ///
    /// If a transaction fails.
    pub async fn cheated_renters_close(&self) -> anyhow::Result<()> {
        for renter in [&self.cast.dan, &self.cast.eve] {
            self.close(renter).await?;
        }
        Ok(())
    }

    /// Six hours in: Cleo closes early.
    ///
    /// # Errors
    ///
    /// If a transaction fails.
    pub async fn cleo_closes(&self) -> anyhow::Result<()> {
        self.at(6 * HOUR).await?;
        self.close(&self.cast.cleo).await?;
        self.settle(&[&self.cast.cleo]).await
    }

    /// Nine hours in: Bo's money has run out, his lease is in grace at the hold rate. Two hours later it is over.
    ///
    /// # Errors
    ///
    /// If a transaction fails, or the lease is not in grace.
    pub async fn bo_runs_dry(&self) -> anyhow::Result<()> {
        self.at(9 * HOUR).await?;
        let terms = &self.lease(&self.cast.bo).terms;
        let (funded, until_end) = self.chain.client(&self.cast.bo)?.runway(terms).await?;
        ensure!(funded.is_zero() && !until_end.is_zero(), "Bo's lease is not in grace: {funded} s, {until_end} s");
        self.settle(&[&self.cast.bo]).await?;
        self.at(11 * HOUR).await?;
        self.settle(&[&self.cast.bo]).await
    }

    /// Eleven hours in: Ada tops up for twelve hours more.
    ///
    /// # Errors
    ///
    /// If a transaction fails.
    pub async fn ada_tops_up(&mut self) -> anyhow::Result<()> {
        let ada = &self.cast.ada;
        self.deposit_by_signature(ada).await?;
        let terms = self.lease(ada).terms.clone();
        self.chain.client(ada)?.top_up(&terms, ADA_SECONDS).await?;
        Ok(())
    }

    /// A day in: Ada closes what is left of her grace.
    ///
    /// # Errors
    ///
    /// If a transaction fails.
    pub async fn ada_ends(&self) -> anyhow::Result<()> {
        self.at(24 * HOUR + 30 * MINUTE).await?;
        self.close(&self.cast.ada).await?;
        self.settle(&[&self.cast.ada]).await
    }

    /// Settles leases in one transaction from the keeper.
    ///
    /// # Errors
    ///
    /// If the transaction fails.
    pub async fn settle(&self, renters: &[&Actor]) -> anyhow::Result<()> {
        let terms: Vec<Terms> = renters.iter().map(|renter| self.lease(renter).terms.clone()).collect();
        Ok(self.chain.client(&self.cast.keeper)?.settle_many(terms).await?)
    }

    /// Providers and renters take their whole Ledger balances out.
    ///
    /// # Errors
    ///
    /// If a transaction fails.
    pub async fn everybody_withdraws(&self) -> anyhow::Result<()> {
        let providers = self.cast.providers.iter().map(|provider| &provider.actor);
        for actor in providers.chain(self.cast.renters()) {
            let client = self.chain.client(actor)?;
            for token in [self.chain.dollar(), self.chain.spon()] {
                let balance = client.balance(token, actor.address()).await?;
                if !balance.is_zero() {
                    client.withdraw(token, actor.address(), balance).await?;
                }
            }
        }
        Ok(())
    }

    async fn close(&self, renter: &Actor) -> anyhow::Result<()> {
        Ok(self.chain.client(renter)?.close_lease(&self.lease(renter).terms).await?)
    }

    /// Puts tokens into the renter's wallet, as if bought elsewhere.
    async fn bring(&mut self, renter: &Actor) -> anyhow::Result<()> {
        let foundation = self.chain.client(&self.cast.foundation)?;
        let money = if renter.name == self.cast.bo.name {
            let money = Money { token: self.chain.spon(), amount: U256::from(SPON_BUDGET) };
            foundation.mint_spon(renter.address(), money.amount).await?;
            money
        } else {
            let money = Money { token: self.chain.dollar(), amount: U256::from(DOLLARS) };
            foundation.mint_dollars(renter.address(), money.amount).await?;
            money
        };
        self.brought.insert(renter.name, money);
        Ok(())
    }

    /// The renter signs an ERC-3009 authorization over its whole wallet; the keeper brings it and pays the gas.
    async fn deposit_by_signature(&self, renter: &Actor) -> anyhow::Result<()> {
        let client = self.chain.client(renter)?;
        let token = self.brought.get(renter.name).with_context(|| format!("{} has no money", renter.name))?.token;
        let amount = client.token_balance(token, renter.address()).await?;
        let salt = salt(&format!("deposit of {}", renter.name));
        let valid_before = self.opening + 2 * DAY;
        let authorization = client.sign_authorization(token, amount, valid_before, salt, Purpose::Deposit).await?;
        self.chain.client(&self.cast.keeper)?.deposit_signed(authorization).await?;
        Ok(())
    }
}
