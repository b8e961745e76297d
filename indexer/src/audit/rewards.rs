//! Distributor: epochs, paid leaves, claimers.

use alloy::primitives::U256;
use spheron_bindings::distributor::Distributor;

use super::{
    Subject,
    check::{Check, Field, keys},
};
use crate::{
    event::Contract,
    fold::{EpochStatus, State},
};

pub(super) fn checks(subject: &Subject<'_>, checks: &mut Vec<Check>) {
    let distributor = subject.address(Contract::Distributor);
    for ((number,), row) in subject.state.epochs.iter() {
        let ours = row.clone();
        let epoch = U256::from(*number);
        let call = Distributor::epochOfCall { epoch };
        let key = epoch.to_be_bytes::<32>();
        checks.push(Check::new("epoch", format!("epoch {number}"), keys([&key]), distributor, &call, move |found| {
            vec![
                Field::new("root", ours.root, found.root),
                Field::new("token", ours.token, found.token),
                Field::new("funder", ours.funder, found.funder),
                Field::new("cap", ours.cap, U256::from(found.cap)),
                Field::new("leaf_count", ours.leaf_count, found.leafCount.to::<u64>()),
                Field::new("activates_at", ours.activates_at, found.activatesAt.to::<u64>()),
                Field::new("paid", ours.paid, U256::from(found.paid)),
                Field::new("forfeited", ours.forfeited, U256::from(found.forfeited)),
                Field::new("status", ours.status.as_str(), status(found.status)),
            ]
        }));
        let (challenger, deadline) = (row.challenger, row.challenge_deadline);
        let call = Distributor::challengeOfCall { epoch };
        let entity = format!("challenge of epoch {number}");
        checks.push(Check::new("challenge", entity, keys([&key]), distributor, &call, move |found| {
            vec![
                Field::new("challenger", challenger, found.challenger),
                Field::new("challenge_deadline", deadline, found.deadline.to::<u64>()),
            ]
        }));
    }
    let posted = subject.state.epochs.iter().filter(|(_, row)| !row.root.is_zero()).count();
    let next = U256::from(posted as u64 + 1);
    let call = Distributor::nextEpochCall {};
    checks.push(Check::new("setting", "Distributor".to_owned(), [], distributor, &call, move |found| {
        vec![Field::new("nextEpoch", next, found)]
    }));
    for (number, index) in paid_leaves(subject.state) {
        let (epoch, leaf) = (U256::from(number), U256::from(index));
        let call = Distributor::isPaidCall { epoch, index: leaf };
        let entity = format!("reward {index} of epoch {number}");
        let (epoch, leaf) = (epoch.to_be_bytes::<32>(), leaf.to_be_bytes::<32>());
        checks.push(Check::new("paid reward", entity, keys([&epoch, &leaf]), distributor, &call, |found| {
            vec![Field::new("paid", true, found)]
        }));
    }
    for ((account,), row) in subject.state.claimers.iter() {
        let claimer = row.claimer;
        let call = Distributor::claimerOfCall { account: *account };
        let entity = format!("claimer of {account}");
        checks.push(Check::new("claimer", entity, keys([account.as_slice()]), distributor, &call, move |found| {
            vec![Field::new("claimer", claimer, found)]
        }));
    }
}

fn status(number: u8) -> &'static str {
    EpochStatus::from_number(number).map_or("unknown", EpochStatus::as_str)
}

/// Epoch and index of every reward that was paid.
fn paid_leaves(state: &State) -> impl Iterator<Item = (u64, u64)> {
    state.paid_ranges.iter().flat_map(|((epoch, start), row)| {
        let bits = row.leaves;
        (0..256).filter(move |bit| bits.bit(*bit)).map(move |bit| (*epoch, start + bit as u64))
    })
}
