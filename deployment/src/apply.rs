//! Carries a plan out on one chain, and says what of it is missing.

use alloy::{
    eips::BlockId,
    network::TransactionBuilder as _,
    primitives::{Address, Bytes},
    providers::Provider,
    rpc::types::TransactionRequest,
    sol_types::SolCall as _,
    transports::TransportError,
};
use spheron_bindings::{authority::Authority, revert};

use crate::{Action, CREATE2_DEPLOYER, CatalogError, Deployment, Plan, Probe, Role, Settings, configuration, reason};

/// Why a deployment stopped. What was done stays done; deploying again goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The endpoint failed.
    #[error("the endpoint failed while {what}: {reason}")]
    Transport {
        /// What was being done.
        what: String,
        /// What the transport said, without the endpoint's URL, which may hold a secret.
        reason: String,
    },
    /// The endpoint serves another chain.
    #[error("the endpoint serves chain {served}, but the settings are for {chain}, chain {expected}; check --rpc-url")]
    WrongChain {
        /// Name in the settings.
        chain: String,
        /// Chain id in the settings.
        expected: u64,
        /// Chain id that the endpoint says.
        served: u64,
    },
    /// A transaction reverted.
    #[error("cannot {what}: {reason}")]
    Reverted {
        /// What was being done.
        what: String,
        /// What the contract said.
        reason: String,
    },
    /// A transaction was sent but its receipt cannot be had.
    #[error("no receipt for the transaction to {what}: {reason}; deploy again, what is done is not repeated")]
    Pending {
        /// What was being done.
        what: String,
        /// What went wrong, without the endpoint's URL, which may hold a secret.
        reason: String,
    },
    /// The chain lacks the CREATE2 factory.
    #[error("chain {0} has no CREATE2 deployer at {CREATE2_DEPLOYER}; deploy it first (its transaction is pre-signed)")]
    NoFactory(u64),
    /// A transaction succeeded, and yet the chain does not show what it did.
    #[error("the chain does not show that the deployment could {0}; is the endpoint serving the chain it claims?")]
    NotDone(String),
    /// The settings hand over to nobody, or to the deployer, which gives up every role.
    #[error("nobody would govern after handing over to {0}; name an account other than the deployer's under [admin]")]
    NobodyGoverns(Address),
    /// The deployer still has a role after the handing over.
    #[error("{deployer} still has the role {role} after handing over; revoke it before anything else")]
    KeepsRole {
        /// The role.
        role: String,
        /// Who should have none.
        deployer: Address,
    },
    /// The resource catalogue is malformed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// What `plan` and `settings` take on the chain behind `provider`, each with whether it is done already.
///
/// # Errors
///
/// See [`DeployError`].
pub async fn survey<P: Provider>(
    provider: &P,
    plan: &Plan,
    settings: &Settings,
) -> Result<Vec<(Action, bool)>, DeployError> {
    check_chain(provider, settings).await?;
    let mut found = Vec::new();
    for action in actions(plan, settings)? {
        let done = is_done(provider, &action.probe).await?;
        found.push((action, done));
    }
    Ok(found)
}

/// Deploys what is missing of `plan`, sets what is missing of `settings`, and hands over if they name an admin.
/// `provider` must sign for the plan's deployer. `report` hears of each transaction before it is sent.
///
/// # Errors
///
/// See [`DeployError`].
pub async fn deploy<P: Provider>(
    provider: &P,
    plan: &Plan,
    settings: &Settings,
    mut report: impl FnMut(&Action),
) -> Result<Deployment, DeployError> {
    let chain_id = check_chain(provider, settings).await?;
    if !has_code(provider, CREATE2_DEPLOYER, BlockId::latest()).await? {
        return Err(DeployError::NoFactory(chain_id));
    }
    let start_block = first_block(provider, plan).await?;
    for action in actions(plan, settings)? {
        if is_done(provider, &action.probe).await? {
            continue;
        }
        report(&action);
        send(provider, &action).await?;
        if !is_done(provider, &action.probe).await? {
            return Err(DeployError::NotDone(action.what));
        }
    }
    if settings.admin.is_some() {
        prove_handover(provider, plan).await?;
    }
    let contracts = plan.contracts();
    Ok(Deployment { chain: settings.chain.clone(), chain_id, rpc_url: None, start_block, contracts })
}

async fn check_chain<P: Provider>(provider: &P, settings: &Settings) -> Result<u64, DeployError> {
    let served = transport("asking for the chain id", provider.get_chain_id().await)?;
    if served != settings.chain_id {
        return Err(DeployError::WrongChain { chain: settings.chain.clone(), expected: settings.chain_id, served });
    }
    Ok(served)
}

