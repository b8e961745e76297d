//! One local chain with its deployment, and everybody's client on it.

use std::{collections::HashMap, path::Path};

use alloy::{
    network::EthereumWallet,
    primitives::{Address, U256},
    providers::{Provider, ProviderBuilder},
};
use anyhow::Context as _;
use spheron_client::{Client, poll_by_distance};
use spheron_deployment::{Deployment, Plan, Settings, deploy};

use crate::{
    anvil::{Anvil, ChainSpec},
    cast::{Actor, Cast},
};

/// Protocol's share of lease payments, basis points.
pub const FEE_BPS: u64 = 300;

/// One whole SPON in wei.
pub const SPON: u128 = 1_000_000_000_000_000_000;

/// From how much on a bond counts, in SPON.
pub const MINIMUM_BOND: u128 = 1_000;

/// A local chain with everything deployed.
#[derive(Debug)]
pub struct Chain {
    /// Which chain it stands for.
    pub spec: ChainSpec,
    /// The chain itself.
    pub anvil: Anvil,
    /// Where the contracts are.
    pub deployment: Deployment,
    clients: HashMap<Address, Client>,
}

impl Chain {
    /// Starts a chain, deploys, and writes the address book into `books`.
    ///
    /// # Errors
    ///
    /// If anvil does not start or a transaction fails.
    pub async fn start(spec: ChainSpec, cast: &Cast, logs: &Path, books: &Path) -> anyhow::Result<Self> {
        let anvil = Anvil::start(spec, logs).await?;
        let senders: Vec<Address> = cast.senders().into_iter().map(Actor::address).collect();
        anvil.fund(&senders).await?;
        let mut deployment =
            deploy_contracts(spec, cast, &anvil).await.with_context(|| format!("deploying to {}", spec.name))?;
        deployment.rpc_url = Some(anvil.url().to_owned());
        deployment.write(&books.join(format!("{}.json", spec.name)))?;
        let mut clients = HashMap::new();
        for sender in cast.senders() {
            let client = Client::connect(anvil.url(), deployment.clone(), Some(sender.key.clone())).await?;
            clients.insert(sender.address(), client);
        }
        Ok(Self { spec, anvil, deployment, clients })
    }

    /// The client of somebody who sends transactions.
    ///
    /// # Errors
    ///
    /// If the actor is none of [`Cast::senders`].
    pub fn client(&self, actor: &Actor) -> anyhow::Result<&Client> {
        self.clients.get(&actor.address()).with_context(|| format!("{} sends no transactions", actor.name))
    }

    /// SPON's address.
    pub fn spon(&self) -> Address {
        self.deployment.contracts.spon
    }

    /// The test dollar's address.
    pub fn dollar(&self) -> Address {
        self.deployment.contracts.dollar
    }
}

async fn deploy_contracts(spec: ChainSpec, cast: &Cast, anvil: &Anvil) -> anyhow::Result<Deployment> {
    let admin = cast.foundation.address();
    let plan = Plan::new(admin, None);
    let settings = Settings::local(spec.name, spec.chain_id, admin, U256::from(MINIMUM_BOND * SPON));
    let provider = signing_as(&cast.foundation, anvil)?;
    Ok(deploy(&provider, &plan, &settings, |_| {}).await?)
}

fn signing_as(actor: &Actor, anvil: &Anvil) -> anyhow::Result<impl Provider + use<>> {
    let url: reqwest::Url = anvil.url().parse()?;
    let provider = ProviderBuilder::new().wallet(EthereumWallet::from(actor.key.clone())).connect_http(url.clone());
    poll_by_distance(&provider, &url);
    Ok(provider)
}

#[cfg(test)]
mod tests {
    use spheron_deployment::{Admin, Grant, Role, survey};

    use super::*;
    use crate::anvil::{ARBITRUM, BASE};

