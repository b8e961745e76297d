//! The stored logs against another endpoint, segment by segment: one hash over each side's logs, and where the hashes
//! differ, which logs do.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use alloy::primitives::{B256, Keccak256};
use rusqlite::params;
use serde::Serialize;

use super::{AuditError, AuditProgress, EventRef, source_error};
use crate::{
    decode::Catalog,
    event::Log,
    manifest::{ChainManifest, Manifest, ManifestError},
    plan::Planner,
    position::{Position, event_id, ids_from},
    source::{
        BlockRange, Class, Endpoint, Expected, LogFilter, LogSource as _, Pool, PoolOptions, Rpc, RpcOptions,
        SourceError,
    },
    store::{RawLogs, Reader, StoreError, columns_with_tx, connect_to_read, stored_chain},
};

/// Blocks under one hash.
pub const SEGMENT_BLOCKS: u64 = 10_000;

/// What the logs of a chain came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogAudit {
    /// Name of the chain.
    pub chain: String,
    /// EIP-155 id.
    pub chain_id: u64,
    /// The endpoint that they were held against.
    pub endpoint: String,
    /// Last block that was looked at: the last final one.
    pub block: u64,
    /// Segments that were compared.
    pub segments: u64,
    /// Logs that the database has in them.
    pub logs: u64,
    /// Logs that differ.
    pub differences: Vec<LogDifference>,
}

/// A log that is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogDifference {
    /// Block number.
    pub block: u64,
    /// Place among the logs of the block.
    pub log_index: u64,
    /// What differs.
    pub what: Side,
    /// The events that the database has of the same transaction.
    pub events: Vec<EventRef>,
}

/// Where a log is, or is otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The endpoint has it, the database does not.
    MissingInDatabase,
    /// The database has it, the endpoint does not.
    MissingAtEndpoint,
    /// Both have it, with other contents.
    Different,
}

/// Logs of a segment by id: a hash of the contents, and the transaction.
type Segment = BTreeMap<u64, (B256, B256)>;

/// Holds the final logs of every chain against the manifest's last endpoint, which the indexer asks last.
///
/// # Errors
///
/// If a chain has one endpoint only, or the audit cannot be made; differences are no errors.
pub async fn audit_logs(
    reader: &Reader,
    manifest: &Manifest,
    progress: impl Fn(AuditProgress),
) -> Result<Vec<LogAudit>, AuditError> {
    let catalog = Arc::new(Catalog::of(manifest).map_err(ManifestError::Contracts)?);
    let mut audits = Vec::new();
    for chain in &manifest.chains {
        audits.push(audit_chain(reader, chain, catalog.clone(), &progress).await?);
    }
    Ok(audits)
}

async fn audit_chain(
    reader: &Reader,
    chain: &ChainManifest,
    catalog: Arc<Catalog>,
    progress: &impl Fn(AuditProgress),
) -> Result<LogAudit, AuditError> {
    let mut urls = chain.endpoint_urls()?;
    let url = urls.pop().filter(|_| !urls.is_empty());
    let url = url.ok_or_else(|| AuditError::OneEndpoint { chain: chain.name.clone() })?;
    let endpoint = Endpoint::new(Rpc::new(url, RpcOptions::default()));
    let label = endpoint.rpc().label().to_owned();
    let expected = Expected { quorum: 1, ..Expected::of(chain) };
    let pool = Pool::new(vec![endpoint], expected, PoolOptions::default());
    pool.check().await.map_err(|cause| source_error(chain, cause))?;

    let stored = stored_chain(reader.path(), chain.chain_id)?;
    let last = stored.cursor.finalized.map(|finalized| finalized.min(stored.cursor.next_block.saturating_sub(1)));
    let last = last.filter(|last| *last >= chain.start_block);
    let last = last.ok_or_else(|| AuditError::Empty { chain: chain.name.clone() })?;
    let mut decoder = chain.decoder(catalog.clone(), Arc::default());
    stored.children.iter().for_each(|child| decoder.add(&child.name, child.address));
    let filter = decoder.filter();

    let (mut planner, mut next) = (Planner::default(), chain.start_block);
    let total = usize::try_from((last - next) / SEGMENT_BLOCKS + 1).unwrap_or(usize::MAX);
    let (name, chain_id) = (chain.name.clone(), chain.chain_id);
    let mut audit =
        LogAudit { chain: name, chain_id, endpoint: label, block: last, segments: 0, logs: 0, differences: vec![] };
    while next <= last {
        let range = BlockRange { from: next, to: last.min(next + SEGMENT_BLOCKS - 1) };
        let theirs = fetch(&pool, &mut planner, range, &filter, stored.slot).await;
        let theirs = theirs.map_err(|cause| source_error(chain, cause))?;
        let ours = read(reader.path(), stored.slot, range)?;
        if digest(&ours) != digest(&theirs) {
            compare(reader, &catalog, &ours, &theirs, &mut audit).await?;
        }
        audit.segments += 1;
        audit.logs += ours.len() as u64;
        next = range.to + 1;
        let done = usize::try_from(audit.segments).unwrap_or(usize::MAX);
        progress(AuditProgress { chain: chain.name.clone(), done, total });
    }
    Ok(audit)
}

