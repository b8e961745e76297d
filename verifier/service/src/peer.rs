//! The verifiers of a session as its leader sees them: itself and others behind HTTP, with the same steps.

use std::{sync::Arc, time::Duration};

use alloy::primitives::{Address, B256};
use serde::{Serialize, de::DeserializeOwned};
use spheron_verifier_agent::http::{ClientError, HttpClient};
use spheron_verifier_core::{
    verdict::Signature,
    wire::{Commitment, SampleReveal, SeedReveal, Signed},
};

use crate::{
    protocol::{Committed, Health, Invitation, Observed, Proposal, Revealed, Sampling},
    verifier::Verifier,
};

/// Most bytes of a verifier's answer; all of them are short.
const LIMIT: usize = 64 << 10;
/// Most time for steps that need no work.
const PATIENCE: Duration = Duration::from_secs(10);

/// One verifier of a session.
#[derive(Clone)]
pub(crate) struct Peer {
    pub address: Address,
    line: Line,
}

#[derive(Clone)]
enum Line {
    Me(Verifier),
    Http(HttpClient),
}

/// Why a step with a verifier failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{verifier}: {reason}")]
pub struct Refusal {
    /// Which verifier.
    pub verifier: Address,
    /// What it said, or what happened.
    pub reason: String,
}

impl Peer {
    pub fn me(verifier: Verifier) -> Self {
        Self { address: verifier.address(), line: Line::Me(verifier) }
    }

    pub fn http(address: Address, url: &str) -> Result<Self, ClientError> {
        Ok(Self { address, line: Line::Http(HttpClient::new(url)?) })
    }

    /// Whether it is there, is who it should be, and judges by this policy.
    pub async fn check(&self, policy: B256) -> Result<(), Refusal> {
        let Line::Http(client) = &self.line else { return Ok(()) };
        let health: Health = client.get("/health", PATIENCE, LIMIT).await.map_err(|e| self.refusal(e))?;
        if health.verifier != self.address {
            return Err(self.refusal(format!("{} answers at its URL", health.verifier)));
        }
        if health.policy != policy {
            return Err(self.refusal(format!("it judges by policy {}, not {policy}", health.policy)));
        }
        Ok(())
    }

    pub async fn open(&self, invitation: &Invitation) -> Result<Signed<Commitment>, Refusal> {
        match &self.line {
            Line::Me(me) => me.open(invitation).await.map_err(|e| self.refusal(e)),
            Line::Http(client) => self.answer(client.post("/v1/sessions", invitation, PATIENCE, LIMIT).await),
        }
    }

    pub async fn reveal(&self, id: B256, committed: &Committed) -> Result<Signed<SeedReveal>, Refusal> {
        match &self.line {
            Line::Me(me) => me.seat(id).and_then(|s| s.reveal(committed)).map_err(|e| self.refusal(e)),
            Line::Http(client) => self.post(client, id, "reveal", committed, PATIENCE).await,
        }
    }

    pub async fn observe(&self, id: B256, revealed: &Revealed, run: Duration) -> Result<Observed, Refusal> {
        match &self.line {
            Line::Me(me) => {
                let seat = me.seat(id).map_err(|e| self.refusal(e))?;
                seat.observe(revealed).await.map_err(|e| self.refusal(e))
            }
            Line::Http(client) => self.post(client, id, "observe", revealed, run + PATIENCE).await,
        }
    }

    pub async fn sample(&self, id: B256, sampling: &Sampling) -> Result<Signed<SampleReveal>, Refusal> {
        match &self.line {
            Line::Me(me) => me.seat(id).and_then(|s| s.sample(sampling)).map_err(|e| self.refusal(e)),
            Line::Http(client) => self.post(client, id, "sample", sampling, PATIENCE).await,
        }
    }

    pub async fn sign(&self, id: B256, proposal: &Arc<Proposal>, work: Duration) -> Result<Signature, Refusal> {
        match &self.line {
            Line::Me(me) => {
                let seat = me.seat(id).map_err(|e| self.refusal(e))?;
                seat.sign(proposal).await.map_err(|e| self.refusal(e))
            }
            Line::Http(client) => self.post(client, id, "sign", &**proposal, work + PATIENCE).await,
        }
    }

    async fn post<T: DeserializeOwned>(
        &self,
        client: &HttpClient,
        id: B256,
        step: &str,
        body: &(impl Serialize + Sync),
        timeout: Duration,
    ) -> Result<T, Refusal> {
        self.answer(client.post(&format!("/v1/sessions/{id}/{step}"), body, timeout, LIMIT).await)
    }

    fn answer<T>(&self, answer: Result<T, ClientError>) -> Result<T, Refusal> {
        answer.map_err(|e| self.refusal(e))
    }

    fn refusal(&self, reason: impl ToString) -> Refusal {
        Refusal { verifier: self.address, reason: reason.to_string() }
    }
}
