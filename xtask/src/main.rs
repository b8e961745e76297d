//! Repository tasks.

mod bindings;
mod forge_config;

use std::path::PathBuf;

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
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    match Cli::parse().task {
        Task::Bindings { check } => bindings::run(&root, check),
    }
}
