//! Numbers for what every log repeats: the address of its contract, and the selector of its event.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use alloy::primitives::map::HashMap;

/// The bytes that have a number, the first one 1. Numbers are given in any order and mean nothing outside one database.
#[derive(Debug, Default)]
pub struct Dictionary(RwLock<Entries>);

#[derive(Debug, Default)]
struct Entries {
    numbers: HashMap<Box<[u8]>, u32>,
    bytes: Vec<Box<[u8]>>,
}

impl Dictionary {
    /// One with these entries, numbered from 1 on.
    pub fn new(entries: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let dictionary = Self::default();
        for bytes in entries {
            dictionary.number(&bytes);
        }
        dictionary
    }

    /// The number of `bytes`; a new one if they have none.
    ///
    /// # Panics
    ///
    /// If there are 2^32 entries, more than memory holds.
    pub fn number(&self, bytes: &[u8]) -> u32 {
        if let Some(number) = self.entries().numbers.get(bytes) {
            return *number;
        }
        let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let Entries { numbers, bytes: known } = &mut *entries;
        *numbers.entry(bytes.into()).or_insert_with(|| {
            known.push(bytes.into());
            u32::try_from(known.len()).expect("the entries fit into memory")
        })
    }

    /// The entries with greater numbers than `number`, each with its own.
    pub fn after(&self, number: u32) -> Vec<(u32, Box<[u8]>)> {
        let entries = self.entries();
        (1..).zip(entries.bytes.iter().cloned()).skip(number as usize).collect()
    }

    fn entries(&self) -> RwLockReadGuard<'_, Entries> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_keep_their_number_and_numbers_their_bytes() {
        let dictionary = Dictionary::new([b"a".to_vec(), b"b".to_vec()]);
        assert_eq!((dictionary.number(b"b"), dictionary.number(b"c"), dictionary.number(b"a")), (2, 3, 1));
        assert_eq!(dictionary.after(1), [(2, b"b".as_slice().into()), (3, b"c".as_slice().into())]);
        assert_eq!(dictionary.after(3), []);
    }
}
