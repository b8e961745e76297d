//! A network in one process: verifiers and one node's agent on free ports, time by hand, secrets that repeat.

#![allow(dead_code, clippy::unwrap_used)] // each test file uses its part

use std::{
    net::SocketAddr,
    num::NonZeroUsize,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use alloy::{
    primitives::{Address, B256, U256, keccak256},
    signers::local::PrivateKeySigner,
};
use spheron_verifier_agent::{
    Agent, Limits, Registration, Verifiers,
    behaviour::{Behaviour, Wait},
    clock::{Clock, ManualClock},
};
use spheron_verifier_core::{
    class::ClassTable, evidence::Evidence, job::GemmJob, policy::Policy, prover::Prover, verdict::SignedVerdict,
    wire::Domain,
};
use spheron_verifier_cpu::CpuProver;
use spheron_verifier_service::{Config, Entropy, StaticDirectory, Verifier, Work};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Where every test's clock begins, unix milliseconds.
pub const BEGIN_MS: u64 = 1_800_000_000_000;
/// The class that the node claims: 4 giga-operations per second.
pub const CLAIMED: u16 = 36;
/// A slower class: 1.5 giga-operations per second.
pub const SLOWER: u16 = 16;
/// Jobs of a session.
pub const JOBS: u64 = 60;

/// Another address than its operator's: the operator key was changed.
pub const NODE: Address = Address::repeat_byte(0x70);
pub const ARBITRUM: Domain = Domain { chain_id: 42161, verifier_set: Address::repeat_byte(0xa1) };
pub const BASE: Domain = Domain { chain_id: 8453, verifier_set: Address::repeat_byte(0xb2) };

pub fn key(seed: u64) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::from(U256::from(seed))).unwrap()
}

/// 60 jobs of 4.2 million operations: an honest machine needs one virtual millisecond for each.
pub fn policy() -> Policy {
    let classes = "resource_id,model,giga_ops_per_sec,calibration\n36,fast,4,measured\n16,slow,1.5,measured\n";
    let policy = Policy {
        job: GemmJob { m: 128, n: 128, k: 128 },
        window_ms: 63,
        run_ms: 5000,
        tolerance_ms: 5,
        // the virtual clock may run on between two challenges
        reveal_gap_ms: 3_600_000,
        ..Policy::small(ClassTable::from_csv(classes).unwrap(), 63)
    };
    assert_eq!(policy.jobs(CLAIMED), Ok(JOBS));
    policy
}

/// What a test's network is made of.
pub struct Setup {
    pub policy: Policy,
    pub behaviour: Behaviour,
    /// Virtual time of one honest job.
    pub per_job: Duration,
    /// How each verifier's clock reads the common one.
    pub clocks: [fn(ManualClock) -> Arc<dyn Clock>; 3],
    pub quorum: u16,
    /// Wraps the prover once more.
    pub prover: fn(Arc<dyn Prover>) -> Arc<dyn Prover>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            policy: policy(),
            behaviour: Behaviour::Honest,
            per_job: Duration::from_millis(1),
            clocks: [honest_clock; 3],
            quorum: 2,
            prover: |prover| prover,
        }
    }
}

pub fn honest_clock(clock: ManualClock) -> Arc<dyn Clock> {
    Arc::new(clock)
}

pub struct Network {
    pub clock: ManualClock,
    pub verifiers: Vec<Verifier>,
    pub urls: Vec<String>,
    pub control_urls: Vec<String>,
    pub agent_url: String,
    pub directory: Arc<StaticDirectory>,
    pub work: Work,
    pub node: PrivateKeySigner,
    servers: Vec<CancellationToken>,
    data: TempDir,
}

