//! Where logs come from: JSON-RPC endpoints, behind a trait so that tests can put anything in their place.

use alloy::primitives::{B256, Bloom};
use futures::future::BoxFuture;

pub(crate) mod bloom;
mod endpoint;
mod error;
mod filter;
mod limits;
mod pool;
mod rpc;
mod wire;

pub use endpoint::{BlockCalls, Endpoint, EthCall};
pub use error::{Class, SourceError};
pub use filter::LogFilter;
pub use limits::Limits;
pub use pool::{Expected, Pool, PoolOptions};
pub use rpc::{Call, Rpc, RpcOptions};

use crate::{event::Log, store::Learned};

/// What is needed of a block's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Block number.
    pub number: u64,
    /// Block hash.
    pub hash: B256,
    /// Hash of the block before.
    pub parent_hash: B256,
    /// Unix seconds.
    pub time: u64,
    /// Filter over its logs.
    pub bloom: Bloom,
}

/// Where a chain stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heads {
    /// The latest block.
    pub latest: Header,
    /// Number of the last final block, `None` if the endpoint does not say.
    pub finalized: Option<u64>,
    /// The block that was asked for, `None` if the endpoint does not have it.
    pub at: Option<Header>,
}

/// Blocks from `from` to `to`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockRange {
    /// First block.
    pub from: u64,
    /// Last block.
    pub to: u64,
}

/// The logs of a range, in the order of the chain, and the header of its last block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeLogs {
    /// The logs.
    pub logs: Vec<Log>,
    /// Header of the last block, as the endpoint knew it once it had the logs.
    pub tip: Header,
    /// The endpoint that they are from.
    pub endpoint: String,
}

/// The answer of a source.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, SourceError>>;

/// Where the logs of one chain come from.
///
/// A source may be down, late or on another branch; it must never return part of a range as if it were all of it.
pub trait LogSource: Send + Sync {
    /// Checks that it serves the right chain and deployment.
    fn check(&self) -> Answer<'_, ()>;

    /// Where the chain stands, and the block `at`, in one request.
    fn heads(&self, at: Option<u64>) -> Answer<'_, Heads>;

    /// All logs in a range that the filter asks for.
    fn logs(&self, range: BlockRange, filter: &LogFilter) -> Answer<'_, RangeLogs>;

    /// Headers of these blocks, in their order; `None` for blocks that the source does not have.
    fn headers(&self, numbers: &[u64]) -> Answer<'_, Vec<Option<Header>>>;

    /// Says that what the endpoint of this name returned does not fit: others are to be asked first for a while.
    fn distrust(&self, endpoint: &str);

    /// Number of requests sent so far.
    fn requests(&self) -> u64;

    /// What the endpoint bears that would be asked for logs now.
    fn limits(&self) -> Limits;

    /// Requests for logs that are worth having under way at once.
    fn width(&self) -> usize;

    /// What was learned since this was last asked.
    fn learned(&self) -> Vec<Learned>;
}

impl BlockRange {
    /// Number of blocks.
    pub fn len(&self) -> u64 {
        (self.to - self.from).saturating_add(1)
    }

    /// Never: a range has at least one block.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The two halves, `None` if there is one block only.
    pub fn halves(&self) -> Option<(Self, Self)> {
        let middle = self.from + (self.to - self.from) / 2;
        (self.from < self.to).then_some((Self { from: self.from, to: middle }, Self { from: middle + 1, to: self.to }))
    }
}

impl std::fmt::Display for BlockRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "blocks {} to {}", self.from, self.to)
    }
}
