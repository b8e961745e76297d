//! Random chains and random faults against what is true: whatever happens on the way, the database ends as if an
//! endpoint without faults had been read once.
//!
//! `SPHERON_SIMULATION_SEED` runs one seed, `SPHERON_SIMULATION_RUNS` so many random ones.

use std::time::Duration;

use rand::{Rng as _, SeedableRng as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha8Rng;
use spheron_indexer::{Indexer, IndexerError, Manifest};
use spheron_indexer_mock::{
    chain::Chain,
    server::{Fault, Server},
};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{common, differing, digest_of, fresh};

const CHAIN: u64 = 8453;
const BLOCKS: u64 = 240;

/// Seeds that once found something, or that hit much at once.
const NOTABLE: [u64; 4] = [1, 7, 42, 2_024];

struct World {
    seed: u64,
    rng: ChaCha8Rng,
    whole: Chain,
    /// Last block of the true chain that is shown.
    head: u64,
    finalized: u64,
    servers: Vec<Server>,
    folder: TempDir,
    running: Option<(CancellationToken, JoinHandle<Result<(), IndexerError>>)>,
}

impl World {
    async fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let whole = Chain::grown(seed, BLOCKS, 5);
        let mut servers = Vec::new();
        for _ in 0..rng.random_range(1..=3) {
            servers.push(Server::start(CHAIN, whole.clone()).await);
        }
        let folder = tempfile::tempdir().unwrap();
        let mut world = Self { seed, rng, whole, head: 60, finalized: 20, servers, folder, running: None };
        world.show(None);
        world
    }

    fn manifest(&self) -> Manifest {
        let urls: Vec<String> = self.servers.iter().map(|server| server.url.clone()).collect();
        common::manifest(CHAIN, &urls)
    }

    /// Shows the true chain up to its head, or a branch, at every endpoint.
    fn show(&mut self, branch: Option<Chain>) {
        let kept = usize::try_from(self.head).unwrap() + 1;
        let chain = branch.unwrap_or_else(|| Chain { blocks: self.whole.blocks[..kept].to_vec(), salt: 0 });
        for server in &self.servers {
            let mut world = server.world();
            world.chain = chain.clone();
            world.finalized = Some(self.finalized);
        }
    }

    async fn start(&mut self) {
        let mut config = common::config(self.manifest(), &self.folder.path().join("db.sqlite"));
        config.follow.stop_at_head = false;
        config.follow.give_up_after = None;
        config.rpc.timeout = Duration::from_millis(300);
        // The first look may meet a fault that the start does not wait for.
        let indexer = Indexer::open(config).await.unwrap_or_else(|error| panic!("seed {}: {error}", self.seed));
        let cancel = CancellationToken::new();
        self.running = Some((cancel.clone(), tokio::spawn(indexer.run(cancel))));
    }

    async fn stop(&mut self) {
        if let Some((cancel, running)) = self.running.take() {
            cancel.cancel();
            let ended = running.await.unwrap();
            ended.unwrap_or_else(|error| panic!("seed {}: {error}", self.seed));
        }
    }

    /// One thing happens.
    async fn step(&mut self) {
        match self.rng.random_range(0..12) {
            0..3 => {
                self.head = (self.head + self.rng.random_range(1..12)).min(BLOCKS);
                self.show(None);
            }
            3 | 4 => {
                let from = self.rng.random_range(self.finalized..self.head);
                let (blocks, salt) = (self.rng.random_range(1..20), self.rng.random_range(1..200));
                let kept = usize::try_from(self.head).unwrap() + 1;
                let shown = Chain { blocks: self.whole.blocks[..kept].to_vec(), salt: 0 };
                let mut branch = shown.branch(from, blocks, salt);
                if self.rng.random_bool(0.4) {
                    branch = branch.branch(self.rng.random_range(from..=branch.head()), blocks, salt + 1);
                }
                self.show(Some(branch));
            }
            5 => {
                self.finalized =
                    self.rng.random_range(self.finalized..=self.head.saturating_sub(5).max(self.finalized));
                self.show(None);
            }
            6 => {
                let (logs, range) = (self.rng.random_range(30..400), self.rng.random_range(3..200));
                let mut world = self.any().world();
                (world.max_logs, world.max_range) = (Some(logs), Some(range));
                (world.coy, world.times) = (logs % 2 == 0, range % 2 == 0);
            }
            7..9 => {
                let fault = self.fault();
                self.any().world().faults.extend([fault]);
            }
            9 => {
                let behind = self.rng.random_range(0..8);
                let head = self.head - behind;
                self.any().world().head = (behind > 0).then_some(head);
            }
            10 => {
                // Another chain for a while.
                let server = self.any();
                server.world().chain_id = 1;
                tokio::task::yield_now().await;
                self.servers.iter().for_each(|server| server.world().chain_id = CHAIN);
            }
            _ => {
                self.stop().await;
                self.servers.iter().for_each(|server| server.world().chain_id = CHAIN);
                self.start().await;
            }
        }
    }

    fn any(&mut self) -> &Server {
        let index = self.rng.random_range(0..self.servers.len());
        &self.servers[index]
    }

    fn fault(&mut self) -> Fault {
        let faults = [
            Fault::Status(500, None),
            Fault::Status(429, Some(0)),
            Fault::Batch(-32005, "too many requests"),
            Fault::Logs(-32005, "query returned more than 10000 results"),
            Fault::Logs(-32000, "header not found"),
            Fault::Lag(self.rng.random_range(1..=self.head - self.finalized)),
            Fault::LostOne(self.rng.random_range(0..20)),
            Fault::TwiceLog,
            Fault::Shuffled,
            Fault::CutJson,
            Fault::CutBody,
            Fault::Hang,
        ];
        faults.choose(&mut self.rng).unwrap().clone()
    }

    /// Waits until the database holds the true chain.
    async fn settle(&mut self) {
        for server in &self.servers {
            let mut world = server.world();
            world.faults.clear();
            (world.head, world.chain_id, world.max_logs, world.max_range) = (None, CHAIN, None, None);
        }
        self.show(None);
        let expected = fresh(&self.servers[0]).await;
        let database = self.folder.path().join("db.sqlite");
        let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
        loop {
            let found = digest_of(&database).await;
            let differing = differing(&found, &expected);
            if differing.is_empty() {
                return;
            }
            let ended = self.running.as_ref().is_some_and(|(_, running)| running.is_finished());
            assert!(!ended, "seed {}: the run ended", self.seed);
            assert!(tokio::time::Instant::now() < deadline, "seed {}: {differing:?} differ", self.seed);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn simulate(seed: u64) {
    let mut world = World::new(seed).await;
    world.start().await;
    for step in 1..=40 {
        world.step().await;
        if step % 10 == 0 {
            world.settle().await;
        }
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_the_database_ends_as_the_chain() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    if let Some(seed) = number("SPHERON_SIMULATION_SEED") {
        return simulate(seed).await;
    }
    for seed in NOTABLE {
        simulate(seed).await;
    }
    for _ in 0..number("SPHERON_SIMULATION_RUNS").unwrap_or(2) {
        // A failure names its seed.
        simulate(rand::random()).await;
    }
}
