//! The pools behind bonds: of providers under `spheron node`, of verifiers under `spheron verify`, of gateways under
//! `spheron gateway`, and of whoever delegates under `spheron stake`.

use alloy::primitives::{Address, U256};
use clap::{Args, ValueEnum};
use serde::Serialize;
use spheron_client::{Client, delegation::Pool, node::BondRole, token::Token};

use super::bond;
use crate::{
    amount::Amount,
    args::{Account, Percent, TokenName},
    output::{Fields, Report, Style, duration, from, percent},
};

/// What a bond is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It serves nodes
    Provider,
    /// It fronts the nodes of others
    Gateway,
    /// It measures nodes
    Verifier,
}

/// `commission`
#[derive(Debug, Args)]
pub struct Commission {
    /// What to keep of the rewards that delegators get, such as 10%
    #[arg(value_name = "PERCENT")]
    share: Percent,
    /// spon, dollar, or the token's address [default: the bond's]
    #[arg(long)]
    token: Option<TokenName>,
    #[command(flatten)]
    account: Account,
}

/// Where the pool behind a bond stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PoolState {
    /// Whose bond it is.
    pub owner: Address,
    /// What the bond is for.
    pub role: Role,
    earning: Amount,
    thawing: Amount,
    drip: Amount,
    drip_ends_at: u64,
    commission_bps: u64,
    next_commission_bps: u64,
    next_commission_from: u64,
    weight: Amount,
    /// Time of the latest block, unix seconds.
    pub now: u64,
}

impl From<Role> for BondRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Provider => Self::Provider,
            Role::Gateway => Self::Gateway,
            Role::Verifier => Self::Verifier,
        }
    }
}

impl From<BondRole> for Role {
    fn from(role: BondRole) -> Self {
        match role {
            BondRole::Provider => Self::Provider,
            BondRole::Gateway => Self::Gateway,
            BondRole::Verifier => Self::Verifier,
        }
    }
}

impl Role {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Gateway => "gateway",
            Self::Verifier => "verifier",
        }
    }
}

impl Report for PoolState {
    fn human(&self, style: Style) -> String {
        Fields::new(style).row(self.role.name(), self.owner).and(self.fields(style)).text()
    }
}

impl PoolState {
    /// Reads it from the chain.
    pub async fn read(client: &Client, pool: Pool, token: &Token) -> anyhow::Result<Self> {
        let amount = |wei| Amount::new(wei, token);
        let state = client.pool(pool).await?;
        let (drip, drip_ends_at) = client.pool_drip(pool).await?;
        Ok(Self {
            owner: pool.owner,
            role: pool.role.into(),
            earning: amount(client.pool_earning(pool).await?),
            thawing: amount(U256::from(state.thawing)),
            drip: amount(drip),
            drip_ends_at: drip_ends_at.saturating_to(),
            commission_bps: client.commission(pool).await?,
            next_commission_bps: state.nextCommissionBps.into(),
            next_commission_from: state.nextCommissionFrom.to(),
            weight: amount(client.weight(pool).await?),
            now: client.chain_time().await?,
        })
    }

    /// The pool's lines, without its owner.
    pub fn fields(&self, style: Style) -> Fields {
        let thawing = (!self.thawing.wei.is_zero()).then_some(&self.thawing);
        let drip = match self.drip_ends_at.saturating_sub(self.now) {
            0 => None,
            left => Some(format!("{} over {}", self.drip, duration(left))),
        };
        let commission = match self.next_commission_from.saturating_sub(self.now) {
            0 => percent(self.commission_bps),
            _ => {
                let (present, next) = (percent(self.commission_bps), percent(self.next_commission_bps));
                format!("{present}, {next} {}", from(self.next_commission_from, self.now))
            }
        };
        Fields::new(style)
            .row("pool", &self.earning)
            .maybe("pool thaws", thawing)
            .maybe("pool gets", drip)
            .row("commission", commission)
            .row("bond weighs", &self.weight)
    }
}

impl Commission {
    /// Sets it for the caller's pool.
    pub async fn run(self, role: BondRole) -> anyhow::Result<PoolState> {
        let client = self.account.client().await?;
        let owner = client.address()?;
        let token = bond::token(&client, role, owner, self.token, None).await?;
        client.set_commission(role, token.address, self.share.bps().into()).await?;
        let pool = Pool { role, owner, token: token.address };
        PoolState::read(&client, pool, &token).await
    }
}
