//! Repository tasks.

mod bindings;
mod forge_config;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Repository tasks")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Compile contracts/src and write bindings/abi/*.json.
    #[command(after_help = "Example: cargo xtask bindings --check")]
    Bindings {
        /// Change nothing; fail if what is committed differs from what the contracts give.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> anyhow::Result<()> {
    // Not the folder that it was compiled in: clones share a target directory.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").context("run this as `cargo xtask`")?;
    let root = PathBuf::from(package).join("..").canonicalize()?;
    match Cli::parse().task {
        Task::Bindings { check } => bindings::run(&root, check),
    }
}
