//! What a machine that proves its speed has to do.

use alloy::primitives::B256;
use serde::{Deserialize, Serialize};

use crate::{
    commit::{LEAF, output_tree},
    job::{JobError, Task},
    wire::LeafOpening,
};

/// Runs jobs and opens what it committed to. Implementations block; callers give them a thread of their own.
pub trait Prover: Send + Sync {
    /// What it runs on.
    fn backend(&self) -> Backend;

    /// Runs a job and returns the Merkle root of its output. `cancelled` is asked now and then.
    ///
    /// # Errors
    /// [`ProverError::Cancelled`] if `cancelled` became true; otherwise what went wrong with the job or the device.
    fn run(&self, task: &Task, cancelled: &dyn Fn() -> bool) -> Result<B256, ProverError>;

    /// Runs a job again and opens some of its leaves, in the order given.
    ///
    /// # Errors
    /// As [`Prover::run`]; [`ProverError::NoSuchLeaf`] if a leaf is past the end.
    fn open(&self, task: &Task, leaves: &[u64], cancelled: &dyn Fn() -> bool) -> Result<Vec<LeafOpening>, ProverError>;
}

/// What a prover runs on, as `Verdict.backend` numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Backend {
    /// Processor.
    Cpu = 0,
    /// Any GPU, through wgpu.
    Wgpu = 1,
    /// NVIDIA GPU, through CUDA.
    Cuda = 2,
}

/// Why a prover has no result.
#[derive(Debug, thiserror::Error)]
pub enum ProverError {
    /// The caller gave up.
    #[error("the job was cancelled")]
    Cancelled,
    /// The job is not one of the protocol.
    #[error(transparent)]
    Job(#[from] JobError),
    /// A leaf to open is past the end.
    #[error("there is no leaf {leaf}: the job has {leaves}")]
    NoSuchLeaf {
        /// Asked for.
        leaf: u64,
        /// How many there are.
        leaves: u64,
    },
    /// The device failed.
    #[error("the device failed: {0}")]
    Device(String),
}

/// Opens leaves of an output that is at hand.
///
/// # Errors
/// [`ProverError::NoSuchLeaf`] if a leaf is past the end.
pub fn open_output(task: &Task, output: &[u8], leaves: &[u64]) -> Result<Vec<LeafOpening>, ProverError> {
    let tree = output_tree(output);
    let open = |&leaf: &u64| {
        let missing = ProverError::NoSuchLeaf { leaf, leaves: task.job.leaves() };
        if leaf >= task.job.leaves() {
            return Err(missing);
        }
        let path = tree.path(leaf).ok_or(missing)?;
        let data = output[leaf as usize * LEAF..][..LEAF].to_vec().into();
        Ok(LeafOpening { job: task.index, leaf, data, path })
    };
    leaves.iter().map(open).collect()
}
