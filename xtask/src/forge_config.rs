//! foundry.toml, so that forge and the bindings compile with the same settings.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use foundry_compilers::artifacts::{
    BytecodeHash, Optimizer, Remapping, Settings, SettingsMetadata, output_selection::OutputSelection,
};
use serde::Deserialize;

/// The keys of foundry.toml that decide what the compiler puts out.
#[derive(Deserialize)]
pub struct Profile {
    pub src: String,
    pub solc: String,
    out: String,
    libs: Vec<String>,
    remappings: Vec<String>,
    evm_version: String,
    optimizer: bool,
    optimizer_runs: usize,
    via_ir: bool,
    bytecode_hash: String,
    cbor_metadata: bool,
}

#[derive(Deserialize)]
struct File {
    profile: Profiles,
}

#[derive(Deserialize)]
struct Profiles {
    default: Profile,
}

impl Profile {
    /// Reads the default profile of `root`/foundry.toml.
    pub fn read(root: &Path) -> anyhow::Result<Self> {
        let path = root.join("foundry.toml");
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let file: File = toml::from_str(&text).with_context(|| format!("cannot parse {}", path.display()))?;
        Ok(file.profile.default)
    }

    /// Where forge leaves the artifacts, absolute; as for forge itself, FOUNDRY_OUT goes first.
    pub fn out(&self, root: &Path) -> PathBuf {
        root.join(std::env::var_os("FOUNDRY_OUT").map_or_else(|| PathBuf::from(&self.out), PathBuf::from))
    }

    /// Library folders, absolute.
    pub fn libs(&self, root: &Path) -> Vec<PathBuf> {
        self.libs.iter().map(|lib| root.join(lib)).collect()
    }

    /// Remappings with absolute targets.
    pub fn remappings(&self, root: &Path) -> anyhow::Result<Vec<Remapping>> {
        let parse = |text: &String| {
            let mut remapping: Remapping = text.parse().with_context(|| format!("remapping {text:?}"))?;
            remapping.path = root.join(&remapping.path).display().to_string();
            anyhow::Ok(remapping)
        };
        self.remappings.iter().map(parse).collect()
    }

    /// The compiler settings.
    pub fn settings(&self, remappings: Vec<Remapping>) -> anyhow::Result<Settings> {
        let hash: BytecodeHash =
            self.bytecode_hash.parse().map_err(|error| anyhow::anyhow!("bytecode_hash: {error}"))?;
        Ok(Settings {
            remappings,
            optimizer: Optimizer { enabled: Some(self.optimizer), runs: Some(self.optimizer_runs), details: None },
            metadata: Some(SettingsMetadata::new(hash, self.cbor_metadata)),
            output_selection: OutputSelection::default_output_selection(),
            evm_version: Some(self.evm_version.parse().map_err(|error| anyhow::anyhow!("evm_version: {error}"))?),
            via_ir: Some(self.via_ir),
            ..Settings::default()
        })
    }
}
