//! Disputes, standing orders, demands, payouts, outages and pauses.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};
use spheron_bindings::{
    disputes::Disputes, measurement_demand::MeasurementDemand, outage_clock::OutageClock, pause_switch::PauseSwitch,
    payout::Payout, spon::Spon, standing_top_ups::StandingTopUps,
};

use super::{
    Subject,
    check::{Check, Field, keys},
};
use crate::{
    event::Contract,
    fold::{DisputeStatus, OrderStatus},
};

pub(super) fn checks(subject: &Subject<'_>, checks: &mut Vec<Check>) {
    disputes(subject, checks);
    orders(subject, checks);
    demands(subject, checks);
    payouts(subject, checks);
    outages(subject, checks);
    pauses(subject, checks);
}

fn disputes(subject: &Subject<'_>, checks: &mut Vec<Check>) {
    let contract = subject.address(Contract::Disputes);
    let mut held = BTreeMap::<Address, U256>::new();
    for ((id,), row) in subject.state.disputes.iter() {
        if row.status == DisputeStatus::Open {
            *held.entry(row.token).or_default() += row.deposit;
        }
        let ours = row.clone();
        let number = U256::from(*id);
        let call = Disputes::disputeOfCall { id: number };
        let key = number.to_be_bytes::<32>();
        checks.push(Check::new("dispute", format!("dispute {id}"), keys([&key]), contract, &call, move |found| {
            let status = DisputeStatus::from_number(found.status).map_or("unknown", DisputeStatus::as_str);
            vec![
                Field::new("status", ours.status.as_str(), status),
                Field::new("opener", ours.opener, found.opener),
                Field::new("accused", ours.accused, found.accused),
                Field::new("deposit", ours.deposit, U256::from(found.deposit)),
                Field::new("stake", ours.stake, U256::from(found.stake)),
                Field::new("opened_at", ours.opened_at, found.openedAt.to::<u64>()),
                Field::new("answered", ours.answered, found.isAnswered),
            ]
        }));
    }
    for ((account, token), row) in subject.state.dispute_owed.iter() {
        *held.entry(*token).or_default() += row.amount;
        let amount = row.amount;
        let call = Disputes::owedToCall { account: *account, token: *token };
        let entity = format!("what disputes owe {account} in token {token}");
        let keys = keys([account.as_slice(), token.as_slice()]);
        checks.push(Check::new("dispute owed", entity, keys, contract, &call, move |found| {
            vec![Field::new("amount", amount, found)]
        }));
    }
    for ((token,), row) in subject.state.dispute_deposits.iter() {
        let amount = row.amount;
        let call = Disputes::depositOfCall { token: *token };
        let entity = format!("deposit of disputes in token {token}");
        checks.push(Check::new("dispute deposit", entity, keys([token.as_slice()]), contract, &call, move |found| {
            vec![Field::new("amount", amount, found)]
        }));
    }
    for (token, owed) in held {
        let call = Spon::balanceOfCall { account: contract };
        let entity = format!("the Disputes' token {token}");
        checks.push(Check::new("solvency", entity, keys([token.as_slice()]), token, &call, move |found| {
            vec![Field::at_least("held", owed, found)]
        }));
    }
}

fn orders(subject: &Subject<'_>, checks: &mut Vec<Check>) {
    let contract = subject.address(Contract::StandingTopUps);
    for ((id,), row) in subject.state.top_up_orders.iter() {
        let ours = row.clone();
        let call = StandingTopUps::stateOfCall { orderId: *id };
        let entity = format!("standing order {id}");
        checks.push(Check::new("standing order", entity, keys([id.as_slice()]), contract, &call, move |found| {
            let status = OrderStatus::from_number(found.status).map_or("unknown", OrderStatus::as_str);
            vec![
                Field::new("status", ours.status.as_str(), status),
                Field::new("spent", ours.spent, U256::from(found.spent)),
                Field::new("period_spent", ours.period_spent, U256::from(found.periodSpent)),
                Field::new("period_start", ours.period_start, found.periodStart.to::<u64>()),
            ]
        }));
    }
}

fn demands(subject: &Subject<'_>, checks: &mut Vec<Check>) {
    let contract = subject.address(Contract::MeasurementDemand);
    for ((lease,), row) in subject.state.demands.iter() {
        let (made_at, bond) = (row.made_at, row.bond);
        let call = MeasurementDemand::demandOfCall { leaseId: *lease };
        let entity = format!("demand on lease {lease}");
        checks.push(Check::new("demand", entity, keys([lease.as_slice()]), contract, &call, move |found| {
            vec![
                Field::new("made_at", made_at, found.madeAt.to::<u64>()),
                Field::new("bond", bond, U256::from(found.bond)),
            ]
        }));
    }
    for ((token,), row) in subject.state.demand_bonds.iter() {
        let amount = row.amount;
        let call = MeasurementDemand::bondOfCall { token: *token };
        let entity = format!("bond of demands in token {token}");
        checks.push(Check::new("demand bond", entity, keys([token.as_slice()]), contract, &call, move |found| {
            vec![Field::new("amount", amount, found)]
        }));
    }
}

fn payouts(subject: &Subject<'_>, checks: &mut Vec<Check>) {
    let contract = subject.address(Contract::Payout);
    for ((provider, token), row) in subject.state.payout_minimums.iter() {
        let minimum = row.minimum;
        let call = Payout::minimumOfCall { provider: *provider, token: *token };
        let entity = format!("payout of {provider} in token {token}");
        let keys = keys([provider.as_slice(), token.as_slice()]);
        checks.push(Check::new("payout minimum", entity, keys, contract, &call, move |found| {
            vec![Field::new("minimum", minimum, found)]
        }));
    }
}

fn outages(subject: &Subject<'_>, checks: &mut Vec<Check>) {
    let clock = subject.address(Contract::OutageClock);
    for ((position,), row) in subject.state.outages.iter() {
        let (start, end) = (row.start, row.end);
        let index = U256::from(*position);
        let call = OutageClock::outageAtCall { index };
        let key = index.to_be_bytes::<32>();
        checks.push(Check::new("outage", format!("outage {position}"), keys([&key]), clock, &call, move |found| {
            vec![Field::new("start", start, found.start.to::<u64>()), Field::new("end", end, found.end.to::<u64>())]
        }));
    }
}

fn pauses(subject: &Subject<'_>, checks: &mut Vec<Check>) {
    let switch = subject.address(Contract::PauseSwitch);
    for ((bit,), row) in subject.state.pause_bits.iter() {
        let (target, paused) = (row.target, row.paused);
        let number = U256::from(*bit);
        let call = PauseSwitch::bitOfCall { bit: number };
        let key = number.to_be_bytes::<32>();
        checks.push(Check::new("pause bit", format!("bit {bit}"), keys([&key]), switch, &call, move |found| {
            vec![Field::new("target", target, found.target), Field::new("paused", paused, found.paused)]
        }));
    }
}
