//! JSON over HTTP with bounds: bodies in and out, errors with a code and a sentence, shutdown by token.

use std::{io, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// What an API answers instead of a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message} ({error})")]
pub struct ApiError {
    /// HTTP status.
    #[serde(skip)]
    pub status: u16,
    /// For programs: one lower-case word or two.
    pub error: String,
    /// For people: what was wrong and what to do.
    pub message: String,
}

impl ApiError {
    /// An error with this status, code and sentence.
    pub fn new(status: StatusCode, error: &str, message: impl ToString) -> Self {
        Self { status: status.as_u16(), error: error.to_string(), message: message.to_string() }
    }

    /// 400: the request contradicts itself or the protocol.
    pub fn bad_request(error: &str, message: impl ToString) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, message)
    }

    /// 404: there is no such session.
    pub fn unknown_session(id: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "unknown_session", format!("no session {id} is open here"))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self)).into_response()
    }
}

/// A JSON request body, read up to the router's limit.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await.map_err(unreadable)?;
        serde_json::from_slice(&bytes).map(Body).map_err(|e| ApiError::bad_request("invalid_json", e))
    }
}

fn unreadable(rejection: BytesRejection) -> ApiError {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            "the request body is larger than this API reads",
        ),
        _ => ApiError::bad_request("unreadable_body", rejection.body_text()),
    }
}

/// Serves until `cancel`, then finishes the requests in progress.
///
/// # Errors
/// What the listener reports.
pub async fn serve(listener: TcpListener, router: Router, cancel: CancellationToken) -> io::Result<()> {
    axum::serve(listener, router).with_graceful_shutdown(cancel.cancelled_owned()).await
}

/// Why a request has no result.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The other side refused, with its reason.
    #[error("{url} refused: {refusal}")]
    Refused {
        /// Which request.
        url: String,
        /// What it said.
        refusal: ApiError,
    },
    /// No answer, or the connection broke.
    #[error("{url} is unreachable: {reason}")]
    Unreachable {
        /// Which request.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The answer is longer than it may be.
    #[error("{url} answered more than {limit} bytes")]
    TooLong {
        /// Which request.
        url: String,
        /// Bytes.
        limit: usize,
    },
    /// The answer is not what it should be.
    #[error("{url} answered something else than expected: {reason}")]
    Unexpected {
        /// Which request.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Requests to one base URL. It follows no redirect, since URLs come from strangers.
#[derive(Clone, Debug)]
pub struct HttpClient {
    base: String,
    client: reqwest::Client,
}

impl HttpClient {
    /// A client of `base`, such as `http://127.0.0.1:7700`.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] if it is not an http or https URL.
    pub fn new(base: &str) -> Result<Self, ClientError> {
        let failed = |reason: String| ClientError::Unreachable { url: base.to_string(), reason };
        let url = reqwest::Url::parse(base).map_err(|e| failed(e.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(failed("only http and https are spoken here".to_string()));
        }
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .build()
            .map_err(|e| failed(reason(&e)))?;
        Ok(Self { base: base.trim_end_matches('/').to_string(), client })
    }

    /// GET `path`, reading at most `limit` bytes within `timeout`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        timeout: Duration,
        limit: usize,
    ) -> Result<T, ClientError> {
        let url = format!("{}{path}", self.base);
        self.send(self.client.get(&url), url, timeout, limit).await
    }

    /// POST `body` as JSON to `path`, reading at most `limit` bytes within `timeout`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
        timeout: Duration,
        limit: usize,
    ) -> Result<T, ClientError> {
        let url = format!("{}{path}", self.base);
        self.send(self.client.post(&url).json(body), url, timeout, limit).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
        url: String,
        timeout: Duration,
        limit: usize,
    ) -> Result<T, ClientError> {
        let broken = |e: reqwest::Error| ClientError::Unreachable { url: url.clone(), reason: reason(&e) };
        let mut response = request.timeout(timeout).send().await.map_err(broken)?;
        let status = response.status();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if bytes.len() + chunk.len() > limit {
                return Err(ClientError::TooLong { url, limit });
            }
            bytes.extend_from_slice(&chunk);
        }
        if status.is_success() {
            return serde_json::from_slice(&bytes).map_err(|e| ClientError::Unexpected { url, reason: e.to_string() });
        }
        match serde_json::from_slice::<ApiError>(&bytes) {
            Ok(refusal) => Err(ClientError::Refused { url, refusal: ApiError { status: status.as_u16(), ..refusal } }),
            Err(_) => Err(ClientError::Unexpected { url, reason: format!("status {status}") }),
        }
    }
}

/// An error with its causes, since the outermost says little.
fn reason(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
