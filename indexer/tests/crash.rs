//! `kill -9` at random points, also while a reorg is rolled back: the database ends as if nothing had happened.
//!
//! The test starts itself again as the process that is killed, so it has no harness. `SEED` runs one again,
//! `SPHERON_CRASH_TRIALS` makes it longer.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // a test may panic, and says its seed

mod common;

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Instant,
};

use common::{chain::Chain, server::Server};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use spheron_indexer::{Indexer, digest::digest, store::Reader};
use tokio_util::sync::CancellationToken;

const URL: &str = "SPHERON_CRASH_TEST_URL";
const DATABASE: &str = "SPHERON_CRASH_TEST_DATABASE";
const CHAIN: u64 = 42161;
/// Trials unless SPHERON_CRASH_TRIALS says otherwise; each one kills the process six times.
const TRIALS: usize = 6;

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
    let config = common::config(common::manifest(CHAIN, &[url.to_owned()]), database);
    Indexer::open(config).await.unwrap().run(CancellationToken::new()).await.unwrap();
}

fn start(url: &str, database: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(URL, url).env(DATABASE, database).stdin(Stdio::null()).stdout(Stdio::null());
    command.spawn().unwrap()
}

async fn kill_at_random_points() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    eprintln!("kill -9 at random points, SEED={seed}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let chain = Chain::grown(seed, 600, 4);
    let server = Server::start(CHAIN, chain.clone()).await;
    {
        // Many small transactions, half of them with undo records.
        let mut world = server.world();
        world.max_range = Some(12);
        world.finalized = Some(300);
    }
    let folder = tempfile::tempdir().unwrap();
    let uninterrupted = folder.path().join("uninterrupted.sqlite");
    let begun = Instant::now();
    assert!(start(&server.url, &uninterrupted).wait().unwrap().success());
    let duration = begun.elapsed();
    let expected = digest(&Reader::open(&uninterrupted).await.unwrap()).await.unwrap();
    assert_eq!(expected["raw_log"].rows, chain.events() as u64);

    let trials = std::env::var("SPHERON_CRASH_TRIALS").ok().and_then(|trials| trials.parse().ok()).unwrap_or(TRIALS);
    let mut kills = 0;
    for trial in 0..trials {
        let database = folder.path().join(format!("{trial}.sqlite"));
        for round in 0.. {
            // After each kill the chain may be another one: the next start has to roll back first.
            server.world().chain = if rng.random_bool(0.4) && round < 6 {
                chain.branch(rng.random_range(301..590), rng.random_range(5..40), rng.random_range(1..9))
            } else {
                chain.clone()
            };
            let settled = round >= 6;
            let mut child = start(&server.url, &database);
            if settled {
                assert!(child.wait().unwrap().success(), "trial {trial}, SEED={seed}");
                break;
            }
            tokio::time::sleep(duration.mul_f64(rng.random_range(0.02..0.6))).await;
            child.kill().unwrap();
            kills += usize::from(!child.wait().unwrap().success());
        }
        let found = digest(&Reader::open(&database).await.unwrap()).await.unwrap();
        let differing: Vec<_> = found.iter().filter(|(table, digest)| expected.get(*table) != Some(digest)).collect();
        assert!(differing.is_empty(), "trial {trial}, SEED={seed}: {differing:?}");
    }
    assert!(kills >= trials, "only {kills} kills hit a running process, SEED={seed}");
    eprintln!("{kills} kills in {trials} trials, one run takes {duration:?}: all tables equal");
}
