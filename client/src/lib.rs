//! What each user does on chain: sign, send, wait, read.
//!
//! A [`Client`] is one account on one chain of one deployment. Its methods are grouped by what they are about:
//! [`token`], [`account`] (the Ledger), [`lease`], [`node`] (providers), [`verifier`], [`stake`] and [`rewards`].

pub mod account;
pub mod lease;
pub mod node;
pub mod rewards;
pub mod stake;
pub mod token;
pub mod verifier;

mod error;
mod history;

use std::time::Duration;

use alloy::{
    network::{EthereumWallet, TransactionBuilder as _},
    primitives::Address,
    providers::{DynProvider, Provider as _, ProviderBuilder},
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
        let local = parsed.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
        // The nonce is asked for each time: the same key may be at work in another process.
        let builder = ProviderBuilder::new()
            .disable_recommended_fillers()
            .with_gas_estimation()
            .with_simple_nonce_management()
            .with_chain_id(deployment.chain_id);
        let provider = match &signer {
            Some(signer) => builder.wallet(EthereumWallet::from(signer.clone())).connect_http(parsed).erased(),
            None => builder.connect_http(parsed).erased(),
        };
        if local {
            provider.client().set_poll_interval(LOCAL_POLL);
        }
        let served = provider.get_chain_id().await.map_err(|source| ClientError::transport("eth_chainId", source))?;
        if served != deployment.chain_id {
            return Err(ClientError::WrongChain {
                chain: deployment.chain.clone(),
                expected: deployment.chain_id,
                served,
            });
        }
        Ok(Self { provider, signer, deployment })
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
        let block = self
            .provider
            .get_block_by_number(alloy::eips::BlockNumberOrTag::Latest)
            .await
            .map_err(|source| ClientError::transport("eth_getBlockByNumber", source))?;
        Ok(block.ok_or(ClientError::NoBlock)?.header.timestamp)
    }

    /// Sends a call and waits for its receipt.
    ///
    /// # Errors
    ///
    /// If the client can only read, the call reverts (with the contract's error in words), or the endpoint fails.
    pub async fn send<C: SolCall>(&self, to: Address, call: &C) -> Result<TransactionReceipt, ClientError> {
        let request =
            TransactionRequest::default().with_from(self.address()?).with_to(to).with_input(call.abi_encode());
        let pending = self.provider.send_transaction(request).await.map_err(|source| ClientError::call::<C>(source))?;
        let receipt = pending
            .get_receipt()
            .await
            .map_err(|source| ClientError::Pending { function: C::SIGNATURE, source: Box::new(source) })?;
        if receipt.status() {
            return Ok(receipt);
        }
        Err(ClientError::Reverted {
            function: C::SIGNATURE,
            reason: format!("in transaction {}", receipt.transaction_hash),
        })
    }

    /// Asks a view function.
    ///
    /// # Errors
    ///
    /// If the call reverts, the endpoint fails, or the answer cannot be decoded.
    pub async fn view<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return, ClientError> {
        let mut request = TransactionRequest::default().with_to(to).with_input(call.abi_encode());
        if let Some(signer) = &self.signer {
            request.set_from(signer.address());
        }
        let data = self.provider.call(request).await.map_err(|source| ClientError::call::<C>(source))?;
        C::abi_decode_returns(&data).map_err(|source| ClientError::Answer { function: C::SIGNATURE, source })
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
