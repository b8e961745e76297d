//! `spheron node agent`: answers verifiers for a node.

use std::{net::SocketAddr, num::NonZeroUsize, sync::Arc, time::Duration};

use alloy::primitives::{Address, B256};
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use spheron_client::Client;
use spheron_verifier_agent::{Agent, Limits, Registration, Verifiers, behaviour::Behaviour};
use spheron_verifier_core::wire::Domain;
use spheron_verifier_cpu::CpuProver;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    args::{KeyArgs, Networks},
    clock::TimeSource,
    shutdown,
};

/// `node agent`
#[derive(Debug, Args)]
pub struct RunAgent {
    /// Where to listen for verifiers
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7070")]
    listen: SocketAddr,
    /// Processor threads to prove with [default: all]
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    /// How the machine behaves: for simulations
    #[arg(long, value_enum, default_value_t = Machine::Honest, hide = true)]
    behaviour: Machine,
    /// Whose time counts: for local chains
    #[arg(long, value_enum, default_value_t = TimeSource::System, hide = true)]
    clock: TimeSource,
    /// The node [default: the address of the key, which is the node's name until its operator key is changed]
    #[arg(long, value_name = "ADDRESS")]
    node: Option<Address>,
    #[command(flatten)]
    networks: Networks,
    #[command(flatten)]
    key: KeyArgs,
}

/// How a simulated machine behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Machine {
    /// It does the work
    Honest,
    /// It needs 50 milliseconds longer for every job
    Slower,
    /// It leaves out a fifth of the jobs
    Skip,
    /// It computes one element wrongly
    WrongElement,
    /// It answers with work for another seed
    StaleSeed,
    /// It never answers
    Silent,
}

impl RunAgent {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let cancel = shutdown::on_signal()?;
        let chains = self.networks.clients(&self.key).await?;
        let registrations = chains.iter().map(registration).collect::<Vec<_>>();
        follow_verifiers(&chains, &registrations).await?;
        let threads = match self.threads {
            Some(threads) => threads,
            None => std::thread::available_parallelism().context("cannot count the processor's threads")?,
        };
        let prover =
            self.behaviour.as_behaviour().wrap(Arc::new(CpuProver::new(threads)), Arc::new(std::thread::sleep));
        let clock = self.clock.clock(&chains, &cancel).await?;
        let key = self.key.signer()?;
        let node = self.node.unwrap_or_else(|| key.address());
        let agent = Agent::new(node, key, prover, clock, registrations.clone(), Limits::default());
        let listener = TcpListener::bind(self.listen).await;
        let listener = listener.with_context(|| format!("cannot listen on {}", self.listen))?;
        tokio::spawn(keep_following(chains, registrations, self.clock.refresh(), cancel.clone()));
        Ok(agent.serve(listener, cancel).await?)
    }
}

impl Machine {
    fn as_behaviour(self) -> Behaviour {
        match self {
            Self::Honest => Behaviour::Honest,
            Self::Slower => Behaviour::Slower { per_job: Duration::from_millis(50) },
            Self::Skip => Behaviour::Skip { percent: 20 },
            Self::WrongElement => Behaviour::WrongElement { job: 0, element: 0 },
            Self::StaleSeed => Behaviour::StaleSeed { seed: B256::repeat_byte(0x5e) },
            Self::Silent => Behaviour::Silent,
        }
    }
}

fn registration(chain: &Client) -> Registration {
    let domain = Domain { chain_id: chain.chain_id(), verifier_set: chain.contracts().verifier_set };
    Registration { domain, verifiers: Verifiers::default() }
}

async fn follow_verifiers(chains: &[Client], registrations: &[Registration]) -> anyhow::Result<()> {
    for (chain, registration) in chains.iter().zip(registrations) {
        registration.verifiers.replace(chain.verifiers().await?);
    }
    Ok(())
}

async fn keep_following(
    chains: Vec<Client>,
    registrations: Vec<Registration>,
    every: Duration,
    cancel: CancellationToken,
) {
    while cancel.run_until_cancelled(tokio::time::sleep(every)).await.is_some() {
        if let Err(error) = follow_verifiers(&chains, &registrations).await {
            tracing::warn!(%error, "the verifiers cannot be read; those known stay");
        }
    }
}
