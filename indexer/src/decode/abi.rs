//! ABI-encoded data straight into rows: no value is made that is not kept.
//!
//! Strict: an address with bits above its 160, a flag that is 2, or an offset that leads out of the data is wrong.

use std::fmt::Write as _;

use alloy::{
    dyn_abi::DynSolType,
    hex,
    primitives::{Address, I256, U256},
};

use crate::{cells::Cells, value::Kind};

const WORD: usize = 32;

/// Widest unsigned integer that always fits a 64-bit signed one; wider ones are numbers.
const MAX_INTEGER_BITS: usize = 56;

/// A type, as far as its encoding goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    /// One word.
    Scalar(Scalar),
    /// `bytes`.
    Bytes,
    /// `string`.
    Text,
    /// A list, of a fixed length or of any.
    List(Box<Self>, Option<usize>),
    /// A struct.
    Tuple(Vec<Self>),
}

/// A type of one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    Bool,
    Uint(usize),
    Int(usize),
    Address,
    FixedBytes(usize),
}

/// Data that does not fit its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongData {
    /// The data ends too early.
    #[error("the data is too short")]
    Short,
    /// An offset or a length leads out of the data.
    #[error("an offset or a length leads out of the data")]
    Outside,
    /// A word holds more than its type can.
    #[error("a value has bits beyond its type")]
    Dirty,
    /// A text is not UTF-8.
    #[error("a text is not UTF-8")]
    Text,
    /// The log has another number of indexed fields.
    #[error("the number of indexed fields is another one")]
    Topics,
}

impl Type {
    /// The type that the ABI names.
    pub fn of(ty: &DynSolType) -> Self {
        match ty {
            DynSolType::Bool => Self::Scalar(Scalar::Bool),
            DynSolType::Int(bits) => Self::Scalar(Scalar::Int(*bits)),
            DynSolType::Uint(bits) => Self::Scalar(Scalar::Uint(*bits)),
            DynSolType::FixedBytes(length) => Self::Scalar(Scalar::FixedBytes(*length)),
            DynSolType::Address => Self::Scalar(Scalar::Address),
            DynSolType::Function => Self::Scalar(Scalar::FixedBytes(24)),
            DynSolType::Bytes => Self::Bytes,
            DynSolType::String => Self::Text,
            DynSolType::Array(inner) => Self::List(Box::new(Self::of(inner)), None),
            DynSolType::FixedArray(inner, length) => Self::List(Box::new(Self::of(inner)), Some(*length)),
            DynSolType::Tuple(fields) | DynSolType::CustomStruct { tuple: fields, .. } => {
                Self::Tuple(fields.iter().map(Self::of).collect())
            }
        }
    }

