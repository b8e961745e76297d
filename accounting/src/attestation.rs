//! Attested seconds of a node, as `IAttestationPolicy` defines them.
//!
//! A passing verdict opens or extends a window from its time of measurement, a failing one closes it there. `A(t)` is
//! the number of seconds before `t` that lie in a window; a lease is paid `rate * (A(to) - A(from))`.

use serde::Serialize;
use thiserror::Error;

/// Seconds after a measurement within which its verdict may be brought.
pub const VERDICT_DEADLINE: u64 = 48 * 3_600;

/// Most seconds that one passing verdict attests.
pub const MAX_VALIDITY: u64 = 26 * 3_600;

/// Attested seconds [start, end), unix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Window {
    /// First attested second.
    pub start: u64,
    /// End, exclusive.
    pub end: u64,
}

impl Window {
    /// Seconds of the window that lie in [from, to).
    pub fn overlap(self, from: u64, to: u64) -> u64 {
        self.end.min(to).saturating_sub(self.start.max(from))
    }
}

/// What one verdict says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Time of measurement, unix seconds.
    pub measured_at: u64,
    /// `None` if the node failed.
    pub pass: Option<Pass>,
}

/// What a passing verdict attests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Pass {
    /// End of its validity, unix seconds.
    pub valid_until: u64,
    /// Units that were measured.
    pub units: u32,
}

/// Why a verdict is not recorded.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum VerdictError {
    /// A replay, or out of order.
    #[error("the verdict was measured at {measured_at}, not after the latest one at {latest}")]
    NotNewer {
        /// Of this verdict.
        measured_at: u64,
        /// Of the latest one.
        latest: u64,
    },
    /// It came too late.
    #[error("the verdict measured at {measured_at} had to be brought by {deadline}")]
    TooLate {
        /// Of this verdict.
        measured_at: u64,
        /// Last second at which it would have counted.
        deadline: u64,
    },
    /// Measured in the future, or valid for no time, or for too long.
    #[error("a verdict measured at {measured_at} cannot attest until {valid_until}")]
    InvalidWindow {
        /// Of this verdict.
        measured_at: u64,
        /// End of its validity.
        valid_until: u64,
    },
}

/// Everything that is attested about one node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attestation {
    windows: Vec<Window>,
    latest: u64,
    units: u32,
}

impl Attestation {
    /// Records a verdict that is brought at `now`.
    ///
    /// # Errors
    /// [`VerdictError`], and nothing is recorded.
    pub fn record(&mut self, now: u64, verdict: Verdict) -> Result<(), VerdictError> {
        let Verdict { measured_at, pass } = verdict;
        if measured_at <= self.latest {
            return Err(VerdictError::NotNewer { measured_at, latest: self.latest });
        }
        let valid_until = pass.map_or(measured_at, |pass| pass.valid_until);
        let validity = valid_until.checked_sub(measured_at);
        let valid = match pass {
            Some(_) => validity.is_some_and(|seconds| (1..=MAX_VALIDITY).contains(&seconds)),
            None => true,
        };
        if measured_at > now || !valid {
            return Err(VerdictError::InvalidWindow { measured_at, valid_until });
        }
        let deadline = measured_at.saturating_add(VERDICT_DEADLINE);
        if now > deadline {
            return Err(VerdictError::TooLate { measured_at, deadline });
        }
        self.latest = measured_at;
        self.units = pass.map_or(0, |pass| pass.units);
        match (pass, self.windows.last_mut()) {
            (Some(_), Some(last)) if measured_at <= last.end => last.end = last.end.max(valid_until),
            (Some(_), _) => self.windows.push(Window { start: measured_at, end: valid_until }),
            (None, Some(last)) => last.end = last.end.min(measured_at),
            (None, None) => {}
        }
        Ok(())
    }

    /// `A(time)`: attested seconds before `time`.
    pub fn attested_seconds(&self, time: u64) -> u64 {
        self.attested_between(0, time)
    }

    /// Attested seconds in [from, to).
    pub fn attested_between(&self, from: u64, to: u64) -> u64 {
        self.windows.iter().map(|window| window.overlap(from, to)).sum()
    }

    /// Up to which second nothing can change any more by a passing verdict, as of `now`.
    pub fn decided_until(&self, now: u64) -> u64 {
        let end = self.windows.last().map_or(0, |window| window.end);
        now.saturating_sub(VERDICT_DEADLINE).max(end).max(self.latest)
    }

    /// The windows, oldest first.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// Time of the latest measurement, 0 if there is none.
    pub fn measured_at(&self) -> u64 {
        self.latest
    }

