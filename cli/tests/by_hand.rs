//! A person's path by hand on a local chain, through the program alone.

#![expect(clippy::unwrap_used, reason = "what breaks here breaks the test")]

mod common;

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use alloy::primitives::U256;
use common::{Program, spheron};
use serde_json::Value;
use spheron_devnet::{
    anvil::ARBITRUM,
    cast::{Actor, Cast},
    chain::{Chain, SPON},
    keys::secret,
};
use tempfile::TempDir;

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// A local chain with everything deployed, and money for those who need it.
struct Town {
    chain: Chain,
    cast: Cast,
    folder: TempDir,
    book: String,
    /// Where each verifier takes orders.
    controls: Vec<u16>,
}

impl Town {
    async fn start() -> Self {
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

    fn provider(&self) -> &Actor {
        &self.cast.providers[0].actor
    }

    fn node(&self) -> &Actor {
        &self.cast.providers[0].nodes[0].actor
    }

    /// `spheron` in the name of `actor`, with JSON.
    fn as_(&self, actor: &Actor, arguments: &[&str]) -> Program {
        let arguments = [arguments, &["--json", "--deployment", &self.book]].concat();
        spheron(&arguments).env("SPHERON_PRIVATE_KEY", &secret(&actor.key)).within(self.folder.path())
    }

    async fn wait(&self, seconds: u64) {
        let now = self.chain.anvil.now().await.unwrap();
        self.chain.anvil.travel_to(now + seconds).await.unwrap();
    }

    /// The provider bonds, registers itself and its node, and posts an offer at 0.36 dollars an hour. Returns its hash.
    fn provide(&self, uri: &str) -> String {
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

    async fn stop(self) {
        self.chain.anvil.stop().await;
    }
}

fn wei(amount: &Value) -> u128 {
    amount["wei"].as_str().expect("wei as a string").parse().expect("a number")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renter_rents_and_gets_back_what_was_not_delivered() {
    let town = Town::start().await;
    let ada = &town.cast.ada;
    let hash = town.provide("https://node.example");

    let offers = town.as_(ada, &["lease", "offers", "--max-price", "0.36"]).json();
    assert_eq!(text(&offers["offers"][0]["offer"]), hash);
    assert_eq!(town.as_(ada, &["lease", "offers", "--max-price", "0.35"]).json()["offers"], serde_json::json!([]));

    // 12 hours and the grace reserve of 2 hours at 20 %.
    let cost = 12 * 360_000 + 2 * 72_000;
    let quote = town.as_(ada, &["lease", "open", &hash[..10], "--for", "12h", "--dry-run"]).json();
    assert_eq!((wei(&quote["cost"]), quote.get("lease")), (cost, None));
    let opened = town.as_(ada, &["lease", "open", &hash[..10], "--for", "12h"]).json();
    let lease = text(&opened["lease"]["lease"]).to_owned();
    assert_eq!(wei(&opened["lease"]["escrow"]), cost);
    let used = town.as_(ada, &["lease", "open", "offer.json", "--for", "12h"]).run();
    let said = String::from_utf8(used.stderr).unwrap();
    assert!(said.contains("LeaseBook_OfferUsed") && said.contains("hint: take another offer"), "{said}");

    town.wait(HOUR).await;
    let runway = town.as_(ada, &["lease", "runway", &lease[..12]]).json();
    let left = runway["runwaySeconds"].as_u64().unwrap();
    assert!((10 * HOUR..=11 * HOUR).contains(&left) && runway["status"] == "open", "{runway}");

    let poor = town.as_(ada, &["lease", "topup", &lease, "1h"]).run();
    assert!(String::from_utf8(poor.stderr).unwrap().contains("hint: deposit first"));
    let deposit = town.as_(ada, &["account", "deposit", "1.5 tUSD"]).json();
    assert_eq!((wei(&deposit["amount"]), wei(&deposit["balance"])), (1_500_000, 1_500_000));
    let topped = town.as_(ada, &["lease", "topup", &lease, "1h"]).json();
    assert_eq!((wei(&topped["paid"]), wei(&topped["escrow"])), (360_000, cost + 360_000));

    town.wait(2 * HOUR).await;
    let closed = town.as_(ada, &["lease", "close", &lease]).json();
    assert_eq!(closed["status"], "ended");
    let waiting = wei(&closed["escrow"]);
    assert!((3 * 360_000..3 * 360_000 + 30_000).contains(&waiting), "three hours wait for a verdict: {closed}");

    // No verdict came, so everything comes back.
    town.wait(3 * DAY).await;
    let settled = town.as_(&town.cast.keeper, &["lease", "settle", &lease]).json();
    assert_eq!((wei(&settled["leases"][0]["released"]), &settled["leases"][0]["status"]), (waiting, &"closed".into()));
    assert_eq!(town.as_(ada, &["lease", "list"]).json()["leases"], serde_json::json!([]));
    assert_eq!(text(&town.as_(ada, &["lease", "list", "--all"]).json()["leases"][0]["lease"]), lease);
    let withdrawn = town.as_(ada, &["account", "withdraw", "all"]).json();
    assert_eq!((wei(&withdrawn["amount"]), wei(&withdrawn["balance"])), (cost + 1_500_000, 0));
    let balance = town.as_(ada, &["account", "balance"]).json();
    assert_eq!(wei(&balance["tokens"][0]["wallet"]), 100_000_000);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_stakes_and_leaves() {
    let town = Town::start().await;
    let hana = &town.cast.hana;
    let most = U256::MAX.to_string() + " wei";
    for (amount, said) in [("0", "an amount of 0"), ("1001 SPON", "ERC20InsufficientBalance"), (&most, "")] {
        let error = town.as_(hana, &["stake", "deposit", amount]).fails();
        assert!(error.contains(said), "{amount}: {error}");
    }
    let too_fine = town.as_(hana, &["stake", "deposit", "0.0000000000000000001"]).fails();
    assert!(too_fine.contains("19 decimals, but SPON has only 18"), "{too_fine}");

    assert_eq!(wei(&town.as_(hana, &["stake", "deposit", "400"]).json()["staked"]), 400 * SPON);
    let exit = town.as_(hana, &["stake", "exit", "150"]).json();
    assert_eq!((wei(&exit["staked"]), wei(&exit["exit"]["amount"])), (250 * SPON, 150 * SPON));
    let early = town.as_(hana, &["stake", "claim"]).run();
    let said = String::from_utf8(early.stderr).unwrap();
    assert!(said.contains("StakedSpon_NotClaimable") && said.contains("hint: the cooldown"), "{said}");
    let error = town.as_(hana, &["stake", "exit", "251"]).fails();
    assert!(error.contains("only 250 SPON are staked"), "{error}");

    town.wait(31 * DAY).await;
    let claimed = town.as_(hana, &["stake", "claim"]).json();
    assert_eq!((wei(&claimed["claimed"]), wei(&claimed["wallet"])), (150 * SPON, 750 * SPON));
    town.as_(hana, &["stake", "exit", "all"]).json();
    town.wait(31 * DAY).await;
    assert_eq!(wei(&town.as_(hana, &["stake", "claim"]).json()["wallet"]), 1_000 * SPON);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn verifiers_measure_a_node_and_it_is_paid() {
    let town = Town::start().await;
    let (agent, node) = (free_port(), town.node().address().to_string());
    let hash = town.provide(&format!("http://127.0.0.1:{agent}"));
    for verifier in &town.cast.verifiers {
        town.as_(verifier, &["verify", "bond", "1000"]).json();
        assert_eq!(town.as_(verifier, &["verify", "join"]).json()["member"], true);
    }
    town.wait(HOUR).await;
    for verifier in &town.cast.verifiers {
        town.as_(verifier, &["verify", "reveal"]).json();
    }
    town.wait(2 * HOUR).await;
    let opened = town.as_(&town.cast.ada, &["lease", "open", &hash, "--for", "12h"]).json();
    let lease = text(&opened["lease"]["lease"]).to_owned();

    let _services = town.start_services(agent);
    let measured = town.measure(&node, &lease);
    assert_eq!((&measured["result"], &measured["submitted"]), (&"pass".into(), &true.into()), "{measured}");
    let evidence = evidence_of(town.folder.path(), text(&measured["evidence"]));
    let explain = ["verify", "explain", "verdict.json", "--json", "--evidence", &evidence];
    let explained = spheron(&explain).within(town.folder.path()).json();
    assert_eq!(explained["evidenceSupportsIt"], true, "{explained}");

    town.wait(HOUR).await;
    town.as_(&town.cast.keeper, &["lease", "settle", &lease]).json();
    let status = town.as_(town.provider(), &["node", "status", &node]).json();
    assert_eq!((&status["attestedUnits"], &status["leasedUnits"]), (&1.into(), &1.into()));
    let earnings = town.as_(town.provider(), &["node", "earnings"]).json();
    let dollars = town.chain.dollar().to_string().to_lowercase();
    let row = earnings["tokens"].as_array().unwrap().iter().find(|row| row["token"] == *dollars).unwrap();
    let paid = wei(&row["leases"]);
    assert!((300_000..370_000).contains(&paid), "an hour is paid, less the fee: {earnings}");
    assert_eq!(wei(&town.as_(town.provider(), &["node", "withdraw", "all"]).json()["amount"]), paid);
    town.stop().await;
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Town {
    /// The node's agent and the three verifiers.
    fn start_services(&self, agent: u16) -> Vec<Running> {
        let mut services = vec![self.service(self.node(), agent, &["node", "agent"])];
        let ports: Vec<u16> = self.cast.verifiers.iter().map(|_| free_port()).collect();
        let peer = |(verifier, port): (&Actor, &u16)| format!("{}=http://127.0.0.1:{port}", verifier.address());
        let peers: Vec<String> = self.cast.verifiers.iter().zip(&ports).map(peer).collect();
        for (place, verifier) in self.cast.verifiers.iter().enumerate() {
            let (data, control) = (format!("verifier-{place}"), format!("127.0.0.1:{}", self.controls[place]));
            let mut arguments =
                vec!["verify", "run", "--data", &data, "--control", &control, "--class-scale", "1/1000000"];
            peers.iter().for_each(|peer| arguments.extend(["--peer", peer]));
            services.push(self.service(verifier, ports[place], &arguments));
        }
        services
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
    fn measure(&self, node: &str, lease: &str) -> Value {
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

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The file that a verifier keeps the evidence in.
fn evidence_of(folder: &Path, hash: &str) -> String {
    let kept = |place: usize| folder.join(format!("verifier-{place}/evidence/{hash}.json"));
    let file = (0..3).map(kept).find(|file| file.exists()).expect("a verifier keeps the evidence");
    file.display().to_string()
}
