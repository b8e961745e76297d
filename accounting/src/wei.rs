//! Serde of wei as a decimal string: exact in JSON, where a number above 2^53 is not.

use alloy::primitives::U256;
use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Writes `amount` as a decimal string.
pub fn serialize<S: Serializer>(amount: &U256, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(amount)
}

/// Reads a decimal string.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<U256, D::Error> {
    let text = String::deserialize(deserializer)?;
    U256::from_str_radix(&text, 10)
        .map_err(|_| D::Error::custom(format!("\"{text}\" is no amount in wei: write it as a decimal string")))
}
