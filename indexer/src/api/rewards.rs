//! Epochs of rewards.

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::{
    Api,
    error::ApiError,
    page::{event_table, list as list_of, objects, page, state_table},
    params::{ChainFilter, Params, number},
};
use crate::{store::Wanted, value::Field as _};

pub(super) async fn list(State(api): State<Api>, mut params: Params) -> Result<Json<Value>, ApiError> {
    let chain = params.chain(&api).await?;
    let (limit, after) = (params.limit()?, params.take("after", number)?);
    params.end()?;
    let wanted = ChainFilter::of_state(chain.as_ref(), Wanted::all());
    Ok(list_of(page(&api, state_table("epoch"), "posted_id", wanted, after, limit).await?))
}

/// The epoch of this number on each chain, and a page of what was paid.
pub(super) async fn one(
    State(api): State<Api>,
    Path(text): Path<String>,
    mut params: Params,
) -> Result<Json<Value>, ApiError> {
    let epoch = number(&text).map_err(|error| ApiError::bad(format!("{text}: {error}")))?;
    let chain = params.chain(&api).await?;
    let (limit, after) = (params.limit()?, params.take("after", number)?);
    params.end()?;
    let wanted = Wanted::all().with("epoch = ?", [epoch.to_value()]);
    let epochs = objects(&api, state_table("epoch"), ChainFilter::of_state(chain.as_ref(), wanted)).await?;
    if epochs.is_empty() {
        return Err(ApiError::not_found(format!("no epoch {epoch} was posted")));
    }
    let number = alloy::primitives::U256::from(epoch);
    let paid = Wanted::all().with("epoch = ?", [number.to_value()]);
    let paid = ChainFilter::of_events(chain.as_ref(), paid);
    let (paid, next) = page(&api, event_table("distributor_reward_paid"), "event_id", paid, after, limit).await?;
    Ok(Json(json!({ "epoch": epoch, "on": epochs, "paid": paid, "next": next })))
}
