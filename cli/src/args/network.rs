//! Which deployment on which chain, and which token there.

use std::{path::PathBuf, str::FromStr};

use alloy::primitives::Address;
use anyhow::{Context as _, bail};
use clap::Args;
use spheron_client::{Client, token::Token};
use spheron_deployment::Deployment;

use super::{KeyArgs, address};

/// Which deployment on which chain.
#[derive(Debug, Clone, Args)]
pub struct Network {
    /// Address book of the deployment
    #[arg(
        long,
        value_name = "FILE",
        env = "SPHERON_DEPLOYMENT",
        default_value = "deployments/arbitrum.json",
        help_heading = "Network"
    )]
    pub deployment: PathBuf,

    /// RPC endpoint, if not the one in the address book
    #[arg(long, value_name = "URL", env = "SPHERON_RPC_URL", hide_env_values = true, help_heading = "Network")]
    rpc_url: Option<String>,
}

/// A network and a key to act with on it.
#[derive(Debug, Clone, Args)]
pub struct Account {
    #[command(flatten)]
    network: Network,
    #[command(flatten)]
    key: KeyArgs,
}

impl Network {
    /// The address book.
    pub fn deployment(&self) -> anyhow::Result<Deployment> {
        Ok(Deployment::read(&self.deployment)?)
    }

    /// A client that only reads.
    pub async fn reader(&self) -> anyhow::Result<Client> {
        self.connect(None).await
    }

    /// The endpoint of `deployment`'s chain.
    pub fn rpc_url<'a>(&'a self, deployment: &'a Deployment) -> anyhow::Result<&'a str> {
        let url = self.rpc_url.as_deref().or(deployment.rpc_url.as_deref());
        url.with_context(|| {
            let file = self.deployment.display();
            format!("{file} names no endpoint for {}: pass --rpc-url or set SPHERON_RPC_URL", deployment.chain)
        })
    }

    async fn connect(&self, key: Option<&KeyArgs>) -> anyhow::Result<Client> {
        let deployment = self.deployment()?;
        let signer = key.map(KeyArgs::signer).transpose()?;
        let url = self.rpc_url(&deployment)?.to_owned();
        Ok(Client::connect(&url, deployment, signer).await?)
    }
}

impl Account {
    /// A client that can sign.
    pub async fn client(&self) -> anyhow::Result<Client> {
        self.network.connect(Some(&self.key)).await
    }

    /// A client that can sign if a key is given.
    pub async fn reader(&self) -> anyhow::Result<Client> {
        if self.key.is_given() { self.client().await } else { self.network.reader().await }
    }
}

/// The account that a command is about: as named, else the key's.
pub fn whose(named: Option<Address>, client: &Client) -> anyhow::Result<Address> {
    let account = named.or_else(|| client.address().ok());
    account.context("no key and no address: name an address, or pass --keystore")
}

/// A token by its address, or by the name of its place in the address book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenName {
    /// The network's token.
    Spon,
    /// The deployment's dollar.
    Dollar,
    /// Any other.
    At(Address),
}

impl FromStr for TokenName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "spon" => Ok(Self::Spon),
            "dollar" | "tusd" => Ok(Self::Dollar),
            _ if text.starts_with("0x") => address(text).map(Self::At),
            _ => Err(format!("\"{text}\" is no token: expected spon, dollar, or its address")),
        }
    }
}

impl TokenName {
    /// The token on the chain of `client`.
    pub async fn resolve(self, client: &Client) -> anyhow::Result<Token> {
        let address = match self {
            Self::Spon => client.contracts().spon,
            Self::Dollar => client.contracts().dollar,
            Self::At(address) => address,
        };
        client.token(address).await.with_context(|| format!("{address} is no token on this chain"))
    }

    /// The token named by `flag`, else by the symbol written behind an amount, else the dollar.
    pub async fn choose(flag: Option<Self>, symbol: Option<&str>, client: &Client) -> anyhow::Result<Token> {
        let named = symbol.map(str::parse::<Self>);
        match (flag, named) {
            (Some(flag), _) => flag.resolve(client).await,
            (None, None) => Self::Dollar.resolve(client).await,
            (None, Some(Ok(name))) => name.resolve(client).await,
            (None, Some(Err(_))) => {
                bail!("no token is known as {}: name it by --token ADDRESS", symbol.unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_names_and_addresses() {
        assert_eq!(
            ("SPON".parse(), "tUSD".parse(), "dollar".parse()),
            (Ok(TokenName::Spon), Ok(TokenName::Dollar), Ok(TokenName::Dollar))
        );
        let at = "0x0101010101010101010101010101010101010101";
        assert_eq!(at.parse(), Ok(TokenName::At(Address::repeat_byte(1))));
        assert!("euro".parse::<TokenName>().unwrap_err().contains("\"euro\" is no token"));
    }
}
