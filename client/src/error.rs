use alloy::{
    primitives::{B256, TxHash},
    providers::PendingTransactionError,
    transports::TransportError,
};
use spheron_bindings::revert;
use spheron_deployment::reason;

/// Why an action did not happen, or is not known to have happened.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The URL does not parse; only scheme and host are shown.
    #[error("{url:?} is not a URL; expected something like http://127.0.0.1:8545")]
    MalformedUrl {
        /// Scheme and host.
        url: String,
    },
    /// The endpoint serves another chain.
    #[error("the endpoint serves chain {served}, but the deployment {chain:?} is on chain {expected}; check --rpc-url")]
    WrongChain {
        /// Name in the address book.
        chain: String,
        /// Chain id in the address book.
        expected: u64,
        /// Chain id that the endpoint says.
        served: u64,
    },
    /// The client has no key.
    #[error("this needs a key: pass --keystore FILE, or set SPHERON_PRIVATE_KEY")]
    NoKey,
    /// The endpoint failed.
    #[error("{method} failed: {reason}; is the endpoint up?")]
    Transport {
        /// RPC method or contract function.
        method: String,
        /// What the transport said, without the endpoint's URL, which may hold a secret.
        reason: String,
    },
    /// A contract refused.
    #[error("{function}: {reason}")]
    Reverted {
        /// Name of the function.
        function: &'static str,
        /// The contract's error with its values.
        reason: String,
    },
    /// A contract refused once the transaction was mined, though it had not when its gas was estimated.
    #[error("{function}: reverted in transaction {transaction}")]
    Failed {
        /// Name of the function.
        function: &'static str,
        /// The transaction.
        transaction: TxHash,
    },
    /// The transaction was sent, but its receipt did not come.
    #[error("{function} was sent, but no receipt came: {reason}; look it up before you send it again")]
    Pending {
        /// Name of the function.
        function: &'static str,
        /// What went wrong, without the endpoint's URL, which may hold a secret.
        reason: String,
    },
    /// An answer cannot be decoded.
    #[error("the answer to {function} is malformed ({source}); is the deployment file the right one?")]
    Answer {
        /// Name of the function.
        function: &'static str,
        /// Where it goes wrong.
        #[source]
        source: alloy::sol_types::Error,
    },
    /// A transaction lacks an expected event.
    #[error("transaction {transaction} has no event {event}; is the deployment file the right one?")]
    NoEvent {
        /// Signature of the event.
        event: &'static str,
        /// The transaction.
        transaction: TxHash,
    },
    /// A lease was settled without a log of it.
    #[error(
        "the endpoint has no settlement of lease {lease} from {from} to {to} (unix seconds); ask another one: --rpc-url"
    )]
    MissingSettlement {
        /// The lease.
        lease: B256,
        /// Unix seconds.
        from: u64,
        /// Unix seconds.
        to: u64,
    },
    /// The chain has no block.
    #[error("the endpoint has no latest block")]
    NoBlock,
    /// A signature could not be made.
    #[error("cannot sign: {0}")]
    Sign(#[from] alloy::signers::Error),
}

impl ClientError {
    pub(crate) fn transport(method: &str, source: &TransportError) -> Self {
        Self::Transport { method: method.to_owned(), reason: reason(source) }
    }

    pub(crate) fn call(function: &'static str, source: &TransportError) -> Self {
        match source.as_error_resp().and_then(|response| response.as_revert_data()) {
            Some(data) => Self::Reverted { function, reason: revert::describe(&data) },
            None => Self::transport(function, source),
        }
    }

    pub(crate) fn pending(function: &'static str, source: &PendingTransactionError) -> Self {
        Self::Pending { function, reason: reason(source) }
    }
}
