//! Classes of hardware by name.

use std::str::FromStr;

use spheron_bindings::resource_catalog::IResourceCatalog::Entry;
use spheron_deployment::catalog_entries;

/// Suggestions that an error names.
const SUGGESTIONS: usize = 5;

/// A class of hardware in the resource catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource(pub u16);

impl FromStr for Resource {
    type Err = String;

    /// Reads an id, or a name such as `RTX 4090`, `rtx4090` or `NVIDIA RTX 4090`.
    fn from_str(text: &str) -> Result<Self, String> {
        let entries = catalog_entries().map_err(|error| error.to_string())?;
        let id = text.parse().ok();
        let named = |entry: &&Entry| Some(entry.id) == id || plain(&entry.name) == plain(text);
        if let Some(entry) = entries.iter().find(named) {
            return Ok(Self(entry.id));
        }
        let near = entries.iter().filter(|entry| plain(&entry.name).contains(&plain(text)));
        let near: Vec<&str> = near.map(|entry| entry.name.as_str()).take(SUGGESTIONS).collect();
        let hint = if near.is_empty() { "data/resource-catalog.csv lists all".into() } else { near.join(", ") };
        Err(format!("\"{text}\" is no resource: {hint}"))
    }
}

/// The name of a resource, or its id if the catalogue here does not have it.
pub fn name(id: u16) -> String {
    let entries = catalog_entries().unwrap_or_default();
    entries.into_iter().find(|entry| entry.id == id).map_or_else(|| format!("resource {id}"), |entry| entry.name)
}

/// A name without what people leave out.
fn plain(name: &str) -> String {
    let letters: String = name.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    letters.trim_start_matches("nvidia").trim_start_matches("apple").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_found_by_id_and_by_name() {
        for text in ["36", "RTX 4090", "rtx4090", "NVIDIA RTX 4090"] {
            assert_eq!(text.parse(), Ok(Resource(36)), "{text}");
        }
        assert_eq!("m4 max".parse(), Ok(Resource(1015)));
        assert_eq!(name(36), "NVIDIA RTX 4090");
        assert_eq!(name(9_999), "resource 9999");
    }

    #[test]
    fn an_unknown_resource_is_answered_with_what_is_near() {
        let error = "4090 ti".parse::<Resource>().unwrap_err();
        assert!(error.contains("\"4090 ti\" is no resource"), "{error}");
        assert!("h10".parse::<Resource>().unwrap_err().contains("NVIDIA H100 80G"));
    }
}
