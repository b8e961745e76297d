//! Typed bindings of the contracts, generated from their ABI.
//!
//! `abi/*.json` holds the ABI and the creation code of every contract; `cargo xtask bindings` writes it from
//! `contracts/src`. Each module below is the [`alloy::sol!`] view of one contract: call builders, events, errors,
//! structs with their EIP-712 hashes, and the creation code as `BYTECODE`.

#![allow(missing_docs, clippy::too_many_arguments)] // generated code

pub mod artifact;
pub mod claim_to;
pub mod domain;
pub mod erc3009;
pub mod head;
pub mod permit2;
pub mod range;
pub mod revert;

/// One module per contract, named as the contract in snake case.
macro_rules! contracts {
    ($($module:ident: $contract:ident = $file:literal;)*) => {$(
        pub mod $module {
            alloy::sol!(
                #[sol(rpc, all_derives)]
                #[derive(serde::Serialize, serde::Deserialize)]
                $contract,
                $file
            );
        }
    )*};
}

contracts! {
    attestation_policy: AttestationPolicy = "abi/AttestationPolicy.json";
    authority: Authority = "abi/Authority.json";
    bonds: Bonds = "abi/Bonds.json";
    disputes: Disputes = "abi/Disputes.json";
    distributor: Distributor = "abi/Distributor.json";
    lease_book: LeaseBook = "abi/LeaseBook.json";
    ledger: Ledger = "abi/Ledger.json";
    lens: Lens = "abi/Lens.json";
    measurement_demand: MeasurementDemand = "abi/MeasurementDemand.json";
    node_registry: NodeRegistry = "abi/NodeRegistry.json";
    offer_board: OfferBoard = "abi/OfferBoard.json";
    outage_clock: OutageClock = "abi/OutageClock.json";
    pause_switch: PauseSwitch = "abi/PauseSwitch.json";
    payout: Payout = "abi/Payout.json";
    resource_catalog: ResourceCatalog = "abi/ResourceCatalog.json";
    router: Router = "abi/Router.json";
    spon: Spon = "abi/Spon.json";
    staked_spon: StakedSpon = "abi/StakedSpon.json";
    standing_top_ups: StandingTopUps = "abi/StandingTopUps.json";
    test_dollar: TestDollar = "abi/TestDollar.json";
    verifier_set: VerifierSet = "abi/VerifierSet.json";
}
