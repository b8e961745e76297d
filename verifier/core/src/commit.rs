//! What a prover commits to: one byte per element of C, in leaves of 1 KiB under a keccak Merkle root per job.

use alloy::primitives::{B256, Keccak256};

use crate::{
    job::LEAF_BYTES,
    merkle::{LEAF_TAG, Tree},
};

/// [`LEAF_BYTES`] as a length.
pub const LEAF: usize = LEAF_BYTES as usize;

/// The output bytes under one Merkle leaf.
pub type Leaf = [u8; LEAF];

/// The byte that stands for an element: the top byte of `c * 0x9E3779B1` mod 2^32, which depends on all bits of `c`.
pub fn compress(c: u32) -> u8 {
    (c.wrapping_mul(0x9E37_79B1) >> 24) as u8
}

/// keccak256(0x00 || index as uint64 || 1024 bytes).
pub fn leaf_hash(index: u64, leaf: &[u8]) -> B256 {
    let mut hasher = Keccak256::new();
    hasher.update([LEAF_TAG]);
    hasher.update(index.to_be_bytes());
    hasher.update(leaf);
    hasher.finalize()
}

/// The tree over a job's output: Q row-major, one byte per element.
pub fn output_tree(output: &[u8]) -> Tree {
    Tree::new((0..).zip(output.chunks(LEAF)).map(|(index, leaf)| leaf_hash(index, leaf)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_depends_on_low_and_high_bits() {
        assert_eq!(compress(1), 0x9e);
        assert_ne!(compress(1 << 31), compress(0));
        assert_eq!(compress(u32::MAX), (0u32.wrapping_sub(0x9E37_79B1) >> 24) as u8);
    }

    #[test]
    fn a_leaf_hash_is_bound_to_its_index() {
        assert_ne!(leaf_hash(0, &[7; LEAF]), leaf_hash(1, &[7; LEAF]));
    }
}
