//! The reference prover, on the CPU.
//!
//! It keeps A of the last session, so that a chain of jobs expands it once, and splits the rows of a large job over
//! threads.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use alloy::primitives::B256;
use spheron_verifier_core::{
    commit::output_tree,
    expand,
    job::{GemmJob, Task},
    product,
    prover::{Backend, Prover, ProverError, open_output},
    wire::LeafOpening,
};

/// Multiplications below which a job is not worth a second thread.
const SMALL: u64 = 1 << 22;

/// Computes jobs on the CPU.
#[derive(Debug)]
pub struct CpuProver {
    threads: NonZeroUsize,
    rows: Mutex<Option<Rows>>,
}

/// A of one session.
#[derive(Clone, Debug)]
struct Rows {
    s0: B256,
    job: GemmJob,
    entries: Arc<Vec<u8>>,
}

impl CpuProver {
    /// A prover that uses this many threads.
    pub fn new(threads: NonZeroUsize) -> Self {
        Self { threads, rows: Mutex::new(None) }
    }

    /// The output bytes of a task, row by row.
    ///
    /// # Errors
    /// [`ProverError::Job`] if the job is not one of the protocol, [`ProverError::Cancelled`] if `cancelled` became true.
    pub fn output(&self, task: &Task, cancelled: &dyn Fn() -> bool) -> Result<Vec<u8>, ProverError> {
        task.job.validate()?;
        if cancelled() {
            return Err(ProverError::Cancelled);
        }
        let GemmJob { m, n, k } = task.job;
        let (m, n, k) = (m as usize, n as usize, k as usize);
        let a = self.rows(task);
        let b = product::matrix(0..n as u64, k, |column, out| expand::column(task.key_b(), column, out));
        let mut output = vec![0; m * n];
        let multiply = |a: &[u8], out: &mut [u8]| {
            for (row, out) in a.chunks_exact(k).zip(out.chunks_exact_mut(n)) {
                product::output_row(row, &b, out);
            }
        };
        let threads = if task.job.ops() / 2 < SMALL { 1 } else { self.threads.get() };
        // a few rows per thread between two looks at `cancelled`
        let share = m.div_ceil(threads).min((SMALL as usize * 16 / (n * k)).max(1));
        let mut left = a.chunks(share * k).zip(output.chunks_mut(share * n));
        loop {
            let round: Vec<_> = left.by_ref().take(threads).collect();
            if round.is_empty() {
                return Ok(output);
            }
            if cancelled() {
                return Err(ProverError::Cancelled);
            }
            thread::scope(|scope| {
                let mut round = round.into_iter();
                let first = round.next();
                for (a, out) in round {
                    scope.spawn(|| multiply(a, out));
                }
                if let Some((a, out)) = first {
                    multiply(a, out);
                }
            });
        }
    }

    fn rows(&self, task: &Task) -> Arc<Vec<u8>> {
        let mut kept = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some(rows) if (rows.s0, rows.job) == (task.s0, task.job) => rows.entries.clone(),
            _ => {
                let key = task.key_a();
                let rows = 0..u64::from(task.job.m);
                let entries =
                    Arc::new(product::matrix(rows, task.job.k as usize, |row, out| expand::row(key, row, out)));
                *kept = Some(Rows { s0: task.s0, job: task.job, entries: entries.clone() });
                entries
            }
        }
    }
}

impl Default for CpuProver {
    /// As many threads as the machine has.
    fn default() -> Self {
        Self::new(thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
    }
}

impl Prover for CpuProver {
    fn backend(&self) -> Backend {
        Backend::Cpu
    }

    fn run(&self, task: &Task, cancelled: &dyn Fn() -> bool) -> Result<B256, ProverError> {
        Ok(output_tree(&self.output(task, cancelled)?).root())
    }

    fn open(&self, task: &Task, leaves: &[u64], cancelled: &dyn Fn() -> bool) -> Result<Vec<LeafOpening>, ProverError> {
        let output = self.output(task, cancelled)?;
        open_output(task, &output, leaves)
    }
}
