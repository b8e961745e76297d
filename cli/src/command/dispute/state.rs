//! Where disputes stand.

use alloy::primitives::{Address, B256, U256};
use anyhow::Context as _;
use serde::Serialize;
use spheron_client::{Client, dispute::Evidence, node::BondRole, numbering::DisputeStatus};

use crate::{
    amount::Amount,
    command::pool::Role,
    output::{Fields, Report, Style, until},
};

/// Where a dispute stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DisputeState {
    id: u64,
    status: &'static str,
    accused: Address,
    role: Role,
    opener: Address,
    deposit: Amount,
    stake: Amount,
    opened_at: u64,
    answer_by: u64,
    rule_by: u64,
    evidence: Shown,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slashed: Option<Amount>,
    now: u64,
}

/// The disputes of an account.
#[derive(Debug, Serialize)]
pub struct DisputeList {
    party: Address,
    disputes: Vec<DisputeState>,
}

/// What a side showed.
#[derive(Debug, Serialize)]
struct Shown {
    hash: B256,
    uri: String,
}

impl From<Evidence> for Shown {
    fn from(evidence: Evidence) -> Self {
        Self { hash: evidence.hash, uri: evidence.uri }
    }
}

impl Report for DisputeState {
    fn human(&self, style: Style) -> String {
        let shown = |shown: &Shown| format!("{} ({})", shown.uri, shown.hash);
        Fields::new(style)
            .row("dispute", self.id)
            .row("status", self.standing())
            .row("accused", format!("{}, {}", self.accused, self.role.name()))
            .row("opened by", self.opener)
            .row("deposit", &self.deposit)
            .row("at stake", &self.stake)
            .maybe("slashed", self.slashed.as_ref())
            .row("evidence", shown(&self.evidence))
            .maybe("answer", self.answer.as_ref().map(shown))
            .text()
    }
}

impl Report for DisputeList {
    fn human(&self, style: Style) -> String {
        let head = Fields::new(style).row("account", self.party).text();
        if self.disputes.is_empty() {
            return head + "no disputes\n";
        }
        let line = |dispute: &DisputeState| {
            let (accused, opener) = (dispute.accused.to_string(), dispute.opener.to_string());
            vec![dispute.id.to_string(), accused, dispute.role.name().to_owned(), opener, dispute.standing()]
        };
        let header = ["DISPUTE", "ACCUSED", "ROLE", "OPENED BY", "STATUS"];
        head + "\n" + &style.table(&header, self.disputes.iter().map(line))
    }
}

impl DisputeState {
    /// Reads it from the chain.
    pub async fn read(client: &Client, id: u64) -> anyhow::Result<Self> {
        let dispute = client.dispute(id).await?.with_context(|| format!("there is no dispute {id}"))?;
        let token = client.token(dispute.token).await?;
        let (answer_by, rule_by) = client.dispute_deadlines(id).await?;
        let (evidence, answer) = client.dispute_evidence(id).await?;
        let role = BondRole::ALL.get(usize::from(dispute.role)).copied();
        Ok(Self {
            id,
            status: DisputeStatus::name_of(dispute.status),
            accused: dispute.accused,
            role: role.with_context(|| format!("dispute {id} is about an unknown role"))?.into(),
            opener: dispute.opener,
            deposit: Amount::new(U256::from(dispute.deposit), &token),
            stake: Amount::new(U256::from(dispute.stake), &token),
            opened_at: dispute.openedAt.to(),
            answer_by,
            rule_by,
            evidence: evidence.with_context(|| format!("the log has no opening of dispute {id}"))?.into(),
            answer: answer.map(Shown::from),
            slashed: None,
            now: client.chain_time().await?,
        })
    }

    /// The same, after a ruling that slashed as much.
    pub fn with_slashed(self, slashed: Amount) -> Self {
        Self { slashed: Some(slashed), ..self }
    }

    /// The status, and until when what can come.
    fn standing(&self) -> String {
        let open = |what: &str, end: u64| format!("open, {what} {}", until(end, self.now));
        match self.status {
            "open" if self.now >= self.rule_by => "open, but the time to rule is over: it can be ended".to_owned(),
            "open" if self.answer.is_some() || self.now >= self.answer_by => open("to be ruled on", self.rule_by),
            "open" => open("to be answered", self.answer_by),
            ended => ended.to_owned(),
        }
    }
}

impl DisputeList {
    /// Reads it from the chain.
    pub async fn read(client: &Client, party: Address) -> anyhow::Result<Self> {
        let mut disputes = Vec::new();
        for id in client.disputes_of(party).await? {
            disputes.push(DisputeState::read(client, id).await?);
        }
        Ok(Self { party, disputes })
    }
}
