//! `spheron node`: providers and their nodes.

mod agent;
mod handover;
mod offer;
mod payout;
mod register;
mod resource;
mod status;

use std::process::ExitCode;

use clap::Subcommand;
use spheron_client::node::BondRole;

use super::{account, bond, pool};
use crate::output::Output;

/// Provide
///
/// A provider bonds, registers, and registers nodes, each with its own key that consents. Verifiers measure a node
/// through its agent; attested seconds of a lease are paid into the provider's Ledger balance without a claim.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Example:\n  spheron node bond 1000\n  spheron node provider-register\n  spheron node register --resource \"RTX 4090\" --units 1 --uri https://node.example\n  spheron node offer 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --price 0.175 --post"
)]
pub enum Node {
    /// Register the caller as a provider
    #[command(after_help = "Example:\n  spheron node provider-register --uri https://provider.example")]
    ProviderRegister(register::ProviderRegister),
    /// Bond as a provider
    #[command(after_help = "Example:\n  spheron node bond \"1000 SPON\"")]
    Bond(bond::Bond),
    /// Start to take a bond out: it thaws, and stays slashable until then
    #[command(after_help = "Example:\n  spheron node thaw all")]
    Thaw(bond::StartThaw),
    /// Put what thaws back into the bond
    #[command(after_help = "Example:\n  spheron node cancel-thaw")]
    CancelThaw(bond::CancelThaw),
    /// Take what has thawed
    #[command(after_help = "Example:\n  spheron node withdraw-bond")]
    WithdrawBond(bond::WithdrawBond),
    /// Set what is kept of the rewards of those who delegate: at once if it falls, in two weeks if it rises
    #[command(after_help = "Example:\n  spheron node commission 10%")]
    Commission(pool::Commission),
    #[command(subcommand)]
    Wallet(handover::Wallet),
    #[command(subcommand)]
    Owner(handover::Owner),
    /// Register a node, whose own key consents
    #[command(
        after_help = "Example:\n  spheron node register --node-keystore node.json --resource \"RTX 4090\" --units 1 --uri https://node.example --region us-east"
    )]
    Register(register::Register),
    /// Change what a node claims; its key consents, and what is not given stays
    #[command(
        after_help = "Example:\n  spheron node change-claim 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --node-keystore node.json --uri https://new.example"
    )]
    ChangeClaim(register::ChangeClaim),
    /// Put another key in the place of a node's; the new key consents, and the former one is spent
    #[command(
        after_help = "Example:\n  spheron node change-operator 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --node-keystore new.json"
    )]
    ChangeOperator(handover::ChangeOperator),
    /// Move a node between active and maintenance, or retire it
    #[command(
        after_help = "Example:\n  spheron node set-status 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 maintenance"
    )]
    SetStatus(register::SetStatus),
    /// Sign an offer
    #[command(
        after_help = "Example:\n  spheron node offer 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --price \"0.175 tUSD\" --out offer.json"
    )]
    Offer(offer::MakeOffer),
    /// Post a signed offer on the board
    #[command(after_help = "Example:\n  spheron node post-offer offer.json")]
    PostOffer(offer::PostOffer),
    /// Burn an offer's nonce, so that no lease opens on it any more
    #[command(after_help = "Example:\n  spheron node cancel-offer offer.json")]
    CancelOffer(offer::CancelOffer),
    /// Answer verifiers for a node, with the node's key, until stopped
    #[command(after_help = "Example:\n  spheron node agent --keystore node.json --listen 0.0.0.0:7070")]
    Agent(agent::RunAgent),
    /// Show a provider with its nodes, or one node
    #[command(after_help = "Example:\n  spheron node status 0x70997970C51812dc3A010C7d01b50e0d17dc79C8")]
    Status(status::Status),
    /// Show what a provider has earned
    #[command(after_help = "Example:\n  spheron node earnings 0x70997970C51812dc3A010C7d01b50e0d17dc79C8")]
    Earnings(status::Earnings),
    /// Have earnings pushed to the reward wallet, by anyone, from an amount on
    #[command(after_help = "Example:\n  spheron node payouts --from \"10 tUSD\"")]
    Payouts(payout::Payouts),
    /// Push a provider's earnings to its reward wallet; anyone may
    #[command(after_help = "Example:\n  spheron node pay-out 0x70997970C51812dc3A010C7d01b50e0d17dc79C8")]
    PayOut(payout::PayOut),
    /// Take earnings out of the Ledger
    #[command(after_help = "Example:\n  spheron node withdraw all")]
    Withdraw(account::Withdraw),
}

impl Node {
    /// Does it.
    pub async fn run(self, output: Output) -> anyhow::Result<ExitCode> {
        const ROLE: BondRole = BondRole::Provider;
        match self {
            Self::ProviderRegister(command) => output.print(&command.run().await?)?,
            Self::Bond(command) => output.print(&command.run(ROLE).await?)?,
            Self::Thaw(command) => output.print(&command.run(ROLE).await?)?,
            Self::CancelThaw(command) => output.print(&command.run(ROLE).await?)?,
            Self::WithdrawBond(command) => output.print(&command.run(ROLE).await?)?,
            Self::Commission(command) => output.print(&command.run(ROLE).await?)?,
            Self::Wallet(command) => output.print(&command.run().await?)?,
            Self::Owner(command) => output.print(&command.run().await?)?,
            Self::Register(command) => output.print(&command.run().await?)?,
            Self::ChangeClaim(command) => output.print(&command.run().await?)?,
            Self::ChangeOperator(command) => output.print(&command.run().await?)?,
            Self::SetStatus(command) => output.print(&command.run().await?)?,
            Self::Offer(command) => output.print(&command.run().await?)?,
            Self::PostOffer(command) => output.print(&command.run().await?)?,
            Self::CancelOffer(command) => output.print(&command.run().await?)?,
            Self::Agent(command) => command.run().await?,
            Self::Status(command) => output.print(&command.run().await?)?,
            Self::Earnings(command) => output.print(&command.run().await?)?,
            Self::Payouts(command) => output.print(&command.run().await?)?,
            Self::PayOut(command) => output.print(&command.run().await?)?,
            Self::Withdraw(command) => output.print(&command.run().await?)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
