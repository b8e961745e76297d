//! One job: a product of two pseudorandom matrices, and where it stands in a session's chain.

use alloy::primitives::B256;
use serde::{Deserialize, Serialize};

use crate::chain;

/// Bytes of output under one Merkle leaf.
pub const LEAF_BYTES: u32 = 1024;
/// Entries are 7 bits, so K of this many keeps every sum below 2^31.
pub const MAX_K: u32 = 1 << 17;
/// Most rows or columns.
pub const MAX_SIDE: u32 = 1 << 16;
/// Most jobs in one session.
pub const MAX_JOBS: u64 = 1 << 17;

/// The product C = A * B of an M x K by a K x N matrix, as every job of a session computes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GemmJob {
    /// Rows of A and C.
    pub m: u32,
    /// Columns of B and C.
    pub n: u32,
    /// Length of the dot products; a multiple of 32.
    pub k: u32,
}

/// Why a job cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// A dimension is zero or too large.
    #[error("job {m} x {n} x {k}: m and n must be 1 to {MAX_SIDE}, k 32 to {MAX_K}")]
    OutOfRange {
        /// Rows.
        m: u32,
        /// Columns.
        n: u32,
        /// Depth.
        k: u32,
    },
    /// K does not fall into groups of eight 32-bit words.
    #[error("job depth k = {0} must be a multiple of 32")]
    Depth(u32),
    /// The output does not fall into leaves that are whole rows, or whole parts of one row.
    #[error(
        "job output {m} x {n} does not split into {LEAF_BYTES}-byte leaves: n must divide {LEAF_BYTES} or be a multiple of it, and m * n a multiple"
    )]
    Leaves {
        /// Rows.
        m: u32,
        /// Columns.
        n: u32,
    },
}

impl GemmJob {
    /// A job of these dimensions.
    ///
    /// # Errors
    /// [`JobError`] if the protocol does not allow them.
    pub fn new(m: u32, n: u32, k: u32) -> Result<Self, JobError> {
        let job = Self { m, n, k };
        job.validate()?;
        Ok(job)
    }

    /// Checks dimensions that came from outside.
    ///
    /// # Errors
    /// [`JobError`] if the protocol does not allow them.
    pub fn validate(&self) -> Result<(), JobError> {
        let Self { m, n, k } = *self;
        let side = 1..=MAX_SIDE;
        if !side.contains(&m) || !side.contains(&n) || !(32..=MAX_K).contains(&k) {
            return Err(JobError::OutOfRange { m, n, k });
        }
        if !k.is_multiple_of(32) {
            return Err(JobError::Depth(k));
        }
        let aligned = n.is_multiple_of(LEAF_BYTES) || LEAF_BYTES.is_multiple_of(n);
        if !aligned || !self.output_bytes().is_multiple_of(u64::from(LEAF_BYTES)) {
            return Err(JobError::Leaves { m, n });
        }
        Ok(())
    }

    /// Bytes of output: one per element of C.
    pub fn output_bytes(&self) -> u64 {
        u64::from(self.m) * u64::from(self.n)
    }

    /// Merkle leaves under one job's root.
    pub fn leaves(&self) -> u64 {
        self.output_bytes() / u64::from(LEAF_BYTES)
    }

    /// Operations of one job: a multiplication and an addition per term.
    pub fn ops(&self) -> u64 {
        // at most 2 * 2^16 * 2^16 * 2^17 = 2^50
        2 * self.output_bytes() * u64::from(self.k)
    }
}

/// One job of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// Dimensions.
    pub job: GemmJob,
    /// Place in the chain, from 0.
    pub index: u64,
    /// The session's seed, from which A is expanded.
    pub s0: B256,
    /// The chain's seed s_j before this job, from which B is expanded.
    pub seed: B256,
}

impl Task {
    /// Key of the rows of A, the same in every job of a session.
    pub fn key_a(&self) -> B256 {
        chain::key_a(self.s0)
    }

    /// Key of the columns of B.
    pub fn key_b(&self) -> B256 {
        chain::key_b(self.seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_splits_into_leaves_and_nothing_else() {
        for (m, n, k) in
            [(32, 32, 32), (64, 64, 64), (256, 256, 256), (1, 1024, 32), (3, 2048, 96), (65536, 65536, 131_072)]
        {
            assert!(GemmJob::new(m, n, k).is_ok(), "{m} {n} {k}");
        }
        assert_eq!(GemmJob::new(0, 64, 64), Err(JobError::OutOfRange { m: 0, n: 64, k: 64 }));
        assert_eq!(GemmJob::new(64, 64, 1 << 18), Err(JobError::OutOfRange { m: 64, n: 64, k: 1 << 18 }));
        assert_eq!(GemmJob::new(64, 64, 40), Err(JobError::Depth(40)));
        assert_eq!(GemmJob::new(64, 96, 64), Err(JobError::Leaves { m: 64, n: 96 }));
        assert_eq!(GemmJob::new(3, 64, 64), Err(JobError::Leaves { m: 3, n: 64 }));
    }

    #[test]
    fn counts_leaves_and_operations() {
        let job = GemmJob::new(64, 128, 256).expect("valid");
        assert_eq!(job.leaves(), 8);
        assert_eq!(job.ops(), 2 * 64 * 128 * 256);
    }
}
