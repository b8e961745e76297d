//! A town on a local chain: a provider with a node, renters, verifiers, and the program in each one's name.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use alloy::{
    primitives::{B256, U256},
    signers::SignerSync as _,
    sol_types::SolStruct as _,
};
use serde_json::Value;
use spheron_bindings::verifier_set::IVerifierSet::{Measurement, Signature, Verdict};
use spheron_devnet::{
    anvil::ARBITRUM,
    cast::{Actor, Cast},
    chain::{Chain, SPON},
    keys::secret,
};
use tempfile::TempDir;

use super::{Program, spheron};

pub const HOUR: u64 = 3_600;
pub const DAY: u64 = 24 * HOUR;

/// A local chain with everything deployed, and money for those who need it.
pub struct Town {
    pub chain: Chain,
    pub cast: Cast,
    pub folder: TempDir,
    book: String,
    /// Where each verifier takes orders.
    controls: Vec<u16>,
}

impl Town {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cast = Cast::default();
        let chain = Chain::start(ARBITRUM, &cast, folder.path(), folder.path()).await.unwrap();
        let book = folder.path().join("arbitrum.json").display().to_string();
        let controls = cast.verifiers.iter().map(|_| free_port()).collect();
        let town = Self { chain, cast, folder, book, controls };
        let foundation = town.chain.client(&town.cast.foundation).unwrap();
        foundation.mint_dollars(town.cast.ada.address(), U256::from(100_000_000)).await.unwrap();
        let bonded = town.cast.verifiers.iter().chain([town.provider(), &town.cast.hana]);
        for actor in bonded {
            foundation.mint_spon(actor.address(), U256::from(1_000 * SPON)).await.unwrap();
        }
        town
    }

    pub fn provider(&self) -> &Actor {
        &self.cast.providers[0].actor
    }

    pub fn node(&self) -> &Actor {
        &self.cast.providers[0].nodes[0].actor
    }

    /// `spheron` in the name of `actor`, with JSON.
    pub fn as_(&self, actor: &Actor, arguments: &[&str]) -> Program {
        let arguments = [arguments, &["--json", "--deployment", &self.book]].concat();
        spheron(&arguments).env("SPHERON_PRIVATE_KEY", &secret(&actor.key)).within(self.folder.path())
    }

    /// `spheron` without a key, as people see it.
    pub fn without_key(&self, arguments: &[&str]) -> Program {
        spheron(&[arguments, &["--deployment", &self.book]].concat()).within(self.folder.path())
    }

    pub async fn now(&self) -> u64 {
        self.chain.anvil.now().await.unwrap()
    }

    pub async fn wait(&self, seconds: u64) {
        self.chain.anvil.travel_to(self.now().await + seconds).await.unwrap();
    }

    /// The committee's verdict on what it would have measured of the node at a time (unix seconds).
    pub async fn judge(&self, measured_at: u64, passed: bool) {
        let node = self.node().address();
        let client = self.chain.client(&self.cast.keeper).unwrap();
        let found = client.node(node).await.unwrap();
        let verdict = Verdict {
            sessionId: B256::with_last_byte(u8::from(passed)),
            provider: found.provider,
            node,
            gpuCount: 1,
            claimedClass: found.resource,
            floorClass: if passed { found.resource } else { 0 },
            beaconRound: client.round_at(measured_at).await.unwrap(),
            measurement: Measurement {
                startMs: measured_at * 1_000,
                endMs: measured_at * 1_000 + 20,
                ..Measurement::default()
            },
            result: if passed { 1 } else { 2 },
            issuedAt: measured_at,
            validUntil: measured_at + DAY,
            ..Verdict::default()
        };
        let set = client.contracts().verifier_set;
        let digest = verdict.eip712_signing_hash(&spheron_bindings::domain::verifier_set(client.chain_id(), set));
        let committee = client.committee(node, verdict.beaconRound).await.unwrap();
        let drawn = self.cast.verifiers.iter().filter(|verifier| committee.contains(&verifier.address()));
        let sign = |verifier: &Actor| Signature {
            signer: verifier.address(),
            signature: verifier.key.sign_hash_sync(&digest).unwrap().as_bytes().into(),
        };
        client.submit_verdict(verdict.clone(), drawn.map(sign).collect()).await.unwrap();
    }

    /// The provider bonds, registers itself and its node, and posts an offer at 0.36 dollars an hour. Returns its hash.
    pub fn provide(&self, uri: &str) -> String {
        let node = self.node().address().to_string();
        let provider = self.provider();
        assert_eq!(self.as_(provider, &["node", "bond", "1000"]).json()["counts"], true);
        self.as_(provider, &["node", "provider-register", "--uri", "https://atlas.example"]).json();
        let register = ["node", "register", "--resource", "RTX 4090", "--uri", uri, "--region", "us-east"];
        let registered =
            self.as_(provider, &register).env("SPHERON_NODE_PRIVATE_KEY", &secret(&self.node().key)).json();
        assert_eq!((&registered["status"], &registered["resource"]), (&"active".into(), &36.into()));
        let offer = ["node", "offer", &node, "--price", "0.36 tUSD", "--post", "--out", "offer.json"];
        let offer = self.as_(provider, &offer).json();
        assert_eq!((wei(&offer["perHour"]), &offer["file"]), (360_000, &"offer.json".into()));
        offer["offer"].as_str().unwrap().to_owned()
    }

    /// The verifiers bond, join, reveal, and are drawn from now on.
    pub async fn form_a_committee(&self) {
        for verifier in &self.cast.verifiers {
            self.as_(verifier, &["verify", "bond", "1000"]).json();
            assert_eq!(self.as_(verifier, &["verify", "join"]).json()["member"], true);
        }
        self.wait(HOUR).await;
        for verifier in &self.cast.verifiers {
            self.as_(verifier, &["verify", "reveal"]).json();
        }
        self.wait(2 * HOUR).await;
    }

    pub async fn stop(self) {
        self.chain.anvil.stop().await;
    }
}

