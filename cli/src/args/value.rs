//! Values that people type: addresses, hashes, durations, shares.

use std::str::FromStr;

use alloy::primitives::{Address, B256};
use thiserror::Error;

/// Reads an address; one in mixed case must have its checksum right (EIP-55).
pub fn address(text: &str) -> Result<Address, String> {
    let wrong = || format!("\"{text}\" is no address: expected 0x and 40 hex digits");
    let address: Address = text.strip_prefix("0x").and_then(|digits| digits.parse().ok()).ok_or_else(wrong)?;
    let mixed_case =
        text[2..].chars().any(|c| c.is_ascii_uppercase()) && text[2..].chars().any(|c| c.is_ascii_lowercase());
    if mixed_case && address.to_checksum(None) != text {
        return Err(format!("the checksum of {text} is wrong: a digit was mistyped (EIP-55)"));
    }
    Ok(address)
}

/// Reads a 32-byte hash.
pub fn hash(text: &str) -> Result<B256, String> {
    let hash = text.strip_prefix("0x").and_then(|digits| digits.parse().ok());
    hash.ok_or_else(|| format!("\"{text}\" is no hash: expected 0x and 64 hex digits"))
}

/// A length of time: `90s`, `15m`, `12h`, `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds(pub u64);

/// Why something is no length of time.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("\"{0}\" is no length of time: write it like 90s, 15m, 12h or 7d")]
pub struct SecondsError(String);

impl FromStr for Seconds {
    type Err = SecondsError;

    fn from_str(text: &str) -> Result<Self, SecondsError> {
        let wrong = || SecondsError(text.to_owned());
        let unit = text.chars().last().ok_or_else(wrong)?;
        let scale = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        let count: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
        count.checked_mul(scale).map(Self).ok_or_else(wrong)
    }
}

impl TryFrom<Seconds> for u32 {
    type Error = anyhow::Error;

    fn try_from(seconds: Seconds) -> anyhow::Result<Self> {
        Self::try_from(seconds.0)
            .map_err(|_| anyhow::anyhow!("{} seconds are more than 136 years: give less", seconds.0))
    }
}

/// A share of a whole, to the basis point: `10%`, `2.5 %`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent(u16);

/// Why something is no share.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("\"{0}\" is no share: write it like 10% or 2.5%, from 0% to 100%, with two decimals at most")]
pub struct PercentError(String);

impl FromStr for Percent {
    type Err = PercentError;

    fn from_str(text: &str) -> Result<Self, PercentError> {
        let wrong = || PercentError(text.to_owned());
        let number = text.strip_suffix('%').ok_or_else(wrong)?.trim_end();
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits = format!("{whole}{fraction:0<2}");
        let well_formed = !whole.is_empty() && (1..=2).contains(&fraction.len());
        if !well_formed || !digits.chars().all(|c| c.is_ascii_digit()) {
            return Err(wrong());
        }
        digits.parse().ok().filter(|bps| *bps <= 10_000).map(Self).ok_or_else(wrong)
    }
}

impl Percent {
    /// In basis points.
    pub fn bps(self) -> u16 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_mixed_case_has_a_checksum() {
        let right = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
        assert_eq!(address(right).unwrap().to_checksum(None), right);
        assert!(address(&right.to_lowercase()).is_ok());
        assert!(address("0xF39fd6e51aad88F6F4ce6aB8827279cffFb92266").unwrap_err().contains("checksum"));
        for wrong in
            ["", "0x", "0x12", "f39fd6e51aad88f6f4ce6ab8827279cfffb92266", "0xzz9fd6e51aad88f6f4ce6ab8827279cfffb92266"]
        {
            assert!(address(wrong).unwrap_err().contains("no address"), "{wrong}");
        }
    }

    #[test]
    fn hashes_have_64_digits() {
        assert!(hash(&format!("0x{}", "ab".repeat(32))).is_ok());
        assert!(hash("0x12").unwrap_err().contains("no hash"));
    }

    #[test]
    fn shares_have_a_percent_sign() {
        let read = |text: &str| text.parse::<Percent>().map(Percent::bps);
        for (text, bps) in [("10%", 1_000), ("2.5 %", 250), ("0.01%", 1), ("0%", 0), ("100.00%", 10_000)] {
            assert_eq!(read(text), Ok(bps), "{text}");
        }
        for wrong in ["", "%", "10", "-1%", "+1%", "100.01%", "1.234%", ".5%", "1.%", "1e1%", "99999999999%"] {
            assert_eq!(read(wrong), Err(PercentError(wrong.to_owned())));
        }
    }

    #[test]
    fn lengths_of_time_have_a_unit() {
        let read = |text: &str| text.parse::<Seconds>().map(|seconds| seconds.0);
        assert_eq!((read("90s"), read("15m"), read("12h"), read("7d")), (Ok(90), Ok(900), Ok(43_200), Ok(604_800)));
        for wrong in ["", "90", "h", "-1h", "1.5h", "1w", "99999999999999999999d", "5€"] {
            assert_eq!(read(wrong), Err(SecondsError(wrong.to_owned())));
        }
    }
}
