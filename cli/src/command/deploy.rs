//! `spheron deploy`: the contracts on a chain.

use std::{path::PathBuf, process::ExitCode};

use alloy::{network::EthereumWallet, primitives::Address, providers::ProviderBuilder};
use anyhow::Context as _;
use clap::Args;
use serde::Serialize;
use spheron_client::poll_by_distance;
use spheron_deployment::{Contracts, Plan, Settings, deploy, survey};

use crate::{
    args::KeyArgs,
    output::{Output, Report, Style, progress},
};

/// Deploy the contracts to a chain, set their parameters, and hand them over
///
/// The same key deploys to the same addresses on every chain. What is there already is left alone, so that an
/// interrupted deployment goes on when the command is repeated. If the settings name an admin, it gets the admin role in
/// the end, the key that deploys gives up its own, and the command fails if any role is left to it.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  spheron deploy settings.toml --rpc-url http://127.0.0.1:8545 --dry-run --from 0x8626f6940e2eb28930efb4cef49b2d1f2c9c1199\n  spheron deploy settings.toml --rpc-url http://127.0.0.1:8545 --keystore deployer.json --out deployments/arbitrum.json"
)]
pub struct Deploy {
    /// Parameters of the deployment; deployment/settings/ has an example for each chain
    settings: PathBuf,
    /// RPC endpoint of the chain
    #[arg(long, value_name = "URL", env = "SPHERON_RPC_URL", hide_env_values = true)]
    rpc_url: String,
    /// Only say what is there and what would be done; nothing is sent
    #[arg(long)]
    dry_run: bool,
    /// Who would deploy, for a dry run without a key
    #[arg(long, value_name = "ADDRESS", requires = "dry_run")]
    from: Option<Address>,
    /// Where the address book goes [default: deployments/CHAIN.json]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    key: KeyArgs,
}

/// What a deployment takes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Surveyed {
    chain: String,
    deployer: Address,
    actions: Vec<ActionState>,
    contracts: Contracts,
}

/// One transaction of a deployment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ActionState {
    what: String,
    to: Address,
    calldata_bytes: usize,
    done: bool,
}

/// What was deployed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Deployed {
    chain: String,
    sent: usize,
    book: PathBuf,
    handed_over_to: Option<Address>,
    contracts: Contracts,
}

impl Report for Surveyed {
    fn human(&self, style: Style) -> String {
        let rows = self.actions.iter().map(|action| {
            let state = if action.done { style.good("done") } else { "missing".to_owned() };
            vec![state, action.what.clone(), action.to.to_string()]
        });
        let missing = self.actions.iter().filter(|action| !action.done).count();
        let table = style.table(&["STATE", "WHAT", "TO"], rows);
        format!("{table}{missing} of {} transactions to send on {}\n", self.actions.len(), self.chain)
    }
}

impl Report for Deployed {
    fn human(&self, style: Style) -> String {
        let sent = match self.sent {
            0 => format!("everything stands on {} already", self.chain),
            sent => format!("{sent} transactions sent on {}", self.chain),
        };
        let kept = match self.handed_over_to {
            Some(admin) => format!("{admin} is the admin; the deployer has no role left"),
            None => "the deployer keeps the admin role: the settings name no admin".to_owned(),
        };
        format!("{}\n{kept}\naddress book: {}\n", style.good(&sent), self.book.display())
    }
}

impl Deploy {
    /// Does it.
    pub async fn run(self, output: Output) -> anyhow::Result<ExitCode> {
        let settings = Settings::read(&self.settings)?;
        if self.dry_run {
            output.print(&self.survey(&settings).await?)?;
        } else {
            output.print(&self.deploy(&settings).await?)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn survey(&self, settings: &Settings) -> anyhow::Result<Surveyed> {
        let deployer = match self.from {
            Some(address) => address,
            None => self
                .key
                .signer()
                .context(
                    "a dry run needs the deployer's address, which decides all others: --from ADDRESS, or its key",
                )?
                .address(),
        };
        let provider = ProviderBuilder::new().connect_http(self.url()?);
        let plan = Plan::new(deployer, settings.dollar);
        let actions = survey(&provider, &plan, settings).await?.into_iter().map(|(action, done)| ActionState {
            what: action.what,
            to: action.to,
            calldata_bytes: action.data.len(),
            done,
        });
        Ok(Surveyed {
            chain: settings.chain.clone(),
            deployer,
            actions: actions.collect(),
            contracts: plan.contracts(),
        })
    }

    async fn deploy(&self, settings: &Settings) -> anyhow::Result<Deployed> {
        let signer = self.key.signer()?;
        let plan = Plan::new(signer.address(), settings.dollar);
        let url = self.url()?;
        let provider = ProviderBuilder::new().wallet(EthereumWallet::from(signer)).connect_http(url.clone());
        poll_by_distance(&provider, &url);
        let missing = survey(&provider, &plan, settings).await?.iter().filter(|(_, done)| !done).count();
        let bar = progress(missing, "transactions");
        let mut sent = 0;
        let deployment = deploy(&provider, &plan, settings, |action| {
            tracing::info!(to = %action.to, "{}", action.what);
            bar.set_message(action.what.clone());
            bar.inc(1);
            sent += 1;
        })
        .await?;
        bar.finish_and_clear();
        let book = self.out.clone().unwrap_or_else(|| format!("deployments/{}.json", settings.chain).into());
        deployment.write(&book)?;
        Ok(Deployed {
            chain: deployment.chain,
            sent,
            book,
            handed_over_to: settings.admin.map(|admin| admin.account),
            contracts: deployment.contracts,
        })
    }

    fn url(&self) -> anyhow::Result<reqwest::Url> {
        self.rpc_url.parse().context("the endpoint is no URL; expected something like http://127.0.0.1:8545")
    }
}
