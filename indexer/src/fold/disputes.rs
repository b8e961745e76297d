//! Disputes: who accuses whom, and what came of it.

use alloy::primitives::{Address, U256};
use spheron_bindings::disputes::Disputes::DisputesEvents;

use super::{BURN_ADDRESS, Dispute, DisputeStatus, Inconsistent, State, add, small, stake::role, subtract};
use crate::position::{EventId, Position};

pub(super) fn apply(state: &mut State, at: Position, event: &DisputesEvents) -> Result<(), Inconsistent> {
    match event {
        DisputesEvents::DisputeOpened(e) => {
            *state.disputes.entry((small(e.id),)) = Dispute {
                opened_id: EventId(at.id),
                status: DisputeStatus::Open,
                opener: e.opener,
                accused: e.accused,
                role: role(e.role)?,
                token: e.token,
                deposit: e.deposit,
                stake: e.stake,
                opened_at: at.time,
                ..Dispute::default()
            };
        }
        DisputesEvents::DisputeAnswered(e) => dispute(state, e.id)?.answered = true,
        DisputesEvents::DisputeAccepted(e) => {
            let ended = end(state, e.id, DisputeStatus::Accepted)?;
            dispute(state, e.id)?.slashed = e.slashed;
            owe(state, ended.opener, ended.token, ended.deposit)?;
        }
        DisputesEvents::DisputeRejected(e) => {
            let ended = end(state, e.id, DisputeStatus::Rejected)?;
            owe(state, ended.accused, ended.token, e.toAccused)?;
            owe(state, BURN_ADDRESS, ended.token, e.burned)?;
        }
        DisputesEvents::DisputeDrawn(e) => {
            let ended = end(state, e.id, DisputeStatus::Drawn)?;
            owe(state, ended.opener, ended.token, ended.deposit)?;
        }
        DisputesEvents::OwedCollected(e) => {
            let owed = &mut state.dispute_owed.entry((e.account, e.token)).amount;
            subtract(owed, e.amount, || format!("what disputes owe {}", e.account))?;
        }
        DisputesEvents::DepositSet(e) => state.dispute_deposits.entry((e.token,)).amount = e.amount,
        DisputesEvents::PausedSet(e) => state.set("Disputes", "paused", e.paused),
        DisputesEvents::AuthorityUpdated(e) => state.set("Disputes", "authority", e.authority),
    }
    Ok(())
}

/// Ends an open dispute. Returns it as it was.
fn end(state: &mut State, id: U256, status: DisputeStatus) -> Result<Dispute, Inconsistent> {
    let dispute = dispute(state, id)?;
    if dispute.status != DisputeStatus::Open {
        return Err(Inconsistent::new(format!("dispute {id} is {}, and ends again", dispute.status.as_str())));
    }
    dispute.status = status;
    Ok(dispute.clone())
}

fn owe(state: &mut State, account: Address, token: Address, amount: U256) -> Result<(), Inconsistent> {
    add(&mut state.dispute_owed.entry((account, token)).amount, amount, "debt")
}

fn dispute(state: &mut State, id: U256) -> Result<&mut Dispute, Inconsistent> {
    state.disputes.existing((small(id),)).ok_or_else(|| Inconsistent::unknown("dispute", id))
}
