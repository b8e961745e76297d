//! A verifier's two APIs.
//!
//! Public, for other verifiers and for readers of evidence:
//!
//! | | |
//! |---|---|
//! | `GET /health` | [`Health`] |
//! | `POST /v1/sessions` | [`Invitation`] in, signed commitment out |
//! | `POST /v1/sessions/{id}/reveal` | [`Committed`] in, signed seed reveal out |
//! | `POST /v1/sessions/{id}/observe` | [`Revealed`] in, [`Observed`] out when the node is done or late |
//! | `POST /v1/sessions/{id}/sample` | [`Sampling`] in, signed sample reveal out |
//! | `POST /v1/sessions/{id}/sign` | [`Proposal`] in, signature of the verdict out |
//! | `GET /v1/evidence/{hash}` | the evidence, byte for byte |
//! | `GET /v1/verdicts/{session}` | [`SignedVerdict`] |
//!
//! Control, for the operator: `POST /v1/measurements`, [`Work`] in, [`SignedVerdict`] out when there is one.

use alloy::primitives::B256;
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, State},
    http::{StatusCode, header},
    response::IntoResponse,
    routing::{get, post},
};
use spheron_verifier_agent::http::{ApiError, Body};
use spheron_verifier_core::{
    verdict::{Signature, SignedVerdict},
    wire::{Commitment, SampleReveal, SeedReveal, Signed},
};
use tokio_util::sync::CancellationToken;

use crate::{
    leader::MeasureError,
    protocol::{Committed, Health, Invitation, Observed, Proposal, Revealed, Sampling, Work},
    seat::broken,
    verifier::Verifier,
};

/// Bytes of a body without openings.
const SHORT: usize = 256 << 10;
/// Bytes of a proposal, which carries openings.
const LONG: usize = 17 << 20;

#[derive(Clone)]
struct Api {
    verifier: Verifier,
    cancel: CancellationToken,
}

pub(crate) fn public(verifier: Verifier, cancel: CancellationToken) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/v1/sessions", post(open))
        .route("/v1/sessions/{id}/reveal", post(reveal))
        .route("/v1/sessions/{id}/observe", post(observe))
        .route("/v1/sessions/{id}/sample", post(sample))
        .layer(DefaultBodyLimit::max(SHORT))
        .route("/v1/sessions/{id}/sign", post(sign).layer(DefaultBodyLimit::max(LONG)))
        .route("/v1/evidence/{hash}", get(evidence))
        .route("/v1/verdicts/{session}", get(verdict))
        .with_state(Api { verifier, cancel })
}

pub(crate) fn control(verifier: Verifier, cancel: CancellationToken) -> Router {
    Router::new()
        .route("/v1/measurements", post(measure))
        .layer(DefaultBodyLimit::max(SHORT))
        .with_state(Api { verifier, cancel })
}

impl Api {
    /// Gives up long work when the server stops.
    async fn until_stopped<T>(&self, work: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
        tokio::select! {
            result = work => result,
            () = self.cancel.cancelled() => {
                Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "this verifier is stopping"))
            }
        }
    }
}

async fn health(State(api): State<Api>) -> Json<Health> {
    Json(api.verifier.health())
}

async fn open(
    State(api): State<Api>,
    Body(invitation): Body<Invitation>,
) -> Result<Json<Signed<Commitment>>, ApiError> {
    api.verifier.open(&invitation).await.map(Json)
}

async fn reveal(
    State(api): State<Api>,
    Path(id): Path<B256>,
    Body(committed): Body<Committed>,
) -> Result<Json<Signed<SeedReveal>>, ApiError> {
    api.verifier.seat(id)?.reveal(&committed).map(Json)
}

async fn observe(
    State(api): State<Api>,
    Path(id): Path<B256>,
    Body(revealed): Body<Revealed>,
) -> Result<Json<Observed>, ApiError> {
    let seat = api.verifier.seat(id)?;
    api.until_stopped(seat.observe(&revealed)).await.map(Json)
}

async fn sample(
    State(api): State<Api>,
    Path(id): Path<B256>,
    Body(sampling): Body<Sampling>,
) -> Result<Json<Signed<SampleReveal>>, ApiError> {
    api.verifier.seat(id)?.sample(&sampling).map(Json)
}

async fn sign(
    State(api): State<Api>,
    Path(id): Path<B256>,
    Body(proposal): Body<Proposal>,
) -> Result<Json<Signature>, ApiError> {
    let seat = api.verifier.seat(id)?;
    api.until_stopped(seat.sign(&proposal)).await.map(Json)
}

async fn evidence(State(api): State<Api>, Path(hash): Path<B256>) -> Result<impl IntoResponse, ApiError> {
    let evidence = api.verifier.store().evidence(hash).await.map_err(broken)?;
    let evidence = evidence.ok_or_else(|| not_found("evidence", hash))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], evidence.bytes()))
}

async fn verdict(State(api): State<Api>, Path(session): Path<B256>) -> Result<Json<SignedVerdict>, ApiError> {
    let verdict = api.verifier.store().verdict(session).await.map_err(broken)?;
    verdict.map(Json).ok_or_else(|| not_found("verdict", session))
}

async fn measure(State(api): State<Api>, Body(work): Body<Work>) -> Result<Json<SignedVerdict>, ApiError> {
    let refused = |e: MeasureError| {
        let (status, code) = match &e {
            MeasureError::UnknownDomain { .. } => (StatusCode::BAD_REQUEST, "wrong_chain"),
            MeasureError::NotInCommittee(_) => (StatusCode::BAD_REQUEST, "not_in_committee"),
            MeasureError::Policy(_) => (StatusCode::BAD_REQUEST, "unknown_class"),
            MeasureError::Refused(_) => (StatusCode::FORBIDDEN, "refused"),
            MeasureError::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            MeasureError::TooFew { .. } | MeasureError::NoQuorum { .. } => (StatusCode::CONFLICT, "no_quorum"),
            MeasureError::Evidence(_) => (StatusCode::CONFLICT, "no_agreement"),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        };
        ApiError::new(status, code, e)
    };
    let measured = async { api.verifier.measure(&work).await.map_err(refused) };
    api.until_stopped(measured).await.map(Json)
}

fn not_found(what: &str, id: B256) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "not_found", format!("no {what} {id} is kept here"))
}
