//! Contracts of others: the manifest of those that run on Base today, on emulated logs, with a factory's children.

use std::{collections::BTreeMap, path::Path};

use alloy::{
    dyn_abi::{DynSolType, DynSolValue, EventExt as _, Specifier as _},
    json_abi::Event,
    primitives::{Address, I256, LogData, U256, keccak256},
};
use spheron_indexer::{Manifest, audit::audit_logs, digest::TableDigest, store::Reader};
use spheron_indexer_mock::{
    chain::{Chain, Log},
    server::Server,
};

use crate::{assert_same, common, digest_of, run};

fn manifest(server: &Server) -> Manifest {
    let mut manifest = Manifest::load(Path::new("manifests/spheron-base.toml")).unwrap();
    manifest.chains[0].endpoints = vec![server.url.clone()];
    manifest.chains[0].start_block = 1;
    manifest
}

/// A value of a type, another one for each seed.
fn value(ty: &DynSolType, seed: u64) -> DynSolValue {
    let word = keccak256(seed.to_be_bytes());
    let number = U256::from_be_bytes(word.0);
    let inner = |ty: &DynSolType, index: usize| value(ty, seed.wrapping_mul(31) + index as u64 + 1);
    match ty {
        DynSolType::Bool => DynSolValue::Bool(seed.is_multiple_of(2)),
        DynSolType::Address => DynSolValue::Address(Address::from_word(word)),
        DynSolType::Uint(bits) => DynSolValue::Uint(number >> (256 - bits), *bits),
        DynSolType::Int(bits) => DynSolValue::Int(I256::from_raw(number).asr(256 - bits), *bits),
        DynSolType::FixedBytes(length) => DynSolValue::FixedBytes(word, *length),
        DynSolType::Bytes => DynSolValue::Bytes(word.to_vec()),
        DynSolType::String => DynSolValue::String(format!("text {seed}")),
        DynSolType::Array(ty) => DynSolValue::Array((0..2).map(|index| inner(ty, index)).collect()),
        DynSolType::Tuple(fields) => {
            DynSolValue::Tuple(fields.iter().enumerate().map(|(index, ty)| inner(ty, index)).collect())
        }
        other => unreachable!("{other:?}"),
    }
}

/// A log of an event; `given` stands in for the fields of these names.
fn log(address: Address, event: &Event, seed: u64, given: &[(&str, Address)]) -> Log {
    let resolved = event.resolve().unwrap();
    let (mut topics, mut body) = (vec![event.selector()], Vec::new());
    let (mut indexed, mut plain) = (resolved.indexed().iter(), resolved.body().iter());
    for (index, input) in event.inputs.iter().enumerate() {
        let ty = if input.indexed { indexed.next() } else { plain.next() }.unwrap();
        let given = given.iter().find(|(name, _)| *name == input.name).map(|(_, address)| *address);
        let value = given.map_or_else(|| value(ty, seed + index as u64), DynSolValue::Address);
        if input.indexed {
            topics.push(value.as_word().unwrap());
        } else {
            body.push(value);
        }
    }
    let data = DynSolValue::Tuple(body).abi_encode_params();
    // What is emulated is what the library takes for this event.
    event.decode_log(&LogData::new_unchecked(topics.clone(), data.clone().into())).unwrap();
    Log { address, data: LogData::new_unchecked(topics, data.into()) }
}

fn child(index: u64) -> Address {
    Address::from_word(keccak256(format!("child {index}")))
}

