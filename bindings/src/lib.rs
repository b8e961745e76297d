//! Typed bindings of the contracts, generated from their ABI.
