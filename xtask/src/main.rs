//! Repository tasks: most write files that are committed, and with `--check` only compare them.

mod attacks;
mod bindings;
mod forge_config;
mod gas;
mod generated;
mod json;
mod privileged;
mod slither;
mod snapshots;
mod solidity;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use generated::Mode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Repository tasks: files that are generated, and tests that are tested")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Compile contracts/src and write bindings/abi/*.json.
    #[command(after_help = "Example: cargo xtask bindings --check")]
    Bindings(Mode),
    /// Write docs/contracts/gas.md from contracts/snapshots and the ceilings in contracts/gas.json.
    #[command(after_help = "Example: FOUNDRY_PROFILE=gas ./scripts/forge test && cargo xtask gas")]
    Gas(Mode),
    /// Write storage layouts, selectors and code sizes into contracts/snapshots, from what `./scripts/forge build` left.
    #[command(after_help = "Example: ./scripts/forge build && cargo xtask snapshots")]
    Snapshots(Mode),
    /// Write docs/contracts/privileged.md from the sources and contracts/roles.json.
    #[command(after_help = "Example: cargo xtask privileged --check")]
    Privileged(Mode),
    /// Take out the rules in contracts/attacks.toml one by one, and fail if an attack test does not notice.
    #[command(after_help = "Example: cargo xtask attacks --only A09")]
    Attacks(attacks::Options),
    /// Run slither, hold its findings against contracts/slither.json, and write docs/contracts/slither.md.
    #[command(after_help = "Example: cargo xtask slither --program ~/.local/share/slither/bin/slither --check")]
    Slither(slither::Options),
}

fn main() -> anyhow::Result<()> {
    // Not the folder that it was compiled in: clones share a target directory.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").context("run this as `cargo xtask`")?;
    let root = PathBuf::from(package).join("..").canonicalize()?;
    match Cli::parse().task {
        Task::Bindings(mode) => bindings::run(&root, mode.check),
        Task::Gas(mode) => gas::run(&root, mode),
        Task::Snapshots(mode) => snapshots::run(&root, mode),
        Task::Privileged(mode) => privileged::run(&root, mode),
        Task::Attacks(options) => attacks::run(&root, &options),
        Task::Slither(options) => slither::run(&root, &options),
    }
}
