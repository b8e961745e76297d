//! A disk that is full, in the middle of things.

use std::{path::Path, sync::Arc};

use alloy::{
    primitives::{Address, B256, Bloom, U256},
    sol_types::SolEvent as _,
};
use spheron_bindings::ledger::Ledger;

use super::{Batch, StoreError, Writer};
use crate::{
    decode::{Catalog, Decoded},
    event::{Contract, Log, Topics},
    manifest::Manifest,
    position::{Position, event_id},
    source::{BlockRange, Header},
};

const CHAIN: u64 = 1;

fn address(contract: Contract) -> Address {
    Address::with_last_byte(contract as u8 + 1)
}

fn manifest() -> Manifest {
    let contracts = Contract::ALL.iter().map(|contract| format!("{contract} = \"{}\"\n", address(*contract)));
    let head =
        "[[chains]]\nname = \"a\"\nchain_id = 1\nendpoints = [\"http://a\"]\nstart_block = 1\n[chains.contracts]\n";
    Manifest::parse(&(head.to_owned() + &contracts.collect::<String>())).unwrap()
}

fn open(path: &Path) -> Writer {
    let manifest = manifest();
    let catalog = Arc::new(Catalog::of(&manifest).unwrap());
    Writer::open(path, &manifest, catalog).unwrap()
}

/// Block `number` with `count` deposits; every fifth block has the same owners.
fn batch(number: u64, count: u64, finalized: Option<u64>) -> Batch {
    let manifest = manifest();
    let catalog = Arc::new(Catalog::of(&manifest).unwrap());
    let decoder = manifest.chains[0].decoder(catalog, Arc::default());
    let mut logs = Decoded::default();
    let hash = |number: u64| B256::from(U256::from(number));
    for index in 0..count {
        let owner = Address::from_word(hash(number % 5 * 10_000 + index));
        let event = Ledger::Deposited { token: address(Contract::Bonds), owner, payer: owner, amount: U256::ONE };
        let data = event.encode_log_data();
        let mut topics = Topics::default();
        assert!(data.topics().iter().all(|topic| topics.push(*topic)));
        let log = Log {
            address: address(Contract::Ledger),
            topics,
            data: data.data.to_vec(),
            block: number,
            block_hash: hash(number),
            block_time: Some(number),
            tx_hash: hash(number),
            log_index: index,
        };
        let at = Position { id: event_id(0, number, index).unwrap(), time: number };
        decoder.decode(at, &log, &mut logs).unwrap();
    }
    let tip = Header { number, hash: hash(number), parent_hash: hash(number - 1), time: number, bloom: Bloom::ZERO };
    let range = BlockRange { from: number, to: number };
    Batch { chain_id: CHAIN, range, tip, finalized, logs, children: Vec::new(), learned: Vec::new() }
}

#[test]
fn a_full_disk_loses_nothing_and_once_there_is_room_the_same_ranges_fit() {
    for finalized in [None, Some(1_000)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("full.sqlite");
        let mut writer = open(&path);
        assert!(writer.commit(&[batch(1, 5, finalized)]).remove(0).is_ok());
        let pages: i64 = writer.file.conn().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        writer.file.conn().execute_batch(&format!("PRAGMA max_page_count = {}", pages + 2)).unwrap();

        let (cursor, state) = (writer.cursor(CHAIN).unwrap(), writer.state(CHAIN).unwrap());
        let big = [batch(2, 3_000, finalized), batch(3, 3_000, finalized)];
        let group = if finalized.is_some() { 2 } else { 1 };
        for result in writer.commit(&big[..group]) {
            let error = result.unwrap_err();
            assert!(!error.is_misfit() || matches!(error, StoreError::OutOfOrder { .. }), "{error}");
        }
        let error = writer.commit(&big[..1]).remove(0).unwrap_err();
        assert!(matches!(error, StoreError::Full { .. }) && error.is_passing(), "{error}");
        assert!(error.to_string().contains("make room"), "{error}");
        assert_eq!((writer.cursor(CHAIN).unwrap(), writer.state(CHAIN).unwrap()), (cursor, state));

        writer.file.conn().execute_batch("PRAGMA max_page_count = 1000000").unwrap();
        for batch in &big {
            assert!(writer.commit(std::slice::from_ref(batch)).remove(0).is_ok());
        }
        assert_eq!(writer.state(CHAIN).unwrap().balances.len(), 6_005);
        let state = writer.state(CHAIN).unwrap();
        drop(writer);
        assert!(open(&path).state(CHAIN).unwrap() == state, "the file holds what the writer wrote");
    }
}

#[test]
fn a_range_that_does_not_follow_leaves_the_ones_before_it_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = open(&folder.path().join("order.sqlite"));
    let results = writer.commit(&[batch(1, 2, Some(9)), batch(3, 2, Some(9)), batch(2, 2, Some(9))]);
    assert!(results[0].is_ok());
    assert!(matches!(results[1], Err(StoreError::OutOfOrder { from: 3, next: 2, .. })));
    assert!(results[2].is_ok());
    assert_eq!(writer.cursor(CHAIN).unwrap().next_block, 3);
    assert_eq!(writer.state(CHAIN).unwrap().balances.len(), 4);
}

#[test]
fn state_that_is_not_held_is_read_again_and_what_is_held_does_not_grow() {
    for finalized in [None, Some(1_000)] {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = open(&folder.path().join("held.sqlite"));
        writer.hold(40_000);
        let mut held = Vec::new();
        for number in 1..=20 {
            assert!(writer.commit(&[batch(number, 400, finalized)]).remove(0).is_ok());
            held.push(writer.chain(CHAIN).unwrap().state.held());
        }
        assert!(held.iter().skip(1).all(|bytes| *bytes <= held[0]), "{held:?}");
        let state = writer.state(CHAIN).unwrap();
        assert_eq!(state.balances.len(), 2_000);
        assert!(state.balances.iter().all(|(_, balance)| balance.amount == U256::from(4)));
    }
}

#[test]
fn a_row_that_cannot_be_read_is_named_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = open(&folder.path().join("wrong.sqlite"));
    writer.hold(0);
    for number in 1..=5 {
        assert!(writer.commit(&[batch(number, 3, Some(9))]).remove(0).is_ok());
    }
    writer.file.conn().execute_batch("UPDATE state_balance SET amount = 'x'").unwrap();
    let error = writer.commit(&[batch(6, 3, Some(9))]).remove(0).unwrap_err();
    assert!(matches!(&error, StoreError::Value { table, .. } if table == "state_balance"), "{error}");
    assert_eq!(writer.cursor(CHAIN).unwrap().next_block, 6);
}
