//! JSON-RPC over HTTP: batches of calls to one endpoint.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use reqwest::{Client, Url, header::RETRY_AFTER};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{
    Class, SourceError,
    error::{classify, classify_status},
    wire::{WireReply, first_line},
};
use crate::shelf::Shelf;

/// Limits of the requests to one endpoint.
#[derive(Debug, Clone, Copy)]
pub struct RpcOptions {
    /// For one request, from connecting to the last byte.
    pub timeout: Duration,
    /// Requests at once.
    pub in_flight: usize,
    /// Bytes of a reply; a longer one counts as too many results.
    pub max_reply_bytes: usize,
}

impl Default for RpcOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(30), in_flight: 4, max_reply_bytes: 64 << 20 }
    }
}

/// A call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Method.
    pub method: &'static str,
    /// Parameters.
    pub params: Value,
}

impl Call {
    /// A call.
    pub fn new(method: &'static str, params: Value) -> Self {
        Self { method, params }
    }
}

/// One endpoint.
#[derive(Debug)]
pub struct Rpc {
    url: Url,
    label: String,
    http: Client,
    permits: Semaphore,
    requests: AtomicU64,
    bodies: Arc<Shelf<Vec<u8>>>,
    options: RpcOptions,
}

/// The body of a reply. Its memory goes back to the client when it is dropped.
#[derive(Debug)]
pub struct Body {
    bytes: Vec<u8>,
    shelf: Arc<Shelf<Vec<u8>>>,
}

/// Bytes of a body whose memory is kept: more than endpoints send that keep to our limits.
const KEPT: usize = 16 << 20;

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if self.bytes.capacity() <= KEPT {
            self.shelf.leave(std::mem::take(&mut self.bytes));
        }
    }
}

/// What came of a call: JSON, or why not.
pub type Outcome = Result<String, SourceError>;

impl Rpc {
    /// A client of the endpoint at `url`. Nothing is sent yet.
    pub fn new(url: Url, options: RpcOptions) -> Self {
        let http = Client::builder()
            .timeout(options.timeout)
            .build()
            .expect("the TLS roots are compiled in, and no option of the client can fail");
        let permits = Semaphore::new(options.in_flight.max(1));
        let bodies = Arc::new(Shelf::new(options.in_flight));
        Self { label: label(&url), url, http, permits, requests: AtomicU64::new(0), bodies, options }
    }

    /// Host and port: what may be shown of the URL.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Requests that it may have under way at once.
    pub fn in_flight(&self) -> u64 {
        self.options.in_flight as u64
    }

    /// Number of HTTP requests sent so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Sends calls as one request. The outer error is that of the request, the inner ones those of the calls.
    ///
    /// # Errors
    ///
    /// If the request fails, or the reply is no reply to these calls.
    pub async fn batch(&self, calls: &[Call]) -> Result<Vec<Outcome>, SourceError> {
        self.read(&self.post(calls).await?, calls)
    }

    /// Sends one call.
    ///
    /// # Errors
    ///
    /// If the request or the call fails.
    pub async fn call(&self, call: Call) -> Outcome {
        let outcomes = self.batch(std::slice::from_ref(&call)).await?;
        outcomes.into_iter().next().unwrap_or_else(|| Err(self.error(Class::Transient, "the reply is empty")))
    }

    /// A failure of this endpoint.
    pub fn error(&self, class: Class, message: impl Into<String>) -> SourceError {
        SourceError::new(&self.label, class, message)
    }

