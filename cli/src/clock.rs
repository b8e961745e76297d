//! The time by which services act.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use clap::ValueEnum;
use spheron_client::Client;
use spheron_verifier_agent::clock::{Clock, SystemClock};
use tokio_util::sync::CancellationToken;

/// How often a chain is asked for its time.
const POLL: Duration = Duration::from_millis(100);

/// Whose time counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TimeSource {
    /// The machine's
    System,
    /// The machine's, moved on to the latest block of the chains: for local chains whose time is set
    Chain,
}

impl TimeSource {
    /// How often what rarely changes is read from the chains again.
    pub fn refresh(self) -> Duration {
        match self {
            Self::System => Duration::from_secs(30),
            Self::Chain => POLL,
        }
    }

    /// The clock, which follows `chains` until `cancel` if that is asked for.
    pub async fn clock(self, chains: &[Client], cancel: &CancellationToken) -> anyhow::Result<Arc<dyn Clock>> {
        if self == Self::System {
            return Ok(Arc::new(SystemClock));
        }
        let clock = ChainClock::default();
        clock.follow(chains).await?;
        let (follower, chains, cancel) = (clock.clone(), chains.to_vec(), cancel.clone());
        tokio::spawn(cancel.run_until_cancelled_owned(async move {
            loop {
                tokio::time::sleep(POLL).await;
                if let Err(error) = follower.follow(&chains).await {
                    tracing::warn!(%error, "a chain does not tell its time");
                }
            }
        }));
        Ok(Arc::new(clock))
    }
}

/// The machine's clock, moved on by as much as the chains are ahead of it. Clones share the time.
#[derive(Debug, Clone, Default)]
struct ChainClock {
    ahead_ms: Arc<AtomicU64>,
}

impl ChainClock {
    async fn follow(&self, chains: &[Client]) -> anyhow::Result<()> {
        for chain in chains {
            let time_ms = chain.chain_time().await?.saturating_mul(1_000);
            self.ahead_ms.fetch_max(time_ms.saturating_sub(SystemClock.now_ms()), Ordering::Relaxed);
        }
        Ok(())
    }
}

impl Clock for ChainClock {
    fn now_ms(&self) -> u64 {
        SystemClock.now_ms().saturating_add(self.ahead_ms.load(Ordering::Relaxed))
    }

    fn sleep_until(&self, ms: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            while let Some(left) = ms.checked_sub(self.now_ms()).filter(|left| *left > 0) {
                // The time may be moved on meanwhile.
                tokio::time::sleep(Duration::from_millis(left).min(POLL)).await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_chain_clock_is_never_behind_the_machine() {
        let clock = ChainClock::default();
        assert!(clock.now_ms() >= SystemClock.now_ms() - 1_000);
        clock.ahead_ms.store(86_400_000, Ordering::Relaxed);
        let now = clock.now_ms();
        assert!(now >= SystemClock.now_ms() + 86_000_000);
        clock.sleep_until(now + 20).await;
        assert!(clock.now_ms() >= now + 20);
    }
}
