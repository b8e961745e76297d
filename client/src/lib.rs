//! What each user does on chain: sign, send, wait, read.
//!
//! A [`Client`] is one account on one chain of one deployment. Its methods are grouped by what they are about:
//! [`token`], [`account`] (the Ledger), [`lease`] with its [`receipt`]s, [`standing`] orders and [`remedy`] against a node
//! that does not deliver, [`node`] (providers) with its [`payout`] and [`handover`], [`gateway`], [`verifier`], [`stake`],
//! [`delegation`], [`dispute`] and [`rewards`]. [`numbering`] names the members of the contracts' enumerations.

pub mod account;
pub mod delegation;
pub mod dispute;
pub mod gateway;
pub mod handover;
pub mod lease;
pub mod node;
pub mod numbering;
pub mod payout;
pub mod receipt;
pub mod remedy;
pub mod rewards;
pub mod stake;
pub mod standing;
pub mod token;
pub mod verifier;

mod error;
mod history;
mod same;

use std::{pin::Pin, time::Duration};

use alloy::{
    eips::BlockNumberOrTag,
    network::{EthereumWallet, TransactionBuilder as _},
    primitives::{Address, Bytes},
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::{TransactionReceipt, TransactionRequest},
    signers::local::PrivateKeySigner,
    sol_types::{SolCall, SolEvent},
};
use spheron_deployment::{Contracts, Deployment};

pub use error::ClientError;

/// How often a local chain is asked for a receipt; others are asked at alloy's own pace.
const LOCAL_POLL: Duration = Duration::from_millis(10);

/// One account on one chain of one deployment.
#[derive(Debug, Clone)]
pub struct Client {
    provider: DynProvider,
    signer: Option<PrivateKeySigner>,
    deployment: Deployment,
}

impl Client {
    /// Connects to `url` and checks that it serves the deployment's chain. Without a signer the client can only read.
    ///
    /// # Errors
    ///
    /// If the URL is malformed, the endpoint does not answer, or it serves another chain.
    pub async fn connect(
        url: &str,
        deployment: Deployment,
        signer: Option<PrivateKeySigner>,
    ) -> Result<Self, ClientError> {
        let parsed: reqwest::Url =
            url.parse().map_err(|_| ClientError::MalformedUrl { url: redacted(url).to_owned() })?;
        let provider = provider(parsed.clone(), deployment.chain_id, signer.as_ref());
        poll_by_distance(&provider, &parsed);
        let client = Self { provider, signer, deployment };
        let (served, expected) = (client.served_chain().await?, client.chain_id());
        if served != expected {
            return Err(ClientError::WrongChain { chain: client.deployment.chain, expected, served });
        }
        Ok(client)
    }

    /// The account that signs.
    ///
    /// # Errors
    ///
    /// If the client can only read.
    pub fn address(&self) -> Result<Address, ClientError> {
        Ok(self.signer()?.address())
    }

    /// The key that signs.
    ///
    /// # Errors
    ///
    /// If the client can only read.
    pub fn signer(&self) -> Result<&PrivateKeySigner, ClientError> {
        self.signer.as_ref().ok_or(ClientError::NoKey)
    }

    /// The contracts of the deployment.
    pub fn contracts(&self) -> &Contracts {
        &self.deployment.contracts
    }

    /// The deployment.
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// EIP-155 id of the chain.
    pub fn chain_id(&self) -> u64 {
        self.deployment.chain_id
    }

    /// The provider, for what has no method here.
    pub fn provider(&self) -> &DynProvider {
        &self.provider
    }

    /// Time of the latest block (unix seconds): what the contracts see, roughly.
    ///
    /// # Errors
    ///
    /// If the endpoint fails.
    pub async fn chain_time(&self) -> Result<u64, ClientError> {
        self.latest_time().await
    }

    /// Sends a call and waits for its receipt.
    ///
    /// # Errors
    ///
    /// If the client can only read, the call reverts (with the contract's error in words), or the endpoint fails.
    pub async fn send<C: SolCall>(&self, to: Address, call: &C) -> Result<TransactionReceipt, ClientError> {
        self.transact(to, call.abi_encode(), name_of::<C>()).await
    }

    /// Asks a view function.
    ///
    /// # Errors
    ///
    /// If the call reverts, the endpoint fails, or the answer cannot be decoded.
    pub async fn view<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return, ClientError> {
        let function = name_of::<C>();
        let data = self.ask(to, call.abi_encode(), function).await?;
        C::abi_decode_returns(&data).map_err(|source| ClientError::Answer { function, source })
    }

