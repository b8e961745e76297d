//! The reference prover against the core's recomputation.

use std::{cell::Cell, num::NonZeroUsize};

use alloy::primitives::B256;
use spheron_verifier_core::{
    check,
    job::{GemmJob, Task},
    product,
    prover::{Prover, ProverError},
};
use spheron_verifier_cpu::CpuProver;

fn task(m: u32, n: u32, k: u32) -> Task {
    Task { job: GemmJob { m, n, k }, index: 4, s0: B256::repeat_byte(1), seed: B256::repeat_byte(2) }
}

fn prover(threads: usize) -> CpuProver {
    CpuProver::new(NonZeroUsize::new(threads).expect("positive"))
}

#[test]
fn every_leaf_is_the_exact_product_whatever_the_number_of_threads() {
    for task in [task(64, 64, 64), task(300, 1024, 64), task(7, 2048, 320)] {
        let outputs: Vec<Vec<u8>> =
            [1, 2, 5].map(|threads| prover(threads).output(&task, &|| false).expect("runs")).into();
        assert!(outputs.windows(2).all(|pair| pair[0] == pair[1]));
        let leaves = (0..task.job.leaves()).flat_map(|leaf| product::leaf(&task, leaf));
        assert!(leaves.eq(outputs[0].iter().copied()));
    }
}

#[test]
fn openings_check_against_the_root() {
    let (prover, task) = (prover(1), task(64, 128, 64));
    let root = prover.run(&task, &|| false).expect("runs");
    for mut opening in prover.open(&task, &[7, 0, 3], &|| false).expect("opens") {
        assert_eq!(check::leaf(&task, root, &opening), Ok(()));
        let right = opening.data.clone();
        opening.data = right.iter().map(|b| b ^ 1).collect();
        assert!(matches!(check::leaf(&task, root, &opening), Err(check::Fault::Path { job: 4, .. })));
    }
    let past = prover.open(&task, &[8], &|| false);
    assert!(matches!(past, Err(ProverError::NoSuchLeaf { leaf: 8, leaves: 8 })));
}

#[test]
fn rows_kept_of_one_session_do_not_leak_into_another() {
    let (prover, first) = (prover(1), task(64, 64, 64));
    let second = Task { s0: B256::repeat_byte(9), ..first };
    let third = Task { job: GemmJob { m: 128, ..first.job }, ..first };
    let fresh = |task| CpuProver::default().run(task, &|| false).expect("runs");
    for task in [&first, &second, &third, &first] {
        assert_eq!(prover.run(task, &|| false).expect("runs"), fresh(task));
    }
}

#[test]
fn cancelling_stops_between_shares() {
    let (prover, task) = (prover(2), task(4096, 1024, 1024));
    let asked = Cell::new(0);
    let result = prover.run(&task, &|| {
        asked.set(asked.get() + 1);
        asked.get() > 2
    });
    assert!(matches!(result, Err(ProverError::Cancelled)));
    assert_eq!(asked.get(), 3);
    assert!(matches!(
        prover.run(&Task { job: GemmJob { m: 1, n: 1, k: 1 }, ..task }, &|| false),
        Err(ProverError::Job(_))
    ));
}
