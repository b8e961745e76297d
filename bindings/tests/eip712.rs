//! The digests of every signed struct are the same here as in Solidity, whose test reads the same fixture.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{collections::BTreeMap, fs, path::Path};

use alloy::{
    dyn_abi::eip712::Resolver,
    primitives::{Address, B256},
    sol_types::{Eip712Domain, SolStruct},
};
use serde::Deserialize;
use serde_json::Value;
use spheron_bindings::{
    claim_to::ClaimTo,
    domain,
    erc3009::ReceiveWithAuthorization,
    lease_book::ILeaseBook::Offer,
    node_registry::INodeRegistry::{NodeConsent, OperatorConsent},
    permit2::PermitWitnessTransferFrom,
    standing_top_ups::IStandingTopUps::Order,
    verifier_set::IVerifierSet::{SessionCommit, Verdict, VerdictBatch},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    primary_type: String,
    domain: DomainFields,
    message: Value,
    domain_separator: B256,
    struct_hash: B256,
    digest: B256,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DomainFields {
    name: String,
    version: Option<String>,
    chain_id: u64,
    verifying_contract: Address,
}

fn fixture() -> Value {
    serde_json::from_str(include_str!("../../test-fixtures/eip712.json")).unwrap()
}

/// Type strings by name.
fn types() -> BTreeMap<String, String> {
    serde_json::from_value(fixture()["types"].clone()).unwrap()
}

fn cases() -> Vec<Case> {
    serde_json::from_value(fixture()["cases"].clone()).unwrap()
}

/// The domain that the program itself signs under; a token's is read off the token.
fn domain_of(case: &Case) -> Eip712Domain {
    let (chain_id, contract) = (case.domain.chain_id, case.domain.verifying_contract);
    match case.primary_type.as_str() {
        "Offer" => domain::lease_book(chain_id, contract),
        "NodeConsent" | "OperatorConsent" => domain::node_registry(chain_id, contract),
        "ClaimTo" => domain::distributor(chain_id, contract),
        "Order" => domain::standing_top_ups(chain_id, contract),
        "PermitWitnessTransferFrom" => domain::permit2(chain_id),
        "Verdict" | "VerdictBatch" | "SessionCommit" => domain::verifier_set(chain_id, contract),
        _ => Eip712Domain::new(
            Some(case.domain.name.clone().into()),
            case.domain.version.clone().map(Into::into),
            Some(alloy::primitives::U256::from(chain_id)),
            Some(contract),
            None,
        ),
    }
}

/// The struct behind a message as wallets get it, with large numbers as hexadecimal text.
fn parse<T: SolStruct>(message: &Value) -> T {
    let types = Resolver::from_struct::<T>().resolve(T::NAME).unwrap();
    T::abi_decode(&types.coerce_json(message).unwrap().abi_encode()).unwrap()
}

fn check<T: SolStruct>(case: &Case, types: &BTreeMap<String, String>) {
    let message: T = parse(&case.message);
    let domain = domain_of(case);
    assert_eq!(domain.name.as_deref(), Some(case.domain.name.as_str()), "{}", case.name);
    assert_eq!(domain.version.as_deref(), case.domain.version.as_deref(), "{}", case.name);
    assert_eq!(T::eip712_encode_type(), types[&case.primary_type], "{}", case.name);
    assert_eq!(domain.separator(), case.domain_separator, "{}", case.name);
    assert_eq!(message.eip712_hash_struct(), case.struct_hash, "{}", case.name);
    assert_eq!(message.eip712_signing_hash(&domain), case.digest, "{}", case.name);
}

#[test]
fn digests_equal_those_of_the_contracts() {
    let types = types();
    for case in &cases() {
        match case.primary_type.as_str() {
            "Offer" => check::<Offer>(case, &types),
            "NodeConsent" => check::<NodeConsent>(case, &types),
            "OperatorConsent" => check::<OperatorConsent>(case, &types),
            "ClaimTo" => check::<ClaimTo>(case, &types),
            "Order" => check::<Order>(case, &types),
            "PermitWitnessTransferFrom" => check::<PermitWitnessTransferFrom>(case, &types),
            "Verdict" => check::<Verdict>(case, &types),
            "VerdictBatch" => check::<VerdictBatch>(case, &types),
            "SessionCommit" => check::<SessionCommit>(case, &types),
            "ReceiveWithAuthorization" => check::<ReceiveWithAuthorization>(case, &types),
            other => panic!("the fixture has a struct that no test knows: {other}"),
        }
    }
}

#[test]
fn every_signed_struct_is_covered_on_both_chains() {
    for name in types().keys() {
        for chain_id in [42161, 8453] {
            let covered = cases().iter().any(|case| case.primary_type == *name && case.domain.chain_id == chain_id);
            assert!(covered, "{name} on chain {chain_id}");
        }
    }
}

/// The type strings of the constants `..._TYPEHASH` in the sources below `folder`.
fn hashed_types(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(hashed_types(&path));
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        let constants = source.split("_TYPEHASH").skip(1).map(|rest| rest.split(';').next().unwrap());
        let texts = constants.filter(|rest| rest.trim_start().starts_with('=')).map(|rest| {
            let literals = rest.split('"').skip(1).step_by(2);
            literals.collect::<String>()
        });
        found.extend(texts);
    }
    found
}

#[test]
fn every_struct_that_a_contract_hashes_is_covered() {
    let hashed = hashed_types(Path::new("../contracts/src"));
    for text in &hashed {
        let covered = types().values().any(|known| known.contains(text.as_str()));
        assert!(covered, "test-fixtures/eip712.json has no case of {text:?}");
    }
    // What libraries and Permit2 hash stands in their code, not in ours.
    for (name, text) in types() {
        let is_ours = !["PermitWitnessTransferFrom", "ReceiveWithAuthorization"].contains(&name.as_str());
        assert!(!is_ours || hashed.contains(&text), "no contract hashes {text:?}");
    }
}
