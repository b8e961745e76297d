//! The services of a network as processes of their own: indexer, verifiers, agents. They talk HTTP.

use std::{
    collections::HashMap,
    net::TcpListener,
    path::{Path, PathBuf},
    time::Duration,
};

use alloy::primitives::{Address, B256};
use anyhow::{Context as _, bail, ensure};
use serde::de::DeserializeOwned;
use serde_json::Value;
use spheron_bindings::verifier_set::IVerifierSet::{Signature, Verdict};

use crate::{
    anvil::{ARBITRUM, BASE},
    cast::{Actor, Cast, Machine, NodeActor},
    chain::Chain,
    keys::secret,
    process::Process,
};

/// How long a service may take to answer after its start.
const START: Duration = Duration::from_secs(30);
/// How long the indexer may take to reach a block that is there already.
const SYNC: Duration = Duration::from_secs(30);

/// Where a run keeps its files.
#[derive(Debug, Clone)]
pub struct Files {
    /// Logs of all processes.
    pub logs: PathBuf,
    /// Address books.
    pub books: PathBuf,
    /// Manifest, database, evidence and reward files.
    pub state: PathBuf,
}

impl Files {
    /// The address book of a chain.
    pub fn book(&self, chain: &str) -> PathBuf {
        self.books.join(format!("{chain}.json"))
    }

    /// The indexer's manifest.
    pub fn manifest(&self) -> PathBuf {
        self.state.join("manifest.toml")
    }

    /// The indexer's database.
    pub fn database(&self) -> PathBuf {
        self.state.join("spheron.sqlite")
    }
}

/// A verdict with its signatures, as a verifier's service returns it.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct SignedVerdict {
    /// The verdict.
    pub verdict: Verdict,
    /// By ascending signer.
    pub signatures: Vec<Signature>,
}

/// The running services.
#[derive(Debug)]
pub struct Services {
    program: PathBuf,
    files: Files,
    http: reqwest::Client,
    processes: Vec<Process>,
    /// URL of the indexer's API.
    pub api: String,
    verifier_urls: HashMap<Address, String>,
    control_urls: HashMap<Address, String>,
    agent_urls: HashMap<Address, String>,
}

impl Services {
    /// Starts nothing yet, but fixes everybody's URL. `program` is the `spheron` binary.
    ///
    /// # Errors
    ///
    /// If there is no free port.
    pub fn new(program: PathBuf, files: Files, cast: &Cast) -> anyhow::Result<Self> {
        let mut ports = FreePorts::default();
        let mut url = || ports.next().map(|port| format!("http://127.0.0.1:{port}"));
        let (mut verifier_urls, mut control_urls) = (HashMap::new(), HashMap::new());
        for verifier in &cast.verifiers {
            verifier_urls.insert(verifier.address(), url()?);
            control_urls.insert(verifier.address(), url()?);
        }
        let mut agent_urls = HashMap::new();
        for (_, node) in cast.nodes() {
            agent_urls.insert(node.actor.address(), url()?);
        }
        let api = url()?;
        let http = reqwest::Client::new();
        Ok(Self { program, files, http, processes: Vec::new(), api, verifier_urls, control_urls, agent_urls })
    }

    /// Where a node's agent answers.
    ///
    /// # Panics
    ///
    /// If the node is not of the cast.
    pub fn agent_url(&self, node: &NodeActor) -> String {
        self.agent_urls.get(&node.actor.address()).cloned().expect("every node of the cast has an agent")
    }

    /// Starts the indexer on both chains.
    ///
    /// # Errors
    ///
    /// If it does not answer in time.
    pub async fn start_indexer(&mut self) -> anyhow::Result<()> {
        let arguments = [
            "index".to_owned(),
            "run".to_owned(),
            "--manifest".to_owned(),
            self.files.manifest().display().to_string(),
            "--database".to_owned(),
            self.files.database().display().to_string(),
            "--listen".to_owned(),
            listen(&self.api),
        ];
        self.start("indexer", arguments, &[]).await?;
        let api = self.api.clone();
        self.wait_until_up("indexer", &api).await
    }