    /// What a column of it holds; a struct has one column per field.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Scalar(Scalar::Bool) => Kind::Flag,
            Self::Scalar(Scalar::Uint(bits) | Scalar::Int(bits)) if *bits <= MAX_INTEGER_BITS => Kind::Integer,
            Self::Scalar(Scalar::Uint(_)) => Kind::Number,
            Self::Scalar(Scalar::Int(_)) | Self::Text => Kind::Text,
            Self::Scalar(Scalar::Address | Scalar::FixedBytes(_)) | Self::Bytes => Kind::Bytes,
            Self::List(..) | Self::Tuple(_) => Kind::Json,
        }
    }

    /// Bytes that it takes where its container begins: those of the value, or of the offset to it.
    pub fn head_len(&self) -> usize {
        if self.is_dynamic() { WORD } else { self.static_len() }
    }

    /// Adds the value at `at` of `frame` to a row.
    pub fn write(&self, frame: &[u8], at: usize, row: &mut Cells) -> Result<(), WrongData> {
        match self {
            Self::Scalar(scalar) => scalar.write(word(frame, at)?, row)?,
            Self::Bytes => row.blob(bytes(frame, at)?),
            Self::Text => row.text(text(frame, at)?),
            Self::Tuple(fields) => {
                let (frame, mut at) = self.enter(frame, at)?;
                for field in fields {
                    field.write(frame, at, row)?;
                    at += field.head_len();
                }
            }
            Self::List(..) => {
                let mut json = String::new();
                self.json(frame, at, &mut json)?;
                row.text(&json);
            }
        }
        Ok(())
    }

    fn is_dynamic(&self) -> bool {
        match self {
            Self::Scalar(_) => false,
            Self::Bytes | Self::Text | Self::List(_, None) => true,
            Self::List(inner, Some(_)) => inner.is_dynamic(),
            Self::Tuple(fields) => fields.iter().any(Self::is_dynamic),
        }
    }

    fn static_len(&self) -> usize {
        match self {
            Self::List(inner, Some(length)) => inner.static_len().saturating_mul(*length),
            Self::Tuple(fields) => fields.iter().map(Self::static_len).sum(),
            _ => WORD,
        }
    }

    /// Where the parts of a struct or of a list of fixed length begin.
    fn enter<'a>(&self, frame: &'a [u8], at: usize) -> Result<(&'a [u8], usize), WrongData> {
        if self.is_dynamic() { Ok((tail(frame, at)?, 0)) } else { Ok((frame, at)) }
    }

    /// Adds the value as JSON: numbers and bytes as strings, structs and lists as lists.
    fn json(&self, frame: &[u8], at: usize, json: &mut String) -> Result<(), WrongData> {
        match self {
            Self::Scalar(scalar) => scalar.json(word(frame, at)?, json)?,
            Self::Bytes => {
                let _ = write!(json, "\"{}\"", hex::encode_prefixed(bytes(frame, at)?));
            }
            Self::Text => json.push_str(&serde_json::Value::from(text(frame, at)?).to_string()),
            Self::Tuple(fields) => {
                let (frame, at) = self.enter(frame, at)?;
                list(fields.iter(), frame, at, json)?;
            }
            Self::List(inner, Some(length)) => {
                let (frame, at) = self.enter(frame, at)?;
                list(std::iter::repeat_n(&**inner, *length), frame, at, json)?;
            }
            Self::List(inner, None) => {
                let frame = tail(frame, at)?;
                let length = size(word(frame, 0)?)?;
                let items = &frame[WORD..];
                // Items take at least a word each, but for those that have no parts at all.
                if length > items.len() / inner.head_len().max(1) {
                    return Err(WrongData::Outside);
                }
                list(std::iter::repeat_n(&**inner, length), items, 0, json)?;
            }
        }
        Ok(())
    }
}

fn list<'a>(
    items: impl Iterator<Item = &'a Type>,
    frame: &[u8],
    mut at: usize,
    json: &mut String,
) -> Result<(), WrongData> {
    json.push('[');
    for (index, item) in items.enumerate() {
        if index > 0 {
            json.push(',');
        }
        item.json(frame, at, json)?;
        at += item.head_len();
    }
    json.push(']');
    Ok(())
}

impl Scalar {
    fn write(self, word: &[u8; WORD], row: &mut Cells) -> Result<(), WrongData> {
        self.check(word)?;
        match self {
            Self::Bool => row.integer(i64::from(word[WORD - 1])),
            Self::Uint(bits) | Self::Int(bits) if bits <= MAX_INTEGER_BITS => row.integer(low(word).cast_signed()),
            Self::Uint(_) => row.number(U256::from_be_bytes(*word)),
            Self::Int(_) => row.text(&I256::from_be_bytes(*word).to_string()),
            Self::Address => row.blob(&word[12..]),
            Self::FixedBytes(length) => row.blob(&word[..length]),
        }
        Ok(())
    }

    fn json(self, word: &[u8; WORD], json: &mut String) -> Result<(), WrongData> {
        self.check(word)?;
        let _ = match self {
            Self::Bool => write!(json, "{}", word[WORD - 1] == 1),
            Self::Uint(_) => write!(json, "\"{}\"", U256::from_be_bytes(*word)),
            Self::Int(_) => write!(json, "\"{}\"", I256::from_be_bytes(*word)),
            Self::Address => write!(json, "\"{}\"", hex::encode_prefixed(&word[12..])),
            Self::FixedBytes(length) => write!(json, "\"{}\"", hex::encode_prefixed(&word[..length])),
        };
        Ok(())
    }

