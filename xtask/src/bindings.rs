//! ABI and creation code of every contract, as JSON that alloy's `sol!` reads.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, bail, ensure};
use foundry_compilers::{
    ConfigurableArtifacts, ProjectBuilder, ProjectPathsConfig,
    solc::{CliSettings, Solc, SolcCompiler, SolcSettings},
};
use serde_json::json;

use crate::forge_config::Profile;

/// The contracts that a deployment consists of.
const CONTRACTS: [&str; 21] = [
    "AttestationPolicy",
    "Authority",
    "Bonds",
    "Disputes",
    "Distributor",
    "LeaseBook",
    "Ledger",
    "Lens",
    "MeasurementDemand",
    "NodeRegistry",
    "OfferBoard",
    "OutageClock",
    "PauseSwitch",
    "Payout",
    "ResourceCatalog",
    "Router",
    "Spon",
    "StakedSpon",
    "StandingTopUps",
    "TestDollar",
    "VerifierSet",
];

/// Writes bindings/abi, or with `check` only compares.
pub fn run(root: &Path, check: bool) -> anyhow::Result<()> {
    let folder = root.join("bindings/abi");
    let generated = compile(root)?;
    if check {
        return compare(&folder, &generated);
    }
    fs::create_dir_all(&folder)?;
    for (name, text) in &generated {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    println!("{} contracts written to {}", generated.len(), folder.display());
    Ok(())
}

/// File name to file text.
fn compile(root: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let profile = Profile::read(root)?;
    let remappings = profile.remappings(root)?;
    let paths: ProjectPathsConfig<_> = ProjectPathsConfig::builder()
        .sources(root.join(&profile.src))
        .libs(profile.libs(root))
        .remappings(remappings.clone())
        .build_with_root(root);
    let settings = SolcSettings { settings: profile.settings(remappings)?, cli_settings: CliSettings::default() };
    let solc = Solc::new(root.join(&profile.solc)).context("the compiler does not run: is `npm ci` done?")?;
    let project = ProjectBuilder::<SolcCompiler, ConfigurableArtifacts>::new(ConfigurableArtifacts::default())
        .paths(paths)
        .settings(settings)
        .ephemeral()
        .no_artifacts()
        .offline()
        .build(SolcCompiler::Specific(solc))?;
    let output = project.compile()?;
    if output.has_compiler_errors() {
        bail!("the contracts do not compile:\n{output}");
    }
    CONTRACTS
        .iter()
        .map(|name| {
            let artifact = output.find_first(name).with_context(|| format!("no contract {name} in contracts/src"))?;
            let abi = artifact.abi.as_ref().with_context(|| format!("{name} has no ABI"))?;
            let code = artifact.bytecode.as_ref().map(|code| &code.object);
            let code = code.and_then(|code| code.as_bytes()).with_context(|| format!("{name} needs linking"))?;
            let text = serde_json::to_string(&json!({ "abi": abi, "bytecode": code }))?;
            Ok((format!("{name}.json"), text + "\n"))
        })
        .collect()
}

fn compare(folder: &Path, generated: &BTreeMap<String, String>) -> anyhow::Result<()> {
    let mut committed = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        committed.insert(name, fs::read_to_string(&path)?);
    }
    let differing: Vec<&String> = generated
        .iter()
        .filter(|(name, text)| committed.get(*name) != Some(text))
        .map(|(name, _)| name)
        .chain(committed.keys().filter(|name| !generated.contains_key(*name)))
        .collect();
    ensure!(
        differing.is_empty(),
        "bindings/abi differs from contracts/src in {differing:?}; run `cargo xtask bindings` and commit the result"
    );
    println!("{} contracts agree with bindings/abi", generated.len());
    Ok(())
}
