//! Hashes that people name by their first digits.

use std::{fmt, str::FromStr};

use alloy::primitives::B256;

/// Digits of a hash that tables show.
const SHOWN: usize = 12;

/// Fewest digits that may name a hash.
const FEWEST: usize = 4;

/// The first digits of a hash, or all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix(String);

impl FromStr for Prefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix("0x").unwrap_or_default();
        if (FEWEST..=64).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(format!("\"{text}\" names nothing: expected 0x and the first {FEWEST} to 64 hex digits of a hash"))
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Prefix {
    /// The whole hash, if all digits are there.
    pub fn whole(&self) -> Option<B256> {
        self.0.parse().ok()
    }

    /// Whether `hash` begins with it.
    pub fn names(&self, hash: B256) -> bool {
        hash.to_string().starts_with(&self.0)
    }
}

/// The beginning of a hash, enough to name it by.
pub fn short(hash: B256) -> String {
    hash.to_string()[..2 + SHOWN].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_named_by_its_first_digits() {
        let hash = B256::repeat_byte(0xab);
        let prefix: Prefix = "0xABab".parse().unwrap();
        assert!(prefix.names(hash) && prefix.whole().is_none());
        assert_eq!(hash.to_string().parse::<Prefix>().unwrap().whole(), Some(hash));
        assert!(short(hash).parse::<Prefix>().unwrap().names(hash));
        for wrong in ["", "0x", "0xab", "abab", "0xabax", &"0x".repeat(40)] {
            assert!(wrong.parse::<Prefix>().is_err(), "{wrong}");
        }
    }
}
