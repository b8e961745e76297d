//! Distributor: epochs, what was paid of them, and who may claim.

use alloy::primitives::U256;
use spheron_bindings::distributor::Distributor::DistributorEvents;

use super::{Epoch, Inconsistent, State, add, small};
use crate::position::{EventId, Position};

pub(super) fn apply(state: &mut State, at: Position, event: &DistributorEvents) -> Result<(), Inconsistent> {
    match event {
        DistributorEvents::EpochPosted(e) => {
            *state.epochs.entry((small(e.epoch),)) = Epoch {
                posted_id: EventId(at.id),
                root: e.root,
                token: e.token,
                funder: e.funder,
                cap: e.cap,
                leaf_count: small(e.leafCount),
                activates_at: small(e.activatesAt),
                evidence: e.evidence,
                ..Epoch::default()
            };
        }
        DistributorEvents::EpochDisabled(e) => {
            let epoch = epoch(state, e.epoch)?;
            epoch.disabled = true;
            // A funder that could not be paid leaves the money to a later sweep.
            epoch.swept = !e.returned.is_zero();
            epoch.returned = e.returned;
        }
        DistributorEvents::RewardPaid(e) => {
            let epoch = epoch(state, e.epoch)?;
            add(&mut epoch.paid, e.amount, "rewards")?;
            epoch.paid_leaves += 1;
            if epoch.paid > epoch.cap {
                let what = format!("epoch {} paid {} of {}", e.epoch, epoch.paid, epoch.cap);
                return Err(Inconsistent::new(what));
            }
        }
        DistributorEvents::EpochSwept(e) => {
            let epoch = epoch(state, e.epoch)?;
            epoch.swept = true;
            add(&mut epoch.returned, e.returned, "returned rewards")?;
        }
        DistributorEvents::ClaimerSet(e) => state.claimers.entry((e.account,)).claimer = e.claimer,
        DistributorEvents::AuthorityUpdated(e) => state.set("Distributor", "authority", e.authority),
    }
    Ok(())
}

fn epoch(state: &mut State, number: U256) -> Result<&mut Epoch, Inconsistent> {
    state.epochs.existing((small(number),)).ok_or_else(|| Inconsistent::unknown("epoch", number))
}
