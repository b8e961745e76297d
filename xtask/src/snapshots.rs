//! contracts/snapshots: what the contracts look like from outside, as storage layouts, selectors and code sizes.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use crate::{forge_config::Profile, generated::Mode, json::Entries};

/// Bytes of runtime code that a chain takes (EIP-170).
const LIMIT: usize = 24_576;
const SOURCES: &str = "contracts/src/";
const TARGET: &str = "contracts/snapshots";

/// What forge says about one contract.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    abi: Vec<serde::de::IgnoredAny>,
    deployed_bytecode: Code,
    #[serde(default)]
    method_identifiers: BTreeMap<String, String>,
    metadata: Option<Metadata>,
    storage_layout: Option<StorageLayout>,
}

#[derive(Deserialize)]
struct Code {
    /// Hexadecimal, with 0x before it.
    object: String,
}

#[derive(Deserialize)]
struct Metadata {
    settings: Settings,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    /// The source file and the name of the one contract.
    compilation_target: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct StorageLayout {
    storage: Vec<Field>,
    types: Option<Entries<Type>>,
}

#[derive(Deserialize)]
struct Field {
    label: String,
    /// Its first byte within the slot.
    offset: u64,
    slot: String,
    #[serde(rename = "type")]
    type_id: String,
}

#[derive(Deserialize)]
struct Type {
    label: String,
    /// Of a struct.
    members: Option<Vec<Field>>,
}

/// One line per field: slot, first byte in it, name and type. Structs are written out once.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Layout {
    storage: Vec<String>,
    structs: BTreeMap<String, Vec<String>>,
}

/// Writes contracts/snapshots from what `forge build` left, or with `--check` compares it.
pub fn run(root: &Path, mode: Mode) -> anyhow::Result<()> {
    let contracts = deployed(root)?;
    apply(root, mode, "layouts.json", &each(&contracts, Artifact::layout)?)?;
    apply(root, mode, "selectors.json", &each(&contracts, |artifact| Ok(&artifact.method_identifiers))?)?;
    let sizes = each(&contracts, |artifact| Ok(artifact.size()))?;
    apply(root, mode, "sizes.json", &sizes)?;
    check_sizes(&sizes)
}

/// The artifacts of our contracts that have code of their own to deploy, by name.
fn deployed(root: &Path) -> anyhow::Result<BTreeMap<String, Artifact>> {
    let out = Profile::read(root)?.out(root);
    let mut found = BTreeMap::new();
    for folder in entries(&out, ".sol").context("no artifacts; run: ./scripts/forge build")? {
        for path in entries(&folder, ".json")? {
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let artifact: Artifact = serde_json::from_str(&text)
                .with_context(|| format!("cannot parse {}; run: ./scripts/forge build --force", path.display()))?;
            if artifact.is_deployed_from(root) {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                found.insert(name, artifact);
            }
        }
    }
    ensure!(!found.is_empty(), "no contracts of {SOURCES} in {}; run: ./scripts/forge build", out.display());
    Ok(found)
}

fn check_sizes(sizes: &BTreeMap<&str, usize>) -> anyhow::Result<()> {
    let too_large = sizes.iter().filter(|(_, size)| **size >= LIMIT);
    let too_large: Vec<String> = too_large.map(|(name, size)| format!("{name} ({size})")).collect();
    ensure!(
        too_large.is_empty(),
        "code must be below {LIMIT} bytes (EIP-170); make these smaller: {}",
        too_large.join(", ")
    );
    Ok(())
}

fn entries(folder: &Path, ending: &str) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let read = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = read.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    paths.retain(|path| path.to_string_lossy().ends_with(ending));
    paths.sort();
    Ok(paths)
}

fn each<'a, T>(
    contracts: &'a BTreeMap<String, Artifact>,
    convert: impl Fn(&'a Artifact) -> anyhow::Result<T>,
) -> anyhow::Result<BTreeMap<&'a str, T>> {
    let pair = |(name, artifact): (&'a String, &'a Artifact)| {
        Ok((name.as_str(), convert(artifact).with_context(|| name.clone())?))
    };
    contracts.iter().map(pair).collect()
}

fn apply<T: Serialize>(root: &Path, mode: Mode, file: &str, content: &BTreeMap<&str, T>) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(content)? + "\n";
    mode.apply(root, &format!("{TARGET}/{file}"), &text, "snapshots")
}

