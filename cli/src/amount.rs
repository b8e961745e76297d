//! Amounts of money in units that people use.

use std::{fmt, str::FromStr};

use alloy::primitives::U256;
use serde::{Serialize, Serializer, ser::SerializeStruct as _};
use spheron_client::token::{Token, grouped};
use thiserror::Error;

/// The symbol of the smallest unit of any token.
const WEI: &str = "wei";

/// Seconds of an hour, in which people count prices.
const HOUR: u64 = 3_600;

/// An amount as a person wrote it: `12.5`, `12.5 tUSD`, or exactly, `12500000 wei`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    number: String,
    symbol: Option<String>,
}

/// An amount as a person wrote it, or all that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrittenOrAll {
    /// This much.
    Some(Written),
    /// All that there is.
    All,
}

/// Why something is no amount.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum AmountError {
    /// Not a decimal number.
    #[error("\"{0}\" is no amount: write it like 12.5, \"12.5 tUSD\" or \"12500000 wei\"")]
    NotANumber(String),
    /// Nothing.
    #[error("an amount of 0 does nothing: give more than 0")]
    Zero,
    /// More digits than the token has.
    #[error("{number} has {given} decimals, but {symbol} has only {decimals}")]
    TooManyDecimals {
        /// As it was written.
        number: String,
        /// Decimals that were written.
        given: usize,
        /// Of the token.
        symbol: String,
        /// Of the token.
        decimals: u8,
    },
    /// More than a contract can count.
    #[error("{number} {symbol} is more than a contract can count (2^256 - 1 wei)")]
    TooLarge {
        /// As it was written.
        number: String,
        /// Of the token.
        symbol: String,
    },
    /// In another token than the one that it is for.
    #[error("{number} {written} was given, but this is paid in {symbol}")]
    OtherToken {
        /// As it was written.
        number: String,
        /// As it was written.
        written: String,
        /// Of the token.
        symbol: String,
    },
}

impl FromStr for Written {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let wrong = || AmountError::NotANumber(text.to_owned());
        let trimmed = text.trim();
        let end = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
        let (number, symbol) = (&trimmed[..end], trimmed[end..].trim_start());
        let digits = number.chars().filter(char::is_ascii_digit).count();
        if digits == 0 || number.len() - digits > 1 {
            return Err(wrong());
        }
        if !symbol.chars().all(char::is_alphabetic) {
            return Err(wrong());
        }
        Ok(Self { number: number.to_owned(), symbol: (!symbol.is_empty()).then(|| symbol.to_owned()) })
    }
}

impl FromStr for WrittenOrAll {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        if text == "all" { Ok(Self::All) } else { text.parse().map(Self::Some) }
    }
}

impl Written {
    /// The symbol, if one was written that names a token.
    pub fn symbol(&self) -> Option<&str> {
        self.symbol.as_deref().filter(|symbol| *symbol != WEI)
    }

    /// The amount in wei of `token`; never 0.
    pub fn in_token(&self, token: &Token) -> Result<U256, AmountError> {
        match self.symbol() {
            Some(written) if !written.eq_ignore_ascii_case(&token.symbol) => Err(AmountError::OtherToken {
                number: self.number.clone(),
                written: written.to_owned(),
                symbol: token.symbol.clone(),
            }),
            _ if self.symbol.as_deref() == Some(WEI) => self.scaled(0, WEI),
            _ => self.scaled(token.decimals, &token.symbol),
        }
    }

    /// Wei of `token` in a second, where this is for an hour, rounded down; the price itself is never 0.
    pub fn per_second(&self, token: &Token) -> Result<U256, AmountError> {
        Ok(self.in_token(token)? / U256::from(HOUR))
    }

    /// The number times 10^decimals.
    fn scaled(&self, decimals: u8, symbol: &str) -> Result<U256, AmountError> {
        let (number, symbol) = (self.number.clone(), symbol.to_owned());
        let (whole, fraction) = self.number.split_once('.').unwrap_or((&self.number, ""));
        let places = usize::from(decimals);
        if fraction.len() > places {
            return Err(AmountError::TooManyDecimals { number, given: fraction.len(), symbol, decimals });
        }
        match U256::from_str_radix(&format!("{whole}{fraction:0<places$}"), 10) {
            Ok(wei) if wei.is_zero() => Err(AmountError::Zero),
            Ok(wei) => Ok(wei),
            Err(_) => Err(AmountError::TooLarge { number, symbol }),
        }
    }
}

impl WrittenOrAll {
    /// The symbol, if one was written that names a token.
    pub fn symbol(&self) -> Option<&str> {
        match self {
            Self::Some(written) => written.symbol(),
            Self::All => None,
        }
    }

