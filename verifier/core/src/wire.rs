//! The messages between verifiers and nodes: JSON objects with the sender's signature over their EIP-712 digest.
//!
//! The domain is that of the VerifierSet contract, so a message is bound to its chain and contract, and a type's hash
//! keeps one kind of message from passing for another. Every message but [`Terms`] names its session; a session's id is
//! the digest of its terms, deadlines included.

use alloy::{
    primitives::{Address, B256, Bytes, Signature},
    signers::{SignerSync, local::PrivateKeySigner},
    sol,
    sol_types::{Eip712Domain, SolStruct},
};
use serde::{Deserialize, Serialize};

sol! {
    /// What a session is about. Its EIP-712 digest is the session's id.
    #[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    struct Terms {
        bytes32 leaseId;
        address provider;
        address node;
        /// Whose key signs for the node.
        address operator;
        uint16 gpuIndex;
        uint16 gpuCount;
        uint16 claimedClass;
        uint8 backend;
        uint64 beaconRound;
        bytes32 beacon;
        bytes32 policyHash;
        uint32 m;
        uint32 n;
        uint32 k;
        uint64 jobs;
        uint16 leafSamples;
        address[] verifiers;
        uint16 quorum;
        uint64 openedMs;
        uint64 runMs;
        uint64 expiresMs;
    }

    /// A verifier's two secrets, hashed: one goes into the session's seed, the other into the sampling seed.
    #[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    struct Commitment {
        bytes32 sessionId;
        bytes32 seedHash;
        bytes32 sampleHash;
    }

    /// A verifier's share of the session's seed.
    #[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    struct SeedReveal {
        bytes32 sessionId;
        bytes32 value;
    }

    /// A verifier's call to a node to run the chain that begins with `s0`.
    #[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    struct Call {
        bytes32 sessionId;
        bytes32 s0;
    }

    /// A node's heartbeat: it works on job `job`, whose seed is `seed`.
    #[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    struct Head {
        bytes32 sessionId;
        uint64 job;
        bytes32 seed;
    }

    /// What a verifier saw by its own clock: the chain with this digest arrived at `endMs`, or none did by then
    /// (`commitDigest` zero). Unix milliseconds.
    #[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    struct Observation {
        bytes32 sessionId;
        bytes32 commitDigest;
        uint64 startMs;
        uint64 endMs;
    }

    /// A verifier's share of the sampling seed.
    #[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    struct SampleReveal {
        bytes32 sessionId;
        bytes32 value;
    }

    /// A leaf of a job's output with its Merkle path.
    #[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    struct LeafOpening {
        uint64 job;
        uint64 leaf;
        bytes data;
        bytes32[] path;
    }

    /// A node's whole chain of roots, and the leaves that the sampling seed draws.
    #[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    struct Openings {
        bytes32 sessionId;
        bytes32 sampleSeed;
        bytes32[] roots;
        LeafOpening[] leaves;
    }
}

/// The chain and the VerifierSet that messages and verdicts are signed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Domain {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The VerifierSet contract.
    pub verifier_set: Address,
}

impl Domain {
    /// The domain in which the contract checks signatures.
    pub fn eip712(&self) -> Eip712Domain {
        spheron_bindings::domain::verifier_set(self.chain_id, self.verifier_set)
    }

    /// The digest that is signed.
    pub fn digest<T: SolStruct>(&self, message: &T) -> B256 {
        message.eip712_signing_hash(&self.eip712())
    }
}

/// A message with its sender's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed<T> {
    /// What is signed.
    pub message: T,
    /// Who says to have signed.
    pub signer: Address,
    /// 65 bytes: r, s, v.
    pub signature: Bytes,
}

/// Why a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Not 65 bytes of r, s, v with a low s.
    #[error("the signature of {0} is not 65 bytes r, s, v with a low s")]
    Malformed(Address),
    /// The signature is of other bytes or by another key.
    #[error(
        "the signature does not fit {signer}: the message was altered, or signed for another chain or contract than {verifier_set} on {chain_id}"
    )]
    Mismatch {
        /// Who says to have signed.
        signer: Address,
        /// Contract of the domain that was tried.
        verifier_set: Address,
        /// Chain of the domain that was tried.
        chain_id: u64,
    },
    /// Somebody else's message is expected here.
    #[error("the message is signed by {found}, not by {expected}")]
    WrongSigner {
        /// Who signed.
        found: Address,
        /// Who should have.
        expected: Address,
    },
    /// The key could not sign.
    #[error("the key of {signer} could not sign: {reason}")]
    Signer {
        /// Whose key.
        signer: Address,
        /// What it said.
        reason: String,
    },
}

impl<T: SolStruct> Signed<T> {
    /// Signs a message.
    ///
    /// # Errors
    /// [`SignatureError::Signer`] if the key cannot sign.
    pub fn new(message: T, key: &PrivateKeySigner, domain: &Domain) -> Result<Self, SignatureError> {
        let signer = key.address();
        let signature = key
            .sign_hash_sync(&domain.digest(&message))
            .map_err(|e| SignatureError::Signer { signer, reason: e.to_string() })?;
        Ok(Self { message, signer, signature: signature.as_bytes().into() })
    }

    /// Checks that `signer` signed the message in this domain.
    ///
    /// # Errors
    /// [`SignatureError`] if not.
    pub fn verify(&self, domain: &Domain) -> Result<&T, SignatureError> {
        let signature = Signature::from_raw(&self.signature)
            .ok()
            // One encoding, the one that contracts take: 65 bytes, low s, recovery id 27 or 28.
            .filter(|s| s.as_bytes()[..] == self.signature[..] && s.normalize_s().is_none())
            .ok_or(SignatureError::Malformed(self.signer))?;
        match signature.recover_address_from_prehash(&domain.digest(&self.message)) {
            Ok(found) if found == self.signer => Ok(&self.message),
            _ => Err(SignatureError::Mismatch {
                signer: self.signer,
                verifier_set: domain.verifier_set,
                chain_id: domain.chain_id,
            }),
        }
    }

    /// Checks that `expected` signed the message in this domain.
    ///
    /// # Errors
    /// [`SignatureError`] if not.
    pub fn verify_from(&self, expected: Address, domain: &Domain) -> Result<&T, SignatureError> {
        if self.signer != expected {
            return Err(SignatureError::WrongSigner { found: self.signer, expected });
        }
        self.verify(domain)
    }
}

/// What a verifier posts to a node's agent: its own call, and all that shows that the seed is made as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Challenge {
    /// Chain and contract that everything here is signed for.
    pub domain: Domain,
    /// Signed by the session's leader.
    pub terms: Signed<Terms>,
    /// One per verifier, in the order of the terms.
    pub commitments: Vec<Signed<Commitment>>,
    /// One per verifier, in the order of the terms.
    pub reveals: Vec<Signed<SeedReveal>>,
    /// Signed by the sender.
    pub call: Signed<Call>,
}

/// What a verifier posts to have leaves opened: one second reveal per verifier, in the order of the terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenRequest {
    /// Second reveals.
    pub reveals: Vec<Signed<SampleReveal>>,
}
