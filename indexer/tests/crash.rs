//! `kill -9` at random points: in a backfill, while a reorg is rolled back, and at the head of a chain that grows and
//! reorganises all the while. The database ends as if nothing had happened.
//!
//! The test starts itself again as the process that is killed, so it has no harness. `SEED` runs one again,
//! `SPHERON_CRASH_TRIALS` makes it longer.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // a test may panic, and says its seed

mod common;

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use common::{chain::Chain, server::Server};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use spheron_indexer::{Indexer, digest::digest, store::Reader};
use tokio_util::sync::CancellationToken;

const URL: &str = "SPHERON_CRASH_TEST_URL";
const DATABASE: &str = "SPHERON_CRASH_TEST_DATABASE";
/// Set for a process that stays at the head.
const STAYS: &str = "SPHERON_CRASH_TEST_STAYS";
const CHAIN: u64 = 42161;
/// Trials unless SPHERON_CRASH_TRIALS says otherwise; each one kills a process that catches up six times, and one at
/// the head three times.
const TRIALS: usize = 4;
const CATCHING_UP: usize = 6;
const AT_THE_HEAD: usize = 3;

/// Blocks of the chain, and the last that is final where it is finite.
const BLOCKS: u64 = 600;
const FINAL: u64 = 300;

#[tokio::main]
async fn main() {
    if let (Ok(url), Ok(database)) = (std::env::var(URL), std::env::var(DATABASE)) {
        return index(&url, Path::new(&database)).await;
    }
    let filters: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if filters.is_empty() || filters.iter().any(|filter| "kill".contains(filter.as_str())) {
        kill_at_random_points().await;
    }
}

async fn index(url: &str, database: &Path) {
    let mut config = common::config(common::manifest(CHAIN, &[url.to_owned()]), database);
    if std::env::var(STAYS).is_ok() {
        config.follow.stop_at_head = false;
        config.follow.give_up_after = None;
    }
    Indexer::open(config).await.unwrap().run(CancellationToken::new()).await.unwrap();
}

fn start(url: &str, database: &Path, stays: bool) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(URL, url).env(DATABASE, database).stdin(Stdio::null()).stdout(Stdio::null());
    if stays {
        command.env(STAYS, "1");
    }
    command.spawn().unwrap()
}

/// What is killed, and what it reads from.
struct Trial {
    rng: ChaCha8Rng,
    chain: Chain,
    server: Server,
    /// Time of a run that nobody interrupts.
    duration: Duration,
    kills: usize,
}

impl Trial {
    /// Kills a process that catches up; after each kill the chain may be another one, to be rolled back first.
    async fn kill_while_it_catches_up(&mut self, database: &Path) {
        for _ in 0..CATCHING_UP {
            let branch = self.rng.random_bool(0.4).then(|| {
                let (from, blocks) = (self.rng.random_range(FINAL + 1..590), self.rng.random_range(5..40));
                self.chain.branch(from, blocks, self.rng.random_range(1..9))
            });
            self.server.world().chain = branch.unwrap_or_else(|| self.chain.clone());
            let child = start(&self.server.url, database, false);
            tokio::time::sleep(self.duration.mul_f64(self.rng.random_range(0.02..0.6))).await;
            self.kill(child);
        }
    }

    /// Kills a process at the head, while blocks come, go, and become final.
    async fn kill_at_the_head(&mut self, database: &Path) {
        let (mut head, mut last_final) = (FINAL + 20, FINAL);
        self.show(head, last_final);
        for _ in 0..AT_THE_HEAD {
            let child = start(&self.server.url, database, true);
            let lives = Duration::from_millis(self.rng.random_range(60..500));
            let ends = tokio::time::Instant::now() + lives;
            while tokio::time::Instant::now() < ends {
                if self.rng.random_bool(0.3) {
                    let from = self.rng.random_range(last_final + 1..head);
                    let (blocks, salt) = (self.rng.random_range(1..20), self.rng.random_range(1..200));
                    let branch = self.prefix(head).branch(from, blocks, salt);
                    self.server.world().chain = branch;
                } else {
                    head = (head + self.rng.random_range(1..4)).min(BLOCKS - 1);
                    last_final = last_final.max(head.saturating_sub(self.rng.random_range(10..60)));
                    self.show(head, last_final);
                }
                tokio::time::sleep(Duration::from_millis(self.rng.random_range(1..25))).await;
            }
            self.kill(child);
        }
    }

    fn kill(&mut self, mut child: Child) {
        child.kill().unwrap();
        self.kills += usize::from(!child.wait().unwrap().success());
    }

    fn prefix(&self, head: u64) -> Chain {
        Chain { blocks: self.chain.blocks[..=usize::try_from(head).unwrap()].to_vec(), salt: 0 }
    }

    fn show(&self, head: u64, last_final: u64) {
        let chain = self.prefix(head);
        let mut world = self.server.world();
        (world.chain, world.finalized) = (chain, Some(last_final));
    }

    /// Lets a process end by itself, with the whole chain.
    fn finish(&self, database: &Path) -> bool {
        self.server.world().chain = self.chain.clone();
        start(&self.server.url, database, false).wait().unwrap().success()
    }
}

async fn kill_at_random_points() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    eprintln!("kill -9 at random points, SEED={seed}");
    let rng = ChaCha8Rng::seed_from_u64(seed);
    let chain = Chain::grown(seed, BLOCKS, 4);
    let server = Server::start(CHAIN, chain.clone()).await;
    {
        // Many small transactions, half of them with undo records.
        let mut world = server.world();
        world.max_range = Some(12);
        world.finalized = Some(FINAL);
    }
    let folder = tempfile::tempdir().unwrap();
    let uninterrupted = folder.path().join("uninterrupted.sqlite");
    let mut trial = Trial { rng, chain, server, duration: Duration::ZERO, kills: 0 };
    let begun = tokio::time::Instant::now();
    assert!(trial.finish(&uninterrupted));
    trial.duration = begun.elapsed();
    let expected = digest(&Reader::open(&uninterrupted).await.unwrap()).await.unwrap();
    assert_eq!(expected["raw_log"].rows, trial.chain.events() as u64);

    let trials = std::env::var("SPHERON_CRASH_TRIALS").ok().and_then(|trials| trials.parse().ok()).unwrap_or(TRIALS);
    for number in 0..trials {
        for (name, at_the_head) in [("catching-up", false), ("at-the-head", true)] {
            let database = folder.path().join(format!("{name}-{number}.sqlite"));
            trial.server.world().finalized = Some(FINAL);
            if at_the_head {
                trial.kill_at_the_head(&database).await;
            } else {
                trial.kill_while_it_catches_up(&database).await;
            }
            assert!(trial.finish(&database), "{name}, trial {number}, SEED={seed}");
            let found = digest(&Reader::open(&database).await.unwrap()).await.unwrap();
            let differing: Vec<_> =
                found.iter().filter(|(table, digest)| expected.get(*table) != Some(digest)).collect();
            assert!(differing.is_empty(), "{name}, trial {number}, SEED={seed}: {differing:?}");
        }
    }
    let Trial { kills, duration, .. } = trial;
    assert!(kills >= trials * (1 + AT_THE_HEAD), "only {kills} kills hit a running process, SEED={seed}");
    eprintln!("{kills} kills in {trials} trials, one run takes {duration:?}: all tables equal");
}
