//! `spheron rewards`: an era's rewards, from chain events to payment.

mod build;
mod file;
mod pay;
mod status;

use std::process::ExitCode;

use clap::Subcommand;

use crate::output::Output;

/// Rewards
///
/// What nodes earn in an era of 24 hours is a pure function of chain events. `build` computes it from the indexer's
/// database, and anybody can repeat that with `verify`; a root that differs can be disabled before it activates.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Example:\n  spheron rewards build --database spheron.sqlite --era 20454 --budget \"164271 SPON\" --out rewards.json\n  spheron rewards verify --database spheron.sqlite rewards.json"
)]
pub enum Rewards {
    /// Compute an era's rewards and write the reward file
    #[command(
        after_help = "Example:\n  spheron rewards build --database spheron.sqlite --era 20454 --budget \"164271 SPON\" --out rewards.json"
    )]
    Build(build::Build),
    /// Compute a reward file again, and fail with the first leaf that differs
    #[command(after_help = "Example:\n  spheron rewards verify --database spheron.sqlite rewards.json")]
    Verify(build::Verify),
    /// Post an epoch with a reward file's root, and fund it
    #[command(after_help = "Example:\n  spheron rewards post rewards.json")]
    Post(pay::Post),
    /// Pay every leaf that is not paid yet, 256 in one call; anyone may
    #[command(after_help = "Example:\n  spheron rewards pay rewards.json")]
    Pay(pay::Pay),
    /// Pay one's own leaves
    #[command(
        after_help = "Example:\n  spheron rewards claim rewards.json --to 0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    )]
    Claim(pay::Claim),
    /// Show an epoch, the latest one unless another is named
    #[command(after_help = "Example:\n  spheron rewards status 1")]
    Status(status::Status),
}

impl Rewards {
    /// Does it.
    pub async fn run(self, output: Output) -> anyhow::Result<ExitCode> {
        match self {
            Self::Build(command) => output.print(&command.run().await?)?,
            Self::Verify(command) => return command.run(output).await,
            Self::Post(command) => output.print(&command.run().await?)?,
            Self::Pay(command) => output.print(&command.run().await?)?,
            Self::Claim(command) => output.print(&command.run().await?)?,
            Self::Status(command) => output.print(&command.run().await?)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
