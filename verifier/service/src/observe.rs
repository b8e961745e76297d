//! Watching one node by this verifier's own clock.

use std::time::Duration;

use alloy::primitives::B256;
use spheron_verifier_agent::{AgentClient, Progress, clock::Clock, http::ClientError};
use spheron_verifier_core::{
    session::{Session, SessionError},
    verdict::SessionCommit,
    wire::{Challenge, OpenRequest, Openings, Signed},
};

/// Longest wait for progress in one request.
const POLL: Duration = Duration::from_secs(5);
/// Pause before an agent that failed to answer is asked again.
const PAUSE: Duration = Duration::from_millis(200);
/// Pause after a heartbeat: short, since the chain may be done, but an agent that does not wait must not keep this
/// verifier spinning.
const BEAT: Duration = Duration::from_millis(5);

/// A signed chain and when it arrived, unix milliseconds.
pub(crate) type Arrival = (u64, Signed<SessionCommit>);

/// Challenges a node and waits for its signed chain until `deadline_ms`.
pub(crate) async fn chain(
    clock: &dyn Clock,
    agent: &AgentClient,
    session: &Session,
    challenge: &Challenge,
    s0: B256,
    deadline_ms: u64,
) -> Option<Arrival> {
    let answered = async {
        until_answered("challenge", || agent.challenge(challenge)).await;
        loop {
            let progress = until_answered("progress", || agent.progress(session.id, POLL)).await;
            let now = clock.now_ms();
            match progress {
                Progress::Done(commit) => match session.check_commit(s0, &commit) {
                    Ok(()) => return (now, commit),
                    Err(e) => tracing::debug!(session = %session.id, reason = %e, "the node signed another chain"),
                },
                Progress::Failed(reason) => tracing::debug!(session = %session.id, %reason, "the node failed"),
                Progress::Running(head) => {
                    match head.verify_from(session.terms.operator, &session.domain) {
                        Ok(head) => tracing::debug!(session = %session.id, job = head.job, "the node works"),
                        Err(e) => tracing::debug!(session = %session.id, reason = %e, "a heartbeat does not count"),
                    }
                    tokio::time::sleep(BEAT).await;
                    continue;
                }
                Progress::Queued => {}
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::select! {
        biased;
        arrival = answered => Some(arrival).filter(|(at, _)| *at <= deadline_ms),
        () = clock.sleep_until(deadline_ms) => None,
    }
}

/// Has the drawn leaves opened until `deadline_ms`. What is not signed by the node for this session and seed is no
/// answer.
pub(crate) async fn openings(
    clock: &dyn Clock,
    agent: &AgentClient,
    session: &Session,
    request: &OpenRequest,
    sample_seed: B256,
    deadline_ms: u64,
) -> Option<Signed<Openings>> {
    let timeout = Duration::from_millis(deadline_ms.saturating_sub(clock.now_ms()).max(1000));
    let answered = async {
        loop {
            let openings = until_answered("openings", || agent.openings(session.id, request, timeout)).await;
            match check_openings(session, sample_seed, &openings) {
                Ok(()) => return openings,
                Err(e) => tracing::warn!(session = %session.id, reason = %e, "the node's openings do not count"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::select! {
        biased;
        openings = answered => Some(openings),
        () = clock.sleep_until(deadline_ms) => None,
    }
}

fn check_openings(session: &Session, sample_seed: B256, openings: &Signed<Openings>) -> Result<(), SessionError> {
    let message = openings.verify_from(session.terms.operator, &session.domain)?;
    session.expect(message.sessionId)?;
    if message.sampleSeed == sample_seed { Ok(()) } else { Err(SessionError::Commit("sampling seed")) }
}

/// Asks until there is an answer; the caller decides how long to wait.
async fn until_answered<T, F>(what: &str, ask: impl Fn() -> F) -> T
where
    F: Future<Output = Result<T, ClientError>>,
{
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(e) => tracing::debug!(%what, reason = %e, "the agent did not answer"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}
