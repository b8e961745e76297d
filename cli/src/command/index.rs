//! `spheron index`: follows the chains into a database, and serves it.

use std::{
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use spheron_indexer::{Config, Indexer, Manifest, store::rebuild};

use crate::{
    output::{Output, Report, Style, time},
    shutdown,
};

/// Index
///
/// Replays the contracts' events of every chain in a manifest into one SQLite file, and serves it over HTTP. It can be
/// killed at any moment and goes on where it was.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Example:\n  spheron index run --manifest manifest.toml --database spheron.sqlite\n  spheron index status"
)]
pub enum Index {
    /// Follow the chains until stopped
    #[command(after_help = "Example:\n  spheron index run --manifest manifest.toml --database spheron.sqlite")]
    Run(Run),
    /// Make every table again from the stored logs
    #[command(
        after_help = "Example:\n  spheron index rebuild --manifest manifest.toml --database spheron.sqlite",
        long_about = "Make every table again from the stored logs\n\nSends no request. For a database of other contract \
                      versions, or after an upgrade that changes what is folded. No indexer may run meanwhile; if it is \
                      interrupted, run it again and it goes on where it was."
    )]
    Rebuild(Rebuild),
    /// Show how far a running indexer is
    #[command(after_help = "Example:\n  spheron index status --api http://127.0.0.1:7080")]
    Status(Status),
}

/// `index run`
#[derive(Debug, Args)]
pub struct Run {
    /// Chains, endpoints and contracts
    #[arg(long, value_name = "FILE", env = "SPHERON_MANIFEST")]
    manifest: PathBuf,
    /// The SQLite file; it is made if there is none
    #[arg(long, value_name = "FILE", env = "SPHERON_DATABASE")]
    database: PathBuf,
    /// Where to serve the API
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7080")]
    listen: SocketAddr,
}

/// `index rebuild`
#[derive(Debug, Args)]
pub struct Rebuild {
    /// Chains, endpoints and contracts
    #[arg(long, value_name = "FILE", env = "SPHERON_MANIFEST")]
    manifest: PathBuf,
    /// The SQLite file
    #[arg(long, value_name = "FILE", env = "SPHERON_DATABASE")]
    database: PathBuf,
}

/// What a rebuild came to.
#[derive(Debug, Serialize)]
struct RebuildReport {
    logs: u64,
    seconds: f64,
}

/// `index status`
#[derive(Debug, Args)]
pub struct Status {
    /// The indexer's API
    #[arg(long, value_name = "URL", env = "SPHERON_API", default_value = "http://127.0.0.1:7080")]
    api: String,
}

/// What `/health` answers, as far as people ask.
#[derive(Debug, Serialize, Deserialize)]
struct Health {
    status: String,
    chains: Vec<Chain>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Chain {
    chain: String,
    phase: String,
    block: Option<u64>,
    block_time: Option<u64>,
    head: Option<u64>,
    finalized: Option<u64>,
    lag: Option<u64>,
    events: u64,
    last_error: Option<String>,
}

impl Index {
    /// Does it.
    pub async fn run(self, output: Output) -> anyhow::Result<ExitCode> {
        match self {
            Self::Run(command) => command.run().await?,
            Self::Rebuild(command) => output.print(&command.run().await?)?,
            Self::Status(command) => output.print(&command.run().await?)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Run {
    async fn run(self) -> anyhow::Result<()> {
        let cancel = shutdown::on_signal()?;
        let mut config = Config::new(Manifest::load(&self.manifest)?, self.database);
        config.api = Some(self.listen);
        let indexer = Indexer::open(config).await?;
        tracing::info!(api = ?indexer.api_address(), "indexing");
        Ok(indexer.run(cancel).await?)
    }
}

impl Rebuild {
    async fn run(self) -> anyhow::Result<RebuildReport> {
        let manifest = Manifest::load(&self.manifest)?;
        let begun = Instant::now();
        let work = move || {
            let mut told = begun;
            rebuild(&self.database, &manifest, |so_far| {
                if told.elapsed() >= Duration::from_secs(5) {
                    told = Instant::now();
                    tracing::info!(logs = so_far.logs, "rebuilding");
                }
            })
        };
        let rebuilt = tokio::task::spawn_blocking(work).await.context("the rebuild broke off")??;
        Ok(RebuildReport { logs: rebuilt.logs, seconds: begun.elapsed().as_secs_f64() })
    }
}

impl Report for RebuildReport {
    fn human(&self, _: Style) -> String {
        format!("Made every table again from {} logs in {:.1} s\n", self.logs, self.seconds)
    }
}

impl Status {
    async fn run(self) -> anyhow::Result<Health> {
        let url = format!("{}/health", self.api.trim_end_matches('/'));
        let answer = reqwest::get(&url).await;
        let answer =
            answer.with_context(|| format!("no indexer answers at {}: spheron index run starts one", self.api))?;
        answer.json().await.with_context(|| format!("{url} is not an indexer's answer"))
    }
}

impl Report for Health {
    fn human(&self, style: Style) -> String {
        let number = |value: Option<u64>| value.map_or("-".to_owned(), |value| value.to_string());
        let row = |chain: &Chain| {
            vec![
                chain.chain.clone(),
                chain.phase.clone(),
                number(chain.block),
                chain.block_time.map_or("-".to_owned(), time),
                number(chain.head),
                number(chain.finalized),
                number(chain.lag),
                chain.events.to_string(),
                chain.last_error.clone().unwrap_or_default(),
            ]
        };
        let header = ["CHAIN", "PHASE", "BLOCK", "ITS TIME", "HEAD", "FINAL", "LAG", "EVENTS", "ERROR"];
        style.table(&header, self.chains.iter().map(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_end_in_a_line_break() {
        let rebuilt = RebuildReport { logs: 7, seconds: 0.25 };
        assert_eq!(rebuilt.human(Style::default()), "Made every table again from 7 logs in 0.2 s\n");
    }
}
