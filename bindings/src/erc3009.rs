//! What a holder signs so that a contract may take its tokens (ERC-3009).

alloy::sol! {
    /// Pays `to`, which must send the transaction itself.
    #[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    struct ReceiveWithAuthorization {
        address from;
        address to;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }
}