impl Network {
    pub async fn start(setup: Setup) -> Self {
        let clock = ManualClock::new(BEGIN_MS);
        let data = tempfile::tempdir().unwrap();
        let directory = Arc::new(StaticDirectory::default());
        // ascending by address, as sessions order them
        let mut keys = [key(101), key(102), key(103)];
        keys.sort_by_key(PrivateKeySigner::address);
        let addresses = keys.each_ref().map(PrivateKeySigner::address);

        let (mut verifiers, mut urls, mut control_urls, mut servers) = (vec![], vec![], vec![], vec![]);
        for ((key, clock_of), place) in keys.iter().zip(setup.clocks).zip(0u64..) {
            let config = Config {
                domains: vec![ARBITRUM, BASE],
                policy: setup.policy.clone(),
                data_dir: data.path().join(place.to_string()),
            };
            let clock = clock_of(clock.clone());
            let verifier =
                Verifier::with_entropy(key.clone(), clock, directory.clone(), config, entropy(place)).unwrap();
            let (public, url) = listener().await;
            let (control, control_url) = listener().await;
            let cancel = CancellationToken::new();
            tokio::spawn({
                let (verifier, cancel) = (verifier.clone(), cancel.clone());
                async move { verifier.serve(public, Some(control), cancel).await.unwrap() }
            });
            directory.set_verifier(key.address(), &url);
            verifiers.push(verifier);
            urls.push(url);
            control_urls.push(control_url);
            servers.push(cancel);
        }

        let node = key(7);
        let (listener, agent_url) = listener().await;
        let cancel = CancellationToken::new();
        let agent = agent(&node, &setup, &clock, addresses);
        tokio::spawn({
            let cancel = cancel.clone();
            async move { agent.serve(listener, cancel).await.unwrap() }
        });
        servers.push(cancel);
        directory.set_agent(NODE, &agent_url);
        let work = Work {
            domain: ARBITRUM,
            lease_id: B256::repeat_byte(0x1e),
            node: NODE,
            operator: node.address(),
            provider: key(8).address(),
            gpu_index: 0,
            gpu_count: 1,
            claimed_class: CLAIMED,
            backend: 0,
            beacon_round: 500_000,
            beacon: B256::repeat_byte(0xbe),
            committee: addresses.to_vec(),
            quorum: setup.quorum,
        };
        Self { clock, verifiers, urls, control_urls, agent_url, directory, work, node, servers, data }
    }

    /// The first verifier leads.
    pub async fn measure(&self) -> SignedVerdict {
        self.verifiers[0].measure(&self.work).await.unwrap()
    }

    pub async fn evidence(&self, verdict: &SignedVerdict) -> Evidence {
        self.verifiers[0].store().evidence(verdict.verdict.evidenceHash).await.unwrap().unwrap()
    }

    pub fn evidence_file(&self, verdict: &SignedVerdict) -> PathBuf {
        self.verifiers[0].store().evidence_path(verdict.verdict.evidenceHash)
    }

    /// Where the first verifier keeps evidence.
    pub fn evidence_dir(&self) -> PathBuf {
        self.data.path().join("0/evidence")
    }

    /// Stops a verifier's servers, or the agent's with index 3.
    pub fn stop(&self, server: usize) {
        self.servers[server].cancel();
    }

    /// Lets virtual time pass, for tests in which nothing else does; for long enough, but not until sessions expire.
    pub fn run_clock(&self) {
        let clock = self.clock.clone();
        tokio::spawn(async move {
            while clock.now_ms() < BEGIN_MS + 20_000 {
                tokio::time::sleep(Duration::from_millis(2)).await;
                clock.advance(Duration::from_millis(50));
            }
        });
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.servers.iter().for_each(CancellationToken::cancel);
    }
}

pub fn agent(node: &PrivateKeySigner, setup: &Setup, clock: &ManualClock, verifiers: [Address; 3]) -> Agent {
    let wait = virtual_wait(clock, setup.policy.run_ms);
    let cpu: Arc<dyn Prover> = Arc::new(CpuProver::new(NonZeroUsize::MIN));
    let honest = Behaviour::Slower { per_job: setup.per_job }.wrap(cpu, wait.clone());
    let prover = (setup.prover)(setup.behaviour.wrap(honest, wait));
    let verifiers = Verifiers::new(verifiers);
    let registrations = [ARBITRUM, BASE].map(|domain| Registration { domain, verifiers: verifiers.clone() }).to_vec();
    Agent::new(NODE, node.clone(), prover, Arc::new(clock.clone()), registrations, Limits::default())
}

/// Advances the clock, but not far past the time for a run: a session must not expire while others still talk.
fn virtual_wait(clock: &ManualClock, run_ms: u64) -> Wait {
    let clock = clock.clone();
    Arc::new(move |by| {
        if clock.now_ms() < BEGIN_MS + run_ms + 1000 {
            clock.advance(by);
        } else {
            std::thread::sleep(Duration::from_millis(1));
        }
    })
}

pub fn entropy(place: u64) -> Entropy {
    let drawn = AtomicU64::new(0);
    Arc::new(move || {
        let count = drawn.fetch_add(1, Ordering::Relaxed);
        Ok(keccak256([place.to_be_bytes(), count.to_be_bytes()].concat()))
    })
}

pub async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}