    /// Every bit that the type has no use for is 0, or the sign.
    fn check(self, word: &[u8; WORD]) -> Result<(), WrongData> {
        let above = |bits: usize, fill: u8| word[..WORD - bits / 8].iter().all(|byte| *byte == fill);
        let clean = match self {
            Self::Bool => above(8, 0) && word[WORD - 1] <= 1,
            Self::Uint(bits) => above(bits, 0),
            Self::Int(bits) => {
                let negative = word[WORD - bits / 8] & 0x80 != 0;
                above(bits, if negative { 0xff } else { 0 })
            }
            Self::Address => above(8 * Address::len_bytes(), 0),
            Self::FixedBytes(length) => word[length..].iter().all(|byte| *byte == 0),
        };
        if clean { Ok(()) } else { Err(WrongData::Dirty) }
    }
}

fn word(frame: &[u8], at: usize) -> Result<&[u8; WORD], WrongData> {
    frame.get(at..).and_then(|rest| rest.first_chunk()).ok_or(WrongData::Short)
}

/// The last eight bytes.
fn low(word: &[u8; WORD]) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&word[WORD - 8..]);
    u64::from_be_bytes(bytes)
}

fn size(word: &[u8; WORD]) -> Result<usize, WrongData> {
    let fits = word[..WORD - 8].iter().all(|byte| *byte == 0);
    fits.then(|| usize::try_from(low(word)).ok()).flatten().ok_or(WrongData::Outside)
}

/// What the offset at `at` leads to.
fn tail(frame: &[u8], at: usize) -> Result<&[u8], WrongData> {
    frame.get(size(word(frame, at)?)?..).ok_or(WrongData::Outside)
}

fn bytes(frame: &[u8], at: usize) -> Result<&[u8], WrongData> {
    let tail = tail(frame, at)?;
    let length = size(word(tail, 0)?)?;
    tail[WORD..].get(..length).ok_or(WrongData::Outside)
}

fn text(frame: &[u8], at: usize) -> Result<&str, WrongData> {
    std::str::from_utf8(bytes(frame, at)?).map_err(|_| WrongData::Text)
}

#[cfg(test)]
mod tests {
    use alloy::dyn_abi::DynSolValue;
    use proptest::prelude::*;

    use super::*;
    use crate::value::{Field as _, Value};

