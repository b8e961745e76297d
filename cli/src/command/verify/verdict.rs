//! Signed verdicts: bringing and explaining them.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use alloy::primitives::{Address, B256};
use anyhow::ensure;
use clap::Args;
use serde::Serialize;
use spheron_client::Client;
use spheron_verifier_core::{
    evidence::Evidence,
    explain,
    verdict::{Outcome, SignedVerdict},
};

use super::directory::domain_of;
use crate::{
    args::Account,
    file::{read_json, write_json},
    output::{Fields, Output, Report, Style, time},
};

/// `verify submit`
#[derive(Debug, Args)]
pub struct Submit {
    /// The signed verdict
    file: PathBuf,
    #[command(flatten)]
    account: Account,
}

/// `verify explain`
#[derive(Debug, Args)]
pub struct Explain {
    /// The signed verdict
    file: PathBuf,
    /// The evidence that the verdict names by its hash
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
}

/// A verdict, and whether it is on the chain.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerdictState {
    node: Address,
    result: &'static str,
    measured_at: u64,
    valid_until: u64,
    signatures: usize,
    evidence: B256,
    submitted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
    signed: SignedVerdict,
}

impl Report for VerdictState {
    fn human(&self, style: Style) -> String {
        let result = match self.result {
            "pass" => style.good(self.result),
            _ => style.bad(self.result),
        };
        Fields::new(style)
            .row("node", self.node)
            .row("result", result)
            .row("measured", time(self.measured_at))
            .maybe("attests until", (self.result == "pass").then(|| time(self.valid_until)))
            .row("signatures", self.signatures)
            .row("evidence", self.evidence)
            .row("on the chain", if self.submitted { "yes" } else { "no" })
            .maybe("file", self.file.as_ref().map(|file| file.display()))
            .text()
    }
}

impl VerdictState {
    /// Of a verdict, which is brought to the chain first if `submit`.
    pub async fn of(client: &Client, signed: SignedVerdict, submit: bool) -> anyhow::Result<Self> {
        let (ours, theirs) = (domain_of(client), signed.domain);
        ensure!(
            ours == theirs,
            "the verdict is for {} on chain {}, but this deployment's VerifierSet is {} on chain {}",
            theirs.verifier_set,
            theirs.chain_id,
            ours.verifier_set,
            ours.chain_id
        );
        if submit {
            client.submit_verdict(signed.verdict.clone(), signed.signatures.clone()).await?;
        }
        let verdict = &signed.verdict;
        Ok(Self {
            node: verdict.node,
            result: in_words(verdict.result),
            measured_at: verdict.measurement.startMs / 1_000,
            valid_until: verdict.validUntil,
            signatures: signed.signatures.len(),
            evidence: verdict.evidenceHash,
            submitted: submit,
            file: None,
            signed,
        })
    }

    /// Writes the signed verdict into a file.
    pub fn write(self, file: &Path) -> anyhow::Result<Self> {
        write_json(file, &self.signed)?;
        Ok(Self { file: Some(file.to_owned()), ..self })
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Explanation {
    lines: Vec<String>,
    /// Absent without evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence_supports_it: Option<bool>,
}

impl Report for Explanation {
    fn human(&self, style: Style) -> String {
        let text: String = self.lines.iter().map(|line| format!("{line}\n")).collect();
        match self.evidence_supports_it {
            Some(false) => text + &style.bad("The evidence does not support this verdict.") + "\n",
            _ => text,
        }
    }
}

impl Submit {
    pub(super) async fn run(self) -> anyhow::Result<VerdictState> {
        let signed: SignedVerdict = read_json(&self.file, "signed verdict")?;
        let client = self.account.client().await?;
        VerdictState::of(&client, signed, true).await
    }
}

impl Explain {
    pub(super) async fn run(self, output: Output) -> anyhow::Result<ExitCode> {
        let signed: SignedVerdict = read_json(&self.file, "signed verdict")?;
        let evidence = self.evidence.as_deref().map(|file| read_json::<Evidence>(file, "evidence")).transpose()?;
        let supports = |evidence: &Evidence| {
            let named = evidence.hash() == signed.verdict.evidenceHash;
            named && evidence.judge().is_ok_and(|judged| judged.verdict == signed.verdict)
        };
        let explanation = Explanation {
            lines: explain(&signed.verdict, evidence.as_ref()),
            evidence_supports_it: evidence.as_ref().map(supports),
        };
        output.print(&explanation)?;
        Ok(if explanation.evidence_supports_it == Some(false) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

fn in_words(result: u8) -> &'static str {
    match Outcome::from_result(result) {
        Some(Outcome::Pass) => "pass",
        Some(Outcome::BelowClaim) => "below claim",
        Some(Outcome::WrongComputation) => "wrong computation",
        Some(Outcome::Timeout) => "timeout",
        Some(Outcome::Inconclusive) => "inconclusive",
        None => "unknown",
    }
}