    /// What a call of `from` would be refused with now, without sending it; `None` if it would pass.
    pub(crate) async fn refusal<C: SolCall>(
        &self,
        from: Address,
        to: Address,
        call: &C,
    ) -> Result<Option<Bytes>, ClientError> {
        let request = TransactionRequest::default().with_from(from).with_to(to).with_input(call.abi_encode());
        match self.provider.call(request).await {
            Ok(_) => Ok(None),
            Err(source) => match source.as_error_resp().and_then(|response| response.as_revert_data()) {
                Some(data) => Ok(Some(data)),
                None => Err(ClientError::transport(name_of::<C>(), &source)),
            },
        }
    }

    fn served_chain(&self) -> Answer<'_, u64> {
        Box::pin(async move {
            let served = self.provider.get_chain_id().await;
            served.map_err(|source| ClientError::transport("eth_chainId", &source))
        })
    }

    fn latest_time(&self) -> Answer<'_, u64> {
        Box::pin(async move {
            let block = self.provider.get_block_by_number(BlockNumberOrTag::Latest).await;
            let block = block.map_err(|source| ClientError::transport("eth_getBlockByNumber", &source))?;
            Ok(block.ok_or(ClientError::NoBlock)?.header.timestamp)
        })
    }

    fn transact(&self, to: Address, input: Vec<u8>, function: &'static str) -> Answer<'_, TransactionReceipt> {
        Box::pin(async move {
            let request = TransactionRequest::default().with_from(self.address()?).with_to(to).with_input(input);
            let pending = self.provider.send_transaction(request).await;
            let pending = pending.map_err(|source| ClientError::call(function, &source))?;
            let receipt = pending.get_receipt().await.map_err(|source| ClientError::pending(function, &source))?;
            if receipt.status() {
                return Ok(receipt);
            }
            Err(ClientError::Failed { function, transaction: receipt.transaction_hash })
        })
    }

    fn ask(&self, to: Address, input: Vec<u8>, function: &'static str) -> Answer<'_, Bytes> {
        Box::pin(async move {
            let mut request = TransactionRequest::default().with_to(to).with_input(input);
            if let Some(signer) = &self.signer {
                request.set_from(signer.address());
            }
            self.provider.call(request).await.map_err(|source| ClientError::call(function, &source))
        })
    }
}

/// Has `provider` ask for receipts as often as fits the endpoint at `url`.
pub fn poll_by_distance(provider: &impl Provider, url: &reqwest::Url) {
    if url.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]")) {
        provider.client().set_poll_interval(LOCAL_POLL);
    }
}

/// What an endpoint is asked for. Boxed, so that it is compiled here, and not again wherever it is awaited.
type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ClientError>> + Send + 'a>>;

/// Signs for `signer` if there is one. The nonce is asked for each time: the same key may be at work in another process.
fn provider(url: reqwest::Url, chain_id: u64, signer: Option<&PrivateKeySigner>) -> DynProvider {
    let builder = ProviderBuilder::new()
        .disable_recommended_fillers()
        .with_gas_estimation()
        .with_simple_nonce_management()
        .with_chain_id(chain_id);
    match signer {
        Some(signer) => builder.wallet(EthereumWallet::from(signer.clone())).connect_http(url).erased(),
        None => builder.connect_http(url).erased(),
    }
}

/// The first event `E` of `contract` in a receipt.
///
/// # Errors
///
/// If there is none: the contract at this address is another one.
pub fn event_of<E: SolEvent>(receipt: &TransactionReceipt, contract: Address) -> Result<E, ClientError> {
    receipt
        .logs()
        .iter()
        .filter(|log| log.address() == contract)
        .find_map(|log| E::decode_log(&log.inner).ok())
        .map(|log| log.data)
        .ok_or(ClientError::NoEvent { event: E::SIGNATURE, transaction: receipt.transaction_hash })
}

/// A function's name without its arguments, which may be dozens.
fn name_of<C: SolCall>() -> &'static str {
    C::SIGNATURE.split('(').next().unwrap_or(C::SIGNATURE)
}

/// Scheme and host of a URL: what is behind may be a secret.
fn redacted(url: &str) -> &str {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    let end = url[after_scheme..].find(['/', '?', '#']).map_or(url.len(), |at| after_scheme + at);
    &url[..end]
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn a_url_is_shown_without_its_path() {
        assert_eq!(redacted("https://host/v2/secret"), "https://host");
        assert_eq!(redacted("host?key=secret"), "host");
        assert_eq!(redacted("host"), "host");
    }
}
