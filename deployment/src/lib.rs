//! Deterministic deployment of the contracts and the address book of a deployment.
