//! Accounts over both chains, and the stake.

use alloy::primitives::U256;
use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::{
    Api,
    error::ApiError,
    leases::add_escrow,
    page::{objects, page, state_table},
    params::{ChainFilter, Params, address, number},
};
use crate::{store::Wanted, value::Field as _};

/// Leases that the answer on one account holds, the newest ones.
const LEASES: u64 = 100;

pub(super) async fn one(
    State(api): State<Api>,
    Path(text): Path<String>,
    mut params: Params,
) -> Result<Json<Value>, ApiError> {
    let account = address(&text).map_err(|error| ApiError::bad(format!("{text}: {error}")))?;
    let chain = params.chain(&api).await?;
    params.end()?;
    let rows = |table: &'static str, condition: &'static str| {
        let values = condition.matches('?').map(|_| account.to_value()).collect::<Vec<_>>();
        let wanted = ChainFilter::of_state(chain.as_ref(), Wanted::all().with(condition, values));
        let wanted = if table == "lease" { wanted.order("opened_id DESC").limit(LEASES) } else { wanted };
        let api = &api;
        async move { objects(api, state_table(table), wanted).await }
    };
    let mut leases = rows("lease", "renter = ? OR provider = ?").await?;
    leases.iter_mut().for_each(add_escrow);
    Ok(Json(json!({
        "account": account,
        "balances": rows("balance", "owner = ?").await?,
        "allowances": rows("allowance", "owner = ?").await?,
        "bonds": rows("bond", "owner = ?").await?,
        "owed": rows("owed", "account = ?").await?,
        "spon": rows("spon_holder", "holder = ?").await?,
        "stakes": rows("stake", "holder = ?").await?,
        "exits": rows("stake_exit", "controller = ?").await?,
        "provider": rows("provider", "provider = ?").await?,
        "leases": leases,
    })))
}

pub(super) async fn stakes(State(api): State<Api>, mut params: Params) -> Result<Json<Value>, ApiError> {
    let chain = params.chain(&api).await?;
    let (limit, after) = (params.limit()?, params.take("after", number)?);
    params.end()?;
    let all = || ChainFilter::of_state(chain.as_ref(), Wanted::all());
    let vaults = objects(&api, state_table("vault"), all()).await?;
    let supplies = objects(&api, state_table("supply"), all()).await?;
    let exits = all().with("assets > ?", [U256::ZERO.to_value()]).order("claimable_at").limit(limit);
    let exits = objects(&api, state_table("stake_exit"), exits).await?;
    let (items, next) = page(&api, state_table("stake"), "first_id", all(), after, limit).await?;
    Ok(Json(json!({ "vaults": vaults, "supplies": supplies, "exits": exits, "items": items, "next": next })))
}