    /// Starts an agent for each node.
    ///
    /// # Errors
    ///
    /// If one does not answer in time.
    pub async fn start_agents(&mut self, cast: &Cast) -> anyhow::Result<()> {
        for (_, node) in cast.nodes() {
            let url = self.agent_url(node);
            let mut arguments = vec!["node".to_owned(), "agent".to_owned()];
            arguments.extend(self.both_books());
            arguments.extend(["--listen".to_owned(), listen(&url)]);
            arguments.extend(["--behaviour", behaviour(node.machine), "--clock", "chain"].map(str::to_owned));
            let key = [("SPHERON_PRIVATE_KEY", secret(&node.actor.key))];
            self.start(&format!("agent-{}", node.actor.name), arguments, &key).await?;
        }
        let urls: Vec<String> = self.agent_urls.values().cloned().collect();
        for url in urls {
            self.wait_until_up("an agent", &url).await?;
        }
        Ok(())
    }

    /// Starts the verifiers.
    ///
    /// # Errors
    ///
    /// If one does not answer in time.
    pub async fn start_verifiers(&mut self, cast: &Cast) -> anyhow::Result<()> {
        for (index, verifier) in cast.verifiers.iter().enumerate() {
            let name = format!("verifier-{}", index + 1);
            let url = self.verifier_url(verifier)?;
            let mut arguments = vec!["verify".to_owned(), "run".to_owned()];
            arguments.extend(self.both_books());
            let control = self.control_urls.get(&verifier.address()).context("every verifier has a control API")?;
            arguments.extend(["--listen".to_owned(), listen(&url), "--control".to_owned(), listen(control)]);
            arguments.extend(["--data".to_owned(), argument(&self.files.state.join("evidence").join(&name))?]);
            arguments
                .extend(["--class-scale", CLASS_SCALE, "--validity", "24h", "--clock", "chain"].map(str::to_owned));
            for (peer, url) in &self.verifier_urls {
                arguments.extend(["--peer".to_owned(), format!("{peer}={url}")]);
            }
            let key = [("SPHERON_PRIVATE_KEY", secret(&verifier.key))];
            self.start(&name, arguments, &key).await?;
        }
        let urls: Vec<String> = self.verifier_urls.values().cloned().collect();
        for url in urls {
            self.wait_until_up("a verifier", &url).await?;
        }
        Ok(())
    }

    /// Has a node measured inside a lease. The first verifier leads, and brings the verdict with its own key.
    ///
    /// # Errors
    ///
    /// If the committee reaches no verdict, or the chain refuses it.
    pub async fn measure(
        &self,
        chain: &Chain,
        leader: &Actor,
        node: &NodeActor,
        lease: B256,
    ) -> anyhow::Result<SignedVerdict> {
        let control = self.control_urls.get(&leader.address()).context("the leader is no verifier")?;
        let (node_id, lease, book) = (node.actor.address().to_string(), lease.to_string(), self.book(chain)?);
        let arguments =
            ["verify", "measure", &node_id, "--lease", &lease, "--control", control, "--submit", "--deployment", &book];
        let state = self.command(&arguments, Some(leader)).await;
        let state = state.with_context(|| format!("measuring {} on {}", node.actor.name, chain.spec.name))?;
        serde_json::from_value(state["signed"].clone()).context("spheron verify measure printed no signed verdict")
    }

    /// Waits until the indexer has followed a chain to its latest block.
    ///
    /// # Errors
    ///
    /// If it does not within 30 seconds.
    pub async fn wait_until_synced(&self, chain: &Chain) -> anyhow::Result<()> {
        let head = alloy::providers::Provider::get_block_number(chain.anvil.provider()).await?;
        let deadline = tokio::time::Instant::now() + SYNC;
        let mut health = Value::Null;
        while tokio::time::Instant::now() < deadline {
            health = self.get("/health").await?;
            if next_block(&health, chain.spec.name).is_some_and(|next| next > head) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the indexer did not reach block {head} of {} within {} s: {health}", chain.spec.name, SYNC.as_secs())
    }

    /// Asks the indexer's API.
    ///
    /// # Errors
    ///
    /// If it does not answer, or with an error.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        answer(self.http.get(format!("{}{path}", self.api)).timeout(START)).await
    }

