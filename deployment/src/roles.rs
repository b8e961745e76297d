//! Who may call which privileged function.

use alloy::primitives::{Address, FixedBytes};
use spheron_bindings::{
    bonds::Bonds, distributor::Distributor, lease_book::LeaseBook, ledger::Ledger, node_registry::NodeRegistry,
    resource_catalog::ResourceCatalog, spon::Spon, staked_spon::StakedSpon, verifier_set::VerifierSet,
};

use crate::Contracts;

/// The roles of a deployment; the number is the role's id in the Authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[repr(u64)]
pub enum Role {
    /// Sets parameters, within the bounds in the code.
    Governor = 1,
    /// Stops what is wrong: disables an epoch before it activates, suspends a node.
    Guardian = 2,
    /// Mints SPON.
    Issuer = 3,
    /// Slashes bonds: contracts that hold a proof.
    Slasher = 4,
    /// Posts reward epochs.
    Rewarder = 5,
    /// Moves providers between trust tiers.
    Rater = 6,
}

impl Role {
    /// Id in the Authority.
    pub fn id(self) -> u64 {
        self as u64
    }
}

/// Functions of one contract that need one role.
#[derive(Debug, Clone)]
pub struct RoleTable {
    /// The contract.
    pub target: Address,
    /// Who may call.
    pub role: Role,
    /// Selectors of the functions.
    pub selectors: Vec<FixedBytes<4>>,
}

/// `selectors![Contract: functionCall, ...]`
macro_rules! selectors {
    ($contract:ident: $($call:ident),+) => {
        vec![$(FixedBytes(<$contract::$call as alloy::sol_types::SolCall>::SELECTOR)),+]
    };
}

impl RoleTable {
    /// Every privileged function of a deployment.
    pub fn all(contracts: &Contracts) -> Vec<Self> {
        let row = |target, role, selectors| Self { target, role, selectors };
        vec![
            row(contracts.spon, Role::Issuer, selectors![Spon: mintCall]),
            row(contracts.spon, Role::Governor, selectors![Spon: setBridgeLimitCall]),
            row(contracts.staked_spon, Role::Governor, selectors![StakedSpon: setCooldownCall]),
            row(contracts.ledger, Role::Governor, selectors![Ledger: setTokenCall, setModuleCall, setFeeCollectorCall]),
            row(contracts.lease_book, Role::Governor, selectors![LeaseBook: setFeeCall, setPolicyCall]),
            row(contracts.bonds, Role::Governor, selectors![Bonds: setMinimumCall, setThawPeriodCall]),
            row(contracts.bonds, Role::Slasher, selectors![Bonds: slashCall]),
            row(contracts.node_registry, Role::Guardian, selectors![NodeRegistry: setSuspendedCall]),
            row(contracts.node_registry, Role::Rater, selectors![NodeRegistry: setTrustTierCall]),
            row(contracts.resource_catalog, Role::Governor, selectors![ResourceCatalog: setCall]),
            row(contracts.verifier_set, Role::Governor, selectors![VerifierSet: setPolicyCall, setQuorumCall]),
            row(contracts.distributor, Role::Rewarder, selectors![Distributor: postCall]),
            row(contracts.distributor, Role::Guardian, selectors![Distributor: disableCall]),
        ]
    }
}
