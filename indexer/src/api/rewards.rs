//! Epochs of rewards.

use alloy::primitives::{B256, U256};
use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};
use spheron_bindings::range::range_payment;

use super::{
    Api,
    error::ApiError,
    page::{Object, event_table, list as list_of, objects, page, state_table},
    params::{ChainFilter, Params, number},
};
use crate::{store::Wanted, value::Field as _};

pub(super) async fn list(State(api): State<Api>, mut params: Params) -> Result<Json<Value>, ApiError> {
    let chain = params.chain(&api).await?;
    let (limit, after) = (params.limit()?, params.take("after", number)?);
    params.end()?;
    let wanted = ChainFilter::of_state(chain.as_ref(), Wanted::all());
    Ok(list_of(page(&api, state_table("epoch"), "funded_id", wanted, after, limit).await?))
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
    let number = U256::from(epoch);
    let paid = ChainFilter::of_events(chain.as_ref(), Wanted::all().with("epoch = ?", [number.to_value()]));
    let claims = page(&api, event_table("distributor_reward_paid"), "event_id", paid.clone(), after, limit).await?;
    let ranges = page(&api, event_table("distributor_range_paid"), "event_id", paid, after, limit).await?;
    let (paid, next) = merged(claims.0, ranges.0.into_iter().map(unpacked).collect(), limit);
    Ok(Json(json!({ "epoch": epoch, "on": epochs, "paid": paid, "next": next })))
}

/// The first `limit` of two pages of events, in the order of the chain, and where the next page begins.
fn merged(claims: Vec<Object>, ranges: Vec<Object>, limit: u64) -> (Vec<Object>, Value) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let id = |object: &Object| object["event_id"].as_str().and_then(|id| id.parse::<u64>().ok());
    let mut all = [claims, ranges].concat();
    all.sort_by_key(id);
    let full = all.len() >= limit;
    all.truncate(limit);
    let next = all.last().filter(|_| full).and_then(|object| object.get("event_id")).cloned();
    (all, next.unwrap_or(Value::Null))
}

/// A paid range with its packed payments as rewards.
fn unpacked(mut range: Object) -> Object {
    let text = |key: &str| range.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let start = text("start").parse::<u64>().unwrap_or_default();
    let leaves = text("leaves").parse::<U256>().unwrap_or_default();
    let indices = (0..256).filter(|bit| leaves.bit(*bit)).map(|bit| start + bit as u64);
    let words = range.remove("payments").and_then(|payments| serde_json::from_value::<Vec<B256>>(payments).ok());
    let rewards = indices.zip(words.unwrap_or_default()).map(|(index, word)| {
        let (account, amount) = range_payment(word);
        json!({ "index": index, "account": account, "amount": amount.to_string() })
    });
    let rewards: Vec<Value> = rewards.collect();
    range.insert("rewards".to_owned(), rewards.into());
    range
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(id: u64) -> Object {
        Object::from_iter([("event_id".to_owned(), json!(id.to_string()))])
    }

    #[test]
    fn pages_of_claims_and_ranges_are_one_page() {
        let (all, next) = merged(vec![at(1), at(4)], vec![at(2), at(9)], 3);
        assert_eq!((all, next), (vec![at(1), at(2), at(4)], json!("4")));
        let (all, next) = merged(vec![at(1)], vec![], 3);
        assert_eq!((all, next), (vec![at(1)], Value::Null));
    }

    #[test]
    fn a_range_is_unpacked_into_rewards() {
        let word = B256::right_padding_from(&[[0xab; 20].as_slice(), &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]].concat());
        let mut range = at(1);
        range.insert("start".to_owned(), json!("256"));
        range.insert("leaves".to_owned(), json!("4"));
        range.insert("payments".to_owned(), json!([word]));
        let account = alloy::primitives::Address::repeat_byte(0xab);
        let expected = json!([{ "index": 258, "account": account, "amount": "258" }]);
        assert_eq!(unpacked(range)["rewards"], expected);
    }
}
