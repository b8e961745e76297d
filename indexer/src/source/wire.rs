//! JSON as endpoints send it, read in one pass: the reply to a range is most of what an indexer ever reads.

use std::fmt;

use alloy::{
    hex,
    primitives::{Address, B256, Bloom},
};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use super::{BlockRange, Header, LogFilter};
use crate::event::{Log, Topics};

/// An error of a call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WireError {
    /// Says little, see [`super::error`].
    #[serde(default)]
    pub code: i64,
    /// In words.
    #[serde(default)]
    pub message: String,
}

/// The answer to a call.
#[derive(Debug, Deserialize)]
pub struct WireReply<'a> {
    /// Of the call.
    #[serde(default)]
    pub id: Option<u64>,
    /// As it came.
    #[serde(borrow, default)]
    pub result: Option<sonic_rs::LazyValue<'a>>,
    /// Instead of a result.
    #[serde(default)]
    pub error: Option<WireError>,
}

/// A block's header.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireHeader {
    number: Quantity,
    hash: B256,
    parent_hash: B256,
    timestamp: Quantity,
    /// Filter over its logs.
    #[serde(default)]
    pub logs_bloom: Bloom,
}

impl WireHeader {
    /// What is needed of it.
    pub fn header(&self) -> Header {
        let (number, time) = (self.number.0, self.timestamp.0);
        Header { number, hash: self.hash, parent_hash: self.parent_hash, time, bloom: self.logs_bloom }
    }
}

/// What an endpoint answers about a range.
#[derive(Debug)]
pub struct RangeReply {
    /// The chain that it serves.
    pub chain_id: u64,
    /// The range's logs, in the order of the chain.
    pub logs: Vec<Log>,
    /// The range's last block, if the endpoint has it.
    pub tip: Option<WireHeader>,
}

/// Why there is no such answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangeError {
    /// The reply is cut off, or nothing of the kind.
    Cut(String),
    /// A call failed.
    Call(WireError),
    /// What was returned is not what was asked for.
    Wrong(String),
}

/// What was asked for.
#[derive(Debug)]
pub struct RangeQuestion {
    /// The blocks.
    pub range: BlockRange,
    /// The contracts.
    pub filter: LogFilter,
    /// Whether logs of others come too.
    pub is_wide: bool,
    /// Number of calls for logs, whose ids begin at 0. Then comes the call for the last block's header, and the one for
    /// the chain's id.
    pub log_calls: u64,
}

/// Reads the reply to the calls that ask for a range.
///
/// # Errors
///
/// If a call failed, or the endpoint returned something else than was asked for.
pub fn read_range(body: &[u8], asked: &RangeQuestion) -> Result<RangeReply, RangeError> {
    let cut = |error: sonic_rs::Error| {
        RangeError::Cut(format!("the reply is no JSON-RPC, or was cut off: {}", first_line(&error)))
    };
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
        // One object instead of a list: the whole batch failed.
        let reply: Answer = sonic_rs::from_slice(body).map_err(cut)?;
        let error = WireError { code: -32601, message: "does not answer batches of calls".into() };
        return Err(RangeError::Call(reply.error.unwrap_or(error)));
    }
    let (mut logs, mut answered, mut tip, mut chain_id) = (Vec::new(), 0, None, None);
    let (tip_id, chain_call) = (asked.log_calls, asked.log_calls + 1);
    for answer in sonic_rs::from_slice::<Vec<Answer>>(body).map_err(cut)? {
        if let Some(error) = answer.error {
            return Err(RangeError::Call(error));
        }
        match (answer.id, answer.result) {
            (Some(id), Payload::Logs(mut found)) if id < asked.log_calls => {
                answered += 1;
                if logs.is_empty() {
                    logs = found;
                } else {
                    logs.append(&mut found);
                }
            }
            (Some(id), Payload::Block(header)) if id == tip_id => tip = Some(Some(*header)),
            (Some(id), Payload::Null) if id == tip_id => tip = Some(None),
            (Some(id), Payload::Number(number)) if id == chain_call => chain_id = Some(number),
            (id, _) => return Err(RangeError::Cut(format!("call {id:?} was answered with something else"))),
        }
    }
    let missing = |call: &str| RangeError::Cut(format!("did not answer {call}"));
    if answered != asked.log_calls {
        return Err(missing("eth_getLogs"));
    }
    Ok(RangeReply {
        chain_id: chain_id.ok_or_else(|| missing("eth_chainId"))?,
        logs: checked(logs, asked).map_err(RangeError::Wrong)?,
        tip: tip.ok_or_else(|| missing("eth_getBlockByNumber"))?,
    })
}

/// Reads the logs that answer one call, in the order of the chain.
///
/// # Errors
///
/// If the endpoint returned something else than was asked for.
pub fn read_logs(json: &str, asked: &RangeQuestion) -> Result<Vec<Log>, String> {
    let logs =
        sonic_rs::from_str(json).map_err(|error| format!("eth_getLogs returned no logs: {}", first_line(&error)))?;
    checked(logs, asked)
}