    fn types() -> impl Strategy<Value = DynSolType> {
        let scalar = prop_oneof![
            Just(DynSolType::Bool),
            Just(DynSolType::Address),
            (1usize..=32).prop_map(|bytes| DynSolType::Uint(8 * bytes)),
            (1usize..=32).prop_map(|bytes| DynSolType::Int(8 * bytes)),
            (1usize..=32).prop_map(DynSolType::FixedBytes),
            Just(DynSolType::Bytes),
            Just(DynSolType::String),
        ];
        scalar.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                inner.clone().prop_map(|inner| DynSolType::Array(Box::new(inner))),
                (inner.clone(), 1usize..3).prop_map(|(inner, length)| DynSolType::FixedArray(Box::new(inner), length)),
                prop::collection::vec(inner, 1..4).prop_map(DynSolType::Tuple),
            ]
        })
    }

    /// A value of the type, made of `seed`.
    fn value(ty: &DynSolType, seed: &mut u64) -> DynSolValue {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let word = alloy::primitives::keccak256(seed.to_be_bytes());
        let number = U256::from_be_bytes(word.0);
        match ty {
            DynSolType::Bool => DynSolValue::Bool(word[0] & 1 == 1),
            DynSolType::Address => DynSolValue::Address(Address::from_word(word)),
            DynSolType::Uint(bits) => DynSolValue::Uint(number >> (256 - bits), *bits),
            DynSolType::Int(bits) => DynSolValue::Int(I256::from_raw(number).asr(256 - bits), *bits),
            DynSolType::FixedBytes(length) => {
                let mut bytes = word;
                bytes[*length..].fill(0);
                DynSolValue::FixedBytes(bytes, *length)
            }
            DynSolType::Bytes => DynSolValue::Bytes(word[..usize::from(word[0] % 32)].to_vec()),
            DynSolType::String => DynSolValue::String(format!("\"{}\u{e9}", word[0])),
            DynSolType::Array(inner) => DynSolValue::Array((0..word[0] % 4).map(|_| value(inner, seed)).collect()),
            DynSolType::FixedArray(inner, length) => {
                DynSolValue::FixedArray((0..*length).map(|_| value(inner, seed)).collect())
            }
            DynSolType::Tuple(fields) => DynSolValue::Tuple(fields.iter().map(|field| value(field, seed)).collect()),
            other => unreachable!("{other:?}"),
        }
    }

    /// The row that a value is, the slow way.
    fn flatten(value: &DynSolValue, row: &mut Vec<Value>) {
        match value {
            DynSolValue::Tuple(fields) => fields.iter().for_each(|field| flatten(field, row)),
            DynSolValue::Bool(flag) => row.push(flag.to_value()),
            DynSolValue::Uint(number, bits) if *bits <= MAX_INTEGER_BITS => row.push(number.to::<u64>().to_value()),
            DynSolValue::Uint(number, _) => row.push(number.to_value()),
            DynSolValue::Int(number, bits) if *bits <= MAX_INTEGER_BITS => row.push(Value::Integer(number.as_i64())),
            DynSolValue::Int(number, _) => row.push(Value::Text(number.to_string())),
            DynSolValue::Address(address) => row.push(address.to_value()),
            DynSolValue::FixedBytes(word, length) => row.push(Value::Blob(word[..*length].to_vec())),
            DynSolValue::Bytes(bytes) => row.push(Value::Blob(bytes.clone())),
            DynSolValue::String(text) => row.push(Value::Text(text.clone())),
            list => row.push(Value::Text(json(list).to_string())),
        }
    }

    fn json(value: &DynSolValue) -> serde_json::Value {
        match value {
            DynSolValue::Array(values) | DynSolValue::FixedArray(values) | DynSolValue::Tuple(values) => {
                values.iter().map(json).collect()
            }
            DynSolValue::Bool(flag) => (*flag).into(),
            DynSolValue::Uint(number, _) => number.to_string().into(),
            DynSolValue::Int(number, _) => number.to_string().into(),
            DynSolValue::Address(address) => hex::encode_prefixed(address).into(),
            DynSolValue::FixedBytes(word, length) => hex::encode_prefixed(&word[..*length]).into(),
            DynSolValue::Bytes(bytes) => hex::encode_prefixed(bytes).into(),
            DynSolValue::String(text) => text.clone().into(),
            other => unreachable!("{other:?}"),
        }
    }

    proptest! {
        #[test]
        fn rows_are_those_of_the_library(fields in prop::collection::vec(types(), 1..5), mut seed: u64, flip: prop::sample::Index) {
            let whole = DynSolType::Tuple(fields.clone());
            let sample = value(&whole, &mut seed);
            let data = sample.abi_encode_params();
            let (mut cells, mut at) = (Cells::default(), 0);
            for ty in fields.iter().map(Type::of) {
                ty.write(&data, at, &mut cells).unwrap();
                at += ty.head_len();
            }
            let mut expected = Vec::new();
            flatten(&sample, &mut expected);
            let found: Vec<Value> = (0..cells.len()).map(|index| cells.get(index).to_value()).collect();
            prop_assert_eq!(found, expected);

            // Whatever is wrong with the data is an error and no panic.
            let mut broken = data.clone();
            if !broken.is_empty() {
                let place = flip.index(broken.len());
                broken[place] ^= 0x80;
                let mut at = 0;
                for ty in fields.iter().map(Type::of) {
                    let _ = ty.write(&broken, at, &mut cells);
                    at += ty.head_len();
                }
            }
        }
    }

    #[test]
    fn dirty_words_are_refused() {
        let mut row = Cells::default();
        let cases = [(Scalar::Bool, 2u8), (Scalar::Uint(8), 0)];
        for (scalar, last) in cases {
            let mut word = [0; WORD];
            (word[0], word[WORD - 1]) = (u8::from(last == 0), last);
            assert_eq!(scalar.write(&word, &mut row), Err(WrongData::Dirty));
        }
        assert_eq!(Scalar::Address.write(&[1; WORD], &mut row), Err(WrongData::Dirty));
        assert_eq!(Scalar::Int(16).write(&[0xff; WORD], &mut row), Ok(()));
        assert_eq!(row.get(row.len() - 1).to_value(), Value::Integer(-1));
    }
}
