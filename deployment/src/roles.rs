//! Who may call which privileged function.

use alloy::primitives::{Address, FixedBytes};
use spheron_bindings::{
    bonds::Bonds, disputes::Disputes, distributor::Distributor, lease_book::LeaseBook, ledger::Ledger,
    node_registry::NodeRegistry, outage_clock::OutageClock, pause_switch::PauseSwitch,
    resource_catalog::ResourceCatalog, spon::Spon, staked_spon::StakedSpon, verifier_set::VerifierSet,
};

use crate::Contracts;

/// The roles of a deployment; the number is the role's id in the Authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u64)]
pub enum Role {
    /// Sets parameters, within the bounds in the code.
    Governor = 1,
    /// Stops what is wrong: disables an epoch before it activates, suspends a node, pauses intakes, and cancels what the
    /// governor scheduled.
    Guardian = 2,
    /// Mints SPON.
    Issuer = 3,
    /// Pauses the intakes of contracts: the PauseSwitch.
    Pauser = 4,
    /// Posts reward epochs.
    Rewarder = 5,
    /// Moves providers between trust tiers.
    Rater = 6,
    /// Decides disputes.
    Arbiter = 7,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Governor, Self::Guardian, Self::Issuer, Self::Pauser, Self::Rewarder, Self::Rater, Self::Arbiter];

    /// The roles that contracts hold.
    pub(crate) fn held_by_contracts(contracts: &Contracts) -> Vec<(Self, Address)> {
        vec![(Self::Pauser, contracts.pause_switch)]
    }

    /// Id in the Authority.
    pub fn id(self) -> u64 {
        self as u64
    }
}

/// Functions of one contract that need one role.
#[derive(Debug, Clone)]
pub struct RoleTable {
    /// Name of the contract.
    pub contract: &'static str,
    /// Where it stands.
    pub target: Address,
    /// Who may call.
    pub role: Role,
    /// Selectors of the functions.
    pub selectors: Vec<FixedBytes<4>>,
}

/// `row!(contracts.field: Contract, Role: functionCall, ...)`
macro_rules! row {
    ($contracts:ident.$field:ident: $contract:ident, $role:ident: $($call:ident),+) => {
        RoleTable {
            contract: stringify!($contract),
            target: $contracts.$field,
            role: Role::$role,
            selectors: vec![$(FixedBytes(<$contract::$call as alloy::sol_types::SolCall>::SELECTOR)),+],
        }
    };
}

impl RoleTable {
    /// Every privileged function of a deployment.
    pub fn all(contracts: &Contracts) -> Vec<Self> {
        vec![
            row!(contracts.spon: Spon, Issuer: mintCall),
            row!(contracts.spon: Spon, Governor: setBridgeLimitCall),
            row!(contracts.staked_spon: StakedSpon, Governor: setCooldownCall),
            row!(contracts.staked_spon: StakedSpon, Pauser: setPausedCall),
            row!(contracts.ledger: Ledger, Governor: setTokenCall, setModuleCall, setFeeCollectorCall),
            row!(contracts.ledger: Ledger, Pauser: setPausedCall),
            row!(contracts.lease_book: LeaseBook, Governor: setMarketCall),
            row!(contracts.lease_book: LeaseBook, Pauser: setPausedCall),
            row!(contracts.bonds: Bonds, Governor: setMinimumCall, setThawPeriodCall, setSlasherCall, setClaimerCall),
            row!(contracts.bonds: Bonds, Pauser: setPausedCall),
            row!(contracts.node_registry: NodeRegistry, Guardian: setSuspendedCall, setProviderSuspendedCall),
            row!(contracts.node_registry: NodeRegistry, Rater: setTrustTierCall),
            row!(contracts.node_registry: NodeRegistry, Pauser: setPausedCall),
            row!(contracts.resource_catalog: ResourceCatalog, Governor: setCall),
            row!(contracts.verifier_set: VerifierSet, Governor: setPolicyCall, setQuorumCall),
            row!(contracts.verifier_set: VerifierSet, Pauser: setPausedCall),
            row!(contracts.distributor: Distributor, Rewarder: fundCall, postCall),
            row!(contracts.distributor: Distributor, Guardian: disableCall),
            row!(contracts.distributor: Distributor, Arbiter: resolveCall),
            row!(contracts.distributor: Distributor, Pauser: setPausedCall),
            row!(contracts.disputes: Disputes, Arbiter: acceptCall, rejectCall, drawCall),
            row!(contracts.disputes: Disputes, Governor: setDepositCall),
            row!(contracts.disputes: Disputes, Pauser: setPausedCall),
            row!(contracts.outage_clock: OutageClock, Governor: setFeedCall),
            row!(contracts.pause_switch: PauseSwitch, Guardian: pauseCall),
            row!(contracts.pause_switch: PauseSwitch, Governor: unpauseCall, setTargetCall),
        ]
    }
}
