//! Distributor: epochs, paid leaves, claimers.

use alloy::primitives::U256;
use spheron_bindings::distributor::Distributor;

use super::{
    Subject,
    check::{Check, Field, keys},
};
use crate::event::Contract;

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
                Field::new("leaf_count", ours.leaf_count, u64::from(found.leafCount)),
                Field::new("activates_at", ours.activates_at, found.activatesAt.to::<u64>()),
                Field::new("paid", ours.paid, U256::from(found.paid)),
                Field::new("disabled", ours.disabled, found.disabled),
                Field::new("swept", ours.swept, found.swept),
            ]
        }));
    }
    let next = U256::from(subject.state.epochs.len() as u64 + 1);
    let call = Distributor::nextEpochCall {};
    checks.push(Check::new("setting", "Distributor".to_owned(), [], distributor, &call, move |found| {
        vec![Field::new("nextEpoch", next, found)]
    }));
    for (number, index) in subject.paid_leaves {
        let (epoch, leaf) = (U256::from(*number), U256::from(*index));
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