    /// Units that the latest verdict attests, 0 if it failed.
    pub fn units(&self) -> u32 {
        self.units
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: u64 = 86_400;

    fn pass(measured_at: u64, valid_until: u64) -> Verdict {
        Verdict { measured_at, pass: Some(Pass { valid_until, units: 1 }) }
    }

    fn fail(measured_at: u64) -> Verdict {
        Verdict { measured_at, pass: None }
    }

    #[test]
    fn a_pass_inside_a_window_extends_it() {
        let mut node = Attestation::default();
        node.record(1_000, pass(1_000, 2_000)).unwrap();
        node.record(2_000, pass(2_000, 3_000)).unwrap();
        assert_eq!(node.windows(), [Window { start: 1_000, end: 3_000 }]);
    }

    #[test]
    fn a_gap_between_windows_is_not_attested() {
        let mut node = Attestation::default();
        node.record(1_000, pass(1_000, 2_000)).unwrap();
        node.record(2_500, pass(2_500, 3_000)).unwrap();
        assert_eq!(node.attested_seconds(2_500), 1_000);
        assert_eq!(node.attested_seconds(2_600), 1_100);
        assert_eq!(node.attested_between(1_500, 2_700), 700);
    }

    #[test]
    fn a_failure_closes_the_window_at_its_measurement() {
        let mut node = Attestation::default();
        node.record(1_000, pass(1_000, 9_000)).unwrap();
        node.record(5_000, fail(4_000)).unwrap();
        assert_eq!((node.attested_seconds(10_000), node.units()), (3_000, 0));
        node.record(5_000, pass(4_001, 9_000)).unwrap();
        assert_eq!(node.windows().len(), 2);
    }

    #[test]
    fn a_failure_outside_of_windows_changes_no_second() {
        let mut node = Attestation::default();
        node.record(500, fail(500)).unwrap();
        node.record(1_000, pass(1_000, 2_000)).unwrap();
        node.record(3_000, fail(3_000)).unwrap();
        assert_eq!(node.attested_seconds(u64::MAX), 1_000);
    }

    #[test]
    fn verdicts_come_in_order_in_time_and_for_a_bounded_time() {
        let mut node = Attestation::default();
        let recorded = pass(10 * DAY, 10 * DAY + 1);
        node.record(10 * DAY, recorded).unwrap();
        assert_eq!(
            node.record(11 * DAY, recorded),
            Err(VerdictError::NotNewer { measured_at: 10 * DAY, latest: 10 * DAY })
        );
        let invalid = |verdict: Verdict, valid_until| {
            Err(VerdictError::InvalidWindow { measured_at: verdict.measured_at, valid_until })
        };
        for (now, verdict, until) in [
            (11 * DAY, fail(11 * DAY + 1), 11 * DAY + 1),
            (11 * DAY, pass(11 * DAY, 11 * DAY), 11 * DAY),
            (11 * DAY, pass(11 * DAY, 11 * DAY - 1), 11 * DAY - 1),
            (11 * DAY, pass(11 * DAY, 11 * DAY + MAX_VALIDITY + 1), 11 * DAY + MAX_VALIDITY + 1),
        ] {
            assert_eq!(node.record(now, verdict), invalid(verdict, until));
        }
        assert_eq!(
            node.record(11 * DAY + VERDICT_DEADLINE + 1, fail(11 * DAY)),
            Err(VerdictError::TooLate { measured_at: 11 * DAY, deadline: 11 * DAY + VERDICT_DEADLINE })
        );
        assert_eq!(node.windows(), [Window { start: 10 * DAY, end: 10 * DAY + 1 }]);
    }

    #[test]
    fn time_is_decided_by_the_latest_verdict_its_window_or_the_deadline() {
        let mut node = Attestation::default();
        assert_eq!(node.decided_until(10 * DAY), 10 * DAY - VERDICT_DEADLINE);
        node.record(10 * DAY, pass(10 * DAY, 11 * DAY)).unwrap();
        assert_eq!(node.decided_until(10 * DAY), 11 * DAY);
        node.record(10 * DAY + 900, fail(10 * DAY + 800)).unwrap();
        assert_eq!(node.decided_until(10 * DAY + 900), 10 * DAY + 800);
    }

    prop_compose! {
        fn verdict()(delay in 0u64..60 * 3_600, validity in proptest::option::of(0u64..30 * 3_600), step in 0u64..DAY)
            -> (u64, u64, Option<u64>) { (step, delay, validity) }
    }

    proptest! {
        #[test]
        fn windows_are_disjoint_and_what_is_decided_stays(steps in prop::collection::vec(verdict(), 1..40)) {
            let mut node = Attestation::default();
            let mut now = 10 * DAY;
            for (step, delay, validity) in steps {
                now += step;
                let (decided, before) = (node.decided_until(now), node.clone());
                let measured_at = now.saturating_sub(delay);
                let pass = validity.map(|seconds| Pass { valid_until: measured_at + seconds, units: 1 });
                let recorded = node.record(now, Verdict { measured_at, pass });
                if recorded.is_err() {
                    prop_assert_eq!(&node, &before);
                } else if pass.is_some() {
                    prop_assert_eq!(node.attested_seconds(decided), before.attested_seconds(decided));
                } else {
                    prop_assert!(node.attested_seconds(u64::MAX) <= before.attested_seconds(u64::MAX));
                }
                prop_assert!(node.windows().iter().all(|window| window.start <= window.end));
                prop_assert!(node.windows().is_sorted_by(|a, b| a.end < b.start));
            }
        }
    }
}
