//! `spheron lease`: renting.

mod id;
mod manage;
mod offers;
mod open;
mod receipts;
mod remedy;
mod standing;
mod state;

use std::process::ExitCode;

use clap::Subcommand;

use crate::output::Output;

pub use id::Prefix;
pub use open::read_offer;
pub use state::find;

/// Rent
///
/// A lease pays by the second, and only for seconds that verifiers attest; the rest comes back. When its funds run out it
/// is in grace at a reduced rate, paid from a reserve, and then it ends.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Example:\n  spheron lease offers\n  spheron lease open 0x5fd1a2b3 --for 12h\n  spheron lease runway 0x91c2d3e4\n  spheron lease close 0x91c2d3e4"
)]
pub enum Lease {
    /// List offers
    #[command(after_help = "Example:\n  spheron lease offers --max-price 0.5")]
    Offers(offers::Offers),
    /// Open a lease on an offer, paid in the same transaction
    #[command(
        after_help = "Example:\n  spheron lease open 0x5fd1a2b3 --for 12h\n  spheron lease open offer.json --for 7d --pay ledger"
    )]
    Open(open::Open),
    /// Add time to a lease, paid from the Ledger balance
    #[command(alias = "topup", after_help = "Example:\n  spheron lease top-up 0x91c2d3e4 12h")]
    TopUp(manage::TopUp),
    /// Show for how long a lease is funded
    #[command(after_help = "Example:\n  spheron lease runway 0x91c2d3e4")]
    Runway(manage::Runway),
    /// Pay and refund all seconds that are decided; anyone may
    #[command(after_help = "Example:\n  spheron lease settle 0x91c2d3e4 0x5fd1a2b3")]
    Settle(manage::Settle),
    /// End a lease; what has not run comes back at once
    #[command(after_help = "Example:\n  spheron lease close 0x91c2d3e4")]
    Close(manage::Close),
    /// As the provider, end a lease after its notice
    #[command(after_help = "Example:\n  spheron lease reclaim 0x91c2d3e4")]
    Reclaim(manage::Reclaim),
    /// Show what a lease paid, each settlement with a hash over all before it
    #[command(after_help = "Example:\n  spheron lease receipts 0x91c2d3e4")]
    Receipts(receipts::Receipts),
    /// Seize from the provider's bond what was paid for seconds that a later verdict revoked; anyone may
    #[command(after_help = "Example:\n  spheron lease claw-back 0x91c2d3e4\n  spheron account collect")]
    ClawBack(remedy::Remedy),
    /// Free at once the cover beyond what the lease's real length needed, and the rest four days after its end; anyone may
    #[command(after_help = "Example:\n  spheron lease free-cover 0x91c2d3e4")]
    FreeCover(remedy::Remedy),
    /// Demand that the node is measured anew, for a bond that goes to the provider if the node passes, and comes back if not
    #[command(after_help = "Example:\n  spheron lease demand 0x91c2d3e4")]
    Demand(remedy::Remedy),
    /// End a demand that has its answer, or will get none; anyone may
    #[command(after_help = "Example:\n  spheron lease resolve 0x91c2d3e4")]
    Resolve(remedy::Remedy),
    /// Have a lease topped up by anyone when it runs low: new, list, revoke, run
    #[command(subcommand)]
    Standing(standing::Standing),
    /// List the leases of a renter or on a node
    #[command(after_help = "Example:\n  spheron lease list --node 0x70997970C51812dc3A010C7d01b50e0d17dc79C8")]
    List(manage::List),
}

impl Lease {
    /// Does it.
    pub async fn run(self, output: Output) -> anyhow::Result<ExitCode> {
        match self {
            Self::Offers(command) => output.print(&command.run().await?)?,
            Self::Open(command) => output.print(&command.run().await?)?,
            Self::TopUp(command) => output.print(&command.run().await?)?,
            Self::Runway(command) => output.print(&command.run().await?)?,
            Self::Settle(command) => output.print(&command.run().await?)?,
            Self::Close(command) => output.print(&command.run().await?)?,
            Self::Reclaim(command) => output.print(&command.run().await?)?,
            Self::Receipts(command) => output.print(&command.run().await?)?,
            Self::ClawBack(lease) => output.print(&lease.claw_back().await?)?,
            Self::FreeCover(lease) => output.print(&lease.free_cover().await?)?,
            Self::Demand(lease) => output.print(&lease.demand().await?)?,
            Self::Resolve(lease) => output.print(&lease.resolve().await?)?,
            Self::Standing(command) => command.run(output).await?,
            Self::List(command) => output.print(&command.run().await?)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
