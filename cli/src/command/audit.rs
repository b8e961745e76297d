//! `spheron audit`: the database against the contracts.

use std::{
    io::IsTerminal as _,
    path::PathBuf,
    process::ExitCode,
    sync::{Mutex, PoisonError},
};

use clap::Args;
use indicatif::ProgressBar;
use serde::Serialize;
use spheron_indexer::{
    Manifest,
    audit::{AuditProgress, AuditReport, ChainAudit, EventRef, LogAudit, audit, audit_logs},
    store::Reader,
};

use crate::output::{self, Output, Report, Style};

/// Compare an indexer's database with the contracts, value by value
///
/// At the last block that the database holds, every balance, lease, node, bond, stake, verdict and epoch is asked for at
/// the contracts and compared. Ends with 1 if anything differs, naming the value and the last events about it.
///
/// With --logs, the stored logs are held against the manifest's last endpoint instead: one hash per 10,000 final blocks,
/// and each log that differs with the events of its transaction.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  spheron audit --manifest manifest.toml --database spheron.sqlite\n  spheron audit --manifest manifest.toml --database spheron.sqlite --logs"
)]
pub struct Audit {
    /// Chains, endpoints and contracts, as the indexer has them
    #[arg(long, value_name = "FILE", env = "SPHERON_MANIFEST")]
    manifest: PathBuf,
    /// The indexer's database
    #[arg(long, value_name = "FILE", env = "SPHERON_DATABASE")]
    database: PathBuf,
    /// Hold the stored logs against another endpoint
    #[arg(long)]
    logs: bool,
}

impl Audit {
    /// Does it.
    pub async fn run(self, output: Output) -> anyhow::Result<ExitCode> {
        let manifest = Manifest::load(&self.manifest)?;
        let reader = Reader::open(&self.database).await?;
        let shown = Shown::default();
        if self.logs {
            let chains = audit_logs(&reader, &manifest, |progress| shown.update(progress)).await?;
            shown.finish();
            let report = LogReport { chains };
            output.print(&report)?;
            return Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        let report = audit(&reader, &manifest, |progress| shown.update(progress)).await?;
        shown.finish();
        output.print(&report)?;
        Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Progress on standard error: a bar for each chain on a terminal, a line for each chain elsewhere.
#[derive(Default)]
struct Shown(Mutex<Option<(String, ProgressBar)>>);

impl Shown {
    fn update(&self, progress: AuditProgress) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.as_ref().is_none_or(|(chain, _)| *chain != progress.chain) {
            if let Some((_, bar)) = shown.take() {
                bar.finish_and_clear();
            }
            if !std::io::stderr().is_terminal() {
                eprintln!("auditing {}: {} calls", progress.chain, progress.total);
            }
            *shown = Some((progress.chain, output::progress(progress.total, "calls")));
        }
        if let Some((_, bar)) = shown.as_ref() {
            bar.set_position(progress.done as u64);
        }
    }

    fn finish(&self) {
        if let Some((_, bar)) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }
}

impl Report for AuditReport {
    fn human(&self, style: Style) -> String {
        let mut text = style.table(&["CHAIN", "BLOCK", "COMPARED", "DIFFERENCES"], self.chains.iter().map(chain_row));
        for difference in self.chains.iter().flat_map(|chain| &chain.differences) {
            text += &format!("\n{} {difference}\n", style.bad("differs:"));
            text += &trail(&difference.events);
        }
        let verdict = match self.differing {
            0 => style.good("no difference"),
            count => style.bad(&format!("{count} differences")),
        };
        text + &format!("\n{} values compared, {verdict}\n", self.compared)
    }
}

fn chain_row(chain: &ChainAudit) -> Vec<String> {
    let compared: u64 = chain.compared.values().sum();
    vec![chain.chain.clone(), chain.block.to_string(), compared.to_string(), chain.differences.len().to_string()]
}

/// The events about something that differs.
fn trail(events: &[EventRef]) -> String {
    let line = |event: &EventRef| {
        let name = event.event.as_deref().unwrap_or("log");
        format!("  block {} log {}  {name}  {}\n", event.block, event.log_index, event.tx_hash)
    };
    events.iter().map(line).collect()
}

/// What the stored logs came to.
#[derive(Debug, Serialize)]
struct LogReport {
    chains: Vec<LogAudit>,
}

impl LogReport {
    fn is_clean(&self) -> bool {
        self.chains.iter().all(|chain| chain.differences.is_empty())
    }
}

impl Report for LogReport {
    fn human(&self, style: Style) -> String {
        let row = |chain: &LogAudit| {
            let counts = [chain.block, chain.segments, chain.logs, chain.differences.len() as u64];
            let texts = [chain.chain.clone(), chain.endpoint.clone()];
            texts.into_iter().chain(counts.map(|count| count.to_string())).collect()
        };
        let header = ["CHAIN", "ENDPOINT", "BLOCK", "SEGMENTS", "LOGS", "DIFFERENCES"];
        let mut text = style.table(&header, self.chains.iter().map(row));
        for difference in self.chains.iter().flat_map(|chain| &chain.differences) {
            text += &format!("\n{} {difference}\n", style.bad("differs:"));
            text += &trail(&difference.events);
        }
        text
    }
}
