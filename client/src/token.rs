//! ERC-20 tokens: balances, approvals, and ERC-3009 authorizations.

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    signers::SignerSync as _,
    sol_types::SolStruct as _,
};
use spheron_bindings::{
    erc3009::ReceiveWithAuthorization,
    ledger::{ILedger::Authorization, Ledger},
    spon::Spon,
    test_dollar::TestDollar,
};

use crate::{Client, ClientError};

/// What an ERC-3009 authorization into the Ledger is for.
#[derive(Debug, Clone, Copy)]
pub enum Purpose {
    /// Credit the signer; anyone may bring it.
    Deposit,
    /// One action of one module, such as opening one lease.
    Action {
        /// The module.
        module: Address,
        /// What it is to do.
        action: B256,
    },
}

/// A token as people know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Where it stands.
    pub address: Address,
    /// Such as `SPON`.
    pub symbol: String,
    /// Wei are 10^-decimals of one.
    pub decimals: u8,
}

/// Digits in groups of three: `1,234,567`.
pub fn grouped(digits: &str) -> String {
    let head = digits.len() % 3;
    let mut groups: Vec<&str> = if head == 0 { vec![] } else { vec![&digits[..head]] };
    groups.extend((head..digits.len()).step_by(3).map(|at| &digits[at..at + 3]));
    groups.join(",")
}

impl Client {
    /// Symbol and decimals of the token at `address`.
    pub async fn token(&self, address: Address) -> Result<Token, ClientError> {
        let symbol = self.view(address, &Spon::symbolCall {}).await?;
        let decimals = self.view(address, &Spon::decimalsCall {}).await?;
        Ok(Token { address, symbol, decimals })
    }

    /// Balance of `owner` in the token itself, in wei.
    pub async fn token_balance(&self, token: Address, owner: Address) -> Result<U256, ClientError> {
        self.view(token, &Spon::balanceOfCall { account: owner }).await
    }

    /// Lets `spender` take `amount` wei of the caller's tokens.
    pub async fn approve(&self, token: Address, spender: Address, amount: U256) -> Result<(), ClientError> {
        self.send(token, &Spon::approveCall { spender, value: amount }).await.map(drop)
    }

    /// Sends `amount` wei of `token`.
    pub async fn transfer(&self, token: Address, to: Address, amount: U256) -> Result<(), ClientError> {
        self.send(token, &Spon::transferCall { to, value: amount }).await.map(drop)
    }

    /// Makes test dollars; only local chains have them.
    pub async fn mint_dollars(&self, to: Address, amount: U256) -> Result<(), ClientError> {
        self.send(self.contracts().dollar, &TestDollar::mintCall { to, amount }).await.map(drop)
    }

    /// Issues SPON; needs the issuer's role.
    pub async fn mint_spon(&self, to: Address, amount: U256) -> Result<(), ClientError> {
        self.send(self.contracts().spon, &Spon::mintCall { to, amount }).await.map(drop)
    }

    /// Signs an ERC-3009 authorization of `amount` wei into the Ledger, valid until `valid_before` (unix seconds).
    ///
    /// # Errors
    ///
    /// If the client has no key, or the token does not publish its EIP-712 domain (ERC-5267).
    pub async fn sign_authorization(
        &self,
        token: Address,
        amount: U256,
        valid_before: u64,
        salt: B256,
        purpose: Purpose,
    ) -> Result<Authorization, ClientError> {
        let ledger = self.contracts().ledger;
        let (module, action) = match purpose {
            Purpose::Deposit => (Address::ZERO, B256::ZERO),
            Purpose::Action { module, action } => (module, action),
        };
        let nonce = self.view(ledger, &Ledger::authorizationNonceCall { module, action, salt }).await?;
        let domain = self.view(token, &Spon::eip712DomainCall {}).await?;
        let domain = alloy::sol_types::Eip712Domain::new(
            Some(domain.name.into()),
            Some(domain.version.into()),
            Some(domain.chainId),
            Some(domain.verifyingContract),
            None,
        );
        let message = ReceiveWithAuthorization {
            from: self.address()?,
            to: ledger,
            value: amount,
            validAfter: U256::ZERO,
            validBefore: U256::from(valid_before),
            nonce,
        };
        let signature = self.signer()?.sign_hash_sync(&message.eip712_signing_hash(&domain))?;
        Ok(Authorization {
            token,
            from: message.from,
            amount,
            validAfter: message.validAfter,
            validBefore: message.validBefore,
            salt,
            signature: Bytes::from(signature.as_bytes()),
        })
    }
}