    /// The amount in wei of `token`, of which there are `all`; never 0.
    pub fn in_token(&self, token: &Token, all: U256) -> Result<U256, AmountError> {
        match self {
            Self::Some(written) => written.in_token(token),
            Self::All if all.is_zero() => Err(AmountError::Zero),
            Self::All => Ok(all),
        }
    }
}

/// Wei of a token: `12.5 tUSD` for people, exact in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    /// Wei.
    pub wei: U256,
    symbol: String,
    decimals: u8,
}

impl Amount {
    /// `wei` of `token`.
    pub fn new(wei: U256, token: &Token) -> Self {
        Self { wei, symbol: token.symbol.clone(), decimals: token.decimals }
    }

    /// What a lease of an hour costs at `rate` (wei per second) of `token`.
    pub fn per_hour(rate: U256, token: &Token) -> Self {
        Self::new(rate * U256::from(HOUR), token)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.wei.to_string();
        let decimals = usize::from(self.decimals);
        let padded = format!("{digits:0>width$}", width = decimals + 1);
        let (whole, fraction) = padded.split_at(padded.len() - decimals);
        let fraction = fraction.trim_end_matches('0');
        write!(f, "{}", grouped(whole))?;
        if !fraction.is_empty() {
            write!(f, ".{fraction}")?;
        }
        write!(f, " {}", self.symbol)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Amount", 3)?;
        fields.serialize_field("wei", &self.wei.to_string())?;
        fields.serialize_field("symbol", &self.symbol)?;
        fields.serialize_field("decimals", &self.decimals)?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::Address;

    use super::*;

    fn dollar() -> Token {
        Token { address: Address::ZERO, symbol: "tUSD".to_owned(), decimals: 6 }
    }

    fn wei(text: &str) -> Result<U256, AmountError> {
        text.parse::<Written>()?.in_token(&dollar())
    }

    #[test]
    fn amounts_are_read_exactly() {
        for (text, expected) in [("12.5", 12_500_000), ("12.5 tUSD", 12_500_000), ("1tusd", 1_000_000), (".000001", 1)]
        {
            assert_eq!(wei(text), Ok(U256::from(expected)), "{text}");
        }
        let most = "115792089237316195423570985008687907853269984665640564039457584007913129.639935";
        assert_eq!(wei(most), Ok(U256::MAX));
    }

    #[test]
    fn what_is_no_amount_is_named() {
        for text in ["", "-5", "1e18", "1.2.3", ".", "12,5", "tUSD", "5 t-USD"] {
            assert_eq!(wei(text), Err(AmountError::NotANumber(text.to_owned())));
        }
        assert_eq!(wei("0.000000"), Err(AmountError::Zero));
        assert!(wei("0.5 wei").unwrap_err().to_string().contains("wei has only 0"));
        assert!(wei("1.0000001").unwrap_err().to_string().contains("1.0000001 has 7 decimals, but tUSD has only 6"));
        let above = "115792089237316195423570985008687907853269984665640564039457584007913129.639936";
        assert!(wei(above).unwrap_err().to_string().contains("2^256 - 1"));
        assert_eq!(wei("5 SPON").unwrap_err().to_string(), "5 SPON was given, but this is paid in tUSD");
    }

    #[test]
    fn prices_are_of_an_hour_and_rates_of_a_second() {
        let price: Written = "0.36".parse().unwrap();
        assert_eq!(price.per_second(&dollar()), Ok(U256::from(100)));
        assert_eq!(Amount::per_hour(U256::from(100), &dollar()).to_string(), "0.36 tUSD");
    }

    #[test]
    fn all_is_what_there_is() {
        let all: WrittenOrAll = "all".parse().unwrap();
        assert_eq!(all.in_token(&dollar(), U256::from(7)), Ok(U256::from(7)));
        assert_eq!(all.in_token(&dollar(), U256::ZERO), Err(AmountError::Zero));
    }

    #[test]
    fn amounts_are_shown_without_needless_digits() {
        for (wei, text) in [
            (0, "0 tUSD"),
            (1, "0.000001 tUSD"),
            (12_500_000, "12.5 tUSD"),
            (999_000_000, "999 tUSD"),
            (1_234_567_000_000u64, "1,234,567 tUSD"),
        ] {
            assert_eq!(Amount::new(U256::from(wei), &dollar()).to_string(), text);
        }
        let whole = Token { decimals: 0, ..dollar() };
        assert_eq!(Amount::new(U256::from(1_000), &whole).to_string(), "1,000 tUSD");
    }

    #[test]
    fn json_has_exact_wei() {
        let json = serde_json::to_value(Amount::new(U256::MAX, &dollar())).unwrap();
        assert_eq!(json["wei"], U256::MAX.to_string());
        assert_eq!((json["symbol"].as_str(), json["decimals"].as_u64()), (Some("tUSD"), Some(6)));
    }
}
