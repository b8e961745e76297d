//! `spheron verify run`: the verifier's service.

use std::{
    collections::HashMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use alloy::primitives::Address;
use anyhow::Context as _;
use clap::Args;
use spheron_client::{Client, ClientError};
use spheron_verifier_agent::clock::Clock;
use spheron_verifier_core::{class::ClassTable, policy::Policy};
use spheron_verifier_service::{Config, Verifier};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{
    directory::{ChainDirectory, domain_of},
    membership,
};
use crate::{
    args::{KeyArgs, Networks, Seconds, address},
    clock::TimeSource,
    file::read_json,
    shutdown,
};

/// Milliseconds of a round, as `VerifierSet.ROUND`.
const ROUND_MS: u64 = 3_600_000;

/// `verify run`
#[derive(Debug, Args)]
pub struct Run {
    /// Where to listen for other verifiers and readers of evidence
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7071")]
    listen: SocketAddr,
    /// Where to listen for one's own orders; whoever reaches it can have nodes measured
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7072")]
    control: SocketAddr,
    /// Folder for evidence, verdicts, and marks of what was signed
    #[arg(long, value_name = "DIR", default_value = "verifier")]
    data: PathBuf,
    /// Another verifier's public API; give it once for each
    #[arg(long = "peer", value_name = "ADDRESS=URL")]
    peers: Vec<Peer>,
    /// Policy by which nodes are judged, as JSON; all verifiers need the same one
    #[arg(long, value_name = "FILE", conflicts_with_all = ["class_scale", "window", "validity"])]
    policy: Option<PathBuf>,
    /// Reference rates of the built-in policy, multiplied by this
    #[arg(long, value_name = "N/D", default_value = "1/1")]
    class_scale: Scale,
    /// Milliseconds that a session of the built-in policy takes on the claimed hardware
    #[arg(long, value_name = "MS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=300_000))]
    window: u64,
    /// Time that a pass of the built-in policy attests
    #[arg(long, value_name = "TIME", default_value = "26h")]
    validity: Seconds,
    /// Do not reveal into the beacon each round: another process does so with this key
    ///
    /// Who does not reveal is drawn into committees only where a third of the verifiers does not, and may lose its seat
    /// after 72 rounds.
    #[arg(long)]
    no_reveal: bool,
    /// Whose time counts: for local chains
    #[arg(long, value_enum, default_value_t = TimeSource::System, hide = true)]
    clock: TimeSource,
    #[command(flatten)]
    networks: Networks,
    #[command(flatten)]
    key: KeyArgs,
}

/// Another verifier and where it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Peer {
    verifier: Address,
    url: String,
}

impl FromStr for Peer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (verifier, url) = text.split_once('=').ok_or(format!("\"{text}\" is no peer: expected ADDRESS=URL"))?;
        Ok(Self { verifier: address(verifier)?, url: url.to_owned() })
    }
}

/// A factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Scale {
    numerator: u64,
    denominator: u64,
}

impl FromStr for Scale {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is no factor: write it like 1/1000");
        let (numerator, denominator) = text.split_once('/').ok_or_else(wrong)?;
        let number = |digits: &str| digits.parse().ok().filter(|number| *number > 0).ok_or_else(wrong);
        Ok(Self { numerator: number(numerator)?, denominator: number(denominator)? })
    }
}

impl Run {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let cancel = shutdown::on_signal()?;
        let chains = self.networks.clients(&self.key).await?;
        let clock = self.clock.clock(&chains, &cancel).await?;
        let peers: HashMap<_, _> = self.peers.iter().map(|peer| (peer.verifier, peer.url.clone())).collect();
        let config = Config {
            domains: chains.iter().map(domain_of).collect(),
            policy: self.policy()?,
            data_dir: self.data.clone(),
        };
        let directory = Arc::new(ChainDirectory::new(chains.clone(), peers));
        let verifier = Verifier::new(self.key.signer()?, clock.clone(), directory, config)?;
        let (public, control) = (bind(self.listen).await?, bind(self.control).await?);
        if !self.no_reveal {
            tokio::spawn(keep_revealing(chains, clock, self.clock.refresh(), cancel.clone()));
        }
        Ok(verifier.serve(public, Some(control), cancel).await?)
    }

    fn policy(&self) -> anyhow::Result<Policy> {
        if let Some(file) = &self.policy {
            return read_policy(file);
        }
        let classes = ClassTable::gpus().scaled(self.class_scale.numerator, self.class_scale.denominator);
        Ok(Policy { validity_s: self.validity.0, ..Policy::small(classes, self.window) })
    }
}

