//! How many blocks to ask for at once: as many as bring a reply that the endpoint gives whole.
//!
//! What endpoints bear is in [`crate::source::Limits`]; how many logs a block of this chain has is learned here.

use crate::source::{BlockRange, Limits};

/// The first range, whose logs tell how wide the next one may be.
const FIRST_BLOCKS: u64 = 128;

/// A range is at most so many times wider than any before: blocks further on may hold more.
const GROWTH: u64 = 16;

/// Share of the endpoint's limit that a range is planned to bring, in percent.
const FILL: u64 = 93;

/// Sizes the ranges of one chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Planner {
    /// Expected logs per block.
    density: f64,
    /// Blocks of the widest range that succeeded.
    widest: u64,
}

impl Default for Planner {
    fn default() -> Self {
        Self { density: 0.0, widest: FIRST_BLOCKS / GROWTH }
    }
}

impl Planner {
    /// The next range to ask for, of the blocks `from` to `to`.
    pub fn next(&self, from: u64, to: u64, limits: &Limits) -> BlockRange {
        debug_assert!(from <= to);
        let wanted = limits.logs() * FILL / 100;
        let by_logs = if self.density > 0.0 { (wanted as f64 / self.density).round() as u64 } else { u64::MAX };
        let blocks = by_logs.min(limits.blocks()).min(self.widest.saturating_mul(GROWTH)).max(1);
        BlockRange { from, to: to.min(from.saturating_add(blocks - 1)) }
    }

    /// Takes in that a range brought this many logs.
    pub fn succeeded(&mut self, range: BlockRange, logs: usize) {
        let density = logs as f64 / range.len() as f64;
        // Up at once and down slowly: a refused range costs a request, a short one a fraction of it.
        self.density = if density > self.density { density } else { 0.75 * self.density + 0.25 * density };
        self.widest = self.widest.max(range.len());
    }

    /// Takes in that a range held more logs than `most`; `hint` is how many blocks would do.
    pub fn refused(&mut self, range: BlockRange, most: u64, hint: Option<u64>) {
        let fits = hint.filter(|blocks| *blocks < range.len()).unwrap_or(range.len() / 2).max(1);
        self.density = self.density.max(most as f64 / fits as f64 * (FILL as f64 / 100.0));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source::Class;

    fn range(blocks: u64) -> BlockRange {
        BlockRange { from: 1, to: blocks }
    }

    fn limits() -> Limits {
        Limits::new(None, 1)
    }

    #[test]
    fn it_heads_for_full_replies_after_one_look() {
        let mut planner = Planner::default();
        assert_eq!(planner.next(1, 1_000_000, &limits()).len(), FIRST_BLOCKS);
        planner.succeeded(range(128), 128 * 50);
        assert_eq!(planner.next(1, 1_000_000, &limits()).len(), 186);
    }

    #[test]
    fn on_a_quiet_chain_it_widens_quickly() {
        let mut planner = Planner::default();
        let mut widths = Vec::new();
        for _ in 0..4 {
            let range = planner.next(1, 10_000_000, &limits());
            planner.succeeded(range, 0);
            widths.push(range.len());
        }
        assert_eq!(widths, [128, 2_048, 32_768, 524_288]);
    }

    #[test]
    fn a_refused_range_is_followed_by_half_of_it_or_by_what_was_suggested() {
        let mut planner = Planner::default();
        planner.succeeded(range(128), 10);
        planner.refused(range(1_000), 10_000, None);
        assert_eq!(planner.next(1, 10_000, &limits()).len(), 500);
        planner.refused(range(500), 10_000, Some(100));
        assert_eq!(planner.next(1, 10_000, &limits()).len(), 100);
    }

    proptest! {
        #[test]
        fn ranges_cover_the_chain_without_gaps_and_in_the_end_fit(
            length in 1u64..100_000,
            density in 0u64..3_000,
            cap in 3_000u64..20_000,
            most_blocks in 1u64..5_000,
        ) {
            let (mut planner, mut limits) = (Planner::default(), limits());
            let (mut next, last, mut refused) = (7, 7 + length, 0);
            while next <= last {
                let range = planner.next(next, last, &limits);
                prop_assert_eq!(range.from, next);
                prop_assert!(range.to <= last && range.from <= range.to);
                if range.len() > most_blocks {
                    limits.failed(range, Class::RangeTooWide { blocks: None });
                    refused += 1;
                } else if range.len() * density > cap {
                    limits.failed(range, Class::TooManyResults { blocks: None, logs: None });
                    planner.refused(range, limits.logs(), None);
                    refused += 1;
                } else {
                    limits.succeeded(range, range.len() * density);
                    planner.succeeded(range, usize::try_from(range.len() * density).unwrap());
                    next = range.to + 1;
                    continue;
                }
                prop_assert!(refused < 20_000, "it never fits");
            }
        }
    }
}
