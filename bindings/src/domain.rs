//! EIP-712 domains of the contracts that check signatures.

use alloy::{
    primitives::{Address, U256},
    sol_types::Eip712Domain,
};

use crate::permit2::PERMIT2;

/// Domain of [`LeaseBook`](crate::lease_book) offers.
pub fn lease_book(chain_id: u64, contract: Address) -> Eip712Domain {
    domain("Spheron LeaseBook", chain_id, contract)
}

/// Domain of [`NodeRegistry`](crate::node_registry) consents of nodes and of their operators.
pub fn node_registry(chain_id: u64, contract: Address) -> Eip712Domain {
    domain("Spheron NodeRegistry", chain_id, contract)
}

/// Domain of [`Distributor`](crate::distributor) claims to another address.
pub fn distributor(chain_id: u64, contract: Address) -> Eip712Domain {
    domain("Spheron Distributor", chain_id, contract)
}

/// Domain of [`StandingTopUps`](crate::standing_top_ups) orders.
pub fn standing_top_ups(chain_id: u64, contract: Address) -> Eip712Domain {
    domain("Spheron StandingTopUps", chain_id, contract)
}

/// Domain of Permit2, which has no version.
pub fn permit2(chain_id: u64) -> Eip712Domain {
    Eip712Domain::new(Some("Permit2".into()), None, Some(U256::from(chain_id)), Some(PERMIT2), None)
}

/// Domain of [`VerifierSet`](crate::verifier_set) verdicts, batches of them, and session commitments.
pub fn verifier_set(chain_id: u64, contract: Address) -> Eip712Domain {
    domain("Spheron VerifierSet", chain_id, contract)
}

fn domain(name: &'static str, chain_id: u64, contract: Address) -> Eip712Domain {
    Eip712Domain::new(Some(name.into()), Some("1".into()), Some(U256::from(chain_id)), Some(contract), None)
}
