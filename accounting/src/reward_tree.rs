//! The Merkle tree of an epoch's rewards, as `IDistributor` defines it.
//!
//! `leaf = keccak256(keccak256(abi.encode(LEAF_DOMAIN, chain id, distributor, epoch, index, account, amount)))`; a parent
//! hashes the ordered pair (left, right); the tree has `max(256, next power of two of the leaf count)` leaves, absent
//! ones are zero. 256 aligned leaves are paid with one proof: the siblings of their subtree.

use std::sync::LazyLock;

use alloy::primitives::{Address, B256, U256, keccak256};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::wei;

/// Leaves that one call pays.
pub const RANGE: usize = 256;

/// Layers from a leaf to the root of its range.
const RANGE_HEIGHT: usize = RANGE.ilog2() as usize;

/// `keccak256("Spheron reward leaf v1")`.
pub static LEAF_DOMAIN: LazyLock<B256> = LazyLock::new(|| keccak256("Spheron reward leaf v1"));

/// Which tree it is: a leaf of one tree proves nothing in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeId {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The Distributor.
    pub distributor: Address,
    /// The epoch, from 1.
    pub epoch: u64,
}

/// A leaf without its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reward {
    /// Who is paid.
    pub account: Address,
    /// Wei.
    #[serde(with = "wei")]
    pub amount: U256,
}

/// Why there is no such tree or proof.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TreeError {
    /// A tree needs a leaf.
    #[error("there is no reward to build a tree of")]
    Empty,
    /// The contract counts leaves in 32 bits.
    #[error("{0} rewards are more than an epoch can hold (2^32 - 1)")]
    TooManyLeaves(usize),
    /// No leaf has this index.
    #[error("leaf {index} is outside the tree of {leaf_count} leaves")]
    NoSuchLeaf {
        /// What was asked for.
        index: usize,
        /// Leaves in the tree.
        leaf_count: usize,
    },
    /// A range starts at a multiple of 256.
    #[error("a range starts at a multiple of {RANGE}, {0} is none")]
    UnalignedRange(usize),
}

/// The tree of one epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RewardTree {
    id: TreeId,
    rewards: Vec<Reward>,
    /// From the leaves' hashes up to the root.
    layers: Vec<Vec<B256>>,
}

/// What `payRange` takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeProof<'a> {
    /// Index of the first leaf.
    pub start: usize,
    /// All leaves of the range.
    pub rewards: &'a [Reward],
    /// Siblings of the range's subtree, bottom up.
    pub proof: Vec<B256>,
}

impl RewardTree {
    /// Builds the tree over `rewards`, whose order gives their index.
    ///
    /// # Errors
    /// [`TreeError::Empty`] and [`TreeError::TooManyLeaves`].
    pub fn new(id: TreeId, rewards: Vec<Reward>) -> Result<Self, TreeError> {
        if rewards.is_empty() {
            return Err(TreeError::Empty);
        }
        if u32::try_from(rewards.len()).is_err() {
            return Err(TreeError::TooManyLeaves(rewards.len()));
        }
        let mut leaves: Vec<B256> =
            rewards.iter().enumerate().map(|(index, reward)| hash_leaf(id, index, reward)).collect();
        leaves.resize(rewards.len().next_power_of_two().max(RANGE), B256::ZERO);
        Ok(Self { id, rewards, layers: layers_over(leaves) })
    }

    /// Which tree it is.
    pub fn id(&self) -> TreeId {
        self.id
    }

    /// The root.
    pub fn root(&self) -> B256 {
        self.layers[self.layers.len() - 1][0]
    }

    /// The rewards in their order.
    pub fn rewards(&self) -> &[Reward] {
        &self.rewards
    }

    /// Wei over all leaves: what an epoch with this root has to be funded with.
    pub fn total(&self) -> U256 {
        self.rewards.iter().fold(U256::ZERO, |sum, reward| sum.saturating_add(reward.amount))
    }

    /// The proof of one leaf: its siblings, bottom up.
    ///
    /// # Errors
    /// [`TreeError::NoSuchLeaf`].
    pub fn proof(&self, index: usize) -> Result<Vec<B256>, TreeError> {
        self.check(index)?;
        Ok(self.siblings(index, 0))
    }

    /// The range of 256 leaves from `start` on, the last one shorter.
    ///
    /// # Errors
    /// [`TreeError::UnalignedRange`] and [`TreeError::NoSuchLeaf`].
    pub fn range(&self, start: usize) -> Result<RangeProof<'_>, TreeError> {
        if !start.is_multiple_of(RANGE) {
            return Err(TreeError::UnalignedRange(start));
        }
        self.check(start)?;
        let end = (start + RANGE).min(self.rewards.len());
        let proof = self.siblings(start / RANGE, RANGE_HEIGHT);
        Ok(RangeProof { start, rewards: &self.rewards[start..end], proof })
    }

    /// All ranges in their order.
    pub fn ranges(&self) -> impl Iterator<Item = RangeProof<'_>> {
        (0..self.rewards.len()).step_by(RANGE).map(|start| self.range(start).expect("each start is aligned and inside"))
    }

    fn check(&self, index: usize) -> Result<(), TreeError> {
        let leaf_count = self.rewards.len();
        if index < leaf_count { Ok(()) } else { Err(TreeError::NoSuchLeaf { index, leaf_count }) }
    }

    /// Siblings on the way from the node `index` of layer `height` to the root.
    fn siblings(&self, index: usize, height: usize) -> Vec<B256> {
        let layers = &self.layers[height..self.layers.len() - 1];
        layers.iter().enumerate().map(|(above, layer)| layer[(index >> above) ^ 1]).collect()
    }
}