async fn fetch(
    pool: &Pool,
    planner: &mut Planner,
    range: BlockRange,
    filter: &LogFilter,
    slot: u64,
) -> Result<Segment, SourceError> {
    let (mut segment, mut next) = (Segment::new(), range.from);
    while next <= range.to {
        let part = planner.next(next, range.to, &pool.limits());
        match pool.logs(part, filter).await {
            Ok(fetched) => {
                planner.succeeded(part, fetched.logs.len());
                let hashed = |log: &Log| Some((event_id(slot, log.block, log.log_index)?, hash_log(log)));
                segment.extend(fetched.logs.iter().filter_map(hashed));
                next = part.to + 1;
            }
            Err(error) => match error.class {
                Class::TooManyResults { blocks, .. } if part.len() > 1 => {
                    planner.refused(part, pool.limits().logs(), blocks);
                }
                Class::RangeTooWide { .. } if part.len() > 1 => {}
                _ => return Err(error),
            },
        }
    }
    Ok(segment)
}

fn hash_log(log: &Log) -> (B256, B256) {
    // The topics are whole words, and an address has one length, so no two logs read the same.
    let mut hasher = Keccak256::new();
    hasher.update(log.address);
    hasher.update((log.topics.len() as u64).to_be_bytes());
    log.topics.iter().for_each(|topic| hasher.update(topic));
    hasher.update(&log.data);
    (hasher.finalize(), log.tx_hash)
}

fn read(path: &Path, slot: u64, range: BlockRange) -> Result<Segment, StoreError> {
    let failed = |error: rusqlite::Error| StoreError::sql(path, &error);
    let conn = connect_to_read(path)?;
    let conn = conn.unchecked_transaction().map_err(failed)?;
    let mut logs = RawLogs::of(&conn).map_err(failed)?;
    let sql = format!("SELECT {} FROM raw_log AS r WHERE event_id BETWEEN ? AND ?", columns_with_tx());
    let mut statement = conn.prepare(&sql).map_err(failed)?;
    let (first, after) = (*ids_from(slot, range.from).start(), *ids_from(slot, range.to + 1).start());
    let mut rows = statement.query(params![first.cast_signed(), (after - 1).cast_signed()]).map_err(failed)?;
    let mut segment = Segment::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let (at, log) = logs.log(row)?;
        segment.insert(at.id, hash_log(&log));
    }
    Ok(segment)
}

fn digest(segment: &Segment) -> B256 {
    let mut hasher = Keccak256::new();
    for (id, (contents, tx_hash)) in segment {
        hasher.update(id.to_be_bytes());
        hasher.update(contents);
        hasher.update(tx_hash);
    }
    hasher.finalize()
}

async fn compare(
    reader: &Reader,
    catalog: &Catalog,
    ours: &Segment,
    theirs: &Segment,
    audit: &mut LogAudit,
) -> Result<(), AuditError> {
    let missing = theirs.iter().filter(|(id, _)| !ours.contains_key(id)).map(|found| (found, Side::MissingInDatabase));
    let others = ours.iter().filter_map(|found| match theirs.get(found.0) {
        None => Some((found, Side::MissingAtEndpoint)),
        Some(theirs) => (theirs != found.1).then_some((found, Side::Different)),
    });
    let mut differing: Vec<_> = missing.chain(others).collect();
    differing.sort_by_key(|((id, _), _)| **id);
    for ((id, (_, tx_hash)), what) in differing {
        let at = Position { id: *id, time: 0 };
        let events = reader.events_of(catalog, at, *tx_hash).await?;
        audit.differences.push(LogDifference { block: at.block(), log_index: at.log_index(), what, events });
    }
    Ok(())
}

impl std::fmt::Display for LogDifference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self.what {
            Side::MissingInDatabase => "is missing in the database",
            Side::MissingAtEndpoint => "is missing at the endpoint",
            Side::Different => "is another one at the endpoint",
        };
        write!(f, "log {} of block {} {what}", self.log_index, self.block)
    }
}
