//! Keys of local chains, all from the test mnemonic that everybody knows. They protect nothing.

use alloy::{
    primitives::{B256, keccak256},
    signers::local::{MnemonicBuilder, PrivateKeySigner},
};

/// The mnemonic of Foundry and Hardhat. Never send anything of value to its accounts.
pub const MNEMONIC: &str = "test test test test test test test test test test test junk";

/// The account with this index of the test mnemonic.
pub fn key(index: u32) -> PrivateKeySigner {
    MnemonicBuilder::from_phrase_nth(MNEMONIC, index)
}

/// The key as services take it from their environment.
pub fn secret(key: &PrivateKeySigner) -> String {
    key.to_bytes().to_string()
}

/// A value that is the same in every run.
pub fn salt(label: &str) -> B256 {
    keccak256(label)
}
