//! What an era's rewards are computed from, out of the raw logs: the same fold, stopped at the era's end.

use std::collections::{BTreeMap, HashMap};

use alloy::primitives::{Address, U256};
use rusqlite::params;
use spheron_accounting::rewards::{Era, Kind, NodeInput, Record, Resource, ResourceKind, RewardInput};
use spheron_bindings::{
    attestation_policy::AttestationPolicy::{AttestationPolicyEvents, AttestationRecorded},
    head::Head,
};

use crate::{
    event::{Contract, Event},
    fold::{self, Inconsistent, NodeKind, State},
    position::{Position, ids_from},
    store::{COLUMNS, RawLogs, Reader, StoreError, connect_to_read, stored_chain},
    value::{Field as _, Value},
};

/// Why an era's inputs cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum RewardInputError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Verdicts on the era may still come, or are not indexed.
    #[error(
        "era {era} is final from unix time {final_at} on, and the database has chain {chain_id} up to {reached}; \
         wait, or index further"
    )]
    NotFinal {
        /// The era.
        era: u32,
        /// From when on no verdict can change it (unix seconds).
        final_at: u64,
        /// The chain.
        chain_id: u64,
        /// Time of the last indexed block (unix seconds).
        reached: u64,
    },
    /// The database has no final era yet.
    #[error("the database of chain {chain_id} ends at unix time {reached}: no era is final yet")]
    NoEra {
        /// The chain.
        chain_id: u64,
        /// Time of the last indexed block (unix seconds).
        reached: u64,
    },
    /// The stored logs do not add up.
    #[error("the logs of chain {chain_id} do not add up: {cause}")]
    Inconsistent {
        /// The chain.
        chain_id: u64,
        /// What does not fit.
        cause: Inconsistent,
    },
    /// A stored log cannot be decoded.
    #[error("a log of chain {chain_id} in the database cannot be decoded: {cause}")]
    Decode {
        /// The chain.
        chain_id: u64,
        /// Why.
        cause: String,
    },
}

/// Everything that an era's rewards on a chain depend on, `budget` wei being shared. Without an era, that of the latest
/// one that no verdict can change any more.
///
/// Registry and catalogue are as they stood at the era's end; verdicts are those that were measured before it, whenever
/// they were brought.
///
/// # Errors
///
/// If the database does not reach to where the era is final, or its logs do not add up.
pub async fn reward_input(
    reader: &Reader,
    chain_id: u64,
    era: Option<Era>,
    budget: U256,
) -> Result<RewardInput, RewardInputError> {
    let reached = reached(reader, chain_id).await?;
    let era = match era {
        Some(era) => era,
        None => latest_final(reached).ok_or(RewardInputError::NoEra { chain_id, reached })?,
    };
    if reached < era.final_at() {
        return Err(RewardInputError::NotFinal { era: era.0, final_at: era.final_at(), chain_id, reached });
    }
    let mut replay = Replay::new(chain_id, era);
    replay.run(reader).await?;
    Ok(replay.finish(budget))
}

/// The newest era that is final at `reached`.
fn latest_final(reached: u64) -> Option<Era> {
    let newest = Era::containing(reached).0;
    (0..=newest).rev().map(Era).take(8).find(|era| era.final_at() <= reached)
}

async fn reached(reader: &Reader, chain_id: u64) -> Result<u64, StoreError> {
    let query = sqlx::query_scalar::<_, Option<i64>>("SELECT tip_time FROM cursor WHERE chain_id = ?");
    let time = query.bind(chain_id.cast_signed()).fetch_optional(reader.pool()).await;
    let time = time.map_err(|error| StoreError::sqlx(reader.path(), &error))?;
    Ok(time.ok_or(StoreError::UnknownChain(chain_id))?.unwrap_or_default().cast_unsigned())
}

/// Units and class of a claim. A verdict counts only on the class that its node claims, alone or in a batch.
#[derive(Clone, Copy, Default)]
struct Claimed {
    units: u32,
    resource: u16,
}

/// Goes through the logs of the contracts that say who is a node, and what it proved.
struct Replay {
    chain_id: u64,
    era: Era,
    /// Of the registry and the catalogue, up to the era's end.
    state: State,
    /// What each node claims, up to the event that is looked at.
    claimed: HashMap<Address, Claimed>,
    records: BTreeMap<Address, Vec<Record>>,
}

impl Replay {
    fn new(chain_id: u64, era: Era) -> Self {
        let (state, claimed) = (State::default(), HashMap::new());
        Self { chain_id, era, state, claimed, records: BTreeMap::new() }
    }

