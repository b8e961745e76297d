//! The generated JSON itself: ABI and creation code by contract name.

use alloy::{json_abi::JsonAbi, primitives::Bytes};
use serde::Deserialize;

/// ABI and creation code of one contract.
#[derive(Debug, Clone, Deserialize)]
pub struct Artifact {
    /// Functions, events and errors.
    pub abi: JsonAbi,
    /// Creation code, without constructor arguments.
    pub bytecode: Bytes,
}

macro_rules! artifacts {
    ($($name:literal,)*) => {
        /// Names of all contracts, in alphabetical order.
        pub const NAMES: &[&str] = &[$($name),*];

        fn text(name: &str) -> Option<&'static str> {
            match name {
                $($name => Some(include_str!(concat!("../abi/", $name, ".json"))),)*
                _ => None,
            }
        }
    };
}

artifacts! {
    "AttestationPolicy",
    "Authority",
    "Bonds",
    "Disputes",
    "Distributor",
    "LeaseBook",
    "Ledger",
    "Lens",
    "MeasurementDemand",
    "NodeRegistry",
    "OfferBoard",
    "OutageClock",
    "PauseSwitch",
    "Payout",
    "ResourceCatalog",
    "Router",
    "Spon",
    "StakedSpon",
    "StandingTopUps",
    "TestDollar",
    "VerifierSet",
}

/// The artifact of a contract of [`NAMES`].
///
/// # Panics
///
/// If `name` is none of them: the names are constants of the program, not input.
pub fn artifact(name: &str) -> Artifact {
    let text = text(name).unwrap_or_else(|| panic!("no contract is named {name:?}; known: {NAMES:?}"));
    serde_json::from_str(text).unwrap_or_else(|error| panic!("bindings/abi/{name}.json: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_artifact_parses_and_has_an_abi() {
        for name in NAMES {
            assert!(artifact(name).abi.functions().next().is_some(), "{name} has no function");
        }
    }
}
