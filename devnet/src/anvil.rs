//! Local chains.

use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

use alloy::{
    eips::BlockNumberOrTag,
    providers::{DynProvider, Provider as _, ProviderBuilder, ext::AnvilApi as _},
};
use anyhow::{Context as _, bail};

use crate::process::Process;

/// How long anvil may take to listen.
const START: Duration = Duration::from_secs(20);

/// Which chain a local one stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainSpec {
    /// Name in address books and manifests.
    pub name: &'static str,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Whether it behaves as an OP-stack chain.
    pub optimism: bool,
}

/// Arbitrum One.
pub const ARBITRUM: ChainSpec = ChainSpec { name: "arbitrum", chain_id: 42161, optimism: false };
/// Base.
pub const BASE: ChainSpec = ChainSpec { name: "base", chain_id: 8453, optimism: true };

/// A running anvil. Its accounts come from the well-known test mnemonic (see [`crate::keys`]).
#[derive(Debug)]
pub struct Anvil {
    process: Process,
    url: String,
    provider: DynProvider,
}

impl Anvil {
    /// Starts a chain on a free port; its log goes into `folder`.
    ///
    /// # Errors
    ///
    /// If anvil is not installed, or does not listen within 20 seconds.
    pub async fn start(spec: ChainSpec, folder: &Path) -> anyhow::Result<Self> {
        let mut arguments: Vec<String> =
            ["--host", "127.0.0.1", "--port", "0", "--accounts", "1", "--slots-in-an-epoch", "4", "--chain-id"]
                .map(str::to_owned)
                .to_vec();
        arguments.push(spec.chain_id.to_string());
        if spec.optimism {
            arguments.extend(["--network", "optimism"].map(str::to_owned));
        }
        let name = format!("anvil-{}", spec.name);
        let mut process = Process::spawn(&name, &binary()?, arguments, &[], folder)?;
        let url = listening(&mut process).await?;
        let provider = ProviderBuilder::new().connect_http(url.parse()?).erased();
        Ok(Self { process, url, provider })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A provider without keys.
    pub fn provider(&self) -> &DynProvider {
        &self.provider
    }

    /// Gives accounts 100 ether each for gas.
    ///
    /// # Errors
    ///
    /// If anvil does not answer.
    pub async fn fund(&self, accounts: &[alloy::primitives::Address]) -> anyhow::Result<()> {
        let hundred = alloy::primitives::U256::from(100_000_000_000_000_000_000_u128);
        for account in accounts {
            self.provider.anvil_set_balance(*account, hundred).await?;
        }
        Ok(())
    }

    /// Time of the latest block (unix seconds).
    ///
    /// # Errors
    ///
    /// If anvil does not answer.
    pub async fn now(&self) -> anyhow::Result<u64> {
        let block = self.provider.get_block_by_number(BlockNumberOrTag::Latest).await?;
        Ok(block.context("anvil has no latest block")?.header.timestamp)
    }

    /// Mines a block at `time` (unix seconds), or at once if that has passed; time goes on from there.
    ///
    /// # Errors
    ///
    /// If anvil does not answer.
    pub async fn travel_to(&self, time: u64) -> anyhow::Result<()> {
        if time > self.now().await? {
            self.provider.anvil_set_next_block_timestamp(time).await?;
        }
        self.provider.anvil_mine(Some(1), None).await?;
        Ok(())
    }

    /// Fails if anvil has ended.
    ///
    /// # Errors
    ///
    /// If it has.
    pub fn check_running(&mut self) -> anyhow::Result<()> {
        self.process.check_running()
    }

    /// Ends it.
    pub async fn stop(self) {
        self.process.stop().await;
    }
}

async fn listening(process: &mut Process) -> anyhow::Result<String> {
    let deadline = tokio::time::Instant::now() + START;
    while tokio::time::Instant::now() < deadline {
        let output = process.output()?;
        if let Some(address) = output.lines().find_map(|line| line.strip_prefix("Listening on ")) {
            return Ok(format!("http://{}", address.trim()));
        }
        process.check_running()?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bail!("{} did not listen within {} s; its log ends:\n{}", process.name(), START.as_secs(), process.tail())
}

/// The program itself rather than npm's wrapper, which would leave it running when killed.
fn binary() -> anyhow::Result<PathBuf> {
    if let Some(path) = env::var_os("SPHERON_ANVIL") {
        return Ok(path.into());
    }
    let platform = match (env::consts::OS, env::consts::ARCH) {
        ("linux", "x86_64") => "linux-amd64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "x86_64") => "darwin-amd64",
        ("macos", "aarch64") => "darwin-arm64",
        (os, arch) => bail!("npm has no anvil for {os} on {arch}; set SPHERON_ANVIL to one"),
    };
    let relative = format!("node_modules/@foundry-rs/anvil-{platform}/bin/anvil");
    let here = env::current_dir().context("the current folder is gone")?;
    here.ancestors().map(|folder| folder.join(&relative)).find(|path| path.is_file()).with_context(|| {
        format!(
            "anvil is not installed: run `npm ci` in the repository (looked for {relative} in and above {})",
            here.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_chain_has_its_id_and_its_time_can_be_moved() {
        let folder = tempfile::tempdir().unwrap();
        let chain = Anvil::start(BASE, folder.path()).await.unwrap();
        assert_eq!(chain.provider().get_chain_id().await.unwrap(), 8453);
        let later = chain.now().await.unwrap() + 86_400;
        chain.travel_to(later).await.unwrap();
        assert_eq!(chain.now().await.unwrap(), later);
        chain.stop().await;
    }
}
