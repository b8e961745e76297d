//! The audit: the folded state against the contracts, value by value, at the block that the database is at.
//!
//! The database is read in one transaction, so it may be written meanwhile. Every value is asked for by `eth_call` at that
//! block; the endpoint must still have its state.

use std::collections::BTreeMap;

use alloy::primitives::{Address, B256};
use serde::Serialize;

mod check;
mod disputes;
mod lease;
mod logs;
mod money;
mod registry;
mod report;
mod rewards;
mod stake;
mod token;
mod verification;

use check::{Answered, Check};
pub use logs::{LogAudit, LogDifference, SEGMENT_BLOCKS, Side, audit_logs};
pub use report::{AuditReport, ChainAudit, Difference, EventRef};

use crate::{
    decode::Catalog,
    event::Contract,
    fold::State,
    manifest::{ChainManifest, Manifest, ManifestError},
    source::{BlockCalls, Class, Endpoint, Expected, LogSource as _, Pool, PoolOptions, Rpc, RpcOptions, SourceError},
    store::{Reader, Snapshot, StoreError, Tip},
};

/// Calls in one request.
const CALLS_PER_REQUEST: usize = 100;

/// Why an audit cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The manifest is wrong.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An endpoint failed.
    #[error("chain {chain:?}: {cause}")]
    Source {
        /// Name of the chain.
        chain: String,
        /// Why.
        cause: SourceError,
    },
    /// The database holds no block of the chain.
    #[error("the database holds no block of chain {chain:?}; index it first")]
    Empty {
        /// Name of the chain.
        chain: String,
    },
    /// There is no other endpoint to hold the logs against.
    #[error("chain {chain:?} has one endpoint; add another one to the manifest, to hold the logs against")]
    OneEndpoint {
        /// Name of the chain.
        chain: String,
    },
    /// Database and endpoint do not agree on the block.
    #[error(
        "chain {chain:?}: block {block} is {ours} in the database and {theirs} at the endpoint; \
         let the indexer follow the reorg, or give an endpoint of the same chain"
    )]
    OtherBlock {
        /// Name of the chain.
        chain: String,
        /// The block.
        block: u64,
        /// Its hash in the database.
        ours: B256,
        /// Its hash at the endpoint, or that it has none.
        theirs: String,
    },
}

/// How far an audit is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditProgress {
    /// Name of the chain.
    pub chain: String,
    /// Calls answered, or segments compared.
    pub done: usize,
    /// Calls to make, or segments to compare.
    pub total: usize,
}

/// What is asked about, and where.
struct Subject<'a> {
    state: &'a State,
    tip: Tip,
    contracts: &'a BTreeMap<Contract, Address>,
    chain_id: u64,
}

impl Subject<'_> {
    /// The address of a contract that every deployment has.
    fn address(&self, contract: Contract) -> Address {
        self.contracts[&contract]
    }
}

/// Audits every chain of the manifest that has our contracts; of others', nothing is folded.
///
/// # Errors
///
/// If the audit cannot be made; differences are no errors but in the report.
pub async fn audit(
    reader: &Reader,
    manifest: &Manifest,
    progress: impl Fn(AuditProgress),
) -> Result<AuditReport, AuditError> {
    let catalog = Catalog::of(manifest).map_err(ManifestError::Contracts)?;
    let mut chains = Vec::new();
    for chain in manifest.chains.iter().filter(|chain| !chain.contracts.is_empty()) {
        chains.push(audit_chain(reader, &catalog, chain, &progress).await?);
    }
    Ok(AuditReport::new(chains))
}

async fn audit_chain(
    reader: &Reader,
    catalog: &Catalog,
    chain: &ChainManifest,
    progress: &impl Fn(AuditProgress),
) -> Result<ChainAudit, AuditError> {
    let snapshot = reader.snapshot(chain).await?;
    let tip = snapshot.cursor.tip.ok_or_else(|| AuditError::Empty { chain: chain.name.clone() })?;
    let pool = pool(chain)?;
    agree_on(&pool, chain, tip).await?;

    let checks = checks(&snapshot, chain, tip);
    let total = checks.len();
    let mut report = ChainAudit::new(chain, tip);
    for chunk in checks.chunks(CALLS_PER_REQUEST) {
        let calls = BlockCalls { block: tip.number, calls: chunk.iter().map(|check| check.call.clone()).collect() };
        let answers = pool.calls(calls).await.map_err(|cause| source_error(chain, cause))?;
        for (check, answer) in chunk.iter().zip(answers) {
            let Answered { compared, differences } = check.answer(answer);
            report.count(check.kind, compared);
            for field in differences {
                let events = reader.events_about(catalog, chain.chain_id, &check.keys).await?;
                report.differences.push(Difference::new(check, field, events));
            }
        }
        let done = report.calls(chunk.len());
        progress(AuditProgress { chain: chain.name.clone(), done, total });
    }
    Ok(report)
}

/// Everything that is to be compared.
fn checks(snapshot: &Snapshot, chain: &ChainManifest, tip: Tip) -> Vec<Check> {
    let subject = Subject { state: &snapshot.state, tip, contracts: &chain.contracts, chain_id: chain.chain_id };
    let mut checks = Vec::new();
    money::checks(&subject, &mut checks);
    lease::checks(&subject, &mut checks);
    registry::checks(&subject, &mut checks);
    verification::checks(&subject, &mut checks);
    stake::checks(&subject, &mut checks);
    token::checks(&subject, &mut checks);
    rewards::checks(&subject, &mut checks);
    disputes::checks(&subject, &mut checks);
    checks
}

async fn agree_on(pool: &Pool, chain: &ChainManifest, tip: Tip) -> Result<(), AuditError> {
    pool.check().await.map_err(|cause| source_error(chain, cause))?;
    let headers = pool.headers(&[tip.number]).await.map_err(|cause| source_error(chain, cause))?;
    let theirs = headers.first().copied().flatten().map(|header| header.hash);
    if theirs == Some(tip.hash) {
        return Ok(());
    }
    let theirs = theirs.map_or_else(|| "absent".to_owned(), |hash| hash.to_string());
    Err(AuditError::OtherBlock { chain: chain.name.clone(), block: tip.number, ours: tip.hash, theirs })
}

fn source_error(chain: &ChainManifest, mut cause: SourceError) -> AuditError {
    if cause.class == Class::MissingData {
        cause.message.push_str("; index to the head again, or give an endpoint that keeps old state");
    }
    AuditError::Source { chain: chain.name.clone(), cause }
}

fn pool(chain: &ChainManifest) -> Result<Pool, ManifestError> {
    let endpoints = chain.endpoint_urls()?.into_iter().map(|url| Endpoint::new(Rpc::new(url, RpcOptions::default())));
    Ok(Pool::new(endpoints.collect(), Expected::of(chain), PoolOptions::default()))
}
