//! Who may call which privileged function: `contracts/roles.json`.

use std::{collections::BTreeMap, sync::LazyLock};

use alloy::primitives::{Address, FixedBytes};
use serde::Deserialize;
use spheron_bindings::artifact::artifact;

use crate::Contracts;

static FILE: LazyLock<RolesFile> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../contracts/roles.json"))
        .unwrap_or_else(|error| panic!("contracts/roles.json is malformed: {error}"))
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RolesFile {
    roles: BTreeMap<Role, Usual>,
    functions: BTreeMap<String, BTreeMap<String, Role>>,
}

/// How a role is usually held.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Usual {
    delay_seconds: u32,
    #[serde(rename = "does")]
    _does: String,
}

/// The roles of a deployment; the number is the role's id in the Authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, Deserialize)]
#[repr(u64)]
pub enum Role {
    /// Sets parameters, within the bounds in the code.
    #[serde(alias = "governor")]
    Governor = 1,
    /// Stops what is wrong: disables an epoch before it activates, suspends a node, pauses intakes, and cancels what
    /// others scheduled.
    #[serde(alias = "guardian")]
    Guardian = 2,
    /// Mints SPON.
    #[serde(alias = "issuer")]
    Issuer = 3,
    /// Pauses the intakes of contracts: the PauseSwitch.
    #[serde(alias = "pauser")]
    Pauser = 4,
    /// Posts the roots of funded epochs.
    #[serde(alias = "rewarder")]
    Rewarder = 5,
    /// Moves providers between trust tiers.
    #[serde(alias = "rater")]
    Rater = 6,
    /// Decides what no proof decides.
    #[serde(alias = "arbiter")]
    Arbiter = 7,
    /// Lets other contracts move or take money.
    #[serde(alias = "architect")]
    Architect = 8,
    /// Funds reward epochs.
    #[serde(alias = "funder")]
    Funder = 9,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Governor,
        Self::Guardian,
        Self::Issuer,
        Self::Pauser,
        Self::Rewarder,
        Self::Rater,
        Self::Arbiter,
        Self::Architect,
        Self::Funder,
    ];

    /// Id in the Authority.
    pub fn id(self) -> u64 {
        self as u64
    }

    /// Seconds between scheduling a call and its execution that the role is usually held with.
    pub fn usual_delay(self) -> u32 {
        FILE.roles.get(&self).map_or(0, |usual| usual.delay_seconds)
    }

    /// The roles that contracts hold.
    pub(crate) fn held_by_contracts(contracts: &Contracts) -> Vec<(Self, Address)> {
        vec![(Self::Pauser, contracts.pause_switch)]
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

impl RoleTable {
    /// Every privileged function of a deployment.
    pub fn all(contracts: &Contracts) -> Vec<Self> {
        let mut tables = Vec::new();
        for (contract, target) in contracts.named() {
            let Some(functions) = FILE.functions.get(contract) else { continue };
            let abi = artifact(contract).abi;
            let mut by_role = BTreeMap::<Role, Vec<FixedBytes<4>>>::new();
            for (function, role) in functions {
                let overloads = abi.function(function).map(Vec::as_slice).unwrap_or_default();
                by_role.entry(*role).or_default().extend(overloads.iter().map(alloy::json_abi::Function::selector));
            }
            tables.extend(by_role.into_iter().map(|(role, selectors)| Self { contract, target, role, selectors }));
        }
        tables
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Plan;

    #[test]
    fn every_function_of_the_file_is_one_of_a_contract() {
        let contracts = Plan::new(Address::repeat_byte(1), None).contracts();
        let named: Vec<_> = contracts.named().into_iter().map(|(name, _)| name).collect();
        for (contract, functions) in &FILE.functions {
            assert!(named.contains(&contract.as_str()), "{contract}");
            let abi = artifact(contract).abi;
            for function in functions.keys() {
                assert!(abi.function(function).is_some(), "{contract}.{function}");
            }
        }
        assert_eq!(FILE.roles.len(), Role::ALL.len());
    }

    #[test]
    fn whoever_can_let_contracts_take_money_waits_the_longest() {
        let longest = Role::ALL.into_iter().max_by_key(|role| role.usual_delay());
        assert_eq!(longest, Some(Role::Architect));
        assert!(Role::Governor.usual_delay() >= 48 * 3_600);
    }
}