pub fn wei(amount: &Value) -> u128 {
    amount["wei"].as_str().expect("wei as a string").parse().expect("a number")
}

pub fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

/// A process that ends with the test.
pub struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Town {
    /// The node's agent and the three verifiers.
    pub fn start_services(&self, agent: u16) -> Vec<Running> {
        let mut services = vec![self.service(self.node(), agent, &["node", "agent"])];
        let ports: Vec<u16> = self.cast.verifiers.iter().map(|_| free_port()).collect();
        let peer = |(verifier, port): (&Actor, &u16)| format!("{}=http://127.0.0.1:{port}", verifier.address());
        let peers: Vec<String> = self.cast.verifiers.iter().zip(&ports).map(peer).collect();
        // A test's own commands send with the same keys meanwhile, and a nonce serves once.
        let mut options = vec!["--no-reveal"];
        options.extend(peers.iter().flat_map(|peer| ["--peer", peer]));
        services.extend(ports.iter().enumerate().map(|(place, port)| self.start_verifier(place, *port, &options)));
        services
    }

    /// One of the three verifiers.
    pub fn start_verifier(&self, place: usize, port: u16, options: &[&str]) -> Running {
        let (data, control) = (format!("verifier-{place}"), format!("127.0.0.1:{}", self.controls[place]));
        let arguments = ["verify", "run", "--data", &data, "--control", &control, "--class-scale", "1/1000000"];
        self.service(&self.cast.verifiers[place], port, &[&arguments[..], options].concat())
    }

    fn service(&self, actor: &Actor, port: u16, arguments: &[&str]) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spheron"));
        let listen = format!("127.0.0.1:{port}");
        command.args(arguments).args(["--deployment", &self.book, "--listen", &listen, "--clock", "chain"]);
        command.env_clear().env("SPHERON_PRIVATE_KEY", secret(&actor.key)).current_dir(self.folder.path());
        let service = Running(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("the program starts"));
        let deadline = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "{arguments:?} does not listen on {port}");
            std::thread::sleep(Duration::from_millis(50));
        }
        service
    }

    /// Asks one verifier after the other until one, of the committee, measures the node and brings the verdict.
    pub fn measure(&self, node: &str, lease: &str) -> Value {
        let mut errors = String::new();
        for (verifier, control) in self.cast.verifiers.iter().zip(&self.controls) {
            let control = format!("http://127.0.0.1:{control}");
            let arguments =
                ["verify", "measure", node, "--lease", lease, "--control", &control, "--out", "verdict.json"];
            let answer = self.as_(verifier, &[&arguments[..], &["--submit"]].concat()).run();
            if answer.status.success() {
                return serde_json::from_slice(&answer.stdout).expect("JSON");
            }
            errors += &String::from_utf8_lossy(&answer.stderr);
        }
        panic!("no verifier measured the node: {errors}")
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The file that a verifier keeps the evidence in.
pub fn evidence_of(folder: &Path, hash: &str) -> String {
    let kept = |place: usize| folder.join(format!("verifier-{place}/evidence/{hash}.json"));
    let file = (0..3).map(kept).find(|file| file.exists()).expect("a verifier keeps the evidence");
    file.display().to_string()
}