/// Blocks in which every event of every contract happens, and a registry is made and used every ten blocks.
fn chain(manifest: &Manifest, blocks: u64) -> Chain {
    let sources = &manifest.chains[0].sources;
    let find = |name: &str| sources.iter().find(|source| source.name == name).unwrap();
    let (factory, registry) = (find("resource_registry_factory"), find("resource_registry"));
    let created = factory.events.iter().find(|event| event.name == "ResourceRegistryCreated").unwrap();
    let events: Vec<_> = sources
        .iter()
        .filter_map(|source| Some((source.address?, &source.events)))
        .flat_map(|(address, events)| events.iter().map(move |event| (address, event)))
        .filter(|(_, event)| *event != created)
        .collect();
    let mut chain = Chain::default();
    chain.push_raw(Vec::new());
    for block in 1..=blocks {
        let mut logs: Vec<Log> = (0..5)
            .map(|index| {
                let (address, event) = events[usize::try_from(block * 5 + index).unwrap() % events.len()];
                log(address, event, 1_000 * block + index, &[])
            })
            .collect();
        if block % 10 == 1 {
            let given = [("resourceRegistry", child(block / 10))];
            logs.push(log(factory.address.unwrap(), created, block, &given));
        }
        // In the block of its making too, and nobody asked for.
        let of = child((block - 1) / 10);
        let event = &registry.events[usize::try_from(block).unwrap() % registry.events.len()];
        logs.push(log(of, event, block, &[]));
        logs.push(log(child(999_999), event, block, &[]));
        chain.push_raw(logs);
    }
    chain
}

/// Logs of each table.
fn emitted(manifest: &Manifest, chain: &Chain) -> u64 {
    let known: Vec<Address> = manifest.chains[0].named_addresses().map(|(_, address)| address).collect();
    let children: Vec<Address> = (0..=chain.head() / 10).map(child).collect();
    let logs = chain.blocks.iter().flat_map(|block| &block.logs);
    logs.filter(|log| known.contains(&log.address) || children.contains(&log.address)).count() as u64
}

fn rows(digests: &BTreeMap<String, TableDigest>, prefix: &str) -> u64 {
    digests.iter().filter(|(table, _)| table.starts_with(prefix)).map(|(_, digest)| digest.rows).sum()
}

