//! A deployment by the settings that the project ships, on a chain of its own.

#![allow(clippy::unwrap_used, reason = "what breaks here breaks the test")]

mod common;

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use alloy::providers::Provider as _;
use common::{Program, spheron};
use serde_json::Value;
use spheron_devnet::{
    anvil::{ARBITRUM, Anvil},
    cast::Cast,
    keys::secret,
};
use tempfile::TempDir;

/// A chain without contracts, an account that can pay for them, and settings.
struct Site {
    anvil: Anvil,
    folder: TempDir,
    deployer: alloy::primitives::Address,
    key: String,
}

impl Site {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let anvil = Anvil::start(ARBITRUM, folder.path()).await.unwrap();
        let deployer = Cast::default().foundation;
        anvil.fund(&[deployer.address()]).await.unwrap();
        let example = fs::read_to_string("../deployment/settings/arbitrum.toml").unwrap();
        // A local chain has no feed of its sequencer's uptime.
        let lines = example.lines().filter(|line| !line.starts_with("uptime-feed"));
        let settings: String = lines.flat_map(|line| [line, "\n"]).collect();
        fs::write(folder.path().join("settings.toml"), settings).unwrap();
        Self { anvil, folder, deployer: deployer.address(), key: secret(&deployer.key) }
    }

    fn deploy(&self, arguments: &[&str]) -> Program {
        let own = ["deploy", "settings.toml", "--rpc-url", self.anvil.url()];
        spheron(&[&own[..], arguments].concat()).within(self.folder.path())
    }

    fn dry_run(&self) -> Value {
        self.deploy(&["--dry-run", "--json", "--from", &self.deployer.to_string()]).json()
    }

    fn start_deploying(&self) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spheron"));
        command.args(["deploy", "settings.toml", "--rpc-url", self.anvil.url()]).current_dir(self.folder.path());
        command.env_clear().env("SPHERON_PRIVATE_KEY", &self.key).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the program starts")
    }

    async fn block(&self) -> u64 {
        self.anvil.provider().get_block_number().await.unwrap()
    }
}

fn done(survey: &Value) -> (usize, usize) {
    let actions = survey["actions"].as_array().unwrap();
    (actions.iter().filter(|action| action["done"] == true).count(), actions.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_it_would_do_and_sends_nothing() {
    let site = Site::start().await;
    let before = site.block().await;
    let survey = site.dry_run();
    let (none, all) = done(&survey);
    assert!(none == 0 && all > 60, "{none} of {all}");
    let shown = site.deploy(&["--dry-run", "--from", &site.deployer.to_string()]).prints();
    assert!(shown.ends_with(&format!("{all} of {all} transactions to send on arbitrum\n")), "{shown}");
    for what in ["deploy Ledger", "admit the LeaseBook to the Ledger", "grant the role Governor", "take the admin role"]
    {
        assert!(shown.lines().any(|line| line.starts_with("missing") && line.contains(what)), "{what}: {shown}");
    }
    assert_eq!(site.block().await, before);
    assert!(!site.folder.path().join("deployments").exists());
    site.anvil.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_was_killed_goes_on_where_it_stopped() {
    let site = Site::start().await;
    let mut first = site.start_deploying();
    let deadline = Instant::now() + Duration::from_secs(60);
    while site.block().await < 12 {
        assert!(Instant::now() < deadline, "nothing is deployed");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    first.kill().unwrap();
    first.wait().unwrap();
    let (stands, all) = done(&site.dry_run());
    assert!((12..all).contains(&stands), "{stands} of {all}");

    let again = || site.deploy(&["--json", "--out", "book.json"]).env("SPHERON_PRIVATE_KEY", &site.key);
    let deployed = again().json();
    assert_eq!(deployed["sent"], all - stands);
    assert_eq!(deployed["handedOverTo"], "0x2222222222222222222222222222222222222222");
    assert_eq!(deployed["contracts"], site.dry_run()["contracts"]);
    assert_eq!(done(&site.dry_run()), (all, all));
    assert_eq!(again().json()["sent"], 0);
    let text = site.deploy(&["--out", "book.json"]).env("SPHERON_PRIVATE_KEY", &site.key).prints();
    assert!(text.contains("everything stands on arbitrum already") && text.contains("has no role left"), "{text}");
    site.anvil.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_without_the_factory_is_named() {
    let site = Site::start().await;
    let factory: alloy::primitives::Address = "0x4e59b44847b379578588920cA78FbF26c0B4956C".parse().unwrap();
    let erase = (factory, "0x");
    site.anvil.provider().raw_request::<_, Value>("anvil_setCode".into(), erase).await.unwrap();
    let refused = site.deploy(&[]).env("SPHERON_PRIVATE_KEY", &site.key).fails();
    assert!(
        refused.contains("chain 42161 has no CREATE2 deployer at 0x4e59b44847b379578588920cA78FbF26c0B4956C"),
        "{refused}"
    );
    site.anvil.stop().await;
}
