//! Rows without an allocation per value: the values of many rows, one after the other, in one piece of memory.

use alloy::primitives::U256;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

use crate::value::Value;

/// Values, in the order in which they were added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cells {
    cells: Vec<Cell>,
    bytes: Vec<u8>,
}

/// A value, or where its bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    Null,
    Integer(i64),
    Text(u32, u32),
    Blob(u32, u32),
}

/// A value that is borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellRef<'a> {
    /// SQL NULL.
    Null,
    /// INTEGER.
    Integer(i64),
    /// TEXT.
    Text(&'a [u8]),
    /// BLOB.
    Blob(&'a [u8]),
}

/// More decimal digits than 2^256 has.
const DIGITS: usize = 78;

impl Cells {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Forgets the values and keeps the memory.
    pub fn clear(&mut self) {
        self.cells.clear();
        self.bytes.clear();
    }

    /// Adds NULL.
    pub fn null(&mut self) {
        self.cells.push(Cell::Null);
    }

    /// Adds an INTEGER.
    pub fn integer(&mut self, number: i64) {
        self.cells.push(Cell::Integer(number));
    }

    /// Adds a TEXT.
    pub fn text(&mut self, text: &str) {
        let (from, to) = self.push(text.as_bytes());
        self.cells.push(Cell::Text(from, to));
    }

    /// Adds a BLOB.
    pub fn blob(&mut self, bytes: &[u8]) {
        let (from, to) = self.push(bytes);
        self.cells.push(Cell::Blob(from, to));
    }

    /// Adds a BLOB that `write` appends to the bytes before it.
    pub fn blob_by(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let from = self.bytes.len();
        write(&mut self.bytes);
        self.cells.push(Cell::Blob(place(from), place(self.bytes.len())));
    }

    /// Adds a number as [`crate::value::Kind::Number`] has it: its decimal digits behind two digits that count them.
    pub fn number(&mut self, number: U256) {
        let mut digits = [0; DIGITS + 2];
        let begins = write_digits(number, &mut digits);
        let count = digits.len() - begins;
        let text = &mut digits[begins - 2..];
        (text[0], text[1]) = (digit(count / 10), digit(count % 10));
        let (from, to) = self.push(&digits[begins - 2..]);
        self.cells.push(Cell::Text(from, to));
    }

    /// Adds a value.
    pub fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.null(),
            Value::Integer(number) => self.integer(*number),
            Value::Text(text) => self.text(text),
            Value::Blob(bytes) => self.blob(bytes),
        }
    }

    /// Forgets the values after the first `len`.
    pub fn truncate(&mut self, len: usize) {
        self.cells.truncate(len);
    }

    /// A value.
    ///
    /// # Panics
    ///
    /// If there is none at `index`.
    pub fn get(&self, index: usize) -> CellRef<'_> {
        let slice = |from: u32, to: u32| &self.bytes[from as usize..to as usize];
        match self.cells[index] {
            Cell::Null => CellRef::Null,
            Cell::Integer(number) => CellRef::Integer(number),
            Cell::Text(from, to) => CellRef::Text(slice(from, to)),
            Cell::Blob(from, to) => CellRef::Blob(slice(from, to)),
        }
    }

    /// The values as rows of `width`.
    pub fn rows(&self, width: usize) -> impl Iterator<Item = impl Iterator<Item = CellRef<'_>>> {
        (0..self.cells.len() / width.max(1))
            .map(move |row| (row * width..(row + 1) * width).map(|index| self.get(index)))
    }

    fn push(&mut self, bytes: &[u8]) -> (u32, u32) {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        (place(from), place(self.bytes.len()))
    }
}

impl<'a> CellRef<'a> {
    /// An unsigned INTEGER; 0 if it is something else.
    pub fn number(self) -> u64 {
        if let Self::Integer(number) = self { number.cast_unsigned() } else { 0 }
    }

    /// The bytes of a TEXT or a BLOB; none if it is something else.
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Self::Text(bytes) | Self::Blob(bytes) => bytes,
            Self::Null | Self::Integer(_) => &[],
        }
    }

    /// The value, owned.
    pub fn to_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::Integer(number),
            Self::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
            Self::Blob(bytes) => Value::Blob(bytes.to_vec()),
        }
    }
}

impl ToSql for CellRef<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(number),
            Self::Text(text) => ValueRef::Text(text),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn place(place: usize) -> u32 {
    u32::try_from(place).expect("the rows of a range are far below 4 GiB")
}

/// Writes the decimal digits of `number` at the end of `digits`, and says where they begin.
fn write_digits(number: U256, digits: &mut [u8]) -> usize {
    /// The greatest power of ten in 64 bits.
    const CHUNK: u64 = 10_000_000_000_000_000_000;
    const CHUNK_DIGITS: usize = 19;

    let (mut rest, mut end) = (number, digits.len());
    loop {
        let (above, chunk) = match u64::try_from(rest) {
            Ok(small) if small < CHUNK => (U256::ZERO, small),
            _ => {
                let (above, chunk) = rest.div_rem(U256::from(CHUNK));
                (above, chunk.to::<u64>())
            }
        };
        let mut chunk_rest = chunk;
        let mut begins = end;
        while chunk_rest > 0 || (begins == end && above.is_zero()) || (!above.is_zero() && end - begins < CHUNK_DIGITS)
        {
            begins -= 1;
            digits[begins] = digit((chunk_rest % 10) as usize);
            chunk_rest /= 10;
        }
        end = begins;
        if above.is_zero() {
            return end;
        }
        rest = above;
    }
}

fn digit(digit: usize) -> u8 {
    b"0123456789"[digit]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn digits_are_those_of_the_number(bytes: [u8; 32], shift in 0usize..256, tens in 0usize..78) {
            for number in [U256::from_be_bytes(bytes) >> shift, U256::from(10).pow(U256::from(tens))] {
                let mut cells = Cells::default();
                cells.number(number);
                let digits = number.to_string();
                let expected = Value::Text(format!("{:02}{digits}", digits.len()));
                prop_assert_eq!(cells.get(0).to_value(), expected);
            }
        }
    }

    #[test]
    fn values_come_back_in_rows() {
        let mut cells = Cells::default();
        let values = [
            Value::Null,
            Value::Integer(-1),
            Value::Text("a".into()),
            Value::Blob(vec![]),
            Value::Integer(2),
            Value::Null,
        ];
        values.iter().for_each(|value| cells.value(value));
        let rows: Vec<Vec<Value>> = cells.rows(3).map(|row| row.map(CellRef::to_value).collect()).collect();
        assert_eq!(rows, [values[..3].to_vec(), values[3..].to_vec()]);
        cells.truncate(3);
        assert_eq!(cells.rows(3).count(), 1);
    }
}