    #[tokio::test]
    async fn both_chains_get_the_same_addresses() {
        let folder = tempfile::tempdir().unwrap();
        let cast = Cast::default();
        let (arbitrum, base) = tokio::join!(
            Chain::start(ARBITRUM, &cast, folder.path(), folder.path()),
            Chain::start(BASE, &cast, folder.path(), folder.path())
        );
        let (arbitrum, base) = (arbitrum.unwrap(), base.unwrap());
        assert_eq!(arbitrum.deployment.contracts, base.deployment.contracts);
        assert_eq!(Deployment::read(&folder.path().join("base.json")).unwrap(), base.deployment);
        let keeper = arbitrum.client(&cast.keeper).unwrap();
        let denied = keeper.mint_spon(cast.keeper.address(), U256::from(1)).await.unwrap_err().to_string();
        assert!(denied.contains("AccessManagedUnauthorized"), "{denied}");
    }

    #[tokio::test]
    async fn deploying_again_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let cast = Cast::default();
        let chain = Chain::start(ARBITRUM, &cast, folder.path(), folder.path()).await.unwrap();
        let again = deploy_contracts(ARBITRUM, &cast, &chain.anvil).await.unwrap();
        assert_eq!(again.contracts, chain.deployment.contracts);
        let version = spheron_bindings::resource_catalog::ResourceCatalog::versionCall {};
        let client = chain.client(&cast.keeper).unwrap();
        let version = client.view(again.contracts.resource_catalog, &version).await.unwrap();
        assert_eq!(version, U256::from(1));
    }

    #[tokio::test]
    async fn a_deployment_goes_on_where_it_stopped_and_hands_over() {
        let folder = tempfile::tempdir().unwrap();
        let cast = Cast::default();
        let anvil = Anvil::start(ARBITRUM, folder.path()).await.unwrap();
        anvil.fund(&[cast.foundation.address()]).await.unwrap();
        let provider = signing_as(&cast.foundation, &anvil).unwrap();
        let (deployer, governor) = (cast.foundation.address(), cast.keeper.address());
        let plan = Plan::new(deployer, None);
        let local = Settings::local("arbitrum", 42_161, deployer, U256::from(MINIMUM_BOND * SPON));

        let nothing = survey(&provider, &plan, &local).await.unwrap();
        assert!(nothing.iter().all(|(_, done)| !done));
        let first = Settings { grants: Vec::new(), ..local.clone() };
        let deployment = deploy(&provider, &plan, &first, |_| {}).await.unwrap();

        let grants = [Role::Architect, Role::Governor].map(|role| Grant { role, account: governor, delay: None });
        let admin = Some(Admin { account: governor, delay: 1_209_600 });
        let whole = Settings { grants: grants.to_vec(), admin, ..local.clone() };
        let mut sent = Vec::new();
        let again = deploy(&provider, &plan, &whole, |action| sent.push(action.what.clone())).await.unwrap();
        assert_eq!(again.contracts, deployment.contracts);
        assert!(deployment.start_block <= again.start_block && again.start_block == 1, "the first contract's block");
        assert_eq!(sent.len(), 4, "two grants, the admin, and the end of the deployer's role: {sent:?}");
        assert!(survey(&provider, &plan, &whole).await.unwrap().iter().all(|(_, done)| *done));
        deploy(&provider, &plan, &whole, |action| panic!("sent again: {}", action.what)).await.unwrap();

        // Whoever deployed can do nothing any more, not even what was forgotten.
        let error = deploy(&provider, &plan, &local, |_| {}).await.unwrap_err().to_string();
        assert!(error.contains("AccessManagerUnauthorized"), "{error}");
        anvil.stop().await;
    }

    #[tokio::test]
    async fn a_role_that_the_deployer_keeps_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let cast = Cast::default();
        let anvil = Anvil::start(ARBITRUM, folder.path()).await.unwrap();
        anvil.fund(&[cast.foundation.address()]).await.unwrap();
        let provider = signing_as(&cast.foundation, &anvil).unwrap();
        let deployer = cast.foundation.address();
        let local = Settings::local("arbitrum", 42_161, deployer, U256::from(MINIMUM_BOND * SPON));
        let admin = Some(Admin { account: cast.keeper.address(), delay: 0 });
        let settings = Settings { admin, ..local };
        let error = deploy(&provider, &Plan::new(deployer, None), &settings, |_| {}).await.unwrap_err().to_string();
        assert!(error.contains("still has the role Governor"), "{error}");
        anvil.stop().await;
    }
}
