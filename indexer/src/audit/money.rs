//! Ledger: balances, escrow, fees, allowances, and that the tokens are there.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};
use spheron_bindings::{ledger::Ledger, spon::Spon};

use super::{
    Subject,
    check::{Check, Field, keys},
};
use crate::event::Contract;

pub(super) fn checks(subject: &Subject<'_>, checks: &mut Vec<Check>) {
    let ledger = subject.address(Contract::Ledger);
    balances(subject, ledger, checks);
    modules(subject, ledger, checks);
    allowances(subject, ledger, checks);
    solvency(subject, ledger, checks);
    for ((token,), row) in subject.state.tokens.iter() {
        let allowed = row.allowed;
        let call = Ledger::isTokenAllowedCall { token: *token };
        checks.push(Check::new(
            "token",
            format!("token {token}"),
            keys([token.as_slice()]),
            ledger,
            &call,
            move |found| vec![Field::new("allowed", allowed, found)],
        ));
    }
    let collector = subject.state.setting("Ledger", "feeCollector").unwrap_or_default().to_owned();
    if !collector.is_empty() {
        let call = Ledger::feeCollectorCall {};
        checks.push(Check::new("setting", "Ledger".to_owned(), [], ledger, &call, move |found| {
            vec![Field::new("feeCollector", collector.clone(), found.to_string())]
        }));
    }
}

fn balances(subject: &Subject<'_>, ledger: Address, checks: &mut Vec<Check>) {
    for ((token, owner), row) in subject.state.balances.iter() {
        let amount = row.amount;
        let entity = format!("Ledger balance of {owner} in token {token}");
        let call = Ledger::balanceOfCall { token: *token, owner: *owner };
        let keys = keys([token.as_slice(), owner.as_slice()]);
        checks.push(Check::new("balance", entity, keys, ledger, &call, move |found| {
            vec![Field::new("amount", amount, found)]
        }));
    }
}

fn modules(subject: &Subject<'_>, ledger: Address, checks: &mut Vec<Check>) {
    for ((module,), row) in subject.state.modules.iter() {
        let product = row.product;
        let call = Ledger::productOfCall { module: *module };
        let entity = format!("module {module}");
        checks.push(Check::new("module", entity, keys([module.as_slice()]), ledger, &call, move |found| {
            vec![Field::new("product", product, found)]
        }));
    }
    let leases = lease_escrow(subject);
    for ((module, token), row) in subject.state.module_funds.iter() {
        let (escrow, fees) = (row.escrow, row.fees);
        let entity = format!("funds of module {module} in token {token}");
        let keys = keys([module.as_slice(), token.as_slice()]);
        // The LeaseBook's escrow is that of its leases, to the wei.
        let of_leases =
            (*module == subject.address(Contract::LeaseBook)).then(|| leases.get(token).copied().unwrap_or_default());
        let call = Ledger::escrowOfCall { module: *module, token: *token };
        checks.push(Check::new("escrow", entity.clone(), keys.clone(), ledger, &call, move |found| {
            let sum = of_leases.map(|sum| Field::new("sum of its leases", sum, found));
            std::iter::once(Field::new("escrow", escrow, found)).chain(sum).collect()
        }));
        let call = Ledger::feesOfCall { module: *module, token: *token };
        checks
            .push(Check::new("fees", entity, keys, ledger, &call, move |found| vec![Field::new("fees", fees, found)]));
    }
}

fn lease_escrow(subject: &Subject<'_>) -> BTreeMap<Address, U256> {
    let mut sums = BTreeMap::<Address, U256>::new();
    for (_, lease) in subject.state.leases.iter() {
        *sums.entry(lease.token).or_default() += lease.escrow();
    }
    sums
}

fn allowances(subject: &Subject<'_>, ledger: Address, checks: &mut Vec<Check>) {
    for ((owner, operator, token), row) in subject.state.allowances.iter() {
        let entity = format!("allowance of {operator} over {owner} in token {token}");
        let keys = keys([owner.as_slice(), operator.as_slice(), token.as_slice()]);
        let ours = row.clone();
        let call = Ledger::allowanceOfCall { token: *token, owner: *owner, operator: *operator };
        checks.push(Check::new("allowance", entity.clone(), keys.clone(), ledger, &call, move |found| {
            vec![
                Field::new("rate_cap", ours.rate_cap, U256::from(found.rateCap)),
                Field::new("exposure_cap", ours.exposure_cap, U256::from(found.exposureCap)),
                Field::new("expiry", ours.expiry, found.expiry.to::<u64>()),
                Field::new("max_tail", ours.max_tail, u64::from(found.maxTail)),
            ]
        }));
        let (rate, exposure) = (row.rate, row.exposure);
        let call = Ledger::usageOfCall { token: *token, owner: *owner, operator: *operator };
        checks.push(Check::new("usage", entity, keys, ledger, &call, move |found| {
            vec![
                Field::new("rate", rate, U256::from(found.rate)),
                Field::new("exposure", exposure, U256::from(found.exposure)),
            ]
        }));
    }
}

/// What the Ledger owes in a token, it holds.
fn solvency(subject: &Subject<'_>, ledger: Address, checks: &mut Vec<Check>) {
    let mut owed = BTreeMap::<Address, U256>::new();
    for ((token, _), row) in subject.state.balances.iter() {
        *owed.entry(*token).or_default() += row.amount;
    }
    for ((_, token), row) in subject.state.module_funds.iter() {
        *owed.entry(*token).or_default() += row.escrow + row.fees;
    }
    for (token, owed) in owed {
        let call = Spon::balanceOfCall { account: ledger };
        let entity = format!("the Ledger's token {token}");
        checks.push(Check::new("solvency", entity, keys([token.as_slice()]), token, &call, move |found| {
            vec![Field::at_least("held", owed, found)]
        }));
    }
}
