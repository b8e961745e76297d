//! The exact product mod 2^32, an element, a leaf or a whole job at a time.

use crate::{
    commit::{LEAF, Leaf, compress},
    expand,
    job::Task,
};

/// One dot product of 7-bit entries mod 2^32.
pub fn dot(a: &[u8], b: &[u8]) -> u32 {
    a.iter().zip(b).fold(0, |sum: u32, (&x, &y)| sum.wrapping_add(u32::from(x) * u32::from(y)))
}

/// C[row][column] of a task.
pub fn element(task: &Task, row: u32, column: u32) -> u32 {
    let mut a = vec![0; task.job.k as usize];
    let mut b = a.clone();
    expand::row(task.key_a(), u64::from(row), &mut a);
    expand::column(task.key_b(), u64::from(column), &mut b);
    dot(&a, &b)
}

/// The output bytes under leaf `index` of a task, recomputed from the seeds alone.
pub fn leaf(task: &Task, index: u64) -> Leaf {
    let (n, k) = (u64::from(task.job.n), task.job.k as usize);
    let first = index * LEAF as u64;
    // a leaf is whole rows, or a part of one row: either way a rectangle
    let columns = first % n..(first % n + LEAF as u64).min(n);
    let width = (columns.end - columns.start) as usize;
    let b = matrix(columns, k, |column, out| expand::column(task.key_b(), column, out));
    let mut a = vec![0; k];
    let mut leaf = [0; LEAF];
    for (row, out) in (first / n..).zip(leaf.chunks_exact_mut(width)) {
        expand::row(task.key_a(), row, &mut a);
        output_row(&a, &b, out);
    }
    leaf
}

/// Streams one after another: rows of A, or columns of B.
pub fn matrix(streams: std::ops::Range<u64>, k: usize, expand: impl Fn(u64, &mut [u8])) -> Vec<u8> {
    let count = (streams.end - streams.start) as usize;
    let mut out = vec![0; count * k];
    for (stream, out) in streams.zip(out.chunks_exact_mut(k)) {
        expand(stream, out);
    }
    out
}

/// The output bytes of one row of A against the columns in `b`, one per byte of `out`.
pub fn output_row(a: &[u8], b: &[u8], out: &mut [u8]) {
    for (byte, column) in out.iter_mut().zip(b.chunks_exact(a.len())) {
        *byte = compress(dot(a, column));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::GemmJob;
    use alloy::primitives::B256;
    use proptest::prelude::*;

    fn naive(task: &Task, row: u64, column: u64) -> u32 {
        let k = task.job.k as usize;
        let (mut a, mut b) = (vec![0; k], vec![0; k]);
        expand::row(task.key_a(), row, &mut a);
        expand::column(task.key_b(), column, &mut b);
        let exact: i64 = (0..k).map(|t| i64::from(a[t]) * i64::from(b[t])).sum();
        (exact % (1 << 32)) as u32
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn element_and_leaf_equal_the_naive_product(
            s0: [u8; 32], seed: [u8; 32], shape in 0usize..5, k in 1u32..9, pick: u64, row: u32, column: u32,
        ) {
            let (m, n) = [(32, 32), (64, 64), (16, 128), (2, 1024), (3, 2048)][shape];
            let job = GemmJob::new(m, n, 32 * k).expect("valid");
            let task = Task { job, index: 0, s0: s0.into(), seed: seed.into() };
            let (row, column) = (row % m, column % n);
            prop_assert_eq!(element(&task, row, column), naive(&task, row.into(), column.into()));
            let index = pick % job.leaves();
            for (i, &byte) in leaf(&task, index).iter().enumerate().step_by(37) {
                let at = index * LEAF as u64 + i as u64;
                let c = naive(&task, at / u64::from(n), at % u64::from(n));
                prop_assert_eq!(byte, compress(c));
            }
        }

        #[test]
        fn dot_is_exact(pairs in prop::collection::vec((0u8..128, 0u8..128), 0..3000)) {
            let (a, b): (Vec<u8>, Vec<u8>) = pairs.iter().copied().unzip();
            let exact: i64 = pairs.iter().map(|&(x, y)| i64::from(x) * i64::from(y)).sum();
            prop_assert_eq!(i64::from(dot(&a, &b)), exact);
        }
    }

    #[test]
    fn dot_of_the_largest_depth_does_not_overflow() {
        let ones = vec![127; crate::job::MAX_K as usize];
        assert_eq!(dot(&ones, &ones), 127 * 127 * crate::job::MAX_K);
    }

    #[test]
    fn tasks_with_other_seeds_differ() {
        let job = GemmJob::new(32, 32, 64).expect("valid");
        let task = Task { job, index: 0, s0: B256::repeat_byte(1), seed: B256::repeat_byte(1) };
        let stale = Task { s0: B256::repeat_byte(2), ..task };
        let next = Task { seed: B256::repeat_byte(2), ..task };
        assert_ne!(leaf(&task, 0), leaf(&stale, 0));
        assert_ne!(leaf(&task, 0), leaf(&next, 0));
    }
}
