//! Nodes, and the verdicts on them.

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::{
    Api,
    error::ApiError,
    page::{event_table, list as list_of, name_of, objects, page, state_table, with_each},
    params::{ChainFilter, Params, address, hash, number},
};
use crate::{fold::NodeStatus, store::Wanted, value::Field as _};

/// Windows and verdicts that the answer on one node holds, the newest ones.
const RECENT: u64 = 20;

pub(super) async fn list(State(api): State<Api>, mut params: Params) -> Result<Json<Value>, ApiError> {
    let chain = params.chain(&api).await?;
    let filters =
        [("provider", params.address("provider")?), ("status", params.take("status", name_of::<NodeStatus>)?)];
    let (limit, after) = (params.limit()?, params.take("after", number)?);
    params.end()?;
    let wanted = with_each(ChainFilter::of_state(chain.as_ref(), Wanted::all()), filters);
    Ok(list_of(page(&api, state_table("node"), "registered_id", wanted, after, limit).await?))
}

pub(super) async fn one(
    State(api): State<Api>,
    Path(text): Path<String>,
    mut params: Params,
) -> Result<Json<Value>, ApiError> {
    let node = address(&text).map_err(|error| ApiError::bad(format!("{text}: {error}")))?;
    let chain = params.chain(&api).await?;
    params.end()?;
    let of_chain = |wanted| ChainFilter::of_state(chain.as_ref(), wanted);
    let of_node = || of_chain(Wanted::all().with("node = ?", [node.to_value()]));

    let mut nodes = objects(&api, state_table("node"), of_node()).await?;
    if nodes.is_empty() {
        return Err(ApiError::not_found(format!("no node {node} is registered")));
    }
    let standings = objects(&api, state_table("standing"), of_node()).await?;
    let windows = of_node().order("start DESC").limit(RECENT);
    let windows = objects(&api, state_table("attestation_window"), windows).await?;
    for entry in &mut nodes {
        let same = |other: &&super::page::Object| other["chain_id"] == entry["chain_id"];
        let standing = standings.iter().find(same).map_or(Value::Null, |standing| json!(standing));
        let windows: Vec<_> = windows.iter().filter(same).cloned().collect();
        let owner = entry["provider"].as_str().and_then(|text| text.parse().ok()).unwrap_or(node);
        let wanted = of_chain(Wanted::all()).with("provider = ?", [owner.to_value()]);
        let providers = objects(&api, state_table("provider"), wanted).await?;
        let provider = providers.iter().find(same).map_or(Value::Null, |provider| json!(provider));
        entry.insert("standing".into(), standing);
        entry.insert("windows".into(), json!(windows));
        entry.insert("provider_details".into(), provider);
    }
    Ok(Json(json!({ "node": node, "on": nodes })))
}

pub(super) async fn verdicts(State(api): State<Api>, mut params: Params) -> Result<Json<Value>, ApiError> {
    let chain = params.chain(&api).await?;
    let lease = params.take("lease", hash)?.map(|lease| lease.to_value());
    let filters = [("node", params.address("node")?), ("lease_id", lease)];
    let (limit, after) = (params.limit()?, params.take("after", number)?);
    params.end()?;
    let wanted = with_each(ChainFilter::of_events(chain.as_ref(), Wanted::all()), filters);
    Ok(list_of(page(&api, event_table("verifier_set_verdict_accepted"), "event_id", wanted, after, limit).await?))
}
