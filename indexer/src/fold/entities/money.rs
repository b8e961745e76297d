//! The Ledger's money.

use alloy::primitives::{Address, B256, U256};

use super::super::macros::entities;

entities! {
    /// Tokens that may be deposited into the Ledger.
    Token in "token" (token: Address) {
        /// Whether deposits are allowed now.
        allowed: bool,
    }

    /// Modules of the Ledger.
    Module in "module" (module: Address) {
        /// Product code, 0 if it may not escrow.
        product: B256,
    }

    /// Balances in the Ledger.
    Balance in "balance" (token: Address, owner: Address) {
        /// Wei.
        amount: U256,
    }

    /// What modules hold in the Ledger.
    ModuleFunds in "module_funds" (module: Address, token: Address) {
        /// Wei in escrow.
        escrow: U256,
        /// Wei of fees that were not collected yet.
        fees: U256,
        /// Wei of fees that were collected.
        collected: U256,
    }

    /// Operator allowances and their usage.
    Allowance in "allowance" (owner: Address, operator: Address, token: Address) {
        /// Wei per second.
        rate_cap: U256,
        /// Wei.
        exposure_cap: U256,
        /// Unix seconds.
        expiry: u64,
        /// Seconds ahead that money may be committed for.
        max_tail: u64,
        /// Wei per second that is used.
        rate: U256,
        /// Wei that are used.
        exposure: U256,
    }
}
