//! Carries a plan out on one chain.

use alloy::{
    network::TransactionBuilder as _,
    primitives::{Address, B256, Bytes, U256, keccak256},
    providers::Provider,
    rpc::types::TransactionRequest,
    sol_types::SolCall,
    transports::TransportError,
};
use spheron_bindings::{
    authority::Authority, bonds::Bonds, lease_book::LeaseBook, ledger::Ledger, resource_catalog::ResourceCatalog,
    revert, verifier_set::VerifierSet,
};

use crate::{CREATE2_DEPLOYER, CatalogError, Contracts, Deployment, Plan, Role, RoleTable, catalog_entries};

/// Parameters of a deployment.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name of the chain, such as `arbitrum`.
    pub chain: String,
    /// Into whose Ledger balance fees are collected.
    pub fee_collector: Address,
    /// Protocol's share of lease payments, per token, in basis points.
    pub fees: Vec<(Address, u64)>,
    /// From how many wei on a bond counts: (role as in `IBonds.Role`, token, wei).
    pub minimum_bonds: Vec<(u8, Address, U256)>,
    /// Accounts that get roles, besides the contracts that need one.
    pub grants: Vec<(Role, Address)>,
    /// Verifiers drawn for a node and round, and signatures that a verdict needs.
    pub quorum: (u64, u64),
}

