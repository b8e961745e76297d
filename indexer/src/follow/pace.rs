//! How soon to look again: twice per block, so that what a block brought is served before the next one is there.

use std::time::Duration;

use tokio::time::Instant;

/// Soonest look, however fast the chain is.
const SOONEST: Duration = Duration::from_millis(50);

/// Before the time of a block is known.
const FIRST: Duration = Duration::from_millis(200);

/// The time that blocks of a chain take, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Latest block, and when it was first seen.
    seen: Option<(u64, Instant)>,
    interval: Option<Duration>,
}

impl Pace {
    pub fn new() -> Self {
        Self { seen: None, interval: None }
    }

    /// Takes in that `head` is the latest block at `now`.
    pub fn saw(&mut self, head: u64, now: Instant) {
        let Some((before, at)) = self.seen else {
            self.seen = Some((head, now));
            return;
        };
        if head <= before {
            return;
        }
        let blocks = u32::try_from(head - before).unwrap_or(u32::MAX);
        let took = now.duration_since(at) / blocks;
        self.interval = Some(self.interval.map_or(took, |interval| (3 * interval + took) / 4));
        self.seen = Some((head, now));
    }

    /// How long to wait before the next look, at most `longest`.
    pub fn wait(&self, longest: Duration) -> Duration {
        let half = self.interval.map_or(FIRST, |interval| interval / 2);
        half.clamp(SOONEST.min(longest), longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_looks_twice_per_block_and_no_later_than_asked() {
        let longest = Duration::from_secs(1);
        let mut pace = Pace::new();
        assert_eq!(pace.wait(longest), FIRST);
        for head in 1..40 {
            tokio::time::advance(Duration::from_millis(250)).await;
            pace.saw(head, Instant::now());
            pace.saw(head, Instant::now());
        }
        assert_eq!(pace.wait(longest), Duration::from_millis(125));
        tokio::time::advance(Duration::from_secs(3_600)).await;
        pace.saw(40, Instant::now());
        assert_eq!(pace.wait(longest), longest);
    }
}
