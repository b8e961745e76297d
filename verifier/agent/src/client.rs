//! An agent's API from the caller's side.

use std::time::Duration;

use alloy::primitives::B256;
use spheron_verifier_core::wire::{Challenge, OpenRequest, Openings, Signed};

use crate::{
    http::{ClientError, HttpClient},
    routes::{Accepted, Health, Progress},
};

/// Most bytes of a short answer.
const SHORT: usize = 64 << 10;
/// Most bytes of openings: the roots of the longest chain and a thousand leaves with their paths, in hexadecimal.
const LONG: usize = 16 << 20;
/// Most time for a short answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Talks to one agent.
#[derive(Clone, Debug)]
pub struct AgentClient(HttpClient);

impl AgentClient {
    /// The agent at this URL.
    ///
    /// # Errors
    /// [`ClientError`] if it is not an http or https URL.
    pub fn new(url: &str) -> Result<Self, ClientError> {
        Ok(Self(HttpClient::new(url)?))
    }

    /// Whether it is there, and for whom.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn health(&self) -> Result<Health, ClientError> {
        self.0.get("/health", PATIENCE, SHORT).await
    }

    /// Challenges it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn challenge(&self, challenge: &Challenge) -> Result<Accepted, ClientError> {
        self.0.post("/v1/challenges", challenge, PATIENCE, SHORT).await
    }

    /// How far a session is. The agent answers at once when the session is done, otherwise after `wait`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn progress(&self, session: B256, wait: Duration) -> Result<Progress, ClientError> {
        let path = format!("/v1/sessions/{session}?wait_ms={}", wait.as_millis());
        self.0.get(&path, wait + PATIENCE, SHORT).await
    }

    /// Has the drawn leaves opened.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn openings(
        &self,
        session: B256,
        request: &OpenRequest,
        timeout: Duration,
    ) -> Result<Signed<Openings>, ClientError> {
        self.0.post(&format!("/v1/sessions/{session}/openings"), request, timeout, LONG).await
    }
}
