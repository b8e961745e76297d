//! What a database column can hold, and how each Rust type is written into one.

use std::fmt;

use alloy::{
    hex,
    primitives::{Address, B256, U256},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cells::Cells;

/// One column's value, as SQLite stores it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Value {
    /// SQL NULL.
    #[serde(rename = "n")]
    Null,
    /// INTEGER.
    #[serde(rename = "i")]
    Integer(i64),
    /// TEXT.
    #[serde(rename = "t")]
    Text(String),
    /// BLOB.
    #[serde(rename = "x", with = "hex")]
    Blob(Vec<u8>),
}

/// The values of one row, in the order of its table's columns.
pub type Row = Vec<Value>;

/// What a column means; decides its SQL type, its place in views, and its JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number below 2^63: INTEGER.
    Integer,
    /// The id of an event: INTEGER, and a string in JSON, whose numbers end at 2^53 in many a program.
    Id,
    /// INTEGER 0 or 1.
    Flag,
    /// An unsigned number of up to 256 bits: TEXT of its decimal digits behind two digits that count them, so that it
    /// is exact, sorts as a number, and `substr(x, 3)` reads it.
    Number,
    /// 20 bytes, or up to 32 bytes, or any number of them: BLOB.
    Bytes,
    /// TEXT.
    Text,
    /// TEXT that is JSON.
    Json,
}

/// A value that does not fit its column: the database was changed by another program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value {found} is no {expected}")]
pub struct ValueError {
    expected: &'static str,
    found: String,
}

impl ValueError {
    fn new(expected: &'static str, found: &Value) -> Self {
        Self { expected, found: found.to_string() }
    }
}

/// A Rust type that has a column kind.
pub trait Field: Sized {
    /// Kind of the column.
    const KIND: Kind;

    /// Adds the value to a row.
    fn write(&self, row: &mut Cells);

    /// The value on its own.
    fn to_value(&self) -> Value {
        let mut cells = Cells::default();
        self.write(&mut cells);
        cells.get(0).to_value()
    }

    /// Reads it back.
    fn from_value(value: &Value) -> Result<Self, ValueError>;
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Blob(bytes) => f.write_str(&hex::encode_prefixed(bytes)),
        }
    }
}

impl Kind {
    /// The column's type in SQL.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Integer | Self::Id | Self::Flag => "INTEGER",
            Self::Number | Self::Text | Self::Json => "TEXT",
            Self::Bytes => "BLOB",
        }
    }

    /// The value as people and programs read it: big numbers as decimal strings, bytes as 0x hex.
    pub fn json(self, value: &Value) -> serde_json::Value {
        match (self, value) {
            (_, Value::Null) => serde_json::Value::Null,
            (Self::Flag, Value::Integer(flag)) => json!(*flag != 0),
            (Self::Id, Value::Integer(id)) => json!(id.to_string()),
            (Self::Number, Value::Text(text)) => json!(text.get(2..).unwrap_or_default()),
            (Self::Json, Value::Text(text)) => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
            (_, Value::Integer(number)) => json!(number),
            (_, Value::Text(text)) => json!(text),
            (_, Value::Blob(bytes)) => json!(hex::encode_prefixed(bytes)),
        }
    }
}

impl Field for U256 {
    const KIND: Kind = Kind::Number;

    fn write(&self, row: &mut Cells) {
        row.number(*self);
    }

    fn from_value(value: &Value) -> Result<Self, ValueError> {
        let digits = match value {
            Value::Text(text) => text.get(2..),
            _ => None,
        };
        digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| ValueError::new("number", value))
    }
}

impl Field for u64 {
    const KIND: Kind = Kind::Integer;

    /// Numbers from 2^63 on, which no contract of ours emits, are held at 2^63 - 1.
    fn write(&self, row: &mut Cells) {
        row.integer(i64::try_from(*self).unwrap_or(i64::MAX));
    }

    fn from_value(value: &Value) -> Result<Self, ValueError> {
        match value {
            Value::Integer(number) => u64::try_from(*number).map_err(|_| ValueError::new("unsigned integer", value)),
            _ => Err(ValueError::new("integer", value)),
        }
    }
}

