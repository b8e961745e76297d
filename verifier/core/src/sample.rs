//! Which leaves are opened: drawn from a seed that nobody knows before the node has signed its chain.

use alloy::primitives::{B256, U256};

use crate::{chain::keccak, job::GemmJob};

/// A leaf to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    /// Job, from 0.
    pub job: u64,
    /// Leaf of that job's output, from 0.
    pub leaf: u64,
}

/// keccak256("GPUV1S" ‖ digest of the signed commitment ‖ exclusive or of the verifiers' second reveals).
pub fn sample_seed(commit_digest: B256, reveals: B256) -> B256 {
    keccak(&[b"GPUV1S", commit_digest.as_slice(), reveals.as_slice()])
}

/// The leaves drawn by `seed`, in order and without repetition. Draw t is keccak256(seed ‖ uint32 t) mod (jobs * leaves
/// of a job), counted through the jobs in order; `draws` are made with replacement, so fewer leaves may come out.
pub fn samples(seed: B256, job: &GemmJob, jobs: u64, draws: u16) -> Vec<Sample> {
    let per_job = job.leaves();
    let total = U256::from(jobs) * U256::from(per_job);
    if total.is_zero() {
        return Vec::new();
    }
    let mut drawn: Vec<Sample> = (0..u32::from(draws))
        .map(|t| {
            let drawn: U256 = keccak(&[seed.as_slice(), &t.to_be_bytes()]).into();
            let place = drawn % total;
            let per_job = U256::from(per_job);
            // both fit: jobs is a u64, and a remainder is smaller than `per_job`
            Sample { job: (place / per_job).to(), leaf: (place % per_job).to() }
        })
        .collect();
    drawn.sort_unstable();
    drawn.dedup();
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_inside_deterministic_and_spread() {
        let job = GemmJob::new(64, 64, 64).expect("valid");
        let seed = B256::repeat_byte(3);
        let drawn = samples(seed, &job, 1000, 400);
        assert_eq!(drawn, samples(seed, &job, 1000, 400));
        assert!(drawn.iter().all(|s| s.job < 1000 && s.leaf < 4));
        assert!(drawn.len() > 350, "few repetitions among 4000 leaves: {}", drawn.len());
        assert!(drawn.windows(2).all(|pair| pair[0] < pair[1]));
        assert_ne!(drawn, samples(B256::repeat_byte(4), &job, 1000, 400));
        assert!(samples(seed, &job, 0, 10).is_empty());
    }

    #[test]
    fn skipped_work_escapes_with_the_probability_of_the_formula() {
        // a share d of the jobs skipped escapes q draws with (1 - d)^q; 4000 sessions
        let job = GemmJob::new(32, 32, 32).expect("valid");
        let (jobs, sessions) = (100, 4000u32);
        for (skipped, draws) in [(10u64, 8u16), (10, 16), (5, 32), (2, 64)] {
            let escapes = (0..sessions)
                .filter(|&i| {
                    let seed = keccak(&[&i.to_be_bytes(), &draws.to_be_bytes()]);
                    samples(seed, &job, jobs, draws).iter().all(|s| s.job >= skipped)
                })
                .count();
            let expected = (1.0 - skipped as f64 / jobs as f64).powi(draws.into());
            let deviation = (expected * (1.0 - expected) / f64::from(sessions)).sqrt();
            let found = escapes as f64 / f64::from(sessions);
            assert!((found - expected).abs() < 4.0 * deviation, "d {skipped}% q {draws}: {found} is not {expected}");
        }
    }
}
