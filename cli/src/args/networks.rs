//! Several deployments at once, for services that work on more than one chain.

use std::{env, path::PathBuf};

use anyhow::{Context as _, ensure};
use clap::Args;
use spheron_client::Client;
use spheron_deployment::Deployment;

use super::KeyArgs;

/// Which deployments on which chains.
#[derive(Debug, Clone, Args)]
pub struct Networks {
    /// Address book of a deployment; give it once for each chain
    ///
    /// The endpoint is the one in the address book, unless SPHERON_RPC_URL_<CHAIN> names another, such as
    /// SPHERON_RPC_URL_ARBITRUM.
    #[arg(
        long = "deployment",
        value_name = "FILE",
        env = "SPHERON_DEPLOYMENT",
        default_value = "deployments/arbitrum.json",
        help_heading = "Network"
    )]
    deployments: Vec<PathBuf>,
}

impl Networks {
    /// A client for each chain.
    pub async fn clients(&self, key: &KeyArgs) -> anyhow::Result<Vec<Client>> {
        let signer = key.signer()?;
        let mut clients: Vec<Client> = Vec::new();
        for file in &self.deployments {
            let deployment = Deployment::read(file)?;
            let twice = clients.iter().any(|client| client.chain_id() == deployment.chain_id);
            ensure!(!twice, "{} is the second deployment on chain {}", file.display(), deployment.chain_id);
            let url = rpc_url(&deployment)?;
            clients.push(Client::connect(&url, deployment, Some(signer.clone())).await?);
        }
        Ok(clients)
    }
}

fn rpc_url(deployment: &Deployment) -> anyhow::Result<String> {
    let variable = format!("SPHERON_RPC_URL_{}", deployment.chain.to_ascii_uppercase());
    let url = env::var(&variable).ok().or_else(|| deployment.rpc_url.clone());
    url.with_context(|| format!("no endpoint is known for {}: set {variable}", deployment.chain))
}