    /// Sends calls as one request, whose ids are their indices, and returns the body as it came.
    ///
    /// # Errors
    ///
    /// If the request fails.
    pub async fn post(&self, calls: &[Call]) -> Result<Body, SourceError> {
        let batch = calls
            .iter()
            .enumerate()
            .map(|(id, call)| json!({"jsonrpc": "2.0", "id": id, "method": call.method, "params": call.params}));
        let batch = Value::from_iter(batch);
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        self.requests.fetch_add(1, Ordering::Relaxed);
        let broken = |error: reqwest::Error| self.error(Class::Transient, describe(&error));
        let mut response = self.http.post(self.url.clone()).json(&batch).send().await.map_err(broken)?;
        let status = response.status();
        if !status.is_success() {
            let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            let class = classify_status(status.as_u16(), retry_after);
            return Err(self.error(class, format!("answered with HTTP status {status}")));
        }
        let told = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
        let mut body = Body { bytes: self.bodies.take(), shelf: self.bodies.clone() };
        let bytes = &mut body.bytes;
        bytes.clear();
        bytes.reserve(told.min(self.options.max_reply_bytes));
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if bytes.len() + chunk.len() > self.options.max_reply_bytes {
                let message = format!("the reply is longer than {} bytes", self.options.max_reply_bytes);
                return Err(self.error(Class::TooManyResults { blocks: None, logs: None }, message));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn read(&self, body: &[u8], calls: &[Call]) -> Result<Vec<Outcome>, SourceError> {
        let cut = |error: sonic_rs::Error| {
            let message = format!("the reply is no JSON-RPC, or was cut off: {}", first_line(&error));
            self.error(Class::Transient, message)
        };
        if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
            // One object instead of a list: the whole batch failed.
            let reply: WireReply<'_> = sonic_rs::from_slice(body).map_err(cut)?;
            let error = reply.error.ok_or_else(|| self.error(Class::Fatal, "does not answer batches of calls"))?;
            return Err(self.error(classify(error.code, &error.message), error.message));
        }
        let replies: Vec<WireReply<'_>> = sonic_rs::from_slice(body).map_err(cut)?;
        let mut outcomes: Vec<Option<Outcome>> = vec![None; calls.len()];
        for reply in replies {
            let id = reply.id.and_then(|id| usize::try_from(id).ok());
            if let Some(slot) = id.and_then(|id| outcomes.get_mut(id)) {
                *slot = Some(match reply.error {
                    Some(error) => Err(self.error(classify(error.code, &error.message), error.message)),
                    None => Ok(reply.result.map_or_else(|| "null".to_owned(), |json| json.as_raw_str().to_owned())),
                });
            }
        }
        let missing = |call: &Call| Err(self.error(Class::Transient, format!("did not answer {}", call.method)));
        Ok(outcomes.into_iter().zip(calls).map(|(outcome, call)| outcome.unwrap_or_else(|| missing(call))).collect())
    }
}

/// Host and port: a path or a user name may hold a key.
fn label(url: &Url) -> String {
    let host = url.host_str().unwrap_or("?");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The causes of a failed request, without the URL, which may hold a key.
fn describe(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let what = if error.is_connect() { "cannot connect" } else { "the connection broke" };
    format!("{what}: {cause}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rpc() -> Rpc {
        Rpc::new(Url::parse("https://user:secret@rpc.example.org:8080/v2/key").unwrap(), RpcOptions::default())
    }

    fn calls(count: usize) -> Vec<Call> {
        (0..count).map(|_| Call::new("eth_call", json!([]))).collect()
    }

    #[test]
    fn the_label_shows_no_secret() {
        assert_eq!(rpc().label(), "rpc.example.org:8080");
    }

    #[test]
    fn replies_are_matched_by_id_in_any_order() {
        let body =
            br#" [{"id":1,"result":{"a":[1]}},{"id":0,"error":{"code":-32000,"message":"header not found"}},{"id":2}]"#;
        let outcomes = rpc().read(body, &calls(4)).unwrap();
        assert_eq!(outcomes[0].as_ref().unwrap_err().class, Class::MissingData);
        assert_eq!(outcomes[1].as_deref(), Ok(r#"{"a":[1]}"#));
        assert_eq!(outcomes[2].as_deref(), Ok("null"));
        assert_eq!(outcomes[3].as_ref().unwrap_err().class, Class::Transient);
    }

    #[test]
    fn a_single_error_fails_the_batch_by_its_class() {
        let body = br#"{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"too many requests"}}"#;
        assert_eq!(rpc().read(body, &calls(2)).unwrap_err().class, Class::RateLimited { retry_after: None });
        let cut = br#"[{"id":0,"result":["0x12"#;
        assert_eq!(rpc().read(cut, &calls(1)).unwrap_err().class, Class::Transient);
        assert_eq!(rpc().read(b"<html>", &calls(1)).unwrap_err().class, Class::Transient);
    }
}
