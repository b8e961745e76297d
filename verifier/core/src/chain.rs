//! The chain of seeds that puts a session's jobs in order.
//!
//! All hashes are keccak256 over packed big-endian fields (`abi.encodePacked`):
//!
//! | value | preimage |
//! |---|---|
//! | s_0 | `"GPUV1" ‖ uint256 chainId ‖ bytes32 leaseId ‖ address node ‖ uint16 gpuIndex ‖ bytes32 beacon ‖ bytes32 reveals` |
//! | key of A | `"A" ‖ s_0` |
//! | key of B in job j | `"B" ‖ s_j` |
//! | s_{j+1} | `s_j ‖ root_j` |
//! | leaf j of the session root | `0x02 ‖ uint64 j ‖ s_j ‖ root_j` |
//!
//! `reveals` is the exclusive or of what the verifiers of the session revealed.

use alloy::primitives::{Address, B256, Keccak256, U256};

use crate::merkle::{LINK_TAG, Tree};

/// What a session's seed is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeedParts {
    /// Chain that the node is registered on.
    pub chain_id: u64,
    /// Lease measured for, or zero.
    pub lease_id: B256,
    /// The node's operator key.
    pub node: Address,
    /// First unit measured.
    pub gpu_index: u16,
    /// Beacon of the round.
    pub beacon: B256,
    /// Exclusive or of the verifiers' reveals.
    pub reveals: B256,
}

impl SeedParts {
    /// The session's seed.
    pub fn s0(&self) -> B256 {
        keccak(&[
            b"GPUV1",
            &U256::from(self.chain_id).to_be_bytes::<32>(),
            self.lease_id.as_slice(),
            self.node.as_slice(),
            &self.gpu_index.to_be_bytes(),
            self.beacon.as_slice(),
            self.reveals.as_slice(),
        ])
    }
}

/// Key of the rows of A.
pub fn key_a(s0: B256) -> B256 {
    keccak(&[b"A", s0.as_slice()])
}

/// Key of the columns of B in the job with this seed.
pub fn key_b(seed: B256) -> B256 {
    keccak(&[b"B", seed.as_slice()])
}

/// The seed after a job: nobody can begin job j + 1 before the root of job j is known.
pub fn next_seed(seed: B256, root: B256) -> B256 {
    keccak(&[seed.as_slice(), root.as_slice()])
}

/// The seeds s_0 to s_{J-1} of a chain with these roots.
pub fn seeds(s0: B256, roots: &[B256]) -> Vec<B256> {
    roots
        .iter()
        .scan(s0, |seed, &root| {
            let next = next_seed(*seed, root);
            Some(std::mem::replace(seed, next))
        })
        .collect()
}

/// Hash of job `index`'s place in the chain, a leaf of the session tree.
pub fn link_hash(index: u64, seed: B256, root: B256) -> B256 {
    keccak(&[&[LINK_TAG], &index.to_be_bytes(), seed.as_slice(), root.as_slice()])
}

/// The tree whose root a node signs: over (s_j, root_j) of every job.
pub fn session_tree(s0: B256, roots: &[B256]) -> Tree {
    let links = (0..).zip(seeds(s0, roots)).zip(roots);
    Tree::new(links.map(|((index, seed), &root)| link_hash(index, seed, root)).collect())
}

/// keccak256 over the parts one after another.
pub(crate) fn keccak(parts: &[&[u8]]) -> B256 {
    let mut hasher = Keccak256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_changes_the_seed() {
        let parts = SeedParts {
            chain_id: 1,
            lease_id: B256::ZERO,
            node: Address::ZERO,
            gpu_index: 0,
            beacon: B256::ZERO,
            reveals: B256::ZERO,
        };
        let one = B256::with_last_byte(1);
        let others = [
            SeedParts { chain_id: 2, ..parts },
            SeedParts { lease_id: one, ..parts },
            SeedParts { node: Address::with_last_byte(1), ..parts },
            SeedParts { gpu_index: 1, ..parts },
            SeedParts { beacon: one, ..parts },
            SeedParts { reveals: one, ..parts },
        ];
        for other in others {
            assert_ne!(parts.s0(), other.s0(), "{other:?}");
        }
    }

    #[test]
    fn a_chain_follows_from_its_roots() {
        let roots = [B256::with_last_byte(1), B256::with_last_byte(2), B256::with_last_byte(3)];
        let s0 = B256::repeat_byte(9);
        let s1 = next_seed(s0, roots[0]);
        assert_eq!(seeds(s0, &roots), [s0, s1, next_seed(s1, roots[1])]);
        let swapped = [roots[1], roots[0], roots[2]];
        assert_ne!(session_tree(s0, &roots).root(), session_tree(s0, &swapped).root());
    }
}
