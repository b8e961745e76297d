//! What a holder signs so that Permit2 may hand its tokens to the Ledger.

use alloy::primitives::{Address, address};

/// Where Permit2 stands, on every chain.
pub const PERMIT2: Address = address!("0x000000000022D473030F116dDEE9F6B43aC78BA3");

alloy::sol! {
    /// `amount` wei of `token`.
    #[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    struct TokenPermissions {
        address token;
        uint256 amount;
    }

    /// What the Ledger is to do with them: `action` of `module`, or both 0 to credit the signer.
    #[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    struct Purpose {
        address module;
        bytes32 action;
    }

    /// Pays `spender`, the Ledger, which shows `witness` to Permit2. Nonces are unordered, `deadline` is in unix seconds.
    #[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    struct PermitWitnessTransferFrom {
        TokenPermissions permitted;
        address spender;
        uint256 nonce;
        uint256 deadline;
        Purpose witness;
    }
}
