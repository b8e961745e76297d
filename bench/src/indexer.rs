//! The whole measurement: backfill, rebuild, a slow endpoint, a growing head.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::Child,
};

use anyhow::Context as _;
use clap::Args;

use crate::{
    endpoint::Chain,
    live::{self, Lag},
    ponder::Ponder,
    run::{self, Digests, Taken},
};

/// `spheron-bench indexer`
#[derive(Debug, Args)]
pub struct Indexer {
    #[command(flatten)]
    chain: Chain,
    /// Times each run is made; the table shows the median and the spread
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Blocks of the growing head, 250 ms each, 0 to leave it out
    #[arg(long, default_value_t = 120)]
    live_blocks: u64,
    /// Events of the chain that Ponder indexes too, if it is installed
    #[arg(long, default_value_t = 50_000)]
    ponder_events: u64,
    /// Folder with bench/ponder and its packages; ./scripts/bench makes one if it is given --ponder
    #[arg(long, env = "SPHERON_BENCH_PONDER")]
    ponder: Option<PathBuf>,
}

/// A server in a process of its own, which ends with this.
struct Served {
    process: Child,
    url: String,
}

impl Served {
    fn start(chain: &Chain) -> anyhow::Result<Self> {
        let arguments = chain.arguments();
        let arguments: Vec<&str> = std::iter::once("serve").chain(arguments.iter().map(String::as_str)).collect();
        let mut process = run::start(&arguments)?;
        let mut url = String::new();
        BufReader::new(process.stdout.take().context("no output")?).read_line(&mut url)?;
        Ok(Self { process, url: url.trim().to_owned() })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Indexer {
    /// Measures, and prints the table.
    pub async fn run(self) -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        println!("{}", machine());
        println!();
        println!(
            "| scenario | events | wall s | events/s | CPU us/event | peak MiB | requests per 100k | MB on disk |"
        );
        println!("|---|---|---|---|---|---|---|---|");
        let served = Served::start(&self.chain)?;
        let (backfills, expected) = self.backfills(&served.url, folder.path())?;
        report("backfill", &backfills);
        let rebuilds = self.rebuilds(&served.url, &folder.path().join("0.sqlite"), &expected)?;
        report("rebuild", &rebuilds);
        drop(served);

        let slow = Chain { events: 100_000, per_block: 5, latency_ms: 50, ..self.chain.clone() };
        let served = Served::start(&slow)?;
        let (slow, _) = self.backfills(&served.url, folder.path())?;
        report("backfill, 50 ms latency, 5 events a block", &slow);
        drop(served);

        if let Some(ponder) = &self.ponder {
            self.beside(&Ponder(ponder.clone()), folder.path())?;
        }
        if self.live_blocks > 0 {
            let Lag { median, p99, requests_per_block } = live::lag(self.live_blocks, folder.path()).await?;
            println!();
            println!(
                "Head to API, a block each 250 ms: median {median:.0} ms, 99th percentile {p99:.0} ms, \
                 {requests_per_block:.1} requests per block."
            );
        }
        Ok(())
    }

    /// The same backfill several times, each into a new file; all must hold the same.
    fn backfills(&self, url: &str, folder: &Path) -> anyhow::Result<(Vec<Taken>, Digests)> {
        let (mut taken, mut expected): (Vec<Taken>, Option<Digests>) = (Vec::new(), None);
        for run in 0..self.runs.max(1) {
            let database = folder.join(format!("{run}.sqlite"));
            remove(&database)?;
            let path = database.to_str().context("a strange path")?;
            taken.push(run::ask(&["index", "--url", url, "--database", path])?);
            let found: Digests = run::ask(&["digest", "--database", path])?;
            let expected = expected.get_or_insert_with(|| found.clone());
            anyhow::ensure!(*expected == found, "two runs hold different rows");
        }
        Ok((taken, expected.unwrap_or_default()))
    }

    /// Ours and Ponder by turns, on one chain; both must hold the same events and balances.
    fn beside(&self, ponder: &Ponder, folder: &Path) -> anyhow::Result<()> {
        // What Ponder takes for final lies so many blocks behind the head of this chain: its backfill has all events.
        let chain = Chain { events: self.ponder_events, empty_blocks: 240, ..self.chain.clone() };
        let (served, head) = (Served::start(&chain)?, chain.events.div_ceil(chain.per_block));
        let database = folder.join("beside.sqlite");
        let path = database.to_str().context("a strange path")?;
        let (mut ours, mut theirs, mut both) = (Vec::new(), Vec::new(), None);
        for _ in 0..self.runs.max(1) {
            remove(&database)?;
            ours.push(run::ask(&["index", "--url", &served.url, "--database", path])?);
            let taken = ponder.index(&served.url, head)?;
            let (kept, expected) = (ponder.kept()?, ponder.kept_by_us(&database)?);
            anyhow::ensure!(kept == expected, "Ponder holds {kept:?}, we hold {expected:?}");
            theirs.push(Taken { events: kept.events, ..taken });
            both = Some(kept);
        }
        report("Spheron, beside Ponder", &ours);
        report("Ponder 0.17.7, PGlite", &theirs);
        if let Some(both) = both {
            println!();
            println!("Both hold the same {both}.");
        }
        Ok(())
    }

    fn rebuilds(&self, url: &str, database: &Path, expected: &Digests) -> anyhow::Result<Vec<Taken>> {
        let path = database.to_str().context("a strange path")?;
        let rebuild = |_| -> anyhow::Result<Taken> {
            let taken = run::ask(&["rebuild", "--url", url, "--database", path])?;
            let found: Digests = run::ask(&["digest", "--database", path])?;
            anyhow::ensure!(*expected == found, "the rebuilt tables differ");
            Ok(taken)
        };
        (0..self.runs.max(1)).map(rebuild).collect()
    }
}

fn remove(database: &Path) -> anyhow::Result<()> {
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let path = format!("{}{suffix}", database.display());
        if Path::new(&path).exists() {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// One line of the table: medians, and the spread of what noise moves.
fn report(scenario: &str, taken: &[Taken]) {
    let spread = |value: &dyn Fn(&Taken) -> f64, digits: usize| {
        let mut values: Vec<f64> = taken.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        let (least, median, most) = (values[0], values[values.len() / 2], values[values.len() - 1]);
        format!("{median:.digits$} ({least:.digits$} to {most:.digits$})")
    };
    println!(
        "| {scenario} | {} | {} | {} | {} | {} | {:.1} | {:.0} |",
        taken[0].events,
        spread(&|taken| taken.wall, 2),
        spread(&Taken::rate, 0),
        spread(&Taken::cpu_per_event, 2),
        spread(&|taken| taken.usage.peak_mib, 0),
        taken[0].requests_per_100k(),
        taken[0].disk as f64 / 1e6,
    );
}

/// Processor, cores and load: without them a time says nothing.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let cores = info.lines().filter(|line| line.starts_with("processor")).count();
    let load = read("/proc/loadavg");
    let load = load.split_whitespace().next().unwrap_or("unknown").to_owned();
    format!("{cores} cores of {}, load {load} at the start", model.trim_start_matches([' ', '\t', ':']))
}