    /// Runs a `spheron` command with `--json` as a person would, with `actor`'s key in its environment.
    ///
    /// # Errors
    ///
    /// If it fails; its message is kept.
    pub async fn command(&self, arguments: &[&str], actor: Option<&Actor>) -> anyhow::Result<Value> {
        let shown = format!("spheron {}", arguments.join(" "));
        let mut command = tokio::process::Command::new(&self.program);
        command.arg("--json").args(arguments).stdin(std::process::Stdio::null()).kill_on_drop(true);
        if let Some(actor) = actor {
            command.env("SPHERON_PRIVATE_KEY", secret(&actor.key));
        }
        let output = command.output().await.with_context(|| format!("cannot run {shown}"))?;
        ensure!(output.status.success(), "{shown} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        serde_json::from_slice(&output.stdout).with_context(|| format!("{shown} printed no JSON"))
    }

    /// The address book of a chain, as an argument.
    ///
    /// # Errors
    ///
    /// If its path is not valid UTF-8.
    pub fn book(&self, chain: &Chain) -> anyhow::Result<String> {
        argument(&self.files.book(chain.spec.name))
    }

    /// The indexer's database, as an argument.
    ///
    /// # Errors
    ///
    /// If its path is not valid UTF-8.
    pub fn database(&self) -> anyhow::Result<String> {
        argument(&self.files.database())
    }

    /// Where the era's rewards of a chain are written.
    pub fn reward_file(&self, chain: &Chain) -> PathBuf {
        self.files.state.join(format!("rewards-{}.json", chain.spec.name))
    }

    /// Fails if a process has ended.
    ///
    /// # Errors
    ///
    /// With the end of its log.
    pub fn check_running(&mut self) -> anyhow::Result<()> {
        self.processes.iter_mut().try_for_each(Process::check_running)
    }

    /// Ends all processes, the last one started first.
    pub async fn stop(mut self) {
        for process in &self.processes {
            process.terminate();
        }
        while let Some(process) = self.processes.pop() {
            process.stop().await;
        }
    }

    fn verifier_url(&self, verifier: &Actor) -> anyhow::Result<String> {
        self.verifier_urls.get(&verifier.address()).cloned().with_context(|| format!("{} has no URL", verifier.name))
    }

    fn both_books(&self) -> Vec<String> {
        [ARBITRUM, BASE]
            .iter()
            .flat_map(|spec| ["--deployment".to_owned(), self.files.book(spec.name).display().to_string()])
            .collect()
    }

    async fn start(
        &mut self,
        name: &str,
        arguments: impl IntoIterator<Item = String>,
        environment: &[(&str, String)],
    ) -> anyhow::Result<()> {
        let process = Process::spawn(name, &self.program, arguments, environment, &self.files.logs)?;
        self.processes.push(process);
        Ok(())
    }

    async fn wait_until_up(&mut self, name: &str, url: &str) -> anyhow::Result<()> {
        let deadline = tokio::time::Instant::now() + START;
        while tokio::time::Instant::now() < deadline {
            let answer = self.http.get(format!("{url}/health")).timeout(Duration::from_secs(1)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            self.check_running()?;
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        bail!("{name} did not answer at {url} within {} s", START.as_secs())
    }
}

/// Reference rates are divided by so much that two cores reach an RTX 4090's.
const CLASS_SCALE: &str = "1/1000000";

/// As `spheron node agent --behaviour` names them.
fn behaviour(machine: Machine) -> &'static str {
    match machine {
        Machine::Honest => "honest",
        Machine::Overclaiming => "slower",
        Machine::Miscomputing => "skip",
    }
}

/// A path as an argument.
fn argument(path: &Path) -> anyhow::Result<String> {
    path.to_str().map(str::to_owned).with_context(|| format!("{} is not valid UTF-8", path.display()))
}

fn listen(url: &str) -> String {
    url.trim_start_matches("http://").to_owned()
}

fn next_block(health: &Value, chain: &str) -> Option<u64> {
    let chains = health.get("chains")?.as_array()?;
    chains.iter().find(|entry| entry["chain"] == chain)?.get("next_block")?.as_u64()
}

async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> anyhow::Result<T> {
    let response = request.send().await?;
    let (status, url) = (response.status(), response.url().clone());
    let body = response.text().await?;
    ensure!(status.is_success(), "{url} answered {status}: {body}");
    serde_json::from_str(&body).with_context(|| format!("{url} answered {body}"))
}

/// Ports that were free a moment ago, no two the same.
#[derive(Default)]
struct FreePorts(Vec<TcpListener>);

impl FreePorts {
    fn next(&mut self) -> anyhow::Result<u16> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no free port")?;
        let port = listener.local_addr()?.port();
        self.0.push(listener);
        Ok(port)
    }
}

/// Makes the folders of a run.
///
/// # Errors
///
/// If one cannot be made.
pub fn make_folders(files: &Files) -> anyhow::Result<()> {
    let make = |folder: &Path| {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))
    };
    make(&files.logs)?;
    make(&files.books)?;
    make(&files.state)
}
