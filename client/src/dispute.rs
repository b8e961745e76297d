//! Disputes over what no proof on chain can decide.

use alloy::{
    primitives::{Address, B256, U256},
    rpc::types::Filter,
};
use spheron_bindings::disputes::{Disputes, IDisputes::Dispute};

use crate::{Client, ClientError, delegation::Pool, event_of, numbering::DisputeStatus};

/// Whom the arbiter's ruling pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compensation {
    /// Who was harmed.
    pub harmed: Address,
    /// By how much (wei), and so what it gets at most.
    pub loss: U256,
}

/// What each side showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// keccak256 of what lies at `uri`.
    pub hash: B256,
    /// Where it lies.
    pub uri: String,
}

impl Client {
    /// Accuses the owner of a bond, for a deposit of the caller in its token. Returns the dispute's number.
    pub async fn open_dispute(&self, accused: Pool, evidence: Evidence) -> Result<u64, ClientError> {
        let (disputes, Pool { role, owner, token }) = (self.contracts().disputes, accused);
        let deposit = self.view(disputes, &Disputes::depositOfCall { token }).await?;
        self.approve(token, disputes, deposit).await?;
        let Evidence { hash, uri } = evidence;
        let call = Disputes::openCall { role: role as u8, accused: owner, token, evidenceHash: hash, uri };
        let receipt = self.send(disputes, &call).await?;
        Ok(event_of::<Disputes::DisputeOpened>(&receipt, disputes)?.id.saturating_to())
    }

    /// Answers as the accused, once.
    pub async fn answer_dispute(&self, id: u64, evidence: Evidence) -> Result<(), ClientError> {
        let Evidence { hash, uri } = evidence;
        let call = Disputes::answerCall { id: U256::from(id), evidenceHash: hash, uri };
        self.send(self.contracts().disputes, &call).await.map(drop)
    }

    /// Finds for the opener, as the arbiter: up to `amount` wei of the bond are slashed. Returns wei slashed.
    pub async fn accept_dispute(
        &self,
        id: u64,
        amount: U256,
        compensation: Option<Compensation>,
    ) -> Result<U256, ClientError> {
        let disputes = self.contracts().disputes;
        let nobody = Compensation { harmed: Address::ZERO, loss: U256::ZERO };
        let Compensation { harmed, loss } = compensation.unwrap_or(nobody);
        let receipt = self.send(disputes, &Disputes::acceptCall { id: U256::from(id), amount, harmed, loss }).await?;
        Ok(event_of::<Disputes::DisputeAccepted>(&receipt, disputes)?.slashed)
    }

    /// Finds for the accused, as the arbiter.
    pub async fn reject_dispute(&self, id: u64) -> Result<(), ClientError> {
        self.send(self.contracts().disputes, &Disputes::rejectCall { id: U256::from(id) }).await.map(drop)
    }

    /// Finds for nobody, as the arbiter.
    pub async fn draw_dispute(&self, id: u64) -> Result<(), ClientError> {
        self.send(self.contracts().disputes, &Disputes::drawCall { id: U256::from(id) }).await.map(drop)
    }

    /// Ends a dispute that was not ruled on in time. Anyone may.
    pub async fn expire_dispute(&self, id: u64) -> Result<(), ClientError> {
        self.send(self.contracts().disputes, &Disputes::expireCall { id: U256::from(id) }).await.map(drop)
    }

    /// Wei that disputes owe `account`.
    pub async fn owed_by_disputes(&self, account: Address, token: Address) -> Result<U256, ClientError> {
        self.view(self.contracts().disputes, &Disputes::owedToCall { account, token }).await
    }

    /// Pays what disputes owe the caller to `to`; returns wei.
    pub async fn collect_deposits(&self, token: Address, to: Address) -> Result<U256, ClientError> {
        let disputes = self.contracts().disputes;
        let receipt = self.send(disputes, &Disputes::collectCall { token, to }).await?;
        Ok(event_of::<Disputes::OwedCollected>(&receipt, disputes)?.amount)
    }

    /// A dispute, `None` if there is none of this number.
    pub async fn dispute(&self, id: u64) -> Result<Option<Dispute>, ClientError> {
        let dispute = self.view(self.contracts().disputes, &Disputes::disputeOfCall { id: U256::from(id) }).await?;
        Ok((dispute.status != DisputeStatus::None as u8).then_some(dispute))
    }

    /// Until when the accused may answer, and from then on the arbiter rule (unix seconds).
    pub async fn dispute_deadlines(&self, id: u64) -> Result<(u64, u64), ClientError> {
        let deadlines = self.view(self.contracts().disputes, &Disputes::deadlinesOfCall { id: U256::from(id) }).await?;
        Ok((deadlines.answerBy.saturating_to(), deadlines.ruleBy.saturating_to()))
    }

    /// What the opener of a dispute showed, and what the accused answered.
    pub async fn dispute_evidence(&self, id: u64) -> Result<(Option<Evidence>, Option<Evidence>), ClientError> {
        let (disputes, filter) = (self.contracts().disputes, Filter::new().topic1(B256::from(U256::from(id))));
        let opened = self.events::<Disputes::DisputeOpened>(disputes, filter.clone()).await?.pop();
        let answered = self.events::<Disputes::DisputeAnswered>(disputes, filter).await?.pop();
        Ok((
            opened.map(|event| Evidence { hash: event.evidenceHash, uri: event.uri }),
            answered.map(|event| Evidence { hash: event.evidenceHash, uri: event.uri }),
        ))
    }

    /// The numbers of the disputes that `account` opened or was accused in, oldest first.
    pub async fn disputes_of(&self, account: Address) -> Result<Vec<u64>, ClientError> {
        let (disputes, word) = (self.contracts().disputes, account.into_word());
        let accused = self.events::<Disputes::DisputeOpened>(disputes, Filter::new().topic2(word)).await?;
        let opened = self.events::<Disputes::DisputeOpened>(disputes, Filter::new().topic3(word)).await?;
        let mut ids: Vec<u64> = accused.into_iter().chain(opened).map(|event| event.id.saturating_to()).collect();
        ids.sort();
        ids.dedup();
        Ok(ids)
    }
}