fn actions(plan: &Plan, settings: &Settings) -> Result<Vec<Action>, DeployError> {
    if let Some(admin) = settings.admin.filter(|admin| [Address::ZERO, plan.deployer()].contains(&admin.account)) {
        return Err(DeployError::NobodyGoverns(admin.account));
    }
    let mut actions: Vec<Action> = plan.steps().iter().map(Action::deploying).collect();
    actions.extend(configuration::actions(plan, settings)?);
    Ok(actions)
}

/// The deployer must have no role left.
async fn prove_handover<P: Provider>(provider: &P, plan: &Plan) -> Result<(), DeployError> {
    let admin = std::iter::once((configuration::ADMIN, "Admin".to_owned()));
    for (id, name) in admin.chain(Role::ALL.map(|role| (role.id(), format!("{role:?}")))) {
        let call = Authority::hasRoleCall { roleId: id, account: plan.deployer() };
        let answer = read(provider, plan.contracts().authority, call.abi_encode().into()).await?;
        if answer.first_chunk::<32>().is_none_or(|member| *member != [0; 32]) {
            return Err(DeployError::KeepsRole { role: name, deployer: plan.deployer() });
        }
    }
    Ok(())
}

/// The block from which on the first contract stands, the present one if it does not yet. Where a deployment is resumed,
/// it is found by halving.
async fn first_block<P: Provider>(provider: &P, plan: &Plan) -> Result<u64, DeployError> {
    let first = plan.contracts().authority;
    let mut high = transport("asking for the block number", provider.get_block_number().await)?;
    if !has_code(provider, first, BlockId::latest()).await? {
        return Ok(high);
    }
    let mut low = 0;
    while low < high {
        let middle = low + (high - low) / 2;
        if has_code(provider, first, BlockId::number(middle)).await? {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

async fn is_done<P: Provider>(provider: &P, probe: &Probe) -> Result<bool, DeployError> {
    Ok(match probe {
        Probe::Code(address) => has_code(provider, *address, BlockId::latest()).await?,
        Probe::Reads { from, data, wanted } => read(provider, *from, data.clone()).await? == *wanted,
        Probe::Begins { from, data, wanted } => read(provider, *from, data.clone()).await?.starts_with(wanted),
        Probe::NotZero { from, data } => read(provider, *from, data.clone()).await?.iter().any(|byte| *byte != 0),
        Probe::All(probes) => {
            for probe in probes {
                if !Box::pin(is_done(provider, probe)).await? {
                    return Ok(false);
                }
            }
            true
        }
    })
}

/// What a view returns; nothing where no contract stands.
async fn read<P: Provider>(provider: &P, from: Address, data: Bytes) -> Result<Bytes, DeployError> {
    let request = TransactionRequest::default().with_to(from).with_input(data);
    transport(&format!("reading {from}"), provider.call(request).await)
}

async fn send<P: Provider>(provider: &P, action: &Action) -> Result<(), DeployError> {
    let what = &action.what;
    let request = TransactionRequest::default().with_to(action.to).with_input(action.data.clone());
    let pending = provider.send_transaction(request).await.map_err(|source| failed(what, source))?;
    let receipt = pending.get_receipt().await;
    let receipt = receipt.map_err(|error| DeployError::Pending { what: what.clone(), reason: reason(&error) })?;
    if receipt.status() {
        return Ok(());
    }
    let reverted = format!("transaction {} reverted", receipt.transaction_hash);
    Err(DeployError::Reverted { what: what.clone(), reason: reverted })
}

async fn has_code<P: Provider>(provider: &P, address: Address, at: BlockId) -> Result<bool, DeployError> {
    Ok(!transport("reading code", provider.get_code_at(address).block_id(at).await)?.is_empty())
}

fn transport<T>(what: &str, result: Result<T, TransportError>) -> Result<T, DeployError> {
    result.map_err(|source| failed(what, source))
}

fn failed(what: &str, source: TransportError) -> DeployError {
    let data = source.as_error_resp().and_then(|response| response.as_revert_data());
    match data {
        Some(data) => DeployError::Reverted { what: what.to_owned(), reason: revert::describe(&data) },
        None => DeployError::Transport { what: what.to_owned(), reason: reason(&source) },
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::U256;

    use super::*;
    use crate::Admin;

    #[test]
    fn nothing_is_handed_over_to_the_deployer_or_to_nobody() {
        let deployer = Address::repeat_byte(1);
        let plan = Plan::new(deployer, None);
        let local = Settings::local("arbitrum", 42_161, deployer, U256::from(1));
        for (account, refused) in [(deployer, true), (Address::ZERO, true), (Address::repeat_byte(2), false)] {
            let settings = Settings { admin: Some(Admin { account, delay: 0 }), ..local.clone() };
            let found = actions(&plan, &settings).map(drop);
            assert_eq!(matches!(found, Err(DeployError::NobodyGoverns(named)) if named == account), refused);
        }
    }
}
