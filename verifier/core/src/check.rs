//! Checking what a node opened, by recomputing it.

use alloy::primitives::B256;

use crate::{
    chain,
    commit::{LEAF, leaf_hash},
    job::{GemmJob, Task},
    merkle, product,
    sample::Sample,
    verdict::SessionCommit,
    wire::{LeafOpening, Openings},
};

/// Something that a node signed and that is objectively wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The number of roots is not the number of jobs.
    #[error("{found} roots were given for {jobs} jobs")]
    RootCount {
        /// Jobs in the signed commitment.
        jobs: u64,
        /// Roots given.
        found: usize,
    },
    /// The roots do not make the signed session root.
    #[error("the roots chain to {found}, but {signed} was signed")]
    Chain {
        /// What the node signed.
        signed: B256,
        /// What its roots make.
        found: B256,
    },
    /// A drawn leaf was not opened, or another one was.
    #[error("leaf {leaf} of job {job} was drawn but not opened")]
    NotOpened {
        /// Job of the drawn leaf.
        job: u64,
        /// The drawn leaf.
        leaf: u64,
    },
    /// More leaves than were drawn.
    #[error("{found} leaves were opened, {drawn} were drawn")]
    LeafCount {
        /// Leaves opened.
        found: usize,
        /// Leaves drawn.
        drawn: usize,
    },
    /// A leaf's path does not lead to the root of its job.
    #[error("leaf {leaf} of job {job} is not under the root that was signed")]
    Path {
        /// Job.
        job: u64,
        /// Leaf.
        leaf: u64,
    },
    /// An element is not the product of its row and column.
    #[error("element ({row}, {column}) of job {job} is {found:#04x}, but should be {expected:#04x}")]
    Element {
        /// Job.
        job: u64,
        /// Row of C.
        row: u64,
        /// Column of C.
        column: u64,
        /// The byte under the root.
        found: u8,
        /// The byte of the exact product.
        expected: u8,
    },
}

/// Checks a chain of roots against its signed commitment.
///
/// # Errors
/// [`Fault`] if it is not the chain that was signed.
pub fn chain(commit: &SessionCommit, roots: &[B256]) -> Result<(), Fault> {
    if u64::try_from(roots.len()) != Ok(commit.jobs) {
        return Err(Fault::RootCount { jobs: commit.jobs, found: roots.len() });
    }
    let found = chain::session_tree(commit.s0, roots).root();
    if found != commit.sessionRoot {
        return Err(Fault::Chain { signed: commit.sessionRoot, found });
    }
    Ok(())
}

/// Checks openings against the signed chain and recomputes every opened leaf.
///
/// # Errors
/// The first [`Fault`].
pub fn openings(commit: &SessionCommit, job: &GemmJob, drawn: &[Sample], openings: &Openings) -> Result<(), Fault> {
    chain(commit, &openings.roots)?;
    if openings.leaves.len() > drawn.len() {
        return Err(Fault::LeafCount { found: openings.leaves.len(), drawn: drawn.len() });
    }
    let seeds = chain::seeds(commit.s0, &openings.roots);
    for (i, sample) in drawn.iter().enumerate() {
        let opening = openings
            .leaves
            .get(i)
            .filter(|o| (o.job, o.leaf) == (sample.job, sample.leaf))
            .ok_or(Fault::NotOpened { job: sample.job, leaf: sample.leaf })?;
        // draws are below `commit.jobs`, which is the number of roots
        let place = sample.job as usize;
        let task = Task { job: *job, index: sample.job, s0: commit.s0, seed: seeds[place] };
        leaf(&task, openings.roots[place], opening)?;
    }
    Ok(())
}

/// Checks one opened leaf: its path, then every element.
///
/// # Errors
/// [`Fault::Path`] or [`Fault::Element`].
pub fn leaf(task: &Task, root: B256, opening: &LeafOpening) -> Result<(), Fault> {
    let LeafOpening { leaf, data, path, .. } = opening;
    let hash = leaf_hash(*leaf, data);
    if data.len() != LEAF || !merkle::verify(root, task.job.leaves(), *leaf, hash, path) {
        return Err(Fault::Path { job: task.index, leaf: *leaf });
    }
    let exact = product::leaf(task, *leaf);
    match data.iter().zip(&exact).position(|(found, expected)| found != expected) {
        None => Ok(()),
        Some(at) => {
            let element = leaf * LEAF as u64 + at as u64;
            let (row, column) = (element / u64::from(task.job.n), element % u64::from(task.job.n));
            Err(Fault::Element { job: task.index, row, column, found: data[at], expected: exact[at] })
        }
    }
}
