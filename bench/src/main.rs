//! `spheron-bench indexer`: throughput, memory and requests of the indexer on a chain that a server of ours serves.
//!
//! The server, and each run of an indexer, is a process of its own, so that the processor time and the memory of one are
//! not counted as another's.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a program that reports

mod endpoint;
mod indexer;
mod live;
mod ponder;
mod run;
mod usage;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Measures the indexer.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure the indexer, and print the table
    Indexer(indexer::Indexer),
    /// Serve a chain until stopped
    Serve(endpoint::Chain),
    /// Index a chain to its head, and say what it took
    Index {
        /// The endpoint
        #[arg(long)]
        url: String,
        /// The SQLite file
        #[arg(long)]
        database: PathBuf,
    },
    /// Make every table again, and say what it took
    Rebuild {
        /// The endpoint, which is asked nothing
        #[arg(long)]
        url: String,
        /// The SQLite file
        #[arg(long)]
        database: PathBuf,
    },
    /// Print the digest of each table
    Digest {
        /// The SQLite file
        #[arg(long)]
        database: PathBuf,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Indexer(indexer) => indexer.run().await,
        Command::Serve(chain) => endpoint::serve(&chain).await,
        Command::Index { url, database } => run::index(&url, &database).await,
        Command::Rebuild { url, database } => run::make_again(&url, &database),
        Command::Digest { database } => run::digests(&database).await,
    }
}
