//! What an account signs so that its reward goes elsewhere.

alloy::sol! {
    /// Pays the leaf (`epoch`, `index`, `account`, `amount` wei) to `to`, until `deadline` in unix seconds.
    #[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    struct ClaimTo {
        uint256 epoch;
        uint256 index;
        address account;
        uint256 amount;
        address to;
        uint256 deadline;
    }
}
