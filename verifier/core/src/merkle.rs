//! Binary keccak Merkle trees. Leaves, inner nodes and links of the chain have different tags, so none can pass for
//! another; the number of leaves is padded with zero hashes to a power of two, so a path is as long as the tree is high.

use alloy::primitives::{B256, Keccak256};

/// First byte of a hashed output leaf.
pub const LEAF_TAG: u8 = 0;
/// First byte of a hashed inner node.
pub const NODE_TAG: u8 = 1;
/// First byte of a hashed link of the chain.
pub const LINK_TAG: u8 = 2;

/// A tree, kept whole so that any leaf can be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// From the leaves up to the root, each level a power of two long.
    levels: Vec<Vec<B256>>,
}

impl Tree {
    /// The tree over these leaf hashes. With none, the root is zero.
    pub fn new(mut leaves: Vec<B256>) -> Self {
        leaves.resize(leaves.len().next_power_of_two(), B256::ZERO);
        let mut levels = vec![leaves];
        while let Some(level) = levels.last().filter(|level| level.len() > 1) {
            let next = level.chunks_exact(2).map(|pair| node(pair[0], pair[1])).collect();
            levels.push(next);
        }
        Self { levels }
    }

    /// The root.
    pub fn root(&self) -> B256 {
        self.levels.last().and_then(|top| top.first()).copied().unwrap_or_default()
    }

    /// The siblings from leaf `index` up to the root, or `None` if there is no such leaf.
    pub fn path(&self, index: u64) -> Option<Vec<B256>> {
        let index = usize::try_from(index).ok().filter(|&i| i < self.levels[0].len())?;
        let below_root = &self.levels[..self.levels.len() - 1];
        Some(below_root.iter().enumerate().map(|(height, level)| level[(index >> height) ^ 1]).collect())
    }
}

/// keccak256(0x01 || left || right).
pub fn node(left: B256, right: B256) -> B256 {
    let mut hasher = Keccak256::new();
    hasher.update([NODE_TAG]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize()
}

/// Siblings in a path of a tree with this many leaves.
pub fn height(leaves: u64) -> usize {
    leaves.next_power_of_two().trailing_zeros() as usize
}

/// Whether leaf hash `leaf` stands at `index` of the tree with `leaves` leaves and this root.
pub fn verify(root: B256, leaves: u64, index: u64, leaf: B256, path: &[B256]) -> bool {
    if index >= leaves || path.len() != height(leaves) {
        return false;
    }
    let climb = |hash, (height, &sibling): (usize, &B256)| {
        if (index >> height) & 1 == 0 { node(hash, sibling) } else { node(sibling, hash) }
    };
    path.iter().enumerate().fold(leaf, climb) == root
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commit::{LEAF, leaf_hash, output_tree};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_leaf_opens_and_nothing_else(count in 1u64..40, pick: u64, other in 1u64..64) {
            let hashes: Vec<B256> = (0..count).map(|i| B256::with_last_byte(i as u8 + 1)).collect();
            let tree = Tree::new(hashes.clone());
            let index = pick % count;
            let path = tree.path(index).expect("inside");
            let leaf = hashes[index as usize];
            prop_assert!(verify(tree.root(), count, index, leaf, &path));
            prop_assert!(!verify(tree.root(), count, index ^ other, leaf, &path));
            prop_assert!(!verify(tree.root(), count, index, B256::with_last_byte(200), &path));
            let longer: Vec<B256> = path.iter().copied().chain([B256::ZERO]).collect();
            prop_assert!(!verify(tree.root(), count, index, leaf, &longer));
            prop_assert!(tree.path(count.next_power_of_two()).is_none());
        }

        #[test]
        fn any_mutated_byte_of_an_opening_fails(
            leaves in 1u64..9, pick: u64, at in 0usize..LEAF, flip in 1u8..=255, hash in 0usize..8, byte in 0usize..32,
        ) {
            let output: Vec<u8> = (0..leaves * LEAF as u64).map(|i| ((i * 131) >> 3) as u8).collect();
            let tree = output_tree(&output);
            let index = pick % leaves;
            let mut leaf = output[index as usize * LEAF..][..LEAF].to_vec();
            let mut path = tree.path(index).expect("inside");
            prop_assert!(verify(tree.root(), leaves, index, leaf_hash(index, &leaf), &path));
            leaf[at] ^= flip;
            prop_assert!(!verify(tree.root(), leaves, index, leaf_hash(index, &leaf), &path));
            leaf[at] ^= flip;
            if let Some(hash) = hash.checked_rem(path.len()) {
                path[hash].0[byte] ^= flip;
                prop_assert!(!verify(tree.root(), leaves, index, leaf_hash(index, &leaf), &path));
            }
        }
    }

    #[test]
    fn small_trees_have_the_expected_shape() {
        assert_eq!(Tree::new(Vec::new()).root(), B256::ZERO);
        let leaf = B256::repeat_byte(5);
        assert_eq!(Tree::new(vec![leaf]).root(), leaf);
        assert_eq!(Tree::new(vec![leaf; 3]).root(), node(node(leaf, leaf), node(leaf, B256::ZERO)));
        assert_eq!((height(1), height(2), height(3), height(65_536)), (0, 1, 2, 16));
    }
}
