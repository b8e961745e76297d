//! Which contracts a deployment has, in which order, and where each will stand.

use alloy::{
    primitives::{Address, B256, Bytes, address, keccak256},
    sol_types::SolValue as _,
};
use spheron_bindings::artifact::artifact;

use crate::Contracts;

/// The CREATE2 factory that stands at this address on every chain, local ones included. It takes the salt and the init
/// code, and deploys.
pub const CREATE2_DEPLOYER: Address = address!("4e59b44847b379578588920cA78FbF26c0B4956C");

/// Changes with each release that is to stand at new addresses.
const SALT: &[u8] = b"Spheron v1";

/// One contract to deploy.
#[derive(Debug, Clone)]
pub struct Step {
    /// Name of the contract.
    pub name: &'static str,
    /// Creation code with the constructor's arguments.
    pub init_code: Bytes,
    /// Where it will stand.
    pub address: Address,
}

/// The contracts of a deployment in the order of their deployment.
///
/// The arguments of every constructor are addresses of earlier steps, so the addresses depend on the code and on the
/// deployer alone, whatever the chain.
#[derive(Debug, Clone)]
pub struct Plan {
    deployer: Address,
    steps: Vec<Step>,
    contracts: Contracts,
}

impl Plan {
    /// The plan of a deployment by `deployer`, who hands out the roles at first, on a chain with this dollar token; a test
    /// dollar is deployed if there is none.
    pub fn new(deployer: Address, dollar: Option<Address>) -> Self {
        let mut steps = Vec::new();
        let mut add = |name: &'static str, arguments: Vec<Address>| {
            let step = Step::new(name, &arguments);
            let address = step.address;
            steps.push(step);
            address
        };
        let authority = add("Authority", vec![deployer]);
        let outage_clock = add("OutageClock", vec![authority]);
        let spon = add("Spon", vec![authority]);
        let staked_spon = add("StakedSpon", vec![authority, spon]);
        let ledger = add("Ledger", vec![authority]);
        let bonds = add("Bonds", vec![authority, outage_clock]);
        let resource_catalog = add("ResourceCatalog", vec![authority]);
        let node_registry = add("NodeRegistry", vec![authority, bonds, resource_catalog]);
        let verifier_set = add("VerifierSet", vec![authority, bonds, node_registry, outage_clock]);
        let lease_book = add("LeaseBook", vec![authority, ledger, node_registry, bonds]);
        let attestation_policy = add("AttestationPolicy", vec![verifier_set, lease_book, outage_clock]);
        let offer_board = add("OfferBoard", vec![]);
        let standing_top_ups = add("StandingTopUps", vec![ledger, lease_book]);
        let payout = add("Payout", vec![ledger, node_registry]);
        let measurement_demand = add("MeasurementDemand", vec![authority, ledger, lease_book, attestation_policy]);
        let lens = add("Lens", vec![ledger, lease_book, node_registry, bonds, staked_spon]);
        let router = add("Router", vec![ledger, lease_book, staked_spon]);
        let distributor = add("Distributor", vec![authority, outage_clock]);
        let disputes = add("Disputes", vec![authority, bonds, outage_clock]);
        let pause_switch = add("PauseSwitch", vec![authority]);
        let dollar = dollar.unwrap_or_else(|| add("TestDollar", vec![]));
        let contracts = Contracts {
            authority,
            spon,
            staked_spon,
            ledger,
            lease_book,
            offer_board,
            standing_top_ups,
            lens,
            router,
            payout,
            measurement_demand,
            attestation_policy,
            verifier_set,
            bonds,
            node_registry,
            resource_catalog,
            distributor,
            disputes,
            outage_clock,
            pause_switch,
            dollar,
        };
        Self { deployer, steps, contracts }
    }

    /// Whose key deploys; it has the admin role until it hands it over.
    pub fn deployer(&self) -> Address {
        self.deployer
    }

    /// What to deploy, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Where the contracts will stand.
    pub fn contracts(&self) -> Contracts {
        self.contracts.clone()
    }
}

impl Step {
    fn new(name: &'static str, arguments: &[Address]) -> Self {
        let mut init_code = artifact(name).bytecode.to_vec();
        for argument in arguments {
            init_code.extend_from_slice(&argument.abi_encode());
        }
        let address = CREATE2_DEPLOYER.create2(salt(), keccak256(&init_code));
        Self { name, init_code: init_code.into(), address }
    }

    /// Calldata for [`CREATE2_DEPLOYER`].
    pub fn calldata(&self) -> Bytes {
        [salt().as_slice(), &self.init_code].concat().into()
    }
}

fn salt() -> B256 {
    keccak256(SALT)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn addresses_are_distinct_and_depend_on_the_deployer_where_roles_do() {
        let one = Plan::new(Address::repeat_byte(1), None);
        let two = Plan::new(Address::repeat_byte(2), None);
        let distinct: HashSet<_> = one.steps().iter().map(|step| step.address).collect();
        assert_eq!(distinct.len(), one.steps().len());
        assert_ne!(one.contracts().ledger, two.contracts().ledger);
        assert_eq!(one.contracts().offer_board, two.contracts().offer_board);
    }

    #[test]
    fn a_chain_with_a_dollar_of_its_own_gets_no_test_dollar() {
        let usdc = Address::repeat_byte(9);
        let (local, live) = (Plan::new(Address::repeat_byte(1), None), Plan::new(Address::repeat_byte(1), Some(usdc)));
        assert_eq!(live.contracts(), Contracts { dollar: usdc, ..local.contracts() });
        assert_eq!(live.steps().len() + 1, local.steps().len());
    }
}
