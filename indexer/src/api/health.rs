//! Where the chains stand.

use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

use super::{Api, error::ApiError, params::Params};
use crate::status::Phase;

/// Always 200: what is wrong is in the answer.
pub(super) async fn health(State(api): State<Api>, params: Params) -> Result<Json<Value>, ApiError> {
    params.end()?;
    Ok(Json(report(&api).1))
}

/// 503 while a chain is stalled, or has not begun: what a load balancer asks.
pub(super) async fn ready(State(api): State<Api>, params: Params) -> Result<(StatusCode, Json<Value>), ApiError> {
    params.end()?;
    let (worst, report) = report(&api);
    let ready = matches!(worst, Phase::Live | Phase::Syncing);
    Ok((if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(report)))
}

fn report(api: &Api) -> (Phase, Value) {
    let chains = api.status.reports();
    let order = [Phase::Stalled, Phase::Starting, Phase::Syncing];
    let worst = order.into_iter().find(|phase| chains.iter().any(|chain| chain.phase == *phase)).unwrap_or(Phase::Live);
    (worst, json!({ "status": worst, "chains": chains }))
}