async fn indexed(server: &Server, database: &Path) -> BTreeMap<String, TableDigest> {
    run(common::config(manifest(server), database)).await.unwrap();
    digest_of(database).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_of_the_contracts_on_base_has_its_rows_and_children_are_found() {
    let server = Server::start(8453, Chain::default()).await;
    let manifest = manifest(&server);
    let whole = chain(&manifest, 300);
    server.world().chain = whole.clone();
    let folder = tempfile::tempdir().unwrap();
    let mut first = None;
    for (index, (finalized, max_range)) in
        [(None, None), (Some(250), Some(7)), (Some(300), Some(64))].into_iter().enumerate()
    {
        (server.world().finalized, server.world().max_range) = (finalized, max_range);
        let found = indexed(&server, &folder.path().join(format!("{index}.sqlite"))).await;
        assert_eq!(found["raw_log"].rows, emitted(&manifest, &whole));
        assert_eq!(rows(&found, "event_"), found["raw_log"].rows, "every log fits its ABI");
        let of_children = rows(&found, "event_resource_registry_") - rows(&found, "event_resource_registry_factory_");
        assert_eq!(of_children, 300);
        assert_eq!(rows(&found, "state_"), 0);
        let empty: Vec<_> = found.iter().filter(|(_, digest)| digest.rows == 0).map(|(table, _)| table).collect();
        assert!(empty.is_empty(), "{empty:?}");
        assert_same!(&found, first.get_or_insert_with(|| found.clone()));
    }
    let conn = rusqlite::Connection::open(folder.path().join("0.sqlite")).unwrap();
    let sql = "SELECT tx_hash, order_id, provider FROM bid_bid_placed LIMIT 1";
    let row: (String, String, String) = conn.query_row(sql, [], |row| row.try_into()).unwrap();
    assert!(row.0.len() == 66 && row.1.parse::<u64>().is_ok() && row.2.starts_with("0x"), "{row:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorg_takes_a_child_back_and_a_restart_keeps_the_others() {
    let server = Server::start(8453, Chain::default()).await;
    let manifest = manifest(&server);
    let sources = &manifest.chains[0].sources;
    let factory = sources.iter().find(|source| source.name == "resource_registry_factory").unwrap().address.unwrap();
    let whole = chain(&manifest, 60);
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("children.sqlite");
    // The child of block 51 is made on a branch only.
    server.world().chain = Chain { blocks: whole.blocks[..56].to_vec(), salt: 0 };
    server.world().finalized = Some(30);
    indexed(&server, &database).await;
    let mut branch = Chain { blocks: whole.blocks[..51].to_vec(), salt: 7 };
    for block in &whole.blocks[51..] {
        // The same without the making of a child, whose logs are then nobody's.
        let kept = |log: &&Log| log.address != factory;
        branch.push_raw(block.logs.iter().filter(kept).cloned().collect());
    }
    server.world().chain = branch;
    let found = indexed(&server, &database).await;
    let expected = indexed(&server, &folder.path().join("fresh.sqlite")).await;
    assert_same!(&found, &expected);
    assert_eq!(rows(&found, "event_resource_registry_factory_resource_registry_created"), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_children_than_an_endpoint_takes_addresses_are_asked_for_in_parts() {
    let server = Server::start(8453, Chain::default()).await;
    let manifest = manifest(&server);
    let whole = chain(&manifest, 5_600);
    assert!(emitted(&manifest, &whole) > 30_000);
    (server.world().chain, server.world().finalized) = (whole.clone(), Some(5_500));
    let folder = tempfile::tempdir().unwrap();
    let mut first = None;
    // In one call, in several, and by the events alone.
    for most in [None, Some(150), Some(20)] {
        server.world().max_addresses = most;
        let found = indexed(&server, &folder.path().join(format!("{most:?}.sqlite"))).await;
        assert_eq!(found["raw_log"].rows, emitted(&manifest, &whole), "at most {most:?} addresses");
        assert_eq!(rows(&found, "event_resource_registry_factory_resource_registry_created"), 560);
        assert_same!(&found, first.get_or_insert_with(|| found.clone()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn how_many_addresses_an_endpoint_takes_is_remembered() {
    let server = Server::start(8453, Chain::default()).await;
    let manifest = manifest(&server);
    let whole = chain(&manifest, 700);
    server.world().max_addresses = Some(30);
    server.world().chain = Chain { blocks: whole.blocks[..561].to_vec(), salt: 0 };
    server.world().finalized = Some(560);
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("remembered.sqlite");
    indexed(&server, &database).await;
    assert!(std::mem::take(&mut server.world().too_many_addresses) > 0);
    (server.world().chain, server.world().finalized) = (whole.clone(), Some(700));
    let found = indexed(&server, &database).await;
    assert_eq!((found["raw_log"].rows, server.world().too_many_addresses), (emitted(&manifest, &whole), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_names_the_events_of_children() {
    let (server, other) = (Server::start(8453, Chain::default()).await, Server::start(8453, Chain::default()).await);
    let mut manifest = manifest(&server);
    let whole = chain(&manifest, 40);
    for server in [&server, &other] {
        (server.world().chain, server.world().finalized) = (whole.clone(), Some(40));
    }
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("named.sqlite");
    indexed(&server, &database).await;
    let conn = rusqlite::Connection::open(&database).unwrap();
    let changed = "UPDATE raw_log SET contents = x'004100' WHERE event_id >> 20 = 35
                   AND contract = (SELECT number FROM dictionary WHERE bytes = ?)";
    assert_eq!(conn.execute(changed, [child(3).as_slice()]).unwrap(), 1);
    manifest.chains[0].endpoints.push(other.url.clone());
    let reader = Reader::open(&database).await.unwrap();
    let audit = audit_logs(&reader, &manifest, |_| ()).await.unwrap().remove(0);
    let [difference] = audit.differences.as_slice() else { panic!("{:?}", audit.differences) };
    let named = difference.events.iter().find(|event| event.log_index == difference.log_index).unwrap();
    assert!(named.event.as_ref().is_some_and(|name| name.starts_with("resource_registry_")), "{named:?}");
}
