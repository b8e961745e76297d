//! Machines that cheat, for simulations: each wraps an honest prover and spoils what it says.

use std::{sync::Arc, time::Duration};

use alloy::primitives::{B256, keccak256};
use spheron_verifier_core::{
    commit::output_tree,
    job::Task,
    prover::{Backend, Prover, ProverError, open_output},
    wire::LeafOpening,
};

/// Lets time pass: `std::thread::sleep`, or a manual clock's `advance`.
pub type Wait = Arc<dyn Fn(Duration) + Send + Sync>;

/// How a machine behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// It does the work.
    Honest,
    /// It leaves out this share of the jobs, percent, and commits to zeros instead.
    Skip {
        /// 0 to 100.
        percent: u8,
    },
    /// It computes one element wrongly.
    WrongElement {
        /// Job.
        job: u64,
        /// Element of its output, row by row.
        element: u64,
    },
    /// It answers with work that it did for another seed.
    StaleSeed {
        /// That other seed.
        seed: B256,
    },
    /// It never answers.
    Silent,
    /// It needs this much longer for every job.
    Slower {
        /// Added to every job.
        per_job: Duration,
    },
}

impl Behaviour {
    /// A prover that behaves like this. `wait` is how it lets time pass.
    pub fn wrap(self, prover: Arc<dyn Prover>, wait: Wait) -> Arc<dyn Prover> {
        match self {
            Self::Honest => prover,
            Self::Slower { per_job } => Arc::new(Paced { prover, per_job, wait }),
            Self::Silent => Arc::new(Silent { prover, wait }),
            Self::StaleSeed { seed } => Arc::new(Stale { prover, seed }),
            Self::Skip { .. } | Self::WrongElement { .. } => Arc::new(Forger { prover, behaviour: self }),
        }
    }
}

struct Paced {
    prover: Arc<dyn Prover>,
    per_job: Duration,
    wait: Wait,
}

impl Prover for Paced {
    fn backend(&self) -> Backend {
        self.prover.backend()
    }

    fn run(&self, task: &Task, cancelled: &dyn Fn() -> bool) -> Result<B256, ProverError> {
        let root = self.prover.run(task, cancelled)?;
        (self.wait)(self.per_job);
        Ok(root)
    }

    fn open(&self, task: &Task, leaves: &[u64], cancelled: &dyn Fn() -> bool) -> Result<Vec<LeafOpening>, ProverError> {
        self.prover.open(task, leaves, cancelled)
    }
}

struct Silent {
    prover: Arc<dyn Prover>,
    wait: Wait,
}

impl Prover for Silent {
    fn backend(&self) -> Backend {
        self.prover.backend()
    }

    fn run(&self, _: &Task, cancelled: &dyn Fn() -> bool) -> Result<B256, ProverError> {
        while !cancelled() {
            (self.wait)(Duration::from_millis(50));
        }
        Err(ProverError::Cancelled)
    }

    fn open(&self, task: &Task, _: &[u64], cancelled: &dyn Fn() -> bool) -> Result<Vec<LeafOpening>, ProverError> {
        self.run(task, cancelled).map(|_| Vec::new())
    }
}

struct Stale {
    prover: Arc<dyn Prover>,
    seed: B256,
}

impl Stale {
    /// The task as it was in the old session: nothing of it depends on the new seed.
    fn old(&self, task: &Task) -> Task {
        let place = [self.seed.as_slice(), &task.index.to_be_bytes()].concat();
        Task { s0: self.seed, seed: keccak256(place), ..*task }
    }
}

impl Prover for Stale {
    fn backend(&self) -> Backend {
        self.prover.backend()
    }

    fn run(&self, task: &Task, cancelled: &dyn Fn() -> bool) -> Result<B256, ProverError> {
        self.prover.run(&self.old(task), cancelled)
    }

    fn open(&self, task: &Task, leaves: &[u64], cancelled: &dyn Fn() -> bool) -> Result<Vec<LeafOpening>, ProverError> {
        self.prover.open(&self.old(task), leaves, cancelled)
    }
}

/// Commits, properly, to output that is not the product.
struct Forger {
    prover: Arc<dyn Prover>,
    behaviour: Behaviour,
}

impl Forger {
    /// The forged output of a task, or `None` if this one is done honestly.
    fn forged(&self, task: &Task, cancelled: &dyn Fn() -> bool) -> Result<Option<Vec<u8>>, ProverError> {
        match self.behaviour {
            Behaviour::Skip { percent } if skipped(task.index, percent) => {
                Ok(Some(vec![0; task.job.output_bytes() as usize]))
            }
            Behaviour::WrongElement { job, element } if job == task.index => {
                let all: Vec<u64> = (0..task.job.leaves()).collect();
                let opened = self.prover.open(task, &all, cancelled)?;
                let mut output: Vec<u8> = opened.iter().flat_map(|o| o.data.iter().copied()).collect();
                if let Some(byte) = output.get_mut(element as usize) {
                    *byte ^= 0x40;
                }
                Ok(Some(output))
            }
            _ => Ok(None),
        }
    }
}

/// Spread evenly, whatever the share: job j is skipped when the count of skipped jobs steps up there.
fn skipped(index: u64, percent: u8) -> bool {
    (index + 1) * u64::from(percent) / 100 > index * u64::from(percent) / 100
}

impl Prover for Forger {
    fn backend(&self) -> Backend {
        self.prover.backend()
    }

    fn run(&self, task: &Task, cancelled: &dyn Fn() -> bool) -> Result<B256, ProverError> {
        match self.forged(task, cancelled)? {
            Some(output) => Ok(output_tree(&output).root()),
            None => self.prover.run(task, cancelled),
        }
    }

    fn open(&self, task: &Task, leaves: &[u64], cancelled: &dyn Fn() -> bool) -> Result<Vec<LeafOpening>, ProverError> {
        match self.forged(task, cancelled)? {
            Some(output) => open_output(task, &output, leaves),
            None => self.prover.open(task, leaves, cancelled),
        }
    }
}
