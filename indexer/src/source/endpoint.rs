//! What one endpoint is asked, and what is believed of its answers.

use std::sync::{Mutex, PoisonError};

use alloy::primitives::{Address, Bytes, U64};
use serde_json::json;

use super::{
    BlockRange, Call, Class, Header, Heads, LogFilter, RangeLogs, Rpc, SourceError,
    bloom::{self, Doubt, Lost},
    error::classify,
    filter::Queries,
    rpc::Outcome,
    wire::{RangeError, RangeQuestion, RangeReply, WireHeader, read_logs, read_range},
};
use crate::event::Log;

/// Headers in one request.
const HEADERS_PER_REQUEST: usize = 100;

/// A question to a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EthCall {
    /// The contract.
    pub to: Address,
    /// Selector and arguments.
    pub data: Bytes,
}

/// Questions about one block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockCalls {
    /// The block.
    pub block: u64,
    /// The questions.
    pub calls: Vec<EthCall>,
}

/// An endpoint.
#[derive(Debug)]
pub struct Endpoint {
    rpc: Rpc,
    doubt: Mutex<Doubt>,
}

impl Endpoint {
    /// The endpoint behind `rpc`.
    pub fn new(rpc: Rpc) -> Self {
        Self { rpc, doubt: Mutex::default() }
    }

    /// The client behind it.
    pub fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    /// Checks the chain id, and that there is code at every address.
    ///
    /// # Errors
    ///
    /// [`Class::WrongChain`] names what the endpoint says instead.
    pub async fn check(&self, chain_id: u64, addresses: &[Address]) -> Result<(), SourceError> {
        let code = |address| Call::new("eth_getCode", json!([address, "latest"]));
        let calls = [Call::new("eth_chainId", json!([]))].into_iter().chain(addresses.iter().map(code));
        let mut outcomes = self.rpc.batch(&calls.collect::<Vec<_>>()).await?.into_iter();
        let found: U64 = self.value("eth_chainId", self.next(&mut outcomes)?)?;
        self.expect_chain(found.to(), chain_id)?;
        for address in addresses {
            let code: Bytes = self.value("eth_getCode", self.next(&mut outcomes)?)?;
            if code.is_empty() {
                let message = format!("has no contract at {address} on chain {chain_id}: is this another deployment?");
                return Err(self.rpc.error(Class::WrongChain, message));
            }
        }
        Ok(())
    }

    /// Where the chain stands, and the block `at`.
    ///
    /// # Errors
    ///
    /// If a request fails, but not if the endpoint has no `finalized` block.
    pub async fn heads(&self, chain_id: u64, at: Option<u64>) -> Result<Heads, SourceError> {
        let mut calls =
            vec![Call::new("eth_chainId", json!([])), block_call(json!("latest")), block_call(json!("finalized"))];
        calls.extend(at.map(|number| block_call(json!(U64::from(number)))));
        let mut outcomes = self.rpc.batch(&calls).await?.into_iter();
        let found: U64 = self.value("eth_chainId", self.next(&mut outcomes)?)?;
        self.expect_chain(found.to(), chain_id)?;
        let latest = self.header(self.next(&mut outcomes)?)?;
        let latest = latest.ok_or_else(|| self.rpc.error(Class::MissingData, "has no latest block"))?;
        let finalized = outcomes.next().and_then(Result::ok);
        let finalized = finalized.map(|json| self.header(json)).transpose()?.flatten();
        let at = match at {
            Some(_) => self.header(self.next(&mut outcomes)?)?.map(|header| header.header()),
            None => None,
        };
        Ok(Heads { latest: latest.header(), finalized: finalized.map(|header| header.header().number), at })
    }

    /// All logs in a range that the filter asks for, and the range's last header. A call names so many addresses.
    ///
    /// # Errors
    ///
    /// [`Class::MissingData`] if the endpoint lacks the last block, or contradicts itself about its logs;
    /// [`Class::WrongChain`] if it has come to serve another chain.
    pub async fn logs(
        &self,
        chain_id: u64,
        range: BlockRange,
        filter: &LogFilter,
        addresses: usize,
    ) -> Result<RangeLogs, SourceError> {
        let reply = self.ask_range(range, filter, addresses).await?;
        self.expect_chain(reply.chain_id, chain_id)?;
        let behind = || self.rpc.error(Class::MissingData, format!("does not have block {} yet", range.to));
        let tip = reply.tip.ok_or_else(behind)?;
        let header = tip.header();
        let begins = reply.logs.partition_point(|log| log.block < range.to);
        let of_tip = &reply.logs[begins..];
        if of_tip.iter().any(|log| log.block_hash != header.hash) {
            let message = format!("changed its mind about block {} while it was asked", range.to);
            return Err(self.rpc.error(Class::MissingData, message));
        }
        self.confirm(&tip, filter, addresses, of_tip).await?;
        Ok(RangeLogs { logs: reply.logs, tip: header, endpoint: self.rpc.label().to_owned() })
    }

