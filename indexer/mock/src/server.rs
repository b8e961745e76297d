//! An endpoint that serves a chain over HTTP, and misbehaves as it is told.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use alloy::primitives::{Address, B256, U64, map::HashSet};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{Response, StatusCode, header::RETRY_AFTER},
    routing::post,
};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    chain::{Block, Chain, Log},
    json,
};

/// Of a log in JSON, about.
const LOG_BYTES: usize = 1_000;

/// What happens to the next request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// HTTP status, and perhaps `Retry-After` in seconds.
    Status(u16, Option<u64>),
    /// An error for the whole batch.
    Batch(i64, &'static str),
    /// An error for `eth_getLogs`.
    Logs(i64, &'static str),
    /// `eth_getLogs` returns nothing, as a node that lags does.
    NoLogs,
    /// `eth_getLogs` lacks the logs of so many of the newest blocks, as a node that lags beside one that does not.
    Lag(u64),
    /// `eth_getLogs` lacks its last log.
    LostLog,
    /// `eth_getLogs` lacks one log from the middle of its reply: of those in blocks that are not final, whose filter is
    /// sparse and which have no second log of the same contract and event, the one with this number.
    LostOne(usize),
    /// `eth_getLogs` returns its first log twice.
    TwiceLog,
    /// `eth_getLogs` returns its logs in another order.
    Shuffled,
    /// The JSON ends in the middle.
    CutJson,
    /// The connection ends in the middle of the body.
    CutBody,
    /// No answer.
    Hang,
    /// After the answer, the chain is another one.
    Reorg(Chain),
}

/// What the endpoint serves, and how.
#[derive(Debug, Default)]
pub struct World {
    pub chain: Chain,
    pub chain_id: u64,
    /// The last block that it shows; all if `None`.
    pub head: Option<u64>,
    pub finalized: Option<u64>,
    /// Most logs in a reply.
    pub max_logs: Option<usize>,
    /// Most addresses in a filter.
    pub max_addresses: Option<usize>,
    /// Most blocks in a range.
    pub max_range: Option<u64>,
    /// Whether logs carry their block's time.
    pub times: bool,
    /// Whether there is code where the contracts are.
    pub deployed: bool,
    /// Happen to the next requests for logs, one each.
    pub faults: VecDeque<Fault>,
    /// Happen to every request.
    pub always: Option<Fault>,
    /// Whether `max_range` is kept to without being told.
    pub coy: bool,
    /// Before each answer.
    pub latency: Duration,
    /// Requests, calls in them, and requests for logs, so far.
    pub requests: u64,
    pub calls: u64,
    pub log_requests: u64,
    /// The widest range that was asked for.
    pub widest: u64,
    /// Calls that named too many addresses.
    pub too_many_addresses: u64,
}

pub struct Server {
    pub url: String,
    world: Arc<Mutex<World>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Serves `chain`, of which nothing is final.
    pub async fn start(chain_id: u64, chain: Chain) -> Self {
        let world = World { chain, chain_id, times: true, deployed: true, ..World::default() };
        let world = Arc::new(Mutex::new(world));
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        Self::serve(listener, world)
    }

    fn serve(listener: TcpListener, world: Arc<Mutex<World>>) -> Self {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/", post(answer)).with_state(world.clone());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, world, task }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }
}

async fn answer(State(world): State<Arc<Mutex<World>>>, body: Bytes) -> Response<Body> {
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let (is_batch, calls) = match asked {
        Value::Array(calls) => (true, calls),
        one => (false, vec![one]),
    };
    let asks_logs = calls.iter().any(|call| call["method"] == "eth_getLogs");
    let latency = world.lock().unwrap().latency;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let (fault, body) = {
        let mut world = world.lock().unwrap();
        world.requests += 1;
        world.calls += calls.len() as u64;
        world.log_requests += u64::from(asks_logs);
        let scripted = if asks_logs { world.faults.pop_front() } else { None };
        let fault = scripted.or_else(|| world.always.clone());
        let mut body = Vec::new();
        body.extend_from_slice(if is_batch { b"[" } else { b"" });
        for (index, call) in calls.iter().enumerate() {
            body.extend_from_slice(if index > 0 { b"," } else { b"" });
            world.reply(&mut body, call, fault.as_ref());
        }
        body.extend_from_slice(if is_batch { b"]" } else { b"" });
        if let Some(Fault::Reorg(chain)) = &fault {
            world.chain = chain.clone();
        }
        (fault, body)
    };
    misbehave(fault, body).await
}

async fn misbehave(fault: Option<Fault>, body: Vec<u8>) -> Response<Body> {
    match fault {
        Some(Fault::Status(status, retry_after)) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(RETRY_AFTER, seconds.to_string().parse().unwrap());
            }
            response
        }
        Some(Fault::Batch(code, message)) => {
            let error = serde_json::json!({"code": code, "message": message});
            Response::new(Body::from(format!(r#"{{"jsonrpc":"2.0","id":null,"error":{error}}}"#)))
        }
        Some(Fault::CutJson) => Response::new(Body::from(body[..body.len() / 2].to_vec())),
        Some(Fault::CutBody) => {
            let half = Bytes::copy_from_slice(&body[..body.len() / 2]);
            let broken = std::io::Error::other("cut");
            Response::new(Body::from_stream(futures::stream::iter([Ok(half), Err(broken)])))
        }
        Some(Fault::Hang) => std::future::pending().await,
        _ => Response::new(Body::from(body)),
    }
}

impl World {
    pub fn shown(&self) -> u64 {
        self.head.unwrap_or(u64::MAX).min(self.chain.head())
    }

    fn reply(&mut self, out: &mut Vec<u8>, call: &Value, fault: Option<&Fault>) {
        out.extend_from_slice(format!(r#"{{"jsonrpc":"2.0","id":{},"result":"#, call["id"]).as_bytes());
        let begun = out.len();
        if let Err((code, message)) = self.result(out, call, fault) {
            out.truncate(begun - br#""result":"#.len());
            let error = serde_json::json!({"code": code, "message": message});
            out.extend_from_slice(format!(r#""error":{error}"#).as_bytes());
        }
        out.push(b'}');
    }

    fn result(&mut self, out: &mut Vec<u8>, call: &Value, fault: Option<&Fault>) -> Result<(), (i64, String)> {
        let params = &call["params"];
        match call["method"].as_str().unwrap() {
            "eth_chainId" => json::number(out, self.chain_id),
            "eth_getCode" => out.extend_from_slice(if self.deployed { br#""0x00""# } else { br#""0x""# }),
            "eth_blockNumber" => json::number(out, self.shown()),
            "eth_getBlockByNumber" => self.block(out, &params[0], params[1] == true),
            // No method of a node: what a measurement asks.
            "mock_requests" => json::number(out, self.requests),
            "eth_getLogs" => self.logs(out, &params[0], fault)?,
            other => return Err((-32601, format!("the method {other} does not exist"))),
        }
        Ok(())
    }

    fn block(&self, out: &mut Vec<u8>, tag: &Value, whole: bool) {
        let number = match tag.as_str().unwrap() {
            "latest" => Some(self.shown()),
            "finalized" => self.finalized,
            number => Some(number.parse::<U64>().unwrap().to()),
        };
        let block = number.filter(|number| *number <= self.shown()).and_then(|number| self.chain.get(number));
        match block {
            Some(block) => json::header(out, block, whole),
            None => out.extend_from_slice(b"null"),
        }
    }

    fn logs(&mut self, out: &mut Vec<u8>, filter: &Value, fault: Option<&Fault>) -> Result<(), (i64, String)> {
        match fault {
            Some(Fault::Logs(code, message)) => return Err((*code, (*message).to_owned())),
            Some(Fault::NoLogs) => {
                out.extend_from_slice(b"[]");
                return Ok(());
            }
            _ => {}
        }
        let addresses: HashSet<Address> = json::addresses(&filter["address"]).into_iter().collect();
        if let Some(most) = self.max_addresses.filter(|most| addresses.len() > *most) {
            self.too_many_addresses += 1;
            return Err((-32602, format!("too many addresses in the filter, at most {most} are allowed")));
        }
        let topics: HashSet<B256> = serde_json::from_value(filter["topics"][0].clone()).unwrap_or_default();
        if let Some((from, to)) = range(filter) {
            self.widest = self.widest.max(to - from + 1);
        }
        let blocks = self.blocks(filter)?;
        let logs = blocks.into_iter().flat_map(|block| block.logs.iter().enumerate().map(move |log| (block, log)));
        let mut logs: Vec<_> =
            logs.filter(|(_, (_, log))| addresses.is_empty() || addresses.contains(&log.address)).collect();
        logs.retain(|(_, (_, log))| topics.is_empty() || topics.contains(&log.data.topics()[0]));
        if self.max_logs.is_some_and(|most| logs.len() > most) {
            let message = format!("query returned more than {} results", self.max_logs.unwrap());
            return Err((-32005, if self.coy { "query exceeds max results".to_owned() } else { message }));
        }
        match fault {
            Some(Fault::Lag(blocks)) => {
                let known = self.shown().saturating_sub(*blocks);
                logs.retain(|(block, _)| block.number <= known);
            }
            Some(Fault::LostLog) => drop(logs.pop()),
            Some(Fault::LostOne(skip)) => {
                let kind = |log: &Log| (log.address, log.data.topics()[0]);
                let stands_out = |(block, (_, log)): &(&Block, (usize, &Log))| {
                    let bits: u32 = block.bloom.iter().map(|byte| byte.count_ones()).sum();
                    let same = block.logs.iter().filter(|other| kind(other) == kind(log)).count();
                    self.finalized.is_none_or(|finalized| block.number > finalized) && bits <= 110 && same == 1
                };
                let mut places = (0..logs.len()).filter(|place| stands_out(&logs[*place]));
                if let Some(place) = places.nth(*skip) {
                    let _ = logs.remove(place);
                }
            }
            Some(Fault::TwiceLog) => logs.extend(logs.first().copied()),
            Some(Fault::Shuffled) => logs.reverse(),
            _ => {}
        }
        out.push(b'[');
        out.reserve(LOG_BYTES * logs.len());
        for (place, of_block) in logs.chunk_by(|(a, _), (b, _)| a.number == b.number).enumerate() {
            out.extend_from_slice(if place > 0 { b"," } else { b"" });
            self.write_logs(out, of_block);
        }
        out.push(b']');
        Ok(())
    }

    /// Logs of one block.
    fn write_logs(&self, out: &mut Vec<u8>, logs: &[(&Block, (usize, &Log))]) {
        let block = logs[0].0;
        let is_whole = logs.iter().map(|(_, (index, _))| *index).eq(0..block.logs.len());
        if let Some(written) = block.written.as_ref().filter(|_| self.times && is_whole) {
            out.extend_from_slice(written);
            return;
        }
        for (place, (_, (index, log))) in logs.iter().enumerate() {
            out.extend_from_slice(if place > 0 { b"," } else { b"" });
            json::log(out, block, *index, log, self.times);
        }
    }

    fn blocks(&self, filter: &Value) -> Result<Vec<&Block>, (i64, String)> {
        if let Some(hash) = filter["blockHash"].as_str() {
            let hash: B256 = hash.parse().unwrap();
            let found = self.chain.blocks.iter().find(|block| block.hash == hash && block.number <= self.shown());
            return Ok(vec![found.ok_or((-32000, "unknown block".to_owned()))?]);
        }
        let (from, to) = range(filter).unwrap();
        if let Some(most) = self.max_range.filter(|most| to - from >= *most) {
            let told = format!("exceed maximum block range: {most}");
            return Err((-32000, if self.coy { "block range is too wide".to_owned() } else { told }));
        }
        // A block that the node does not have is no error, as on real nodes.
        Ok((from..=to.min(self.shown())).filter_map(|number| self.chain.get(number)).collect())
    }
}

/// The blocks of a filter that names them by number.
fn range(filter: &Value) -> Option<(u64, u64)> {
    let number = |name: &str| Some(filter[name].as_str()?.parse::<U64>().unwrap().to::<u64>());
    Some((number("fromBlock")?, number("toBlock")?))
}
