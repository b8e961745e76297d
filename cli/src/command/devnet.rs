//! `spheron devnet`: everything at work on two local chains.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use spheron_devnet::Options;

use crate::{output::Output, shutdown};

/// Start two local chains with everything deployed, and let an economy run on them
///
/// Two anvils stand for Arbitrum and Base. Providers, renters, verifiers and holders act on both; at the end a report
/// says who paid and got what, and the audit compares the indexer's database with the chains.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  spheron devnet --exit\n  spheron devnet --state-dir /tmp/spheron")]
pub struct Devnet {
    /// End after the audit instead of staying up until Ctrl-C
    #[arg(long)]
    exit: bool,
    /// Where address books go
    #[arg(long, value_name = "DIR", default_value = "deployments")]
    books: PathBuf,
    /// Where logs, database, evidence and reward files go [default: a temporary folder]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
}

impl Devnet {
    /// Does it.
    pub async fn run(self, output: Output) -> anyhow::Result<ExitCode> {
        let Self { exit, books, state_dir } = self;
        let options = Options { books, state: state_dir, exit, json: output.is_json() };
        spheron_devnet::run(options, shutdown::on_signal()?).await?;
        Ok(ExitCode::SUCCESS)
    }
}
