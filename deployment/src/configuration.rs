//! What a deployment sets once its contracts stand: roles, parameters, the catalogue, and the handing over.

use alloy::{
    primitives::{Address, Bytes, U256, keccak256},
    sol_types::SolCall as _,
};
use spheron_bindings::{
    authority::Authority,
    bonds::Bonds,
    disputes::Disputes,
    lease_book::{ILeaseBook, LeaseBook},
    ledger::Ledger,
    measurement_demand::MeasurementDemand,
    outage_clock::OutageClock,
    pause_switch::PauseSwitch,
    resource_catalog::ResourceCatalog,
    verifier_set::VerifierSet,
};

use crate::{
    Action, CatalogError, Contracts, Plan, Probe, Role, RoleTable, catalog_entries,
    settings::{Admin, Settings},
};

/// OpenZeppelin's admin role, which hands out every other one.
pub(crate) const ADMIN: u64 = 0;

/// Everything to set, in order; the handing over comes last.
pub(crate) fn actions(plan: &Plan, settings: &Settings) -> Result<Vec<Action>, CatalogError> {
    let contracts = plan.contracts();
    // While no function has a role, each is the deployer's to call, who is the admin.
    let mut actions = parameters(&contracts, settings);
    actions.push(catalogue(&contracts)?);
    actions.extend(roles(&contracts));
    actions.extend(grants(&contracts, settings));
    if let Some(admin) = settings.admin {
        actions.extend(handover(plan, admin));
    }
    Ok(actions)
}

/// Which role each privileged function needs.
fn roles(contracts: &Contracts) -> Vec<Action> {
    let row = |row: RoleTable| {
        let probe = |selector: &_| {
            let view = Authority::getTargetFunctionRoleCall { target: row.target, selector: *selector };
            Probe::reads(contracts.authority, &view, &row.role.id())
        };
        let probe = Probe::All(row.selectors.iter().map(probe).collect());
        let setter = Authority::setTargetFunctionRoleCall {
            target: row.target,
            selectors: row.selectors.clone(),
            roleId: row.role.id(),
        };
        let what = format!("give {} functions of {} to the role {:?}", row.selectors.len(), row.contract, row.role);
        Action { what, to: contracts.authority, data: setter.abi_encode().into(), probe }
    };
    RoleTable::all(contracts).into_iter().map(row).collect()
}

/// Who holds which role, and who watches over them.
fn grants(contracts: &Contracts, settings: &Settings) -> Vec<Action> {
    let authority = contracts.authority;
    let people = settings
        .grants
        .iter()
        .map(|grant| (grant.role, grant.account, grant.delay.unwrap_or_else(|| grant.role.usual_delay())));
    let machines = Role::held_by_contracts(contracts).into_iter().map(|(role, account)| (role, account, 0));
    let mut actions: Vec<Action> = people
        .chain(machines)
        .map(|(role, account, delay)| {
            let what = format!("grant the role {role:?} to {account}, with a delay of {delay} s");
            grant(authority, what, role.id(), account, delay)
        })
        .collect();
    actions.extend([Role::Governor, Role::Architect].map(|guarded| {
        Action::setting(
            format!("let the guardian cancel what the role {guarded:?} schedules"),
            authority,
            &Authority::setRoleGuardianCall { roleId: guarded.id(), guardian: Role::Guardian.id() },
            &Authority::getRoleGuardianCall { roleId: guarded.id() },
            &Role::Guardian.id(),
        )
    }));
    actions
}

fn grant(authority: Address, what: String, role: u64, account: Address, delay: u32) -> Action {
    Action::setting(
        what,
        authority,
        &Authority::grantRoleCall { roleId: role, account, executionDelay: delay },
        &Authority::hasRoleCall { roleId: role, account },
        &(true, delay),
    )
}

