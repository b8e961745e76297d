//! Messages survive JSON, and no other bytes, key, chain or contract passes for theirs.

#![allow(clippy::unwrap_used)]

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    signers::local::PrivateKeySigner,
    sol_types::SolStruct,
};
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use spheron_verifier_core::{
    verdict::{Measurement, SessionCommit, Verdict},
    wire::{
        Call, Commitment, Domain, Head, LeafOpening, Observation, Openings, SampleReveal, SeedReveal, SignatureError,
        Signed, Terms,
    },
};

fn key(seed: u64) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::from(U256::from(seed) + U256::from(1))).unwrap()
}

fn round_trip<T>(message: T, seed: u64) -> Result<(), TestCaseError>
where
    T: SolStruct + Serialize + DeserializeOwned + PartialEq + std::fmt::Debug + Clone,
{
    let domain = Domain { chain_id: seed, verifier_set: Address::left_padding_from(&seed.to_be_bytes()) };
    let signed = Signed::new(message.clone(), &key(seed), &domain).unwrap();
    let text = serde_json::to_string(&signed).unwrap();
    let read: Signed<T> = serde_json::from_str(&text).unwrap();
    prop_assert_eq!(&read, &signed);
    prop_assert_eq!(read.verify(&domain), Ok(&message));

    for other in
        [Domain { chain_id: seed ^ 1, ..domain }, Domain { verifier_set: Address::repeat_byte(0xee), ..domain }]
    {
        let refused = matches!(read.verify(&other), Err(SignatureError::Mismatch { .. }));
        prop_assert!(refused);
    }
    let foreign = Signed { signer: key(seed ^ 1).address(), ..read.clone() };
    prop_assert!(foreign.verify(&domain).is_err());
    let expected = key(seed ^ 1).address();
    let refused = matches!(read.verify_from(expected, &domain), Err(SignatureError::WrongSigner { .. }));
    prop_assert!(refused);
    Ok(())
}

prop_compose! {
    fn hash()(bytes: [u8; 32]) -> B256 { bytes.into() }
}
prop_compose! {
    fn account()(bytes: [u8; 20]) -> Address { bytes.into() }
}
prop_compose! {
    fn opening()(job: u64, leaf: u64, data: Vec<u8>, path in prop::collection::vec(hash(), 0..4)) -> LeafOpening {
        LeafOpening { job, leaf, data: Bytes::from(data), path }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn short_messages(seed in 1u64..u64::MAX, a in hash(), b in hash(), c in hash(), job: u64, end: u64) {
        round_trip(Commitment { sessionId: a, seedHash: b, sampleHash: c }, seed)?;
        round_trip(SeedReveal { sessionId: a, value: b }, seed)?;
        round_trip(SampleReveal { sessionId: a, value: b }, seed)?;
        round_trip(Call { sessionId: a, s0: b }, seed)?;
        round_trip(Head { sessionId: a, job, seed: b }, seed)?;
        round_trip(Observation { sessionId: a, commitDigest: b, startMs: job, endMs: end }, seed)?;
    }

    #[test]
    fn openings(
        seed in 1u64..u64::MAX, a in hash(), b in hash(), roots in prop::collection::vec(hash(), 0..5),
        leaves in prop::collection::vec(opening(), 0..3),
    ) {
        round_trip(Openings { sessionId: a, sampleSeed: b, roots, leaves }, seed)?;
    }

    #[test]
    fn terms_commitments_and_verdicts(
        seed in 1u64..u64::MAX, a in hash(), b in hash(), node in account(), provider in account(), jobs: u64, m: u32,
        class: u16, verifiers in prop::collection::vec(account(), 0..5),
    ) {
        round_trip(Terms {
            leaseId: a, provider, node, operator: provider, gpuIndex: class, gpuCount: 1, claimedClass: class, backend: 2,
            beaconRound: jobs, beacon: b, policyHash: a, m, n: m, k: m, jobs, leafSamples: 9, verifiers, quorum: 2,
            openedMs: jobs, runMs: seed, expiresMs: seed,
        }, seed)?;
        round_trip(
            SessionCommit { sessionId: a, node, s0: b, sessionRoot: a, jobs, m, n: m, k: m },
            seed,
        )?;
        let measurement = Measurement { startMs: jobs, endMs: seed, gigaOpsPerSec: m, ..Default::default() };
        let verdict = Verdict { leaseId: a, sessionId: b, provider, node, measurement, ..Default::default() };
        round_trip(verdict, seed)?;
    }

    #[test]
    fn a_changed_signature_byte_never_passes(seed in 1u64..u64::MAX, at in 0usize..65, flip in 1u8..=255, a in hash()) {
        let domain = Domain { chain_id: 1, verifier_set: Address::ZERO };
        let mut signed = Signed::new(Head { sessionId: a, job: 1, seed: a }, &key(seed), &domain).unwrap();
        let mut bytes = signed.signature.to_vec();
        bytes[at] ^= flip;
        signed.signature = bytes.into();
        prop_assert!(signed.verify(&domain).is_err());
    }
}

/// Bare parities and those of EIP-155 recover the same key, but are other bytes.
#[test]
fn another_recovery_id_does_not_count() {
    let domain = Domain { chain_id: 1, verifier_set: Address::ZERO };
    let signed = Signed::new(Head { sessionId: B256::ZERO, job: 1, seed: B256::ZERO }, &key(7), &domain).unwrap();
    for id in (0..=u8::MAX).filter(|id| *id != signed.signature[64]) {
        let mut bytes = signed.signature.to_vec();
        bytes[64] = id;
        let twin = Signed { signature: bytes.into(), ..signed.clone() };
        assert!(twin.verify(&domain).is_err(), "recovery id {id}");
    }
}

#[test]
fn a_high_s_twin_does_not_count() {
    let domain = Domain { chain_id: 1, verifier_set: Address::ZERO };
    let mut signed = Signed::new(Head { sessionId: B256::ZERO, job: 1, seed: B256::ZERO }, &key(7), &domain).unwrap();
    let order = U256::from_str_radix("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16).unwrap();
    let mut bytes = signed.signature.to_vec();
    let s = U256::from_be_slice(&bytes[32..64]);
    bytes[32..64].copy_from_slice(&(order - s).to_be_bytes::<32>());
    bytes[64] = 55 - bytes[64];
    signed.signature = bytes.into();
    assert_eq!(signed.verify(&domain), Err(SignatureError::Malformed(key(7).address())));
}
