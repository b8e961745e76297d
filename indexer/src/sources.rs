//! Contracts of others in a manifest: where they are, or which event says so, and their ABI.
//!
//! ```toml
//! [[chains.sources]]
//! name = "factory"
//! abi = "abi/Factory.json"
//! address = "0x1111111111111111111111111111111111111111"
//!
//! [[chains.sources]]
//! name = "child"
//! abi = "abi/Child.json"
//! factory = { contract = "factory", event = "ChildCreated", field = "child" }
//! ```

use std::path::{Path, PathBuf};

use alloy::{
    json_abi::{Event, JsonAbi},
    primitives::{Address, B256},
};
use serde::{Deserialize, Serialize};

use crate::event::Log;

/// A contract, or all contracts that a factory makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceManifest {
    /// What its tables are named after.
    pub name: String,
    /// A JSON file with its ABI, as compilers write it; relative to the manifest.
    pub abi: PathBuf,
    /// Where it is; absent for those that a factory makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// Who makes contracts of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factory: Option<Factory>,
    /// The ABI's events, once they are loaded.
    #[serde(skip)]
    pub events: Vec<Event>,
}

/// How a contract that brings others into being says where they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Factory {
    /// Name of a source of this chain.
    pub contract: String,
    /// Its event.
    pub event: String,
    /// The event's field with the address.
    pub field: String,
}

/// Where in a log of a factory the address of its child is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Birth {
    /// The factory.
    factory: Address,
    selector: B256,
    place: Place,
    /// Name of the children.
    pub name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Topic(usize),
    Data(usize),
}

impl SourceManifest {
    /// Reads the ABI.
    pub(crate) fn load(&mut self, folder: &Path) -> Result<(), String> {
        let path = folder.join(&self.abi);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {}, the ABI of {:?}: {error}", path.display(), self.name))?;
        let wrong = |error| format!("{}, the ABI of {:?}, is no ABI: {error}", path.display(), self.name);
        let json: serde_json::Value = serde_json::from_str(&text).map_err(wrong)?;
        // A list, or an object with the list in it.
        let list = if json.is_object() { &json["abi"] } else { &json };
        let abi = JsonAbi::deserialize(list).map_err(wrong)?;
        self.events = abi.events.into_values().flatten().collect();
        Ok(())
    }

    /// Checks it beside the other sources of its chain.
    pub(crate) fn check(&self, sources: &[Self]) -> Result<(), String> {
        let name = &self.name;
        let named = name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
        if !named || !name.starts_with(|character: char| character.is_ascii_alphabetic()) {
            return Err(format!("the source {name:?} cannot name tables; use letters, digits and _"));
        }
        if self.events.is_empty() {
            return Err(format!("the ABI of {name:?} has no event; there is nothing to index"));
        }
        match (&self.address, &self.factory) {
            (Some(_), None) => Ok(()),
            (None, Some(_)) => self.birth(sources).map(drop),
            (Some(_), Some(_)) => Err(format!("{name:?} has an address and a factory; give one of them")),
            (None, None) => Err(format!("{name:?} has neither an address nor a factory; give one of them")),
        }
    }

    /// How its contracts come into being, `None` if it has an address.
    pub(crate) fn birth(&self, sources: &[Self]) -> Result<Option<Birth>, String> {
        let Some(Factory { contract, event, field }) = &self.factory else { return Ok(None) };
        let fail = |what: &str| format!("the factory of {:?}: {what}", self.name);
        let found = sources.iter().find(|source| source.name == *contract);
        let source = found.ok_or_else(|| fail(&format!("no source is named {contract:?}")))?;
        let factory = source.address.ok_or_else(|| fail(&format!("{contract:?} has no address")))?;
        let found = source.events.iter().find(|candidate| candidate.name == *event);
        let event = found.ok_or_else(|| fail(&format!("the ABI of {contract:?} has no event {event:?}")))?;
        let index = event.inputs.iter().position(|input| input.name == *field && input.ty == "address");
        let index = index.ok_or_else(|| fail(&format!("{} has no address field {field:?}", event.name)))?;
        let before = &event.inputs[..index];
        let place = if event.inputs[index].indexed {
            Place::Topic(1 + before.iter().filter(|input| input.indexed).count())
        } else {
            let before = before.iter().filter(|input| !input.indexed);
            if before.clone().any(|input| !input.components.is_empty() || input.ty.ends_with(']')) {
                return Err(fail(&format!("{field:?} stands behind a list or a struct, where it is not looked for")));
            }
            Place::Data(32 * before.count())
        };
        Ok(Some(Birth { factory, selector: event.selector(), place, name: self.name.clone() }))
    }
}

impl Birth {
    /// The contract that a log says has come into being.
    pub fn child(&self, log: &Log) -> Option<Address> {
        if log.address != self.factory || log.topics.first() != Some(&self.selector) {
            return None;
        }
        let word = match self.place {
            Place::Topic(index) => *log.topics.get(index)?,
            Place::Data(at) => B256::from(*log.data.get(at..)?.first_chunk::<32>()?),
        };
        Some(Address::from_word(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str, events: &[&str]) -> SourceManifest {
        SourceManifest {
            name: name.to_owned(),
            abi: PathBuf::new(),
            address: Some(Address::repeat_byte(1)),
            factory: None,
            events: events.iter().map(|text| Event::parse(text).unwrap()).collect(),
        }
    }

    #[test]
    fn wrong_sources_are_named() {
        let factory = source("factory", &["event Made(uint256 n, address child, address indexed owner)"]);
        let made = |event: &str, field: &str| SourceManifest {
            address: None,
            factory: Some(Factory { contract: "factory".into(), event: event.into(), field: field.into() }),
            ..source("child", &["event Moved()"])
        };
        let check = |source: &SourceManifest| source.check(&[factory.clone(), source.clone()]);
        assert_eq!(check(&made("Made", "child")), Ok(()));
        assert!(check(&made("Mad", "child")).unwrap_err().contains("has no event \"Mad\""));
        assert!(check(&made("Made", "n")).unwrap_err().contains("no address field \"n\""));
        assert!(check(&source("a b", &["event Moved()"])).unwrap_err().contains("cannot name tables"));
        assert!(check(&source("empty", &[])).unwrap_err().contains("has no event"));
        let neither = SourceManifest { address: None, ..source("x", &["event Moved()"]) };
        assert!(check(&neither).unwrap_err().contains("neither an address nor a factory"));
    }
}
