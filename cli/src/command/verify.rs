//! `spheron verify`: verifiers.

mod directory;
mod measure;
mod membership;
mod service;
mod verdict;

use std::process::ExitCode;

use clap::Subcommand;
use spheron_client::node::BondRole;

use super::{bond, pool};
use crate::output::Output;

/// Verify
///
/// Bonded verifiers measure nodes. For each node and hour a committee is drawn; a verdict counts with the signatures of
/// its quorum, and two conflicting signatures cost a verifier its bond.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Example:\n  spheron verify bond 1000\n  spheron verify join\n  spheron verify run --data verifier --peer 0x70997970C51812dc3A010C7d01b50e0d17dc79C8=https://verifier.example"
)]
pub enum Verify {
    /// Bond as a verifier
    #[command(after_help = "Example:\n  spheron verify bond \"1000 SPON\"")]
    Bond(bond::Bond),
    /// Start to take a bond out: it thaws, and stays slashable until then
    #[command(after_help = "Example:\n  spheron verify thaw all")]
    Thaw(bond::StartThaw),
    /// Put what thaws back into the bond
    #[command(after_help = "Example:\n  spheron verify cancel-thaw")]
    CancelThaw(bond::CancelThaw),
    /// Take what has thawed
    #[command(after_help = "Example:\n  spheron verify withdraw-bond")]
    WithdrawBond(bond::WithdrawBond),
    /// Set what is kept of the rewards of those who delegate: at once if it falls, in two weeks if it rises
    #[command(after_help = "Example:\n  spheron verify commission 10%")]
    Commission(pool::Commission),
    /// Join the verifiers
    #[command(after_help = "Example:\n  spheron verify join")]
    Join(membership::Join),
    /// Reveal into the next round's beacon
    #[command(after_help = "Example:\n  spheron verify reveal")]
    Reveal(membership::Reveal),
    /// Leave the verifiers
    ///
    /// The bond may thaw before that or after. A member whose bond falls below the minimum may be ejected, and cannot
    /// reveal.
    #[command(after_help = "Example:\n  spheron verify leave")]
    Leave(membership::Leave),
    /// Show a verifier and the rounds
    #[command(after_help = "Example:\n  spheron verify status 0x70997970C51812dc3A010C7d01b50e0d17dc79C8")]
    Status(membership::Status),
    /// Take part in measurements and reveal into the beacon, until stopped
    #[command(
        after_help = "Example:\n  spheron verify run --data verifier --listen 0.0.0.0:7071 --peer 0x70997970C51812dc3A010C7d01b50e0d17dc79C8=https://verifier.example"
    )]
    Run(service::Run),
    /// Have one's own running verifier measure a node, and bring the verdict
    #[command(
        after_help = "Example:\n  spheron verify measure 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --out verdict.json --submit"
    )]
    Measure(measure::Measure),
    /// Bring a signed verdict to the chain; anyone may
    #[command(after_help = "Example:\n  spheron verify submit verdict.json")]
    Submit(verdict::Submit),
    /// Say in words what a verdict is about, and check its evidence
    #[command(after_help = "Example:\n  spheron verify explain verdict.json --evidence evidence.json")]
    Explain(verdict::Explain),
}

impl Verify {
    /// Does it.
    pub async fn run(self, output: Output) -> anyhow::Result<ExitCode> {
        const ROLE: BondRole = BondRole::Verifier;
        match self {
            Self::Bond(command) => output.print(&command.run(ROLE).await?)?,
            Self::Thaw(command) => output.print(&command.run(ROLE).await?)?,
            Self::CancelThaw(command) => output.print(&command.run(ROLE).await?)?,
            Self::WithdrawBond(command) => output.print(&command.run(ROLE).await?)?,
            Self::Commission(command) => output.print(&command.run(ROLE).await?)?,
            Self::Join(command) => output.print(&command.run().await?)?,
            Self::Reveal(command) => output.print(&command.run().await?)?,
            Self::Leave(command) => output.print(&command.run().await?)?,
            Self::Status(command) => output.print(&command.run().await?)?,
            Self::Run(command) => command.run().await?,
            Self::Measure(command) => output.print(&command.run().await?)?,
            Self::Submit(command) => output.print(&command.run().await?)?,
            Self::Explain(command) => return command.run(output).await,
        }
        Ok(ExitCode::SUCCESS)
    }
}
