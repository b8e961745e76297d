//! Leases.

use alloy::primitives::U256;
use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::{
    Api,
    error::ApiError,
    page::{Object, event_table, list as list_of, name_of, objects, page, state_table, with_each},
    params::{ChainFilter, Params, hash, number},
};
use crate::{fold::LeaseStatus, store::Wanted, value::Field as _};

/// What moved a lease's money, the newest ones.
const SETTLEMENTS: u64 = 50;

pub(super) async fn list(State(api): State<Api>, mut params: Params) -> Result<Json<Value>, ApiError> {
    let chain = params.chain(&api).await?;
    let filters = [
        ("renter", params.address("renter")?),
        ("provider", params.address("provider")?),
        ("node", params.address("node")?),
        ("status", params.take("status", name_of::<LeaseStatus>)?),
    ];
    let (limit, after) = (params.limit()?, params.take("after", number)?);
    params.end()?;
    let wanted = with_each(ChainFilter::of_state(chain.as_ref(), Wanted::all()), filters);
    let (mut leases, next) = page(&api, state_table("lease"), "opened_id", wanted, after, limit).await?;
    leases.iter_mut().for_each(add_escrow);
    Ok(list_of((leases, next)))
}

pub(super) async fn one(
    State(api): State<Api>,
    Path(text): Path<String>,
    mut params: Params,
) -> Result<Json<Value>, ApiError> {
    let id = hash(&text).map_err(|error| ApiError::bad(format!("{text}: {error}")))?;
    let chain = params.chain(&api).await?;
    params.end()?;
    let wanted = Wanted::all().with("lease_id = ?", [id.to_value()]);
    let leases = objects(&api, state_table("lease"), ChainFilter::of_state(chain.as_ref(), wanted.clone())).await?;
    let Some(mut lease) = leases.into_iter().next() else {
        return Err(ApiError::not_found(format!("no lease {id} was opened")));
    };
    add_escrow(&mut lease);
    let settlements = wanted.order("event_id DESC").limit(SETTLEMENTS);
    let settlements = objects(&api, event_table("lease_book_lease_settled"), settlements).await?;
    lease.insert("settlements".into(), json!(settlements));
    Ok(Json(Value::Object(lease)))
}

/// Wei that are neither paid nor refunded.
pub(super) fn add_escrow(lease: &mut Object) {
    let amount = |name: &str| lease.get(name).and_then(Value::as_str).and_then(|text| text.parse::<U256>().ok());
    let gone = ["paid", "fees", "refunded"].iter().filter_map(|name| amount(name));
    let escrow = gone.fold(amount("funded").unwrap_or_default(), U256::saturating_sub);
    lease.insert("escrow".into(), json!(escrow.to_string()));
}