/// What of an error is worth a line of the log: the library quotes the text around the place, which may be long.
pub fn first_line(error: &sonic_rs::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

fn checked(mut logs: Vec<WireLog>, asked: &RangeQuestion) -> Result<Vec<Log>, String> {
    let RangeQuestion { range, filter, is_wide, .. } = asked;
    for WireLog { log, removed } in &logs {
        let block = log.block;
        if *removed {
            return Err(format!("eth_getLogs returned a log that a reorg removed from block {block}"));
        }
        if block < range.from || block > range.to {
            return Err(format!("eth_getLogs returned a log of block {block}, asked for {range}"));
        }
        if !is_wide && !filter.contains(log.address) {
            return Err(format!("eth_getLogs returned a log of {}, which was not asked for", log.address));
        }
    }
    if *is_wide {
        logs.retain(|wire| filter.contains(wire.log.address));
    }
    let mut checked: Vec<Log> = logs.into_iter().map(|wire| wire.log).collect();
    let position = |log: &Log| (log.block, log.log_index);
    if !checked.is_sorted_by_key(position) {
        checked.sort_by_key(position);
    }
    match checked.windows(2).find(|pair| position(&pair[0]) == position(&pair[1])) {
        Some(pair) => Err(format!("eth_getLogs returned log {} of block {} twice", pair[0].log_index, pair[0].block)),
        None => Ok(checked),
    }
}

#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    id: Option<u64>,
    #[serde(default)]
    error: Option<WireError>,
    #[serde(default)]
    result: Payload,
}

/// A result of one of the calls that ask for a range; the JSON's shape tells which.
#[derive(Debug, Default)]
enum Payload {
    #[default]
    Null,
    Number(u64),
    Logs(Vec<WireLog>),
    Block(Box<WireHeader>),
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PayloadVisitor)
    }
}

struct PayloadVisitor;

impl<'de> Visitor<'de> for PayloadVisitor {
    type Value = Payload;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("logs, a header, a number or null")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Payload, E> {
        Ok(Payload::Null)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Payload, E> {
        quantity(text).map(Payload::Number)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Payload, A::Error> {
        WireHeader::deserialize(MapAccessDeserializer::new(map)).map(|header| Payload::Block(Box::new(header)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Payload, A::Error> {
        let mut logs = Vec::new();
        while let Some(log) = seq.next_element()? {
            logs.push(log);
        }
        Ok(Payload::Logs(logs))
    }
}

#[derive(Debug)]
struct WireLog {
    log: Log,
    removed: bool,
}

impl<'de> Deserialize<'de> for WireLog {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Fields {
            address: Fixed<20>,
            topics: WireTopics,
            data: Data,
            block_number: Quantity,
            block_hash: Fixed<32>,
            transaction_hash: Fixed<32>,
            log_index: Quantity,
            #[serde(default)]
            block_timestamp: Option<Quantity>,
            #[serde(default)]
            removed: bool,
        }
        let fields = Fields::deserialize(deserializer)?;
        let log = Log {
            address: Address::from(fields.address.0),
            topics: fields.topics.0,
            data: fields.data.0,
            block: fields.block_number.0,
            block_hash: B256::from(fields.block_hash.0),
            block_time: fields.block_timestamp.map(|time| time.0),
            tx_hash: B256::from(fields.transaction_hash.0),
            log_index: fields.log_index.0,
        };
        Ok(Self { log, removed: fields.removed })
    }
}

/// A type that is read out of a JSON string.
macro_rules! from_text {
    ($type:ty, $expecting:literal, $read:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;

                impl Visitor<'_> for Text {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                        ($read)(text)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }
    };
}

/// A number of up to 64 bits.
#[derive(Debug, Clone, Copy)]
struct Quantity(u64);
from_text!(Quantity, "a number in hex", |text| quantity(text).map(Quantity));

/// Bytes.
#[derive(Debug)]
struct Data(Vec<u8>);
from_text!(Data, "bytes in hex", |text| hex::decode(text).map(Data).map_err(de::Error::custom));

/// So many bytes.
#[derive(Debug)]
struct Fixed<const N: usize>([u8; N]);

impl<'de, const N: usize> Deserialize<'de> for Fixed<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<const N: usize>;

        impl<const N: usize> Visitor<'_> for Text<N> {
            type Value = Fixed<N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{N} bytes in hex")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Fixed<N>, E> {
                let mut bytes = [0; N];
                hex::decode_to_slice(text, &mut bytes).map_err(E::custom)?;
                Ok(Fixed(bytes))
            }
        }
        deserializer.deserialize_str(Text::<N>)
    }
}

#[derive(Debug)]
struct WireTopics(Topics);

impl<'de> Deserialize<'de> for WireTopics {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;

        impl<'de> Visitor<'de> for List {
            type Value = WireTopics;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("at most four topics")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<WireTopics, A::Error> {
                let mut topics = Topics::default();
                while let Some(Fixed(word)) = seq.next_element::<Fixed<32>>()? {
                    if !topics.push(B256::from(word)) {
                        return Err(de::Error::custom("a log has more than four topics"));
                    }
                }
                Ok(WireTopics(topics))
            }
        }
        deserializer.deserialize_seq(List)
    }
}

fn quantity<E: de::Error>(text: &str) -> Result<u64, E> {
    let digits = text.strip_prefix("0x").filter(|digits| !digits.starts_with('+'));
    let number = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    number.ok_or_else(|| E::custom("a number is not 0x and hex digits of up to 64 bits"))
}
