//! NodeRegistry and ResourceCatalog; and that each contract obeys the authority that the events name.

use alloy::primitives::{Address, U256};
use spheron_bindings::{node_registry::NodeRegistry, resource_catalog::ResourceCatalog};

use super::{
    Subject,
    check::{Check, Field, keys},
};
use crate::{
    event::Contract,
    fold::{NodeKind, NodeStatus, ResourceKind},
};

pub(super) fn checks(subject: &Subject<'_>, checks: &mut Vec<Check>) {
    let registry = subject.address(Contract::NodeRegistry);
    nodes(subject, registry, checks);
    providers(subject, registry, checks);
    gateways(subject, registry, checks);
    catalog(subject, checks);
    authorities(subject, checks);
}

fn nodes(subject: &Subject<'_>, registry: Address, checks: &mut Vec<Check>) {
    for ((node,), row) in subject.state.nodes.iter() {
        let (ours, status) = (row.clone(), subject.state.effective_status(row));
        let entity = format!("node {node}");
        let call = NodeRegistry::nodeOfCall { node: *node };
        checks.push(Check::new("node", entity.clone(), keys([node.as_slice()]), registry, &call, move |found| {
            let theirs = NodeStatus::from_number(found.status).map_or("unknown", NodeStatus::as_str);
            let kind = NodeKind::from_number(found.kind).map_or("unknown", NodeKind::as_str);
            vec![
                Field::new("provider", ours.provider, found.provider),
                Field::new("resource", ours.resource, u64::from(found.resource)),
                Field::new("units", ours.units, u64::from(found.units)),
                Field::new("kind", ours.kind.as_str(), kind),
                Field::new("status", status.as_str(), theirs),
                Field::new("operator", ours.operator, found.operator),
            ]
        }));
        let gateway = row.gateway;
        let call = NodeRegistry::gatewayOfNodeCall { node: *node };
        checks.push(Check::new("node", entity.clone(), keys([node.as_slice()]), registry, &call, move |found| {
            vec![Field::new("gateway", gateway, found)]
        }));
        let nonce = U256::from(row.consent_nonce);
        let call = NodeRegistry::consentNonceCall { node: *node };
        checks.push(Check::new("consent nonce", entity, keys([node.as_slice()]), registry, &call, move |found| {
            vec![Field::new("consent_nonce", nonce, found)]
        }));
    }
}

fn providers(subject: &Subject<'_>, registry: Address, checks: &mut Vec<Check>) {
    for ((provider,), row) in subject.state.providers.iter() {
        let ours = row.clone();
        let entity = format!("provider {provider}");
        let call = NodeRegistry::providerOfCall { provider: *provider };
        checks.push(Check::new("provider", entity, keys([provider.as_slice()]), registry, &call, move |found| {
            vec![
                Field::new("reward_wallet", ours.reward_wallet, found.rewardWallet),
                Field::new("trust_tier", ours.trust_tier, u64::from(found.trustTier)),
                Field::new("registered", ours.successor.is_zero(), found.registered),
                Field::new("suspended", ours.suspended, found.suspended),
                Field::new("underbonded", ours.underbonded, found.underbonded),
            ]
        }));
        let successor = row.successor;
        let entity = format!("provider {provider}");
        let call = NodeRegistry::successorOfCall { provider: *provider };
        checks.push(Check::new("provider", entity, keys([provider.as_slice()]), registry, &call, move |found| {
            vec![Field::new("successor", successor, found)]
        }));
    }
}

fn gateways(subject: &Subject<'_>, registry: Address, checks: &mut Vec<Check>) {
    for ((gateway,), row) in subject.state.gateways.iter() {
        let (nodes, underbonded) = (row.nodes, row.underbonded);
        let entity = format!("gateway {gateway}");
        let call = NodeRegistry::gatewayOfCall { gateway: *gateway };
        checks.push(Check::new("gateway", entity, keys([gateway.as_slice()]), registry, &call, move |found| {
            vec![
                Field::new("nodes", nodes, u64::from(found.nodes)),
                Field::new("underbonded", underbonded, found.underbonded),
                Field::new("registered", true, found.registered),
            ]
        }));
    }
    for ((gateway, provider), row) in subject.state.admissions.iter() {
        let admitted = row.admitted;
        let entity = format!("nodes of {provider} at gateway {gateway}");
        let call = NodeRegistry::isAdmittedCall { gateway: *gateway, provider: *provider };
        let keys = keys([gateway.as_slice(), provider.as_slice()]);
        checks.push(Check::new("admission", entity, keys, registry, &call, move |found| {
            vec![Field::new("admitted", admitted, found)]
        }));
    }
    let paused = subject.state.setting("NodeRegistry", "paused").unwrap_or("false").to_owned();
    let call = NodeRegistry::pausedCall {};
    checks.push(Check::new("setting", "NodeRegistry".to_owned(), [], registry, &call, move |found| {
        vec![Field::new("paused", paused.clone(), found.to_string())]
    }));
}

fn catalog(subject: &Subject<'_>, checks: &mut Vec<Check>) {
    let catalog = subject.address(Contract::ResourceCatalog);
    for ((id,), row) in subject.state.resources.iter() {
        let ours = row.clone();
        let word = U256::from(*id);
        let call = ResourceCatalog::resourceOfCall { id: word };
        let entity = format!("resource {id}");
        let key = word.to_be_bytes::<32>();
        checks.push(Check::new("resource", entity, keys([&key]), catalog, &call, move |found| {
            let kind = ResourceKind::from_number(found.kind).map_or("unknown", ResourceKind::as_str);
            vec![
                Field::new("kind", ours.kind.as_str(), kind),
                Field::new("reference_class", ours.reference_class, u64::from(found.referenceClass)),
                Field::new("multiplier_bps", ours.multiplier_bps, u64::from(found.multiplierBps)),
                Field::new("fizz_base_points", ours.fizz_base_points, u64::from(found.fizzBasePoints)),
                Field::new("provider_base_points", ours.provider_base_points, u64::from(found.providerBasePoints)),
            ]
        }));
    }
    let version = subject.state.setting("ResourceCatalog", "version").unwrap_or("0").to_owned();
    let call = ResourceCatalog::versionCall {};
    checks.push(Check::new("setting", "ResourceCatalog".to_owned(), [], catalog, &call, move |found| {
        vec![Field::new("version", version.clone(), found.to_string())]
    }));
}

/// Every contract with an `authority()` has said so in an event.
fn authorities(subject: &Subject<'_>, checks: &mut Vec<Check>) {
    for (contract, address) in subject.contracts {
        let Some(authority) = subject.state.setting(contract.name(), "authority") else { continue };
        let authority = authority.to_owned();
        let call = NodeRegistry::authorityCall {};
        checks.push(Check::new("authority", contract.name().to_owned(), [], *address, &call, move |found| {
            vec![Field::new("authority", authority.clone(), found.to_string())]
        }));
    }
}
