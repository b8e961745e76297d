//! How many blocks to ask for at once.
//!
//! No two endpoints have the same limit, and few say theirs. So the size grows while requests succeed, is cut when one
//! fails, and heads for replies of a few thousand logs. The size that was learned outlives the process.

use crate::source::{BlockRange, Class};

/// Logs that a reply should have.
const TARGET_LOGS: u64 = 5_000;
const FIRST_BLOCKS: u64 = 2_000;
const MAX_BLOCKS: u64 = 1_000_000;

/// Sizes the ranges of one chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planner {
    blocks: u64,
    /// The size that failed last, once one has; from then on the size grows slowly.
    failed_at: Option<u64>,
    /// What the endpoint says is the most that it takes.
    ceiling: u64,
}

impl Planner {
    /// A planner that begins with the size that an earlier one had learned.
    pub fn new(learned: Option<u64>) -> Self {
        let blocks = learned.unwrap_or(FIRST_BLOCKS).clamp(1, MAX_BLOCKS);
        Self { blocks, failed_at: learned, ceiling: MAX_BLOCKS }
    }

    /// The next range to ask for, of the blocks `from` to `to`.
    pub fn next(&self, from: u64, to: u64) -> BlockRange {
        debug_assert!(from <= to);
        BlockRange { from, to: to.min(from.saturating_add(self.blocks - 1)) }
    }

    /// Blocks in a range now.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Takes in that a range brought this many logs.
    pub fn succeeded(&mut self, range: BlockRange, logs: usize) {
        if range.len() < self.blocks {
            return; // the end of the chain cut it, it says nothing about the size
        }
        let grown = match self.failed_at {
            None => self.blocks.saturating_mul(2),
            Some(limit) => self.blocks + (limit / 16).max(1),
        };
        // As many blocks as should bring the target, going by this range.
        let logs = u64::try_from(logs).unwrap_or(u64::MAX);
        let wanted = range.len().saturating_mul(TARGET_LOGS).checked_div(logs).unwrap_or(MAX_BLOCKS);
        self.blocks = grown.min(wanted).clamp(1, self.ceiling);
    }

    /// Takes in that a range failed. `false` if asking for fewer blocks cannot help.
    pub fn failed(&mut self, range: BlockRange, class: Class) -> bool {
        let hint = match class {
            Class::TooManyResults { blocks } | Class::RangeTooWide { blocks } => blocks,
            Class::Transient => None,
            _ => return false,
        };
        let half = range.len() / 2;
        if let Class::RangeTooWide { blocks: Some(most) } = class {
            self.ceiling = most.clamp(1, MAX_BLOCKS);
        }
        self.failed_at = Some(range.len());
        self.blocks = hint.filter(|blocks| *blocks < range.len()).unwrap_or(half).clamp(1, self.ceiling);
        range.len() > 1
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(blocks: u64) -> BlockRange {
        BlockRange { from: 1, to: blocks }
    }

    #[test]
    fn it_doubles_until_a_limit_is_met_and_then_creeps() {
        let mut planner = Planner::new(None);
        planner.succeeded(range(2_000), 0);
        assert_eq!(planner.blocks(), 4_000);
        assert!(planner.failed(range(4_000), Class::RangeTooWide { blocks: None }));
        assert_eq!(planner.blocks(), 2_000);
        planner.succeeded(range(2_000), 0);
        assert_eq!(planner.blocks(), 2_250);
    }

    #[test]
    fn it_takes_a_hint_and_heads_for_the_target() {
        let mut planner = Planner::new(None);
        assert!(planner.failed(range(2_000), Class::TooManyResults { blocks: Some(100) }));
        assert_eq!(planner.blocks(), 100);
        planner.succeeded(range(100), 10_000);
        assert_eq!(planner.blocks(), 50);
        assert!(!planner.failed(range(1), Class::TooManyResults { blocks: None }));
        assert!(!planner.failed(range(50), Class::RateLimited { retry_after: None }));
    }

    #[test]
    fn a_limit_that_was_told_is_kept_to() {
        let mut planner = Planner::new(None);
        assert!(planner.failed(range(2_000), Class::RangeTooWide { blocks: Some(500) }));
        for _ in 0..5 {
            planner.succeeded(range(500), 0);
            assert_eq!(planner.blocks(), 500);
        }
    }

    #[test]
    fn what_was_learned_is_where_the_next_one_begins() {
        let mut planner = Planner::new(Some(1_600));
        assert_eq!(planner.blocks(), 1_600);
        planner.succeeded(range(1_600), 0);
        assert_eq!(planner.blocks(), 1_700);
    }

    proptest! {
        #[test]
        fn ranges_cover_the_chain_without_gaps_whatever_fails(
            length in 1u64..100_000,
            steps in prop::collection::vec((any::<bool>(), prop::option::of(0u64..10_000), 0usize..20_000), 1..60),
        ) {
            let mut planner = Planner::new(None);
            let (mut next, last) = (7, 7 + length);
            for (fails, hint, logs) in steps.iter().cycle().take(2_000) {
                let range = planner.next(next, last);
                prop_assert_eq!(range.from, next);
                prop_assert!(range.to <= last && range.from <= range.to);
                if *fails {
                    planner.failed(range, Class::TooManyResults { blocks: *hint });
                } else {
                    planner.succeeded(range, *logs);
                    next = range.to + 1;
                }
                prop_assert!((1..=MAX_BLOCKS).contains(&planner.blocks()));
                if next > last {
                    break;
                }
            }
        }
    }
}
