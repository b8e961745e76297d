//! EIP-712 domains of the contracts that check signatures.

use alloy::{
    primitives::{Address, U256},
    sol_types::Eip712Domain,
};

/// Domain of [`LeaseBook`](crate::lease_book) offers.
pub fn lease_book(chain_id: u64, contract: Address) -> Eip712Domain {
    domain("Spheron LeaseBook", chain_id, contract)
}

/// Domain of [`NodeRegistry`](crate::node_registry) consents.
pub fn node_registry(chain_id: u64, contract: Address) -> Eip712Domain {
    domain("Spheron NodeRegistry", chain_id, contract)
}

/// Domain of [`VerifierSet`](crate::verifier_set) verdicts and session commitments.
pub fn verifier_set(chain_id: u64, contract: Address) -> Eip712Domain {
    domain("Spheron VerifierSet", chain_id, contract)
}

fn domain(name: &'static str, chain_id: u64, contract: Address) -> Eip712Domain {
    Eip712Domain::new(Some(name.into()), Some("1".into()), Some(U256::from(chain_id)), Some(contract), None)
}
