//! Distributor: epochs, what was paid of them, and who may claim.

use alloy::primitives::{Address, U256};
use spheron_bindings::{
    distributor::Distributor::{DistributorEvents, EpochFunded},
    range::range_payment,
};

use super::{Epoch, EpochStatus, Inconsistent, State, add, small};
use crate::position::{EventId, Position};

/// Rewards in one row of paid bits, as in a word of the contract.
const RANGE: u64 = 256;

pub(super) fn apply(state: &mut State, at: Position, event: &DistributorEvents) -> Result<(), Inconsistent> {
    match event {
        DistributorEvents::EpochFunded(e) => fund(state, at, e)?,
        DistributorEvents::EpochPosted(e) => {
            let epoch = epoch(state, e.epoch)?;
            epoch.root = e.root;
            epoch.leaf_count = small(e.leafCount);
            epoch.activates_at = small(e.activatesAt);
            epoch.evidence = e.evidence;
            epoch.status = EpochStatus::Posted;
        }
        DistributorEvents::EpochActivated(e) => epoch(state, e.epoch)?.status = EpochStatus::Active,
        DistributorEvents::EpochChallenged(e) => {
            let epoch = epoch(state, e.epoch)?;
            epoch.status = EpochStatus::Challenged;
            epoch.challenger = e.challenger;
            epoch.challenge_deadline = small(e.deadline);
        }
        DistributorEvents::ChallengeRejected(e) => {
            let epoch = epoch(state, e.epoch)?;
            epoch.status = EpochStatus::Posted;
            epoch.activates_at = small(e.activatesAt);
            add(&mut epoch.forfeited, e.bond, "bonds that challengers lost")?;
            (epoch.challenger, epoch.challenge_deadline) = (Address::ZERO, 0);
        }
        DistributorEvents::BondReturned(e) => {
            let epoch = epoch(state, e.epoch)?;
            (epoch.challenger, epoch.challenge_deadline) = (Address::ZERO, 0);
        }
        DistributorEvents::EpochDisabled(e) => epoch(state, e.epoch)?.status = EpochStatus::Disabled,
        DistributorEvents::RewardPaid(e) => {
            let index = small(e.index);
            let bit = U256::ONE << usize::try_from(index % RANGE).unwrap_or_default();
            pay(state, e.epoch, index - index % RANGE, bit, e.amount)?;
        }
        DistributorEvents::RangePaid(e) => {
            let mut total = U256::ZERO;
            for payment in &e.payments {
                add(&mut total, range_payment(*payment).1, "rewards of a range")?;
            }
            pay(state, e.epoch, small(e.start), e.leaves, total)?;
        }
        DistributorEvents::EpochSwept(e) => {
            let epoch = epoch(state, e.epoch)?;
            if epoch.status == EpochStatus::Funded {
                // It was never posted, and its number is still to come.
                *epoch = Epoch { funded_id: epoch.funded_id, ..Epoch::default() };
            } else {
                epoch.status = EpochStatus::Swept;
            }
            add(&mut epoch.returned, e.returned, "returned rewards")?;
        }
        DistributorEvents::ClaimerSet(e) => state.claimers.entry((e.account,)).claimer = e.claimer,
        DistributorEvents::PausedSet(e) => state.set("Distributor", "paused", e.paused),
        DistributorEvents::AuthorityUpdated(e) => state.set("Distributor", "authority", e.authority),
        DistributorEvents::EIP712DomainChanged(_) => {}
    }
    Ok(())
}

fn fund(state: &mut State, at: Position, event: &EpochFunded) -> Result<(), Inconsistent> {
    let epoch = state.epochs.entry((small(event.epoch),));
    if epoch.status == EpochStatus::None {
        epoch.funded_id = EventId(at.id);
        epoch.activates_at = at.time;
        epoch.status = EpochStatus::Funded;
    }
    (epoch.token, epoch.funder) = (event.token, event.funder);
    add(&mut epoch.cap, event.amount, "funds of an epoch")
}

/// Marks rewards as paid. One that was paid before means that the events do not add up.
fn pay(state: &mut State, number: U256, start: u64, leaves: U256, amount: U256) -> Result<(), Inconsistent> {
    let range = state.paid_ranges.entry((small(number), start));
    if !(range.leaves & leaves).is_zero() {
        return Err(Inconsistent::new(format!("a reward of epoch {number}, from {start} on, was paid twice")));
    }
    range.leaves |= leaves;
    let epoch = epoch(state, number)?;
    add(&mut epoch.paid, amount, "rewards")?;
    epoch.paid_leaves += leaves.count_ones() as u64;
    if epoch.paid > epoch.cap {
        return Err(Inconsistent::new(format!("epoch {number} paid {} of {}", epoch.paid, epoch.cap)));
    }
    Ok(())
}

fn epoch(state: &mut State, number: U256) -> Result<&mut Epoch, Inconsistent> {
    state.epochs.existing((small(number),)).ok_or_else(|| Inconsistent::unknown("epoch", number))
}
