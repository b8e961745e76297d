//! `spheron`, the command line of the settlement layer.
//!
//! | module | holds |
//! |---|---|
//! | [`command`] | one module per command |
//! | [`args`] | arguments that commands share: network, key, addresses, durations |
//! | [`amount`] | amounts of money in units that people use |
//! | [`file`] | JSON files that people name |
//! | [`output`] | what commands print, for people and as JSON |
//! | [`hint`] | what to do about an error |
//! | [`clock`] | the time by which services act |
//! | [`shutdown`] | the end of commands that run until they are told to stop |

mod amount;
mod args;
mod clock;
mod command;
mod file;
mod hint;
mod output;
mod shutdown;

use std::process::ExitCode;

use clap::Parser as _;

use crate::{command::Cli, output::Output};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.json);
    output::log(cli.verbose + u8::from(cli.command.is_service()));
    match run(cli, output) {
        Ok(code) => code,
        Err(error) => {
            output::print_error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli, output: Output) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(cli.command.run(output))
}