/// The hash of a leaf.
pub fn hash_leaf(id: TreeId, index: usize, reward: &Reward) -> B256 {
    let words = [
        *LEAF_DOMAIN,
        U256::from(id.chain_id).into(),
        id.distributor.into_word(),
        U256::from(id.epoch).into(),
        U256::from(index).into(),
        reward.account.into_word(),
        reward.amount.into(),
    ];
    keccak256(keccak256(words.concat()))
}

/// The root that a leaf's hash and its siblings, bottom up, lead to.
pub fn root_from(leaf: B256, index: usize, proof: &[B256]) -> B256 {
    proof.iter().enumerate().fold(leaf, |node, (height, &sibling)| {
        if (index >> height) & 1 == 0 { hash_pair(node, sibling) } else { hash_pair(sibling, node) }
    })
}

/// A place where two lists of rewards differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Index of the leaf.
    pub index: usize,
    /// The leaf of the first list, `None` if it is shorter.
    pub expected: Option<Reward>,
    /// The leaf of the second list, `None` if it is shorter.
    pub found: Option<Reward>,
}

/// The first leaf in which two lists differ.
pub fn first_difference(expected: &[Reward], found: &[Reward]) -> Option<Difference> {
    (0..expected.len().max(found.len()))
        .map(|index| Difference { index, expected: expected.get(index).copied(), found: found.get(index).copied() })
        .find(|place| place.expected != place.found)
}

/// All layers from `leaves`, a power of two of them, up to their root.
fn layers_over(leaves: Vec<B256>) -> Vec<Vec<B256>> {
    let mut layers = vec![leaves];
    while let Some(layer) = layers.last().filter(|layer| layer.len() > 1) {
        let parents = layer.chunks_exact(2).map(|pair| hash_pair(pair[0], pair[1])).collect();
        layers.push(parents);
    }
    layers
}

fn hash_pair(left: B256, right: B256) -> B256 {
    keccak256([left, right].concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: TreeId = TreeId { chain_id: 42_161, distributor: Address::repeat_byte(0xd1), epoch: 7 };

    fn rewards(count: usize) -> Vec<Reward> {
        let reward =
            |index| Reward { account: Address::with_last_byte(index as u8), amount: U256::from(index * 1_000 + 1) };
        (0..count).map(reward).collect()
    }

    #[test]
    fn a_leaf_hashes_the_abi_encoding_twice() {
        use alloy::sol_types::SolValue;
        let reward = Reward { account: Address::repeat_byte(0xaa), amount: U256::from(5) };
        let encoded = (
            keccak256("Spheron reward leaf v1"),
            U256::from(42_161),
            ID.distributor,
            U256::from(7),
            U256::from(3),
            reward.account,
            reward.amount,
        )
            .abi_encode();
        assert_eq!(hash_leaf(ID, 3, &reward), keccak256(keccak256(encoded)));
    }

    #[test]
    fn a_small_tree_has_256_leaves() {
        let tree = RewardTree::new(ID, rewards(1)).unwrap();
        assert_eq!(tree.proof(0).unwrap().len(), 8);
        assert!(tree.range(0).unwrap().proof.is_empty());
    }

    #[test]
    fn no_leaf_no_tree() {
        assert_eq!(RewardTree::new(ID, vec![]), Err(TreeError::Empty));
    }

    #[test]
    fn ranges_are_aligned_and_inside() {
        let tree = RewardTree::new(ID, rewards(300)).unwrap();
        assert_eq!(tree.range(1), Err(TreeError::UnalignedRange(1)));
        assert_eq!(tree.range(512), Err(TreeError::NoSuchLeaf { index: 512, leaf_count: 300 }));
        assert_eq!(tree.ranges().map(|range| range.rewards.len()).collect::<Vec<_>>(), [256, 44]);
    }

    #[test]
    fn the_first_difference_is_named() {
        let honest = rewards(5);
        let mut forged = honest.clone();
        forged[3].amount += U256::ONE;
        assert_eq!(first_difference(&honest, &honest), None);
        let difference = first_difference(&honest, &forged).unwrap();
        assert_eq!((difference.index, difference.expected, difference.found), (3, Some(honest[3]), Some(forged[3])));
        let missing = first_difference(&honest, &honest[..4]).unwrap();
        assert_eq!((missing.index, missing.found), (4, None));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn every_leaf_and_every_range_leads_to_the_root(count in 1usize..1_500, pick in any::<prop::sample::Index>()) {
            let tree = RewardTree::new(ID, rewards(count)).unwrap();
            let index = pick.index(count);
            let leaf = hash_leaf(ID, index, &tree.rewards()[index]);
            prop_assert_eq!(root_from(leaf, index, &tree.proof(index).unwrap()), tree.root());

            for range in tree.ranges() {
                prop_assert_eq!(root_from(range_root(&range), range.start / RANGE, &range.proof), tree.root());
            }
        }

        #[test]
        fn a_changed_leaf_changes_the_root(count in 1usize..600, pick in any::<prop::sample::Index>()) {
            let honest = rewards(count);
            let mut forged = honest.clone();
            let index = pick.index(count);
            forged[index].amount += U256::ONE;
            prop_assert_eq!(first_difference(&honest, &forged).unwrap().index, index);
            let (honest, forged) = (RewardTree::new(ID, honest).unwrap(), RewardTree::new(ID, forged).unwrap());
            prop_assert_ne!(honest.root(), forged.root());
        }
    }

    /// The root over one range, rebuilt from its leaves alone.
    fn range_root(range: &RangeProof) -> B256 {
        let hash = |(offset, reward)| hash_leaf(ID, range.start + offset, reward);
        let mut leaves: Vec<B256> = range.rewards.iter().enumerate().map(hash).collect();
        leaves.resize(RANGE, B256::ZERO);
        layers_over(leaves)[RANGE_HEIGHT][0]
    }
}
