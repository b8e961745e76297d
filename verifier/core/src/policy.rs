//! The thresholds that every verifier of a session shares; verdicts name them by hash.

use alloy::primitives::{B256, keccak256};
use serde::{Deserialize, Serialize};

use crate::{
    class::{BPS, Class, ClassTable},
    job::{GemmJob, JobError, MAX_JOBS},
};

/// How a session is run and judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The product that every job computes.
    pub job: GemmJob,
    /// How long a machine of the claimed class should run, milliseconds; it decides the number of jobs.
    pub window_ms: u64,
    /// Most jobs in a session.
    pub max_jobs: u64,
    /// From the seed's last reveal until the signed chain must have arrived, milliseconds.
    pub run_ms: u64,
    /// From then until the openings must have arrived, milliseconds.
    pub open_ms: u64,
    /// Leaves drawn for opening.
    pub leaf_samples: u16,
    /// Share of a class's reference rate that has to be reached, basis points.
    pub theta_bps: u16,
    /// How far a verifier's own times may be from the agreed ones, milliseconds.
    pub tolerance_ms: u64,
    /// How long the leader may hold all reveals before the node is challenged, milliseconds.
    pub reveal_gap_ms: u64,
    /// How far the clocks of leader, verifier and node may be apart, milliseconds.
    pub skew_ms: u64,
    /// How long a pass is valid, seconds.
    pub validity_s: u64,
    /// Reference rates.
    pub classes: ClassTable,
}

/// Why a policy cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The job is not one of the protocol.
    #[error(transparent)]
    Job(#[from] JobError),
    /// A number is outside of its bounds.
    #[error("policy: {0}")]
    OutOfRange(&'static str),
    /// The class table has no such class.
    #[error("resource {0} has no reference rate in the policy's class table")]
    UnknownClass(u16),
}

impl Policy {
    /// A policy for small CPU classes: sessions of `window_ms` with little work, for local networks.
    pub fn small(classes: ClassTable, window_ms: u64) -> Self {
        Self {
            job: GemmJob { m: 128, n: 128, k: 128 },
            window_ms,
            max_jobs: 2000,
            run_ms: (window_ms * 10).max(5000),
            open_ms: 5000,
            leaf_samples: 64,
            theta_bps: 8800,
            tolerance_ms: 250,
            reveal_gap_ms: 1000,
            skew_ms: 30_000,
            validity_s: 3600,
            classes,
        }
    }

    /// Checks a policy that came from outside.
    ///
    /// # Errors
    /// [`PolicyError`] says which number to change.
    pub fn validate(&self) -> Result<(), PolicyError> {
        self.job.validate()?;
        let checks = [
            (self.window_ms > 0, "window_ms must be positive"),
            ((1..=MAX_JOBS).contains(&self.max_jobs), "max_jobs must be 1 to 131072"),
            (self.run_ms >= self.window_ms, "run_ms must be at least window_ms"),
            (self.run_ms <= 3_600_000, "run_ms must be at most an hour"),
            ((1..=3_600_000).contains(&self.open_ms), "open_ms must be positive and at most an hour"),
            ((1..=1024).contains(&self.leaf_samples), "leaf_samples must be 1 to 1024"),
            ((1..=BPS as u16).contains(&self.theta_bps), "theta_bps must be 1 to 10000"),
            ((1..=93_600).contains(&self.validity_s), "validity_s must be positive and at most 26 hours"),
            (self.skew_ms <= 3_600_000, "skew_ms must be at most an hour"),
        ];
        match checks.iter().find(|(holds, _)| !holds) {
            Some((_, what)) => Err(PolicyError::OutOfRange(what)),
            None => Ok(()),
        }
    }

    /// keccak256 of the policy as JSON, the form in which evidence carries it.
    pub fn hash(&self) -> B256 {
        keccak256(serde_json::to_vec(self).expect("plain data with string keys always serialises"))
    }

    /// The class with this resource id.
    ///
    /// # Errors
    /// [`PolicyError::UnknownClass`].
    pub fn class(&self, resource: u16) -> Result<&Class, PolicyError> {
        self.classes.get(resource).ok_or(PolicyError::UnknownClass(resource))
    }

    /// Jobs that a machine of this class finishes within the window, at least one.
    ///
    /// # Errors
    /// [`PolicyError::UnknownClass`].
    pub fn jobs(&self, resource: u16) -> Result<u64, PolicyError> {
        let work = u128::from(self.class(resource)?.ops_per_sec) * u128::from(self.window_ms) / 1000;
        let jobs = u64::try_from(work / u128::from(self.job.ops())).unwrap_or(u64::MAX);
        Ok(jobs.clamp(1, self.max_jobs))
    }

    /// From opening to the last signature, milliseconds.
    pub fn session_ms(&self) -> u64 {
        self.run_ms + self.open_ms + self.skew_ms + 60_000
    }
}

/// Operations per second of `jobs` jobs between two times, rounded down; a time of zero counts as one millisecond.
pub fn rate(job: &GemmJob, jobs: u64, start_ms: u64, end_ms: u64) -> u64 {
    let elapsed = end_ms.saturating_sub(start_ms).max(1);
    let ops = u128::from(job.ops()) * u128::from(jobs) * 1000;
    u64::try_from(ops / u128::from(elapsed)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::GIGA;

    #[test]
    fn jobs_fill_the_window_of_the_class() {
        let table = "resource_id,model,giga_ops_per_sec,calibration\n1,a,1,modelled\n2,b,1000000,modelled\n3,c,0.000001,modelled\n";
        let policy = Policy::small(ClassTable::from_csv(table).expect("valid"), 300);
        let jobs = policy.jobs(1).expect("known");
        assert_eq!(jobs, 300_000_000 / (2 * 128 * 128 * 128));
        assert_eq!(policy.jobs(2), Ok(policy.max_jobs));
        assert_eq!(policy.jobs(3), Ok(1));
        assert_eq!(policy.jobs(4), Err(PolicyError::UnknownClass(4)));
        let ops = policy.job.ops() * jobs;
        assert_eq!(rate(&policy.job, jobs, 1000, 1300), ops * 10 / 3);
        assert!(rate(&policy.job, jobs, 1000, 1300) <= GIGA);
        assert_eq!(rate(&policy.job, 1, 5, 5), policy.job.ops() * 1000);
    }

    #[test]
    fn the_hash_covers_every_field() {
        let policy = Policy::small(ClassTable::gpus(), 300);
        assert_eq!(policy.validate(), Ok(()));
        for changed in [
            Policy { theta_bps: 8700, ..policy.clone() },
            Policy { classes: ClassTable::gpus().scaled(1, 2), ..policy.clone() },
            Policy { job: GemmJob { m: 64, ..policy.job }, ..policy.clone() },
        ] {
            assert_ne!(changed.hash(), policy.hash());
        }
        let text = serde_json::to_string(&policy).expect("serialises");
        let read: Policy = serde_json::from_str(&text).expect("reads back");
        assert_eq!(read, policy);
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        let policy = Policy::small(ClassTable::gpus(), 300);
        let bad = Policy { leaf_samples: 0, ..policy.clone() };
        assert_eq!(bad.validate(), Err(PolicyError::OutOfRange("leaf_samples must be 1 to 1024")));
        assert!(matches!(Policy { job: GemmJob { m: 1, n: 1, k: 1 }, ..policy }.validate(), Err(PolicyError::Job(_))));
    }
}
