//! The protocol's numbers, pinned: other implementations (Solidity, WGSL, CUDA) are tested against the same file.
//! `UPDATE_GOLDEN=1` writes it anew.

use alloy::primitives::{B256, Bytes, address, b256};
use serde_json::{Value, json};
use spheron_verifier_core::{
    chain::{self, SeedParts},
    commit::{LEAF, compress, leaf_hash, output_tree},
    expand,
    job::{GemmJob, Task},
    merkle, product,
    sample::{sample_seed, samples},
    verdict::SessionCommit,
    wire::Domain,
};

/// Cargo runs a test in its package's folder.
const FILE: &str = "../../test-fixtures/verification/gemm.json";
const JOBS: u64 = 3;

fn output(task: &Task) -> Vec<u8> {
    (0..task.job.leaves()).flat_map(|leaf| product::leaf(task, leaf)).collect()
}

fn vectors() -> Value {
    let parts = SeedParts {
        chain_id: 42161,
        lease_id: B256::repeat_byte(0x11),
        node: address!("0x2222222222222222222222222222222222222222"),
        gpu_index: 3,
        beacon: B256::repeat_byte(0x44),
        reveals: b256!("0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
    };
    let job = GemmJob::new(64, 64, 96).expect("valid");
    let s0 = parts.s0();
    let (mut seed, mut roots, mut outputs) = (s0, Vec::new(), Vec::new());
    for index in 0..JOBS {
        let output = output(&Task { job, index, s0, seed });
        let root = output_tree(&output).root();
        seed = chain::next_seed(seed, root);
        roots.push(root);
        outputs.push(output);
    }
    let seeds = chain::seeds(s0, &roots);
    let session = chain::session_tree(s0, &roots);

    let task = Task { job, index: 1, s0, seed: seeds[1] };
    let (row, column, leaf) = (37, 5, 2u64);
    let (mut a, mut b) = (vec![0; 96], vec![0; 96]);
    expand::row(task.key_a(), row, &mut a);
    expand::column(task.key_b(), column, &mut b);
    let element = product::element(&task, row as u32, column as u32);
    let tree = output_tree(&outputs[1]);
    let data = &outputs[1][leaf as usize * LEAF..][..LEAF];
    let leaf_path = tree.path(leaf).expect("inside");
    let link = chain::link_hash(1, seeds[1], roots[1]);
    let link_path = session.path(1).expect("inside");
    assert!(merkle::verify(roots[1], job.leaves(), leaf, leaf_hash(leaf, data), &leaf_path));
    assert!(merkle::verify(session.root(), JOBS, 1, link, &link_path));
    assert_eq!(data[(row * 64 + column) as usize - leaf as usize * LEAF], compress(element));

    let domain = Domain { chain_id: 42161, verifier_set: address!("0x5555555555555555555555555555555555555555") };
    let commit = SessionCommit {
        sessionId: B256::repeat_byte(0x66),
        node: parts.node,
        s0,
        sessionRoot: session.root(),
        jobs: JOBS,
        m: job.m,
        n: job.n,
        k: job.k,
    };
    let digest = domain.digest(&commit);
    let drawing = sample_seed(digest, B256::repeat_byte(0x77));
    let drawn: Vec<Value> =
        samples(drawing, &job, JOBS, 8).iter().map(|s| json!({ "job": s.job, "leaf": s.leaf })).collect();
    json!({
        "seed": {
            "chainId": parts.chain_id, "leaseId": parts.lease_id, "node": parts.node, "gpuIndex": parts.gpu_index,
            "beacon": parts.beacon, "reveals": parts.reveals, "s0": s0,
        },
        "job": { "m": job.m, "n": job.n, "k": job.k, "jobs": JOBS },
        "element": {
            "job": task.index, "seed": task.seed, "keyA": task.key_a(), "keyB": task.key_b(), "row": row,
            "column": column, "rowOfA": Bytes::from(a), "columnOfB": Bytes::from(b), "c": element,
            "q": compress(element),
        },
        "leaf": {
            "index": leaf, "data": Bytes::copy_from_slice(data), "hash": leaf_hash(leaf, data), "path": leaf_path,
            "root": roots[1],
        },
        "chain": {
            "seeds": seeds, "roots": roots, "s1": seeds[1], "sessionRoot": session.root(), "linkHash": link,
            "linkPath": link_path,
        },
        "commit": { "domain": domain, "message": commit, "digest": digest },
        "sample": { "reveals": B256::repeat_byte(0x77), "seed": drawing, "draws": 8, "leaves": drawn },
    })
}

#[test]
fn the_protocol_gives_the_pinned_numbers() {
    let found = vectors();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(FILE, format!("{found:#}\n")).expect("test-fixtures/verification exists");
    }
    let pinned = std::fs::read_to_string(FILE).expect("run with UPDATE_GOLDEN=1 to write the file");
    let pinned: Value = serde_json::from_str(&pinned).expect("JSON");
    assert_eq!(found, pinned);
}
