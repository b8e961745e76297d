//! An agent's API.
//!
//! | | |
//! |---|---|
//! | `GET /health` | [`Health`] |
//! | `POST /v1/challenges` | [`Challenge`] in, [`Accepted`] out |
//! | `GET /v1/sessions/{id}?wait_ms=` | [`Progress`] |
//! | `POST /v1/sessions/{id}/openings` | [`OpenRequest`] in, signed [`Openings`] out |
//!
//! Errors are [`ApiError`].

use std::time::Duration;

use alloy::primitives::{Address, B256};
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, Query, State},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use spheron_verifier_core::{
    prover::Backend,
    verdict::SessionCommit,
    wire::{Challenge, Domain, Head, OpenRequest, Openings, Signed},
};

use crate::{
    agent::Agent,
    http::{ApiError, Body},
};

/// Longest wait for progress in one request.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// What an agent says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The node that it answers for.
    pub node: Address,
    /// What it runs on.
    pub backend: Backend,
    /// Where the node is registered.
    pub domains: Vec<Domain>,
    /// Sessions that it remembers.
    pub sessions: usize,
    /// Sessions that can still be queued.
    pub free: usize,
}

/// A challenge was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The session.
    pub session: B256,
}

/// How far a session is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Other sessions come first.
    Queued,
    /// The job that runs.
    Running(Signed<Head>),
    /// The finished chain.
    Done(Signed<SessionCommit>),
    /// It will not finish.
    Failed(String),
}

#[derive(Deserialize)]
struct Waiting {
    #[serde(default)]
    wait_ms: u64,
}

pub(crate) fn router(agent: Agent, body_bytes: usize) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/v1/challenges", post(challenge))
        .route("/v1/sessions/{id}", get(progress))
        .route("/v1/sessions/{id}/openings", post(openings))
        .layer(DefaultBodyLimit::max(body_bytes))
        .with_state(agent)
}

async fn health(State(agent): State<Agent>) -> Json<Health> {
    Json(agent.health())
}

async fn challenge(State(agent): State<Agent>, Body(challenge): Body<Challenge>) -> Result<Json<Accepted>, ApiError> {
    Ok(Json(Accepted { session: agent.accept(&challenge)? }))
}

async fn progress(
    State(agent): State<Agent>,
    Path(id): Path<B256>,
    Query(waiting): Query<Waiting>,
) -> Result<Json<Progress>, ApiError> {
    let wait = Duration::from_millis(waiting.wait_ms).min(MAX_WAIT);
    Ok(Json(agent.progress(id, wait).await?))
}

async fn openings(
    State(agent): State<Agent>,
    Path(id): Path<B256>,
    Body(request): Body<OpenRequest>,
) -> Result<Json<Signed<Openings>>, ApiError> {
    Ok(Json(agent.openings(id, &request).await?))
}
