//! Verifiers: the beacon and verdicts.

use alloy::{
    primitives::{Address, B256, U256, keccak256},
    signers::local::PrivateKeySigner,
    sol_types::SolValue as _,
};
use spheron_bindings::verifier_set::{
    IVerifierSet::{Signature, Verdict},
    VerifierSet,
};

use crate::{Client, ClientError};

/// Rounds that the hash chain of a verifier's key lasts, an hour each: more than a year. Whoever joins and whoever reveals
/// with a key have to agree on it.
const ROUNDS: u32 = 10_000;

/// A hash chain for the beacon: each round reveals the preimage of what was revealed before.
#[derive(Debug, Clone)]
pub struct HashChain {
    seed: B256,
    length: u32,
}

impl HashChain {
    /// A chain of `length` reveals that grows out of a secret seed.
    pub fn new(seed: B256, length: u32) -> Self {
        Self { seed, length }
    }

    /// The chain of a verifier's key for its `join`-th join of the VerifierSet at `set`: nothing but the key has to be kept,
    /// and no two joins of whichever set have a reveal in common, since everybody knows those of before.
    pub fn of_key(key: &PrivateKeySigner, chain_id: u64, set: Address, join: u64, length: u32) -> Self {
        let secret = (key.to_bytes(), "Spheron beacon".to_owned(), chain_id, set, join).abi_encode_params();
        Self::new(keccak256(secret), length)
    }

    /// What the verifier joins with.
    pub fn tip(&self) -> B256 {
        self.at(self.length)
    }

    /// The preimage of `tip`, if `tip` is in this chain and not its seed.
    pub fn preimage_of(&self, tip: B256) -> Option<B256> {
        let mut value = self.seed;
        for _ in 0..self.length {
            let next = keccak256(value);
            if next == tip {
                return Some(value);
            }
            value = next;
        }
        None
    }

    fn at(&self, steps: u32) -> B256 {
        (0..steps).fold(self.seed, |value, _| keccak256(value))
    }
}

impl Client {
    /// The hash chain of the caller's key for its `join`-th join.
    pub fn hash_chain(&self, join: u64) -> Result<HashChain, ClientError> {
        Ok(HashChain::of_key(self.signer()?, self.chain_id(), self.contracts().verifier_set, join, ROUNDS))
    }

    /// Joins the set with the tip of a hash chain and a bond in `bond_token`.
    pub async fn join_verifiers(&self, bond_token: Address, tip: B256) -> Result<(), ClientError> {
        let call = VerifierSet::joinCall { bondToken: bond_token, tip };
        self.send(self.contracts().verifier_set, &call).await.map(drop)
    }

    /// The verifiers.
    pub async fn verifiers(&self) -> Result<Vec<Address>, ClientError> {
        self.view(self.contracts().verifier_set, &VerifierSet::verifiersCall {}).await
    }

    /// Verifiers drawn for a node and round, and signatures that a verdict needs.
    pub async fn quorum(&self) -> Result<(u64, u64), ClientError> {
        let quorum = self.view(self.contracts().verifier_set, &VerifierSet::quorumCall {}).await?;
        Ok((quorum.committeeSize.saturating_to(), quorum.signatures.saturating_to()))
    }

    /// Leaves the set.
    pub async fn leave_verifiers(&self) -> Result<(), ClientError> {
        self.send(self.contracts().verifier_set, &VerifierSet::leaveCall {}).await.map(drop)
    }

    /// Reveals a preimage into the next round's beacon.
    pub async fn reveal(&self, preimage: B256) -> Result<(), ClientError> {
        self.send(self.contracts().verifier_set, &VerifierSet::revealCall { preimage }).await.map(drop)
    }

    /// The tip of a verifier's hash chain, zero if it is not in the set.
    pub async fn verifier_tip(&self, verifier: Address) -> Result<B256, ClientError> {
        self.view(self.contracts().verifier_set, &VerifierSet::tipOfCall { verifier }).await
    }

    /// How often an account has joined.
    pub async fn verifier_joins(&self, verifier: Address) -> Result<u64, ClientError> {
        let call = VerifierSet::joinsOfCall { verifier };
        Ok(self.view(self.contracts().verifier_set, &call).await?.saturating_to())
    }

    /// The round at a time (unix seconds).
    pub async fn round_at(&self, time: u64) -> Result<u64, ClientError> {
        let call = VerifierSet::roundAtCall { time: U256::from(time) };
        Ok(self.view(self.contracts().verifier_set, &call).await?.saturating_to())
    }

    /// The beacon of a round.
    pub async fn beacon(&self, round: u64) -> Result<B256, ClientError> {
        self.view(self.contracts().verifier_set, &VerifierSet::beaconOfCall { round: U256::from(round) }).await
    }

    /// The committee of a node in a round.
    pub async fn committee(&self, node: Address, round: u64) -> Result<Vec<Address>, ClientError> {
        let call = VerifierSet::committeeOfCall { node, round: U256::from(round) };
        self.view(self.contracts().verifier_set, &call).await
    }

    /// Brings a verdict with its quorum; the signatures are put in order.
    pub async fn submit_verdict(&self, verdict: Verdict, mut signatures: Vec<Signature>) -> Result<(), ClientError> {
        signatures.sort_by_key(|signature| signature.signer);
        let call = VerifierSet::submitCall { verdict, signatures };
        self.send(self.contracts().verifier_set, &call).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_joins_of_a_key_have_a_reveal_in_common() {
        let key = PrivateKeySigner::random();
        let (here, elsewhere) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let chain = |chain_id, set, join| HashChain::of_key(&key, chain_id, set, join, 4);
        let first = chain(1, here, 1);
        for other in [chain(1, here, 2), chain(2, here, 1), chain(1, elsewhere, 1)] {
            assert!((0..=4).all(|steps| first.preimage_of(other.at(steps)).is_none()));
        }
        assert_eq!(chain(1, here, 1).tip(), first.tip(), "nothing but the key has to be kept");
    }

    #[test]
    fn each_reveal_is_the_preimage_of_the_one_before() {
        let chain = HashChain::new(B256::repeat_byte(7), 3);
        let first = chain.preimage_of(chain.tip()).unwrap();
        let second = chain.preimage_of(first).unwrap();
        assert_eq!(keccak256(second), first);
        assert_eq!(chain.preimage_of(second), Some(B256::repeat_byte(7)));
        assert_eq!(chain.preimage_of(B256::repeat_byte(7)), None, "an exhausted chain has no further reveal");
        assert_eq!(chain.preimage_of(B256::ZERO), None);
    }
}
