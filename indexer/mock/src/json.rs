//! JSON as endpoints send it, written straight into bytes: the endpoint must not be what a measurement measures.

use alloy::{
    hex,
    primitives::{Address, B256, Bloom},
};

use crate::chain::{Block, Log};

/// `0x` and the digits, in quotes.
pub fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(b"\"0x");
    let start = out.len();
    out.resize(start + 2 * bytes.len(), 0);
    hex::encode_to_slice(bytes, &mut out[start..]).unwrap();
    out.push(b'"');
}

/// A number as endpoints write it.
pub fn number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(b"\"0x");
    let digits = (64 - number.leading_zeros()).div_ceil(4).max(1);
    for digit in (0..digits).rev() {
        out.push(b"0123456789abcdef"[usize::try_from(number >> (4 * digit) & 0xf).unwrap()]);
    }
    out.push(b'"');
}

/// The header of a block, with an unlikely `extra` member in front, as nodes add their own; `whole` with transactions.
pub fn header(out: &mut Vec<u8>, block: &Block, whole: bool) {
    out.extend_from_slice(b"{\"size\":\"0x220\",\"transactions\":[");
    for index in (0..block.logs.len()).step_by(LOGS_PER_TX).filter(|_| whole) {
        transaction(out, block, index);
    }
    out.extend_from_slice(b"],");
    if whole {
        out.extend_from_slice(b"\"receiptsRoot\":");
        bytes(out, block.hash.as_slice());
        out.push(b',');
    }
    out.extend_from_slice(b"\"number\":");
    number(out, block.number);
    out.extend_from_slice(b",\"hash\":");
    bytes(out, block.hash.as_slice());
    out.extend_from_slice(b",\"parentHash\":");
    bytes(out, block.parent_hash.as_slice());
    out.extend_from_slice(b",\"timestamp\":");
    number(out, block.time);
    out.extend_from_slice(b",\"logsBloom\":");
    let bloom: &Bloom = &block.bloom;
    bytes(out, bloom.as_slice());
    out.push(b'}');
}

/// The transaction of the log with this index.
fn transaction(out: &mut Vec<u8>, block: &Block, index: usize) {
    out.extend_from_slice(if index > 0 { b",{\"hash\":" } else { b"{\"hash\":" });
    bytes(out, tx_hash(block.hash, index).as_slice());
    out.extend_from_slice(b",\"blockHash\":");
    bytes(out, block.hash.as_slice());
    out.extend_from_slice(b",\"blockNumber\":");
    number(out, block.number);
    out.extend_from_slice(b",\"transactionIndex\":");
    number(out, (index / LOGS_PER_TX) as u64);
    out.extend_from_slice(b",\"from\":");
    bytes(out, &[0x11; 20]);
    out.push(b'}');
}

/// A log of a block.
pub fn log(out: &mut Vec<u8>, block: &Block, index: usize, log: &Log, with_time: bool) {
    out.extend_from_slice(b"{\"address\":");
    bytes(out, log.address.as_slice());
    out.extend_from_slice(b",\"topics\":[");
    for (place, topic) in log.data.topics().iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        bytes(out, topic.as_slice());
    }
    out.extend_from_slice(b"],\"data\":");
    bytes(out, &log.data.data);
    out.extend_from_slice(b",\"blockNumber\":");
    number(out, block.number);
    out.extend_from_slice(b",\"blockHash\":");
    bytes(out, block.hash.as_slice());
    out.extend_from_slice(b",\"transactionHash\":");
    bytes(out, tx_hash(block.hash, index).as_slice());
    out.extend_from_slice(b",\"transactionIndex\":");
    number(out, (index / LOGS_PER_TX) as u64);
    out.extend_from_slice(b",\"logIndex\":");
    number(out, index as u64);
    if with_time {
        out.extend_from_slice(b",\"blockTimestamp\":");
        number(out, block.time);
    }
    out.extend_from_slice(b",\"removed\":false}");
}

const LOGS_PER_TX: usize = 3;

fn tx_hash(block: B256, index: usize) -> B256 {
    let mut hash = block;
    hash[0] ^= 0xff;
    hash[24..].copy_from_slice(&((index / LOGS_PER_TX) as u64).to_be_bytes());
    hash
}

/// The addresses of a filter.
pub fn addresses(filter: &serde_json::Value) -> Vec<Address> {
    match filter {
        serde_json::Value::Null => Vec::new(),
        one @ serde_json::Value::String(_) => vec![serde_json::from_value(one.clone()).unwrap()],
        many => serde_json::from_value(many.clone()).unwrap(),
    }
}