fn parameters(contracts: &Contracts, settings: &Settings) -> Vec<Action> {
    let mut actions = ledger(contracts, settings);
    actions.extend(settings.markets.iter().map(|market| {
        let token = market.token.address(contracts);
        let policy = contracts.attestation_policy;
        let wanted = ILeaseBook::Market {
            isOpen: true,
            feeBps: market.fee_bps,
            coverBps: market.cover_bps,
            minFunds: market.min_funds,
            minTopUp: market.min_top_up,
        };
        let setter = LeaseBook::setMarketCall { token, policy, market: wanted.clone() };
        let view = LeaseBook::marketOfCall { token, policy };
        Action::setting(format!("open the market for leases in {token}"), contracts.lease_book, &setter, &view, &wanted)
    }));
    actions.extend(settings.minimum_bonds.iter().map(|minimum| {
        let (role, token, amount) = (minimum.role as u8, minimum.token.address(contracts), minimum.amount);
        Action::setting(
            format!("let bonds as {:?} in {token} count from {amount} wei on", minimum.role),
            contracts.bonds,
            &Bonds::setMinimumCall { role, token, minimum: amount },
            &Bonds::minimumOfCall { role, token },
            &amount,
        )
    }));
    actions.extend(bond_takers(contracts));
    actions.extend(verification(contracts, settings));
    actions.extend(settings.dispute_deposits.iter().map(|deposit| {
        let (token, amount) = (deposit.token.address(contracts), deposit.amount);
        Action::setting(
            format!("take {amount} wei for a dispute over a bond in {token}"),
            contracts.disputes,
            &Disputes::setDepositCall { token, amount },
            &Disputes::depositOfCall { token },
            &amount,
        )
    }));
    actions.extend(settings.demand_bonds.iter().map(|demand| {
        let (token, bond) = (demand.token.address(contracts), demand.bond);
        Action::setting(
            format!("take {bond} wei for a demand to measure a node leased in {token}"),
            contracts.measurement_demand,
            &MeasurementDemand::setBondCall { token, bond },
            &MeasurementDemand::bondOfCall { token },
            &U256::from(bond),
        )
    }));
    actions.extend(outages(contracts, settings));
    actions.extend(pause_targets(contracts));
    actions
}

/// The contracts that may take from bonds, each by its own proof.
fn bond_takers(contracts: &Contracts) -> Vec<Action> {
    let (to, claimer) = (contracts.bonds, contracts.lease_book);
    let slashing = |(name, slasher): (&str, Address)| {
        Action::setting(
            format!("let the {name} slash bonds"),
            to,
            &Bonds::setSlasherCall { slasher, allowed: true },
            &Bonds::isSlasherCall { account: slasher },
            &true,
        )
    };
    let slashers = [("VerifierSet", contracts.verifier_set), ("Disputes", contracts.disputes)];
    let mut actions: Vec<Action> = slashers.into_iter().map(slashing).collect();
    actions.push(Action::setting(
        "let the LeaseBook lock and claim bonds",
        to,
        &Bonds::setClaimerCall { claimer, allowed: true },
        &Bonds::isClaimerCall { account: claimer },
        &true,
    ));
    actions
}

fn outages(contracts: &Contracts, settings: &Settings) -> Option<Action> {
    let feed = settings.uptime_feed?;
    Some(Action::setting(
        format!("read the sequencer's outages from {feed}"),
        contracts.outage_clock,
        &OutageClock::setFeedCall { feed_: feed },
        &OutageClock::feedCall {},
        &feed,
    ))
}