/// Why a deployment stopped. What was done stays done; deploying again goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The endpoint failed.
    #[error("the endpoint failed while {what}: {source}")]
    Transport {
        /// What was being done.
        what: String,
        /// What the transport said.
        source: TransportError,
    },
    /// A transaction reverted.
    #[error("{what} failed: {reason}")]
    Reverted {
        /// What was being done.
        what: String,
        /// What the contract said.
        reason: String,
    },
    /// A transaction was sent but its receipt cannot be had.
    #[error("no receipt for {what}: {source}")]
    Pending {
        /// What was being done.
        what: String,
        /// What went wrong.
        source: alloy::providers::PendingTransactionError,
    },
    /// The chain lacks the CREATE2 factory.
    #[error("chain {0} has no CREATE2 deployer at {CREATE2_DEPLOYER}; deploy it first (its transaction is pre-signed)")]
    NoFactory(u64),
    /// After its deployment a contract is not there.
    #[error("{0} is not at {1} after its deployment; is the endpoint serving the chain it claims?")]
    NoCode(&'static str, Address),
    /// The resource catalogue is malformed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// Deploys what is missing of `plan`, then sets roles and parameters. `provider` must sign for the plan's admin.
///
/// # Errors
///
/// See [`DeployError`].
pub async fn deploy<P: Provider>(provider: &P, plan: &Plan, settings: &Settings) -> Result<Deployment, DeployError> {
    let chain_id = transport("asking for the chain id", provider.get_chain_id().await)?;
    if !has_code(provider, CREATE2_DEPLOYER).await? {
        return Err(DeployError::NoFactory(chain_id));
    }
    let start_block = transport("asking for the block number", provider.get_block_number().await)?;
    for step in plan.steps() {
        if !has_code(provider, step.address).await? {
            send(provider, &format!("deploying {}", step.name), CREATE2_DEPLOYER, step.calldata()).await?;
        }
        if !has_code(provider, step.address).await? {
            return Err(DeployError::NoCode(step.name, step.address));
        }
        tracing::debug!(contract = step.name, address = %step.address, chain_id, "deployed");
    }
    let contracts = plan.contracts();
    for call in configuration(&contracts, settings) {
        send(provider, &call.what, call.to, call.data).await?;
    }
    set_catalog(provider, &contracts).await?;
    Ok(Deployment { chain: settings.chain.clone(), chain_id, rpc_url: None, start_block, contracts })
}

struct Call {
    what: String,
    to: Address,
    data: Bytes,
}

impl Call {
    fn new(what: &str, to: Address, call: &impl SolCall) -> Self {
        Self { what: what.to_owned(), to, data: call.abi_encode().into() }
    }
}

/// Setters only: sending them again changes nothing.
fn configuration(contracts: &Contracts, settings: &Settings) -> Vec<Call> {
    let mut calls = vec![roles(contracts, settings)];
    let ledger = contracts.ledger;
    for token in [contracts.spon, contracts.dollar] {
        calls.push(Call::new("allowing a token", ledger, &Ledger::setTokenCall { token, allowed: true }));
    }
    let product: B256 = keccak256("lease");
    calls.push(Call::new(
        "admitting the LeaseBook",
        ledger,
        &Ledger::setModuleCall { module: contracts.lease_book, product },
    ));
    let collector = settings.fee_collector;
    calls.push(Call::new("setting the fee collector", ledger, &Ledger::setFeeCollectorCall { collector }));
    for (token, bps) in &settings.fees {
        let call = LeaseBook::setFeeCall { token: *token, feeBps: U256::from(*bps) };
        calls.push(Call::new("setting a fee", contracts.lease_book, &call));
    }
    let policy = contracts.attestation_policy;
    let allow = LeaseBook::setPolicyCall { policy, allowed: true };
    calls.push(Call::new("allowing the policy", contracts.lease_book, &allow));
    for (role, token, minimum) in &settings.minimum_bonds {
        let call = Bonds::setMinimumCall { role: *role, token: *token, minimum: *minimum };
        calls.push(Call::new("setting a minimum bond", contracts.bonds, &call));
    }
    calls.push(Call::new(
        "setting the policy",
        contracts.verifier_set,
        &VerifierSet::setPolicyCall { newPolicy: policy },
    ));
    let (size, quorum) = settings.quorum;
    let call = VerifierSet::setQuorumCall { committeeSize: U256::from(size), signatures: U256::from(quorum) };
    calls.push(Call::new("setting the quorum", contracts.verifier_set, &call));
    calls
}

/// Every role in one transaction.
fn roles(contracts: &Contracts, settings: &Settings) -> Call {
    let mut data: Vec<Bytes> = RoleTable::all(contracts)
        .into_iter()
        .map(|row| Authority::setTargetFunctionRoleCall {
            target: row.target,
            selectors: row.selectors,
            roleId: row.role.id(),
        })
        .map(|call| call.abi_encode().into())
        .collect();
    let slasher = (Role::Slasher, contracts.verifier_set);
    for (role, account) in settings.grants.iter().copied().chain([slasher]) {
        let call = Authority::grantRoleCall { roleId: role.id(), account, executionDelay: 0 };
        data.push(call.abi_encode().into());
    }
    Call::new("handing out roles", contracts.authority, &Authority::multicallCall { data })
}

/// Loads the catalogue once: loading it again would be a new version of it.
async fn set_catalog<P: Provider>(provider: &P, contracts: &Contracts) -> Result<(), DeployError> {
    let version = TransactionRequest::default()
        .with_to(contracts.resource_catalog)
        .with_input(ResourceCatalog::versionCall {}.abi_encode());
    let version = transport("reading the catalogue's version", provider.call(version).await)?;
    if U256::from_be_slice(&version) > U256::ZERO {
        return Ok(());
    }
    let call = ResourceCatalog::setCall { entries: catalog_entries()? };
    send(provider, "loading the catalogue", contracts.resource_catalog, call.abi_encode().into()).await
}

async fn send<P: Provider>(provider: &P, what: &str, to: Address, data: Bytes) -> Result<(), DeployError> {
    let request = TransactionRequest::default().with_to(to).with_input(data);
    let pending = provider.send_transaction(request).await.map_err(|source| failed(what, source))?;
    let receipt =
        pending.get_receipt().await.map_err(|source| DeployError::Pending { what: what.to_owned(), source })?;
    if receipt.status() {
        return Ok(());
    }
    Err(DeployError::Reverted {
        what: what.to_owned(),
        reason: format!("transaction {} reverted", receipt.transaction_hash),
    })
}

async fn has_code<P: Provider>(provider: &P, address: Address) -> Result<bool, DeployError> {
    Ok(!transport("reading code", provider.get_code_at(address).await)?.is_empty())
}

fn transport<T>(what: &str, result: Result<T, TransportError>) -> Result<T, DeployError> {
    result.map_err(|source| failed(what, source))
}

fn failed(what: &str, source: TransportError) -> DeployError {
    let data = source.as_error_resp().and_then(|response| response.as_revert_data());
    match data {
        Some(data) => DeployError::Reverted { what: what.to_owned(), reason: revert::describe(&data) },
        None => DeployError::Transport { what: what.to_owned(), source },
    }
}