fn read_policy(file: &Path) -> anyhow::Result<Policy> {
    let policy: Policy = read_json(file, "policy")?;
    policy.validate().with_context(|| format!("{} cannot be used", file.display()))?;
    Ok(policy)
}

async fn bind(place: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(place).await.with_context(|| format!("cannot listen on {place}"))
}

/// A chain on which a verifier reveals.
struct Revealing {
    chain: Client,
    /// The last round that is done with.
    done: Option<u64>,
    /// Why nothing was revealed last time, which is said once.
    trouble: String,
}

/// Reveals once in each round on each chain, trying again `every` so often where that fails.
async fn keep_revealing(chains: Vec<Client>, clock: Arc<dyn Clock>, every: Duration, cancel: CancellationToken) {
    let revealing = |chain| Revealing { chain, done: None, trouble: String::new() };
    let mut all: Vec<Revealing> = chains.into_iter().map(revealing).collect();
    loop {
        for revealing in &mut all {
            revealing.reveal_and_tell().await;
        }
        let least = all.iter().map(|revealing| revealing.done).min().flatten();
        let wake = next_reveal_ms(least, clock.now_ms(), every);
        if cancel.run_until_cancelled(clock.sleep_until(wake)).await.is_none() {
            return;
        }
    }
}

/// When to look again (unix milliseconds): when the next round begins, or `every` from now on if a chain has not been `done`
/// with the present one, because it failed or its latest block is of the one before.
fn next_reveal_ms(done: Option<u64>, now_ms: u64, every: Duration) -> u64 {
    let round = now_ms / ROUND_MS;
    match done {
        Some(done) if done >= round => (round + 1) * ROUND_MS,
        _ => now_ms.saturating_add(every.as_millis().try_into().unwrap_or(u64::MAX)),
    }
}

impl Revealing {
    async fn reveal_and_tell(&mut self) {
        let trouble = self.reveal().await.err().map_or_else(String::new, |error| format!("{error:#}"));
        if !trouble.is_empty() && trouble != self.trouble {
            tracing::warn!(chain = self.chain.chain_id(), error = trouble, "nothing was revealed");
        }
        self.trouble = trouble;
    }

    /// Reveals unless that was done in the present round.
    async fn reveal(&mut self) -> anyhow::Result<()> {
        let round = self.chain.round_at(self.chain.chain_time().await?).await?;
        if self.done == Some(round) {
            return Ok(());
        }
        match membership::reveal(&self.chain).await {
            Err(error) if !was_done(&error) => return Err(error),
            Err(_) => {}
            Ok(()) => tracing::info!(chain = self.chain.chain_id(), round, "revealed"),
        }
        self.done = Some(round);
        Ok(())
    }
}

/// Whether the contract says that the round's reveal is behind the verifier.
fn was_done(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(ClientError::Reverted { reason, .. }) if reason.contains("_AlreadyRevealed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_reveal_is_looked_for_when_its_round_begins() {
        let every = Duration::from_secs(30);
        let now = 5 * ROUND_MS + 7_000;
        assert_eq!(next_reveal_ms(Some(5), now, every), 6 * ROUND_MS);
        assert_eq!(next_reveal_ms(Some(6), now, every), 6 * ROUND_MS, "a chain may be ahead of the clock");
        assert_eq!(next_reveal_ms(Some(4), now, every), now + 30_000);
        assert_eq!(next_reveal_ms(None, now, every), now + 30_000);
    }

    #[test]
    fn peers_and_factors_are_read() {
        let at = "0x0101010101010101010101010101010101010101";
        let peer: Peer = format!("{at}=http://127.0.0.1:7071").parse().unwrap();
        assert_eq!(peer, Peer { verifier: Address::repeat_byte(1), url: "http://127.0.0.1:7071".to_owned() });
        assert!("http://x".parse::<Peer>().unwrap_err().contains("ADDRESS=URL"));
        assert_eq!("1/1000000".parse(), Ok(Scale { numerator: 1, denominator: 1_000_000 }));
        for wrong in ["", "1", "1/0", "0/1", "a/b", "-1/2"] {
            assert!(wrong.parse::<Scale>().is_err(), "{wrong}");
        }
    }
}
