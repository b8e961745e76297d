//! The tree in test-fixtures/rewards/tree.json, which the Distributor's own tests pay from, comes out the same here.

use alloy::primitives::{Address, B256};
use serde::Deserialize;
use spheron_accounting::reward_tree::{LEAF_DOMAIN, Reward, RewardTree, TreeId, hash_leaf};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Golden {
    chain_id: u64,
    distributor: Address,
    epoch: u64,
    leaf_domain: B256,
    root: B256,
    ranges: Vec<Range>,
    leaves: Vec<Leaf>,
    rewards: Vec<Reward>,
}

#[derive(Deserialize)]
struct Range {
    start: usize,
    proof: Vec<B256>,
}

#[derive(Deserialize)]
struct Leaf {
    index: usize,
    hash: B256,
    proof: Vec<B256>,
}

#[test]
fn the_golden_tree_is_reproduced() {
    let golden: Golden = serde_json::from_str(include_str!("../../test-fixtures/rewards/tree.json")).unwrap();
    let id = TreeId { chain_id: golden.chain_id, distributor: golden.distributor, epoch: golden.epoch };
    let tree = RewardTree::new(id, golden.rewards).unwrap();

    assert_eq!(*LEAF_DOMAIN, golden.leaf_domain);
    assert_eq!(tree.root(), golden.root);
    assert_eq!(tree.ranges().count(), golden.ranges.len());
    for (range, expected) in tree.ranges().zip(&golden.ranges) {
        assert_eq!((range.start, &range.proof), (expected.start, &expected.proof));
    }
    for leaf in &golden.leaves {
        assert_eq!(hash_leaf(id, leaf.index, &tree.rewards()[leaf.index]), leaf.hash);
        assert_eq!(tree.proof(leaf.index).unwrap(), leaf.proof);
    }
}