/// One bit per contract whose intake can be paused.
fn pause_targets(contracts: &Contracts) -> Vec<Action> {
    let targets = [
        contracts.ledger,
        contracts.lease_book,
        contracts.bonds,
        contracts.node_registry,
        contracts.verifier_set,
        contracts.staked_spon,
        contracts.distributor,
        contracts.disputes,
        contracts.measurement_demand,
    ];
    let target = |(bit, target): (usize, Address)| {
        let bit = U256::from(bit);
        let setter = PauseSwitch::setTargetCall { bit, target };
        let probe = Probe::Begins {
            from: contracts.pause_switch,
            data: PauseSwitch::bitOfCall { bit }.abi_encode().into(),
            wanted: target.into_word().into(),
        };
        let what = format!("let bit {bit} pause the intake of {target}");
        Action { what, to: contracts.pause_switch, data: setter.abi_encode().into(), probe }
    };
    targets.into_iter().enumerate().map(target).collect()
}

fn ledger(contracts: &Contracts, settings: &Settings) -> Vec<Action> {
    let to = contracts.ledger;
    let allow = |token: Address| {
        let setter = Ledger::setTokenCall { token, allowed: true };
        Action::setting(
            format!("allow {token} in the Ledger"),
            to,
            &setter,
            &Ledger::isTokenAllowedCall { token },
            &true,
        )
    };
    let mut actions: Vec<Action> =
        settings.markets.iter().map(|market| allow(market.token.address(contracts))).collect();
    let modules = [
        ("LeaseBook", contracts.lease_book, "lease"),
        ("StandingTopUps", contracts.standing_top_ups, "top-up"),
        ("Payout", contracts.payout, "payout"),
        ("MeasurementDemand", contracts.measurement_demand, "measurement"),
    ];
    actions.extend(modules.into_iter().map(|(name, module, product)| {
        let product = keccak256(product);
        let setter = Ledger::setModuleCall { module, product };
        let view = Ledger::productOfCall { module };
        Action::setting(format!("admit the {name} to the Ledger"), to, &setter, &view, &product)
    }));
    let collector = settings.fee_collector;
    let setter = Ledger::setFeeCollectorCall { collector };
    actions.push(Action::setting(
        format!("collect fees for {collector}"),
        to,
        &setter,
        &Ledger::feeCollectorCall {},
        &collector,
    ));
    actions
}

fn verification(contracts: &Contracts, settings: &Settings) -> Vec<Action> {
    let to = contracts.verifier_set;
    let policy = contracts.attestation_policy;
    let (size, quorum) = (U256::from(settings.quorum.committee), U256::from(settings.quorum.signatures));
    vec![
        Action::setting(
            "let verdicts go to the AttestationPolicy",
            to,
            &VerifierSet::setPolicyCall { newPolicy: policy },
            &VerifierSet::policyCall {},
            &policy,
        ),
        Action::setting(
            format!("ask for {quorum} signatures of committees of {size}"),
            to,
            &VerifierSet::setQuorumCall { committeeSize: size, signatures: quorum },
            &VerifierSet::quorumCall {},
            &(size, quorum),
        ),
    ]
}

/// Loads the catalogue once: loading it again would be a new version of it.
fn catalogue(contracts: &Contracts) -> Result<Action, CatalogError> {
    let to = contracts.resource_catalog;
    let data: Bytes = ResourceCatalog::setCall { entries: catalog_entries()? }.abi_encode().into();
    let probe = Probe::NotZero { from: to, data: ResourceCatalog::versionCall {}.abi_encode().into() };
    Ok(Action { what: "load the resource catalogue".to_owned(), to, data, probe })
}

/// The admin role goes to whom the settings name, and leaves the deployer.
fn handover(plan: &Plan, admin: Admin) -> Vec<Action> {
    let (authority, deployer) = (plan.contracts().authority, plan.deployer());
    let what = format!("make {} the admin, with a delay of {} s", admin.account, admin.delay);
    let renounce = Authority::renounceRoleCall { roleId: ADMIN, callerConfirmation: deployer };
    vec![
        grant(authority, what, ADMIN, admin.account, admin.delay),
        Action::setting(
            format!("take the admin role from the deployer {deployer}"),
            authority,
            &renounce,
            &Authority::hasRoleCall { roleId: ADMIN, account: deployer },
            &(false, 0u32),
        ),
    ]
}