impl Artifact {
    /// Not an interface, a library or a test, nor a leftover of a source that is no longer there.
    fn is_deployed_from(&self, root: &Path) -> bool {
        let target = self.metadata.as_ref().and_then(|metadata| metadata.settings.compilation_target.keys().next());
        let is_ours = target.is_some_and(|path| path.starts_with(SOURCES) && root.join(path).exists());
        let is_library = self.abi.is_empty();
        is_ours && !is_library && self.size() > 0
    }

    fn layout(&self) -> anyhow::Result<Layout> {
        let layout = self.storage_layout.as_ref();
        let layout = layout.context("the artifact holds no storage layout; foundry.toml must ask for it")?;
        let none = Entries::default();
        let types = layout.types.as_ref().unwrap_or(&none);
        let structs = types.0.iter().filter_map(|(_, known)| Some((&known.label, known.members.as_ref()?)));
        Ok(Layout {
            storage: lines(&layout.storage, types)?,
            structs: structs
                .map(|(label, members)| Ok((label.clone(), lines(members, types)?)))
                .collect::<anyhow::Result<_>>()?,
        })
    }

    /// Bytes of runtime code.
    fn size(&self) -> usize {
        self.deployed_bytecode.object.trim_start_matches("0x").len() / 2
    }
}

fn lines(fields: &[Field], types: &Entries<Type>) -> anyhow::Result<Vec<String>> {
    let line = |Field { label, offset, slot, type_id }: &Field| {
        let known = types.get(type_id).with_context(|| format!("{label} has the unknown type {type_id}"))?;
        Ok(format!("{slot}:{offset} {label} {}", known.label))
    };
    fields.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(code: &str) -> Artifact {
        serde_json::from_value(serde_json::json!({
            "abi": [{ "type": "function", "name": "head" }],
            "deployedBytecode": { "object": code },
            "methodIdentifiers": { "tail()": "00000002", "head()": "00000001" },
            "metadata": { "settings": { "compilationTarget": { "contracts/src/a/A.sol": "A" } } },
            "storageLayout": {
                "storage": [{ "label": "_heads", "offset": 0, "slot": "3", "type": "t_mapping" }],
                "types": {
                    "t_mapping": { "label": "mapping(address => struct A.Head)" },
                    "t_head": {
                        "label": "struct A.Head",
                        "members": [{ "label": "start", "offset": 5, "slot": "0", "type": "t_uint40" }],
                    },
                    "t_uint40": { "label": "uint40" },
                },
            },
        }))
        .unwrap()
    }

    #[test]
    fn a_layout_has_a_line_for_each_field_and_each_struct_once() {
        let expected = Layout {
            storage: vec!["3:0 _heads mapping(address => struct A.Head)".to_owned()],
            structs: BTreeMap::from([("struct A.Head".to_owned(), vec!["0:5 start uint40".to_owned()])]),
        };
        assert_eq!(artifact("0x00").layout().unwrap(), expected);
    }

    #[test]
    fn an_artifact_without_a_layout_says_what_to_do() {
        let without = Artifact { storage_layout: None, ..artifact("0x00") };
        assert!(without.layout().unwrap_err().to_string().contains("foundry.toml"));
    }

    #[test]
    fn only_contracts_with_code_whose_source_exists_are_deployed() {
        let root = tempfile::tempdir().unwrap();
        assert!(!artifact("0x6000").is_deployed_from(root.path()), "the source is gone");
        fs::create_dir_all(root.path().join("contracts/src/a")).unwrap();
        fs::write(root.path().join("contracts/src/a/A.sol"), "").unwrap();
        assert!(artifact("0x6000").is_deployed_from(root.path()));
        assert!(!artifact("0x").is_deployed_from(root.path()), "an interface");
        assert!(!Artifact { abi: vec![], ..artifact("0x6000") }.is_deployed_from(root.path()), "a library");
    }

    #[test]
    fn the_size_is_in_bytes() {
        assert_eq!(artifact("0x").size(), 0);
        assert_eq!(artifact("0x600160").size(), 3);
    }

    #[test]
    fn code_at_the_limit_is_too_large() {
        check_sizes(&BTreeMap::from([("A", LIMIT - 1)])).unwrap();
        let error = check_sizes(&BTreeMap::from([("A", LIMIT - 1), ("B", LIMIT)])).unwrap_err().to_string();
        assert!(error.contains("B (24576)") && !error.contains("A ("), "{error}");
    }
}