    async fn run(&mut self, reader: &Reader) -> Result<(), RewardInputError> {
        let contracts = self.contracts(reader).await?;
        let path = reader.path();
        let failed = |error: rusqlite::Error| StoreError::sql(path, &error);
        let ids = ids_from(stored_chain(path, self.chain_id)?.slot, 0);
        let conn = connect_to_read(path)?;
        let conn = conn.unchecked_transaction().map_err(failed)?;
        let mut logs = RawLogs::of(&conn).map_err(failed)?;
        // What was brought later than this cannot have been measured before the era's end.
        let sql = format!(
            "SELECT {COLUMNS} FROM raw_log AS r
             WHERE event_id BETWEEN ?1 AND ?2 AND block_time < ?3 AND contract IN (
                SELECT number FROM dictionary WHERE bytes IN (SELECT address FROM contract WHERE chain_id = ?4
                AND name IN ('NodeRegistry', 'ResourceCatalog', 'AttestationPolicy')))
             ORDER BY event_id"
        );
        let mut statement = conn.prepare(&sql).map_err(failed)?;
        let (first, last) = (ids.start().cast_signed(), ids.end().cast_signed());
        let (before, chain_id) = (self.era.final_at().cast_signed(), self.chain_id.cast_signed());
        let mut rows = statement.query(params![first, last, before, chain_id]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let (at, log) = logs.log(row)?;
            let Some(contract) = contracts.get(&log.address) else { continue };
            let chain_id = self.chain_id;
            let decode =
                |cause: alloy::sol_types::Error| RewardInputError::Decode { chain_id, cause: cause.to_string() };
            if let Some(event) = Event::decode(*contract, &log.topics, &log.data).map_err(decode)? {
                self.take(at, &event)?;
            }
        }
        Ok(())
    }

    async fn contracts(&self, reader: &Reader) -> Result<HashMap<Address, Contract>, StoreError> {
        let query = sqlx::query_as::<_, (String, Vec<u8>)>("SELECT name, address FROM contract WHERE chain_id = ?");
        let rows = query.bind(self.chain_id.cast_signed()).fetch_all(reader.pool()).await;
        let rows = rows.map_err(|error| StoreError::sqlx(reader.path(), &error))?;
        let known = rows.into_iter().filter_map(|(name, address)| Some((Contract::parse(&name)?, address)));
        known.map(|(contract, address)| Ok((read_address(address)?, contract))).collect()
    }

    fn take(&mut self, at: Position, event: &Event) -> Result<(), RewardInputError> {
        match event {
            Event::AttestationPolicy(AttestationPolicyEvents::AttestationRecorded(recorded)) => self.record(recorded),
            Event::NodeRegistry(_) | Event::ResourceCatalog(_) => {
                self.note_claim(event);
                if at.time < self.era.end() {
                    let apply = self.state.apply(at, event);
                    let chain_id = self.chain_id;
                    apply.map_err(|cause| RewardInputError::Inconsistent { chain_id, cause })?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn note_claim(&mut self, event: &Event) {
        use spheron_bindings::node_registry::NodeRegistry::NodeRegistryEvents as Events;

        let (node, claim) = match event {
            Event::NodeRegistry(Events::NodeRegistered(event)) => (event.node, &event.claim),
            Event::NodeRegistry(Events::NodeClaimChanged(event)) => (event.node, &event.claim),
            _ => return,
        };
        self.claimed.insert(node, Claimed { units: claim.units, resource: claim.resource });
    }

    fn record(&mut self, recorded: &AttestationRecorded) {
        let Head { measured_at, units, end, .. } = Head::from_word(recorded.head);
        if measured_at < self.era.relevant_from() || measured_at >= self.era.end() {
            return;
        }
        let claim = self.claimed.get(&recorded.node).copied().unwrap_or_default();
        let record =
            Record { measured_at, window_end: end, units, resource: claim.resource, claimed_units: claim.units };
        self.records.entry(recorded.node).or_default().push(record);
    }

    fn finish(mut self, budget: U256) -> RewardInput {
        let catalog = self
            .state
            .resources
            .iter()
            .filter_map(|((id,), resource)| Some((u16::try_from(*id).ok()?, catalog_resource(resource)?)));
        let catalog = catalog.collect();
        let mut nodes: Vec<_> = self.state.nodes.iter().map(|((address,), node)| (*address, node.clone())).collect();
        nodes.sort_by_key(|(address, _)| *address);
        let nodes = nodes.into_iter().filter_map(|(address, node)| {
            let provider = self.state.providers.get(&(node.provider,))?;
            Some(NodeInput {
                node: address,
                account: provider.reward_wallet,
                kind: match node.kind {
                    NodeKind::Provider => Kind::Provider,
                    NodeKind::Fizz => Kind::Fizz,
                },
                trust_tier: u8::try_from(provider.trust_tier).unwrap_or(u8::MAX),
                records: self.records.remove(&address).unwrap_or_default(),
            })
        });
        let nodes = nodes.collect();
        RewardInput { era: self.era, budget, catalog, nodes }
    }
}

fn catalog_resource(resource: &fold::Resource) -> Option<Resource> {
    let kind = match resource.kind {
        fold::ResourceKind::None => return None,
        fold::ResourceKind::Gpu => ResourceKind::Gpu,
        fold::ResourceKind::Cpu => ResourceKind::Cpu,
    };
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Some(Resource {
        kind,
        multiplier_bps: small(resource.multiplier_bps),
        fizz_base_points: small(resource.fizz_base_points),
        provider_base_points: small(resource.provider_base_points),
    })
}

fn read_address(bytes: Vec<u8>) -> Result<Address, StoreError> {
    let cause = |cause| StoreError::Value { table: "raw_log".to_owned(), cause };
    Address::from_value(&Value::Blob(bytes)).map_err(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_final_era_is_the_one_whose_last_verdict_has_come() {
        let era = Era(20_000);
        assert_eq!(latest_final(era.final_at()), Some(era));
        assert_eq!(latest_final(era.final_at() - 1), Some(Era(19_999)));
        assert_eq!(latest_final(0), None);
    }
}