    /// Headers of these blocks, `None` for those that it does not have.
    ///
    /// # Errors
    ///
    /// If a request fails.
    pub async fn headers(&self, numbers: &[u64]) -> Result<Vec<Option<Header>>, SourceError> {
        let mut headers = Vec::with_capacity(numbers.len());
        for chunk in numbers.chunks(HEADERS_PER_REQUEST) {
            let calls: Vec<_> = chunk.iter().map(|number| block_call(json!(U64::from(*number)))).collect();
            for outcome in self.rpc.batch(&calls).await? {
                headers.push(self.header(outcome?)?.map(|header| header.header()));
            }
        }
        Ok(headers)
    }

    /// Asks contracts as they stood at the end of a block. The inner error is what a contract said when it reverted.
    ///
    /// # Errors
    ///
    /// If the request fails, or the endpoint does not have the block's state.
    pub async fn calls(&self, questions: &BlockCalls) -> Result<Vec<Result<Bytes, String>>, SourceError> {
        let block = U64::from(questions.block);
        let call = |call: &EthCall| Call::new("eth_call", json!([{"to": call.to, "input": call.data}, block]));
        let calls: Vec<_> = questions.calls.iter().map(call).collect();
        let answer = |outcome: Outcome| match outcome {
            Ok(json) => self.value("eth_call", json).map(Ok),
            Err(error) if error.message.contains("revert") => Ok(Err(error.message)),
            Err(error) => Err(error),
        };
        self.rpc.batch(&calls).await?.into_iter().map(answer).collect()
    }

    /// Asks for the logs of a range, so many contracts to a call.
    async fn ask_range(
        &self,
        range: BlockRange,
        filter: &LogFilter,
        addresses: usize,
    ) -> Result<RangeReply, SourceError> {
        let Queries { filters, is_wide } = filter.queries(addresses);
        let log_calls = filters.len() as u64;
        let asks = filters.into_iter().map(|mut query| {
            (query["fromBlock"], query["toBlock"]) = (json!(U64::from(range.from)), json!(U64::from(range.to)));
            Call::new("eth_getLogs", json!([query]))
        });
        let others = [block_call(json!(U64::from(range.to))), Call::new("eth_chainId", json!([]))];
        let body = self.rpc.post(&asks.chain(others).collect::<Vec<_>>()).await?;
        let asked = RangeQuestion { range, filter: filter.clone(), is_wide, log_calls };
        let read = tokio::task::spawn_blocking(move || read_range(&body, &asked)).await;
        read.expect("reading logs does not panic").map_err(|error| match error {
            RangeError::Cut(message) => self.rpc.error(Class::Transient, message),
            RangeError::Call(error) => self.rpc.error(classify(error.code, &error.message), error.message),
            RangeError::Wrong(message) => self.rpc.error(Class::MissingData, message),
        })
    }

    /// A node that lags returns fewer logs, or none, of a block that it does not have. Asked by hash, it has to say so.
    async fn confirm(
        &self,
        tip: &WireHeader,
        filter: &LogFilter,
        addresses: usize,
        found: &[Log],
    ) -> Result<(), SourceError> {
        let lost = bloom::lost(&tip.logs_bloom, filter, found);
        if lost == Lost::Nothing {
            return Ok(());
        }
        let Header { number, hash, .. } = tip.header();
        let Queries { filters, is_wide } = filter.queries(addresses);
        let asks = filters.into_iter().map(|mut query| {
            query["blockHash"] = json!(hash);
            Call::new("eth_getLogs", json!([query]))
        });
        let asks: Vec<Call> = asks.collect();
        let log_calls = asks.len() as u64;
        let range = BlockRange { from: number, to: number };
        let asked = RangeQuestion { range, filter: filter.clone(), is_wide, log_calls };
        let mut logs = 0;
        for answer in self.rpc.batch(&asks).await? {
            let found = read_logs(&answer?, &asked).map_err(|message| self.rpc.error(Class::MissingData, message))?;
            logs += found.len();
        }
        let doubted = || !self.doubt.lock().unwrap_or_else(PoisonError::into_inner).is_over(hash);
        let why = if logs != found.len() {
            format!("{logs} when it was asked again")
        } else if lost == Lost::Surely && doubted() {
            "its bloom filter says there are others".to_owned()
        } else {
            return Ok(());
        };
        let count = if found.is_empty() { "no".to_owned() } else { found.len().to_string() };
        Err(self.rpc.error(Class::MissingData, format!("returned {count} logs of block {number}, but {why}")))
    }

    fn expect_chain(&self, found: u64, expected: u64) -> Result<(), SourceError> {
        if found == expected {
            return Ok(());
        }
        let message = format!("serves chain {found}, the manifest says {expected}; correct the one that is wrong");
        Err(self.rpc.error(Class::WrongChain, message))
    }

    fn next(&self, outcomes: &mut impl Iterator<Item = Outcome>) -> Outcome {
        outcomes.next().unwrap_or_else(|| Err(self.rpc.error(Class::Transient, "answered fewer calls than were sent")))
    }

    fn header(&self, json: String) -> Result<Option<WireHeader>, SourceError> {
        self.value("eth_getBlockByNumber", json)
    }

    fn value<T: serde::de::DeserializeOwned>(&self, method: &str, json: String) -> Result<T, SourceError> {
        sonic_rs::from_str(&json)
            .map_err(|error| self.rpc.error(Class::Transient, format!("{method} returned something else: {error}")))
    }
}

fn block_call(block: serde_json::Value) -> Call {
    Call::new("eth_getBlockByNumber", json!([block, false]))
}
