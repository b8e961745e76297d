//! `spheron dispute`: what no proof on chain can decide.

mod rule;
mod state;

use std::{fs, path::PathBuf, process::ExitCode};

use alloy::primitives::{Address, keccak256};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use spheron_client::{delegation::Pool, dispute::Evidence};

use self::state::{DisputeList, DisputeState};
use super::{account::Collected, bond, pool::Role};
use crate::{
    args::{Account, TokenName, address, whose},
    output::Output,
};

/// Dispute
///
/// Anyone may accuse a bonded provider, gateway or verifier of what no proof on chain shows, for a deposit and with
/// evidence. The accused answers, then the arbiter rules. Without a ruling in time it ends as a draw, and the deposit comes
/// back.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Example:\n  spheron dispute open 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --evidence log.txt --uri https://evidence.example/log.txt\n  spheron dispute show 1\n  spheron dispute collect"
)]
pub enum Dispute {
    /// Accuse the owner of a bond, for a deposit
    #[command(
        after_help = "Example:\n  spheron dispute open 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --role verifier --evidence log.txt --uri https://evidence.example/log.txt"
    )]
    Open(Open),
    /// Answer as the accused, once
    #[command(
        after_help = "Example:\n  spheron dispute answer 1 --evidence answer.txt --uri https://evidence.example/answer.txt"
    )]
    Answer(Answer),
    /// Find for the opener, as the arbiter: the accused is slashed
    #[command(
        after_help = "Example:\n  spheron dispute accept 1 --slash \"50 SPON\" --harmed 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --loss \"20 SPON\""
    )]
    Accept(rule::Accept),
    /// Find for the accused, as the arbiter: half of the deposit is its, the other half is burned
    #[command(after_help = "Example:\n  spheron dispute reject 1")]
    Reject(rule::Reject),
    /// Find for nobody, as the arbiter: the deposit goes back
    #[command(after_help = "Example:\n  spheron dispute draw 1")]
    Draw(rule::Draw),
    /// End a dispute that was not ruled on in time; anyone may
    #[command(after_help = "Example:\n  spheron dispute expire 1")]
    Expire(rule::Expire),
    /// Take deposits that came back, and shares of those that did not
    #[command(after_help = "Example:\n  spheron dispute collect")]
    Collect(Collect),
    /// Show a dispute
    #[command(after_help = "Example:\n  spheron dispute show 1")]
    Show(Show),
    /// List the disputes that an account opened or was accused in
    #[command(after_help = "Example:\n  spheron dispute list 0x70997970C51812dc3A010C7d01b50e0d17dc79C8")]
    List(List),
}

/// `dispute open`
#[derive(Debug, Args)]
pub struct Open {
    /// Whose bond
    #[arg(value_parser = address)]
    accused: Address,
    /// What the bond is for
    #[arg(long, value_enum, default_value_t = Role::Provider)]
    role: Role,
    /// Token of the bond and of the deposit: spon, dollar, or its address [default: the bond's]
    #[arg(long)]
    token: Option<TokenName>,
    #[command(flatten)]
    evidence: EvidenceArgs,
    #[command(flatten)]
    account: Account,
}

/// `dispute answer`
#[derive(Debug, Args)]
pub struct Answer {
    /// The dispute's number
    id: u64,
    #[command(flatten)]
    evidence: EvidenceArgs,
    #[command(flatten)]
    account: Account,
}

/// `dispute collect`
#[derive(Debug, Args)]
pub struct Collect {
    /// spon, dollar, or the token's address [default: dollar if any are owed, else spon]
    #[arg(long)]
    token: Option<TokenName>,
    /// Who gets the tokens [default: the caller]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    to: Option<Address>,
    #[command(flatten)]
    account: Account,
}

/// `dispute show`
#[derive(Debug, Args)]
pub struct Show {
    /// The dispute's number
    id: u64,
    #[command(flatten)]
    account: Account,
}

/// `dispute list`
#[derive(Debug, Args)]
pub struct List {
    /// Whose [default: the key's]
    #[arg(value_name = "ADDRESS", value_parser = address)]
    party: Option<Address>,
    #[command(flatten)]
    account: Account,
}

/// What a side has to show.
#[derive(Debug, Args)]
struct EvidenceArgs {
    /// The evidence, whose hash goes on chain
    #[arg(long, value_name = "FILE")]
    evidence: PathBuf,
    /// Where others find it, in 256 bytes at most
    #[arg(long)]
    uri: String,
}

impl Dispute {
    /// Does it.
    pub async fn run(self, output: Output) -> anyhow::Result<ExitCode> {
        match self {
            Self::Open(command) => output.print(&command.run().await?)?,
            Self::Answer(command) => output.print(&command.run().await?)?,
            Self::Accept(command) => output.print(&command.run().await?)?,
            Self::Reject(command) => output.print(&command.run().await?)?,
            Self::Draw(command) => output.print(&command.run().await?)?,
            Self::Expire(command) => output.print(&command.run().await?)?,
            Self::Collect(command) => output.print(&command.run().await?)?,
            Self::Show(command) => output.print(&command.run().await?)?,
            Self::List(command) => output.print(&command.run().await?)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl EvidenceArgs {
    fn read(self) -> anyhow::Result<Evidence> {
        let bytes = fs::read(&self.evidence).with_context(|| format!("cannot read {}", self.evidence.display()))?;
        Ok(Evidence { hash: keccak256(bytes), uri: self.uri })
    }
}

impl Open {
    async fn run(self) -> anyhow::Result<DisputeState> {
        let evidence = self.evidence.read()?;
        let client = self.account.client().await?;
        let role = self.role.into();
        let token = bond::token(&client, role, self.accused, self.token, None).await?;
        let accused = Pool { role, owner: self.accused, token: token.address };
        let id = client.open_dispute(accused, evidence).await?;
        DisputeState::read(&client, id).await
    }
}

impl Answer {
    async fn run(self) -> anyhow::Result<DisputeState> {
        let evidence = self.evidence.read()?;
        let client = self.account.client().await?;
        client.answer_dispute(self.id, evidence).await?;
        DisputeState::read(&client, self.id).await
    }
}

impl Collect {
    async fn run(self) -> anyhow::Result<Collected> {
        let client = self.account.client().await?;
        let owner = client.address()?;
        let nothing = client.owed_by_disputes(owner, client.contracts().dollar).await?.is_zero();
        let usual = if nothing { TokenName::Spon } else { TokenName::Dollar };
        let token = self.token.unwrap_or(usual).resolve(&client).await?;
        let to = self.to.unwrap_or(owner);
        Ok(Collected::new(client.collect_deposits(token.address, to).await?, &token, to))
    }
}

impl Show {
    async fn run(self) -> anyhow::Result<DisputeState> {
        DisputeState::read(&self.account.reader().await?, self.id).await
    }
}

impl List {
    async fn run(self) -> anyhow::Result<DisputeList> {
        let client = self.account.reader().await?;
        let party = whose(self.party, &client)?;
        DisputeList::read(&client, party).await
    }
}
