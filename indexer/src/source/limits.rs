//! What an endpoint bears: learned from what it refuses, kept to, and remembered.

use super::{BlockRange, Class};
use crate::store::Learned;

/// Blocks in a range that no endpoint needs more of.
const MAX_BLOCKS: u64 = 1_000_000;

/// Logs in a reply, until the endpoint says otherwise: what most allow, and as much as memory should hold at once.
const MAX_LOGS: u64 = 10_000;

/// Addresses that a call for logs names, until the endpoint says otherwise.
const MAX_ADDRESSES: u64 = 500;

/// Timeouts do not push the number of logs below this: they have other causes too.
const MIN_LOGS: u64 = 250;

/// A limit that was only guessed grows by this part of itself.
const GROWTH: u64 = 16;

/// Successes after which one more request at once is tried.
const STEADY: u32 = 16;

/// The limits of one endpoint, as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    blocks: u64,
    logs: u64,
    addresses: u64,
    in_flight: u64,
    most_in_flight: u64,
    /// Whether the endpoint named the limit, so that there is nothing to try.
    blocks_told: bool,
    logs_told: bool,
    /// Whether more requests at once were refused.
    rate_met: bool,
    steady: u32,
    /// Ranges as wide as the limit that were answered since it last changed.
    full: u32,
    changed: bool,
}

impl Limits {
    /// The limits that an earlier run has learned, or what is tried first. At most `most_in_flight` requests at once.
    pub fn new(learned: Option<&Learned>, most_in_flight: u64) -> Self {
        let most_in_flight = most_in_flight.max(1);
        let first = (MAX_BLOCKS, MAX_LOGS, MAX_ADDRESSES, 1);
        let known = |known: &Learned| (known.blocks, known.logs, known.addresses, known.in_flight);
        let (blocks, logs, addresses, in_flight) = learned.map_or(first, known);
        Self {
            blocks: blocks.clamp(1, MAX_BLOCKS),
            logs: logs.clamp(1, MAX_LOGS),
            addresses: addresses.clamp(1, MAX_ADDRESSES),
            in_flight: in_flight.clamp(1, most_in_flight),
            most_in_flight,
            blocks_told: false,
            logs_told: false,
            rate_met: false,
            steady: 0,
            full: 0,
            changed: false,
        }
    }

    /// Blocks that a range may have.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Logs that a reply may have.
    pub fn logs(&self) -> u64 {
        self.logs
    }

    /// Addresses that a call may name.
    pub fn addresses(&self) -> u64 {
        self.addresses
    }

    /// Requests that may be under way at once.
    pub fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// Takes in that a range was answered.
    pub fn succeeded(&mut self, range: BlockRange, logs: u64) {
        // A limit that was only guessed is tried a little higher once it was made use of.
        if !self.blocks_told && range.len() >= self.blocks {
            self.full += 1;
        }
        // A step is at most a sixteenth of what is asked for: a narrow limit is tried that much less often.
        if u64::from(self.full) * self.blocks >= GROWTH {
            self.full = 0;
            self.set(|limits| limits.blocks = (limits.blocks + (limits.blocks / GROWTH).max(1)).min(MAX_BLOCKS));
        }
        if !self.logs_told && logs >= self.logs / 2 {
            self.set(|limits| limits.logs = (limits.logs + (limits.logs / 16).max(1)).min(MAX_LOGS));
        }
        self.steady += 1;
        if self.in_flight < self.most_in_flight && (!self.rate_met || self.steady >= STEADY) {
            self.steady = 0;
            self.set(|limits| limits.in_flight += 1);
        }
    }

    /// Takes in that a range failed.
    pub fn failed(&mut self, range: BlockRange, class: Class) {
        (self.steady, self.full) = (0, 0);
        match class {
            Class::TooManyResults { logs: Some(most), .. } => self.set(|limits| {
                limits.logs = most.clamp(1, MAX_LOGS);
                limits.logs_told = true;
            }),
            // Which ranges are worth asking for is up to the planner, which knows how many logs are in a block.
            Class::TooManyResults { blocks: Some(_), .. } => {}
            Class::TooManyResults { .. } => self.set(|limits| {
                limits.logs = (limits.logs / 2).max(1);
                limits.logs_told = false;
            }),
            Class::RangeTooWide { blocks } => self.set(|limits| {
                limits.blocks_told = blocks.is_some_and(|most| most < range.len());
                let half = (range.len() / 2).max(1);
                limits.blocks = blocks.filter(|_| limits.blocks_told).unwrap_or(half).clamp(1, MAX_BLOCKS);
            }),
            Class::RateLimited { .. } => self.set(|limits| {
                limits.in_flight = (limits.in_flight / 2).max(1);
                limits.rate_met = true;
            }),
            Class::Transient => self.set(|limits| {
                if !limits.logs_told {
                    limits.logs = (limits.logs / 2).max(MIN_LOGS.min(limits.logs));
                }
                limits.in_flight = (limits.in_flight - 1).max(1);
            }),
            Class::TooManyAddresses | Class::MissingData | Class::WrongChain | Class::Fatal => {}
        }
    }

