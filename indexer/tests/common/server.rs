//! An endpoint that serves a chain over HTTP, and misbehaves as it is told.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use alloy::primitives::{Address, B256, U64, hex};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{Response, StatusCode, header::RETRY_AFTER},
    routing::post,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use super::chain::{Block, Chain};

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
    /// `eth_getLogs` lacks its last log.
    LostLog,
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
    /// Requests, and requests for logs, so far.
    pub requests: u64,
    pub log_requests: u64,
    /// The widest range that was asked for.
    pub widest: u64,
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
    let calls: Vec<Value> = serde_json::from_slice(&body).unwrap();
    let asks_logs = calls.iter().any(|call| call["method"] == "eth_getLogs");
    let (fault, replies) = {
        let mut world = world.lock().unwrap();
        world.requests += 1;
        world.log_requests += u64::from(asks_logs);
        let scripted = if asks_logs { world.faults.pop_front() } else { None };
        let fault = scripted.or_else(|| world.always.clone());
        let replies: Vec<Value> = calls.iter().map(|call| world.reply(call, fault.as_ref())).collect();
        if let Some(Fault::Reorg(chain)) = &fault {
            world.chain = chain.clone();
        }
        (fault, replies)
    };
    let body = serde_json::to_vec(&replies).unwrap();
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
            let error = json!({"jsonrpc": "2.0", "id": null, "error": {"code": code, "message": message}});
            Response::new(Body::from(error.to_string()))
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

    fn reply(&mut self, call: &Value, fault: Option<&Fault>) -> Value {
        let params = &call["params"];
        let result = match call["method"].as_str().unwrap() {
            "eth_chainId" => Ok(json!(U64::from(self.chain_id))),
            "eth_getCode" => Ok(json!(if self.deployed { "0x00" } else { "0x" })),
            "eth_getBlockByNumber" => Ok(self.block(&params[0])),
            "eth_getLogs" => self.logs(&params[0], fault),
            other => Err((-32601, format!("the method {other} does not exist"))),
        };
        match result {
            Ok(result) => json!({"jsonrpc": "2.0", "id": call["id"], "result": result}),
            Err((code, message)) => {
                json!({"jsonrpc": "2.0", "id": call["id"], "error": {"code": code, "message": message}})
            }
        }
    }

    fn block(&self, tag: &Value) -> Value {
        let number = match tag.as_str().unwrap() {
            "latest" => Some(self.shown()),
            "finalized" => self.finalized,
            number => Some(number.parse::<U64>().unwrap().to()),
        };
        let block = number.filter(|number| *number <= self.shown()).and_then(|number| self.chain.get(number));
        block.map_or(Value::Null, |block| {
            json!({
                "number": U64::from(block.number),
                "hash": block.hash,
                "parentHash": block.parent_hash,
                "timestamp": U64::from(block.time),
                "logsBloom": block.bloom,
            })
        })
    }

    fn logs(&mut self, filter: &Value, fault: Option<&Fault>) -> Result<Value, (i64, String)> {
        match fault {
            Some(Fault::Logs(code, message)) => return Err((*code, (*message).to_owned())),
            Some(Fault::NoLogs) => return Ok(json!([])),
            _ => {}
        }
        let blocks: Vec<&Block> = if let Some(hash) = filter["blockHash"].as_str() {
            let hash: B256 = hash.parse().unwrap();
            let found = self.chain.blocks.iter().find(|block| block.hash == hash && block.number <= self.shown());
            vec![found.ok_or((-32000, "unknown block".to_owned()))?]
        } else {
            let number = |name: &str| filter[name].as_str().unwrap().parse::<U64>().unwrap().to::<u64>();
            let (from, to) = (number("fromBlock"), number("toBlock"));
            self.widest = self.widest.max(to - from + 1);
            if let Some(most) = self.max_range.filter(|most| to - from >= *most) {
                let told = format!("exceed maximum block range: {most}");
                return Err((-32000, if self.coy { "block range is too wide".to_owned() } else { told }));
            }
            // A block that the node does not have is no error, as on real nodes.
            (from..=to.min(self.shown())).filter_map(|number| self.chain.get(number)).collect()
        };
        let addresses: Vec<Address> = serde_json::from_value(filter["address"].clone()).unwrap();
        let logs = blocks.into_iter().flat_map(|block| block.logs.iter().enumerate().map(move |log| (block, log)));
        let mut logs: Vec<Value> = logs
            .filter(|(_, (_, log))| addresses.contains(&log.address))
            .map(|(block, (index, log))| {
                let mut json = json!({
                    "address": log.address,
                    "topics": log.data.topics(),
                    "data": hex::encode_prefixed(&log.data.data),
                    "blockNumber": U64::from(block.number),
                    "blockHash": block.hash,
                    "transactionHash": alloy::primitives::keccak256([block.hash.as_slice(), &[index as u8]].concat()),
                    "transactionIndex": "0x0",
                    "logIndex": U64::from(index),
                    "removed": false,
                });
                if self.times {
                    json["blockTimestamp"] = json!(U64::from(block.time));
                }
                json
            })
            .collect();
        if self.max_logs.is_some_and(|most| logs.len() > most) {
            let message = format!("query returned more than {} results", self.max_logs.unwrap());
            return Err((-32005, message));
        }
        if matches!(fault, Some(Fault::LostLog)) {
            logs.pop();
        }
        Ok(Value::from(logs))
    }
}
