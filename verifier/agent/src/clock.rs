//! Time as verifiers and agents see it, so that tests can set it.

use std::{
    future::Future,
    pin::Pin,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::sync::watch;

/// Unix milliseconds, and waiting for them.
pub trait Clock: Send + Sync + 'static {
    /// Now, unix milliseconds.
    fn now_ms(&self) -> u64;

    /// Completes once [`Clock::now_ms`] is at least `ms`.
    fn sleep_until(&self, ms: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }

    fn sleep_until(&self, ms: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            while let Some(left) = ms.checked_sub(self.now_ms()).filter(|&left| left > 0) {
                tokio::time::sleep(Duration::from_millis(left)).await;
            }
        })
    }
}

/// A clock that stands until it is advanced. Clones share the time.
#[derive(Clone, Debug)]
pub struct ManualClock(watch::Sender<u64>);

impl ManualClock {
    /// A clock that stands at `ms`, unix milliseconds.
    pub fn new(ms: u64) -> Self {
        Self(watch::Sender::new(ms))
    }

    /// Moves the time on; part of a millisecond is dropped.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.0.send_modify(|now| *now = now.saturating_add(by));
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> u64 {
        *self.0.borrow()
    }

    fn sleep_until(&self, ms: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut time = self.0.subscribe();
        Box::pin(async move {
            // an error means that the sender is gone, but `self` holds it
            let _ = time.wait_for(|&now| now >= ms).await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_clock_wakes_sleepers_when_it_is_advanced() {
        let clock = ManualClock::new(1000);
        let mut sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(1500).await }
        });
        clock.advance(Duration::from_millis(499));
        assert!(tokio::time::timeout(Duration::from_millis(20), &mut sleeper).await.is_err(), "too early");
        clock.advance(Duration::from_millis(1));
        sleeper.await.expect("woken");
        assert_eq!(clock.now_ms(), 1500);
    }

    #[tokio::test]
    async fn the_system_clock_reaches_what_it_sleeps_until() {
        let until = SystemClock.now_ms() + 5;
        SystemClock.sleep_until(until).await;
        assert!(SystemClock.now_ms() >= until);
    }
}