impl Field for bool {
    const KIND: Kind = Kind::Flag;

    fn write(&self, row: &mut Cells) {
        row.integer(i64::from(*self));
    }

    fn from_value(value: &Value) -> Result<Self, ValueError> {
        match value {
            Value::Integer(0) => Ok(false),
            Value::Integer(1) => Ok(true),
            _ => Err(ValueError::new("flag", value)),
        }
    }
}

impl Field for String {
    const KIND: Kind = Kind::Text;

    fn write(&self, row: &mut Cells) {
        row.text(self);
    }

    fn from_value(value: &Value) -> Result<Self, ValueError> {
        match value {
            Value::Text(text) => Ok(text.clone()),
            _ => Err(ValueError::new("text", value)),
        }
    }
}

impl Field for Address {
    const KIND: Kind = Kind::Bytes;

    fn write(&self, row: &mut Cells) {
        row.blob(self.as_slice());
    }

    fn from_value(value: &Value) -> Result<Self, ValueError> {
        match value {
            Value::Blob(bytes) => Self::try_from(bytes.as_slice()).map_err(|_| ValueError::new("address", value)),
            _ => Err(ValueError::new("address", value)),
        }
    }
}

impl Field for B256 {
    const KIND: Kind = Kind::Bytes;

    fn write(&self, row: &mut Cells) {
        row.blob(self.as_slice());
    }

    fn from_value(value: &Value) -> Result<Self, ValueError> {
        match value {
            Value::Blob(bytes) => Self::try_from(bytes.as_slice()).map_err(|_| ValueError::new("hash", value)),
            _ => Err(ValueError::new("hash", value)),
        }
    }
}

/// Declares an enum whose values are written as their names in lower case.
macro_rules! named_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// All values, in the order of their numbers on chain.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in the database and in the API.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// The value with this name.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }

            /// The value with this number on chain.
            pub fn from_number(number: u8) -> Option<Self> {
                Self::ALL.get(usize::from(number)).copied()
            }
        }

        impl $crate::value::Field for $name {
            const KIND: $crate::value::Kind = $crate::value::Kind::Text;

            fn write(&self, row: &mut $crate::cells::Cells) {
                row.text(self.as_str());
            }

            fn from_value(value: &$crate::value::Value) -> Result<Self, $crate::value::ValueError> {
                let text = <String as $crate::value::Field>::from_value(value)?;
                Self::parse(&text).ok_or_else(|| $crate::value::ValueError::unknown(stringify!($name), &text))
            }
        }
    };
}
pub(crate) use named_enum;

impl ValueError {
    pub(crate) fn unknown(expected: &'static str, found: &str) -> Self {
        Self { expected, found: format!("{found:?}") }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back_and_sort_as_numbers(a: [u8; 32], b: [u8; 32], shift_a in 0usize..256, shift_b in 0usize..256) {
            let (a, b) = (U256::from_be_bytes(a) >> shift_a, U256::from_be_bytes(b) >> shift_b);
            prop_assert_eq!(U256::from_value(&a.to_value()), Ok(a));
            prop_assert_eq!(a.to_value().cmp(&b.to_value()), a.cmp(&b));
        }
    }

    #[test]
    fn big_numbers_are_decimal_strings_in_json() {
        assert_eq!(Kind::Number.json(&U256::MAX.to_value()), json!(U256::MAX.to_string()));
        assert_eq!(Kind::Number.json(&U256::ZERO.to_value()), json!("0"));
        assert_eq!(Kind::Flag.json(&true.to_value()), json!(true));
        assert_eq!(Kind::Bytes.json(&Value::Blob(vec![1, 0xab])), json!("0x01ab"));
    }

    #[test]
    fn a_value_of_another_kind_is_named() {
        let error = Address::from_value(&Value::Blob(vec![1])).unwrap_err();
        assert_eq!(error.to_string(), "the value 0x01 is no address");
        assert!(bool::from_value(&Value::Integer(2)).is_err());
        assert!(u64::from_value(&Value::Integer(-1)).is_err());
    }
}
