//! One module per command.

pub mod account;
pub mod audit;
mod bond;
pub mod deploy;
pub mod devnet;
pub mod dispute;
pub mod gateway;
pub mod index;
pub mod keys;
pub mod lease;
pub mod node;
mod pool;
pub mod rewards;
pub mod stake;
mod thaw;
pub mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::output::Output;

/// Rent, offer and verify GPUs on Spheron; stake SPON; follow and audit the chains
#[derive(Debug, Parser)]
#[command(
    name = "spheron",
    version,
    propagate_version = true,
    after_help = "Example:\n  spheron devnet --exit          see everything work on two local chains\n  spheron account balance        what an account has"
)]
pub struct Cli {
    /// Print JSON
    #[arg(long, global = true, help_heading = "Output")]
    pub json: bool,

    /// Log more to stderr; -vv and -vvv more yet
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    Devnet(devnet::Devnet),
    Deploy(deploy::Deploy),
    /// Follow the chains into a database and serve it: run, status
    #[command(subcommand)]
    Index(index::Index),
    Audit(audit::Audit),
    /// Rent a GPU: offers, open, top up, runway, close
    #[command(subcommand)]
    Lease(lease::Lease),
    /// Provide GPUs: bond, register, offer, agent, earnings
    #[command(subcommand)]
    Node(node::Node),
    /// Verify GPUs: bond, join, run, measure, explain
    #[command(subcommand)]
    Verify(verify::Verify),
    /// Front the nodes of others: bond, register, admit, dismiss
    #[command(subcommand)]
    Gateway(gateway::Gateway),
    /// Stake SPON: deposit, exit, claim, delegate
    #[command(subcommand)]
    Stake(stake::Stake),
    /// Dispute what no proof decides: open, answer, rule
    #[command(subcommand)]
    Dispute(dispute::Dispute),
    /// Rewards of an era: build, verify, post, pay, claim
    #[command(subcommand)]
    Rewards(rewards::Rewards),
    /// Money in the Ledger: deposit, withdraw, balance, allow
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Keystore files: new, import, address
    #[command(subcommand)]
    Keys(keys::Keys),
}

impl Command {
    /// Whether it runs until it is told to stop, and so reports what it does in its log.
    pub fn is_service(&self) -> bool {
        matches!(
            self,
            Self::Index(index::Index::Run(_)) | Self::Node(node::Node::Agent(_)) | Self::Verify(verify::Verify::Run(_))
        )
    }

    /// Does it.
    pub async fn run(self, output: Output) -> anyhow::Result<ExitCode> {
        match self {
            Self::Devnet(command) => command.run(output).await,
            Self::Deploy(command) => command.run(output).await,
            Self::Index(command) => command.run(output).await,
            Self::Audit(command) => command.run(output).await,
            Self::Lease(command) => command.run(output).await,
            Self::Node(command) => command.run(output).await,
            Self::Verify(command) => command.run(output).await,
            Self::Gateway(command) => command.run(output).await,
            Self::Stake(command) => command.run(output).await,
            Self::Dispute(command) => command.run(output).await,
            Self::Rewards(command) => command.run(output).await,
            Self::Account(command) => command.run(output).await,
            Self::Keys(command) => command.run(output),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// Every command with the examples in its help.
    fn examples() -> Vec<(String, Vec<String>)> {
        let (mut found, mut commands) = (Vec::new(), vec![("spheron".to_owned(), Cli::command())]);
        while let Some((path, command)) = commands.pop() {
            let below = command.get_subcommands();
            commands.extend(below.map(|below| (format!("{path} {}", below.get_name()), below.clone())));
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let lines = help.strip_prefix("Example:\n  ").unwrap_or_default().split("\n  ");
            found.push((path, lines.map(str::to_owned).collect()));
        }
        found
    }

    /// The words of a line as a shell takes them; what follows two blanks explains it.
    fn words(line: &str) -> Vec<String> {
        let line = line.split("  ").next().unwrap_or_default();
        let quoted = line.split('"').enumerate();
        let words = quoted.flat_map(|(place, part)| match place % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        });
        words.collect()
    }

    #[test]
    fn every_command_shows_an_example_of_itself() {
        for (path, examples) in examples() {
            let own: Vec<&str> = path.split(' ').collect();
            assert!(words(&examples[0]).iter().map(String::as_str).take(own.len()).eq(own), "{path}: {examples:?}");
        }
    }

    #[test]
    fn every_example_is_taken_as_it_is_written() {
        for (path, examples) in examples() {
            for example in examples {
                if let Err(error) = Cli::try_parse_from(words(&example)) {
                    panic!("the example of {path}, {example}: {error}");
                }
            }
        }
    }
}