    /// Takes in that a call that named so many addresses was refused for that; `false` if it cannot name fewer.
    pub fn refused_addresses(&mut self, named: u64) -> bool {
        let fewer = named / 2;
        self.set(|limits| limits.addresses = limits.addresses.min(fewer.max(1)));
        fewer > 0
    }

    /// What is worth remembering of the endpoint named `endpoint`, if it is new.
    pub fn take_learned(&mut self, endpoint: &str) -> Option<Learned> {
        std::mem::take(&mut self.changed).then(|| Learned {
            endpoint: endpoint.to_owned(),
            blocks: self.blocks,
            logs: self.logs,
            addresses: self.addresses,
            in_flight: self.in_flight,
        })
    }

    fn set(&mut self, change: impl FnOnce(&mut Self)) {
        let limits = |limits: &Self| (limits.blocks, limits.logs, limits.addresses, limits.in_flight);
        let before = limits(self);
        change(self);
        self.changed |= before != limits(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(blocks: u64) -> BlockRange {
        BlockRange { from: 1, to: blocks }
    }

    #[test]
    fn a_limit_that_was_told_is_kept_to() {
        let mut limits = Limits::new(None, 4);
        limits.failed(range(2_000), Class::RangeTooWide { blocks: Some(500) });
        limits.failed(range(500), Class::TooManyResults { blocks: None, logs: Some(1_000) });
        for _ in 0..50 {
            limits.succeeded(range(500), 1_000);
        }
        assert_eq!((limits.blocks(), limits.logs()), (500, 1_000));
    }

    #[test]
    fn a_limit_that_was_not_told_is_halved_and_then_crept_up_to() {
        let mut limits = Limits::new(None, 4);
        limits.failed(range(2_000), Class::RangeTooWide { blocks: None });
        assert_eq!(limits.blocks(), 1_000);
        limits.succeeded(range(1_000), 5);
        assert_eq!(limits.blocks(), 1_062);
        limits.failed(range(1_000), Class::TooManyResults { blocks: None, logs: None });
        assert_eq!(limits.logs(), 5_000);
        limits.succeeded(range(1_000), 4_000);
        assert_eq!(limits.logs(), 5_312);
    }

    #[test]
    fn requests_at_once_grow_until_they_are_refused_and_then_slowly() {
        let mut limits = Limits::new(None, 8);
        for _ in 0..20 {
            limits.succeeded(range(1), 1);
        }
        assert_eq!(limits.in_flight(), 8);
        limits.failed(range(1), Class::RateLimited { retry_after: None });
        assert_eq!(limits.in_flight(), 4);
        for _ in 0..STEADY {
            limits.succeeded(range(1), 1);
        }
        assert_eq!(limits.in_flight(), 5);
    }

    #[test]
    fn what_was_learned_is_told_once_and_is_where_the_next_run_begins() {
        let mut limits = Limits::new(None, 4);
        assert_eq!(limits.take_learned("a"), None);
        limits.failed(range(64), Class::RangeTooWide { blocks: None });
        let learned = limits.take_learned("a").unwrap();
        assert_eq!((learned.blocks, limits.take_learned("a")), (32, None));
        assert_eq!(Limits::new(Some(&learned), 4).blocks(), 32);
        assert!(limits.refused_addresses(60) && limits.refused_addresses(60));
        let learned = limits.take_learned("a").unwrap();
        assert_eq!((learned.addresses, Limits::new(Some(&learned), 4).addresses()), (30, 30));
        assert!(limits.refused_addresses(2) && !limits.refused_addresses(1));
        assert_eq!(limits.addresses(), 1);
    }
}
