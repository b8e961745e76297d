//! Reading JSON files whose order counts.

use std::{fmt, fs, marker::PhantomData, path::Path};

use anyhow::Context as _;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor},
};

/// Parses the file at `path` below `root`.
pub fn read<T: DeserializeOwned>(root: &Path, path: &str) -> anyhow::Result<T> {
    let text = fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"))?;
    serde_json::from_str(&text).with_context(|| format!("cannot parse {path}"))
}

/// The entries of a JSON object, in the order in which they are written.
#[derive(Debug, PartialEq, Eq)]
pub struct Entries<T>(pub Vec<(String, T)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Entries<T> {
    pub fn get(&self, key: &str) -> Option<&T> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Collect<T> {
            type Value = Entries<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries: Vec<(String, T)> = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, T>()? {
                    if entries.iter().any(|(name, _)| *name == key) {
                        return Err(serde::de::Error::custom(format!("the key {key:?} is there twice")));
                    }
                    entries.push((key, value));
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Collect(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_keep_their_order_and_are_unique() {
        let entries: Entries<u8> = serde_json::from_str(r#"{"b": 1, "a": 2}"#).unwrap();
        assert_eq!(entries.0, [("b".to_owned(), 1), ("a".to_owned(), 2)]);
        assert_eq!(entries.get("a"), Some(&2));
        assert_eq!(entries.get("c"), None);
        let error = serde_json::from_str::<Entries<u8>>(r#"{"a": 1, "a": 2}"#).unwrap_err();
        assert!(error.to_string().contains("\"a\" is there twice"), "{error}");
    }
}
