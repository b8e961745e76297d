//! Ledger: balances, escrow, fees, allowances.

use alloy::primitives::{Address, U256};
use spheron_bindings::ledger::Ledger::LedgerEvents;

use super::{Inconsistent, ModuleFunds, State, add, small, subtract};

pub(super) fn apply(state: &mut State, event: &LedgerEvents) -> Result<(), Inconsistent> {
    match event {
        LedgerEvents::TokenSet(e) => state.tokens.entry((e.token,)).allowed = e.allowed,
        LedgerEvents::ModuleSet(e) => state.modules.entry((e.module,)).product = e.product,
        LedgerEvents::FeeCollectorSet(e) => state.set("Ledger", "feeCollector", e.collector),
        LedgerEvents::Deposited(e) => credit(state, e.token, e.owner, e.amount)?,
        LedgerEvents::Withdrawn(e) => debit(state, e.token, e.owner, e.amount)?,
        LedgerEvents::Escrowed(e) => {
            debit(state, e.token, e.owner, e.amount)?;
            add(&mut funds(state, e.module, e.token).escrow, e.amount, "escrow")?;
        }
        LedgerEvents::EscrowedFromWallet(e) => {
            add(&mut funds(state, e.module, e.token).escrow, e.escrowed, "escrow")?;
            match e.arrived.checked_sub(e.escrowed) {
                Some(excess) => credit(state, e.token, e.owner, excess)?,
                None => debit(state, e.token, e.owner, e.escrowed - e.arrived)?,
            }
        }
        LedgerEvents::Released(e) => {
            let funds = funds(state, e.module, e.token);
            for amount in [e.payment, e.fee, e.refund] {
                subtract(&mut funds.escrow, amount, || {
                    format!("the escrow of module {} in token {}", e.module, e.token)
                })?;
            }
            add(&mut funds.fees, e.fee, "fees")?;
            credit(state, e.token, e.payee, e.payment)?;
            credit(state, e.token, e.payer, e.refund)?;
        }
        LedgerEvents::FeesCollected(e) => {
            let funds = funds(state, e.module, e.token);
            subtract(&mut funds.fees, e.amount, || format!("the fees of module {} in token {}", e.module, e.token))?;
            add(&mut funds.collected, e.amount, "collected fees")?;
            credit(state, e.token, e.collector, e.amount)?;
        }
        LedgerEvents::AllowanceSet(e) => {
            let allowance = state.allowances.entry((e.owner, e.operator, e.token));
            allowance.rate_cap = e.rateCap;
            allowance.exposure_cap = e.exposureCap;
            allowance.expiry = small(e.expiry);
            allowance.max_tail = small(e.maxTail);
        }
        LedgerEvents::UsageChanged(e) => {
            let allowance = state.allowances.entry((e.owner, e.operator, e.token));
            allowance.rate = e.rate;
            allowance.exposure = e.exposure;
        }
        LedgerEvents::PausedSet(e) => state.set("Ledger", "paused", e.paused),
        LedgerEvents::AuthorityUpdated(e) => state.set("Ledger", "authority", e.authority),
    }
    Ok(())
}

fn funds(state: &mut State, module: Address, token: Address) -> &mut ModuleFunds {
    state.module_funds.entry((module, token))
}

fn credit(state: &mut State, token: Address, owner: Address, amount: U256) -> Result<(), Inconsistent> {
    if amount.is_zero() {
        return Ok(());
    }
    add(&mut state.balances.entry((token, owner)).amount, amount, "balance")
}

fn debit(state: &mut State, token: Address, owner: Address, amount: U256) -> Result<(), Inconsistent> {
    let what = || format!("the Ledger balance of {owner} in token {token}");
    subtract(&mut state.balances.entry((token, owner)).amount, amount, what)
}
