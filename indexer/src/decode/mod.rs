//! From logs to typed events and to rows of the event tables.
//!
//! Everything here is a function of the log alone, so that batches are decoded on any thread.

use std::sync::LazyLock;

use alloy::primitives::{Address, B256, map::HashMap};

mod columns;

use columns::EventColumns;
use spheron_bindings::artifact::artifact;

use crate::{
    event::{Contract, Event, Log},
    position::Position,
    table::{Shape, Table},
    value::{Row, Value},
};

/// A log that does not fit the ABI of the contract that emitted it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "log {log_index} of block {block} does not fit {contract}'s ABI ({cause}); is {address} another contract, or another version of it?"
)]
pub struct DecodeError {
    block: u64,
    log_index: u64,
    contract: Contract,
    address: Address,
    cause: String,
}

/// A log with what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// Where it stands.
    pub at: Position,
    /// The log.
    pub log: Log,
    /// Typed, `None` if the ABI has no such event.
    pub event: Option<Event>,
    /// Index of its event table in [`event_tables`], and its row there.
    pub row: Option<(usize, Row)>,
}

/// Decodes the logs of one chain.
#[derive(Debug, Clone)]
pub struct Decoder {
    contracts: HashMap<Address, Contract>,
}

struct EventTable {
    contract: Contract,
    selector: B256,
    table: Table,
    columns: EventColumns,
}

/// One table per event of every contract's ABI, in a fixed order.
static TABLES: LazyLock<Vec<EventTable>> = LazyLock::new(|| {
    let events = Contract::ALL.iter().flat_map(|contract| {
        let abi = artifact(contract.name()).abi;
        abi.events.into_values().flatten().map(|event| (*contract, event)).collect::<Vec<_>>()
    });
    events
        .map(|(contract, event)| {
            let columns = EventColumns::new(&event);
            let name = format!("{}_{}", columns::snake_case(contract.name()), columns::snake_case(&event.name));
            let table = Table { name, shape: Shape::Event, columns: columns.columns().to_vec() };
            EventTable { contract, selector: event.selector(), table, columns }
        })
        .collect()
});

static BY_SELECTOR: LazyLock<HashMap<(Contract, B256), usize>> = LazyLock::new(|| {
    TABLES.iter().enumerate().map(|(index, table)| ((table.contract, table.selector), index)).collect()
});

static EVENT_TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| TABLES.iter().map(|table| table.table.clone()).collect());

/// The event tables, in a fixed order.
pub fn event_tables() -> &'static [Table] {
    &EVENT_TABLES
}

/// The table of an event of a contract.
pub fn event_table_of(contract: &str, selector: B256) -> Option<&'static Table> {
    let contract = Contract::parse(contract)?;
    BY_SELECTOR.get(&(contract, selector)).map(|index| &EVENT_TABLES[*index])
}

impl Decoder {
    /// A decoder of the logs of these contracts.
    pub fn new(contracts: impl IntoIterator<Item = (Contract, Address)>) -> Self {
        Self { contracts: contracts.into_iter().map(|(contract, address)| (address, contract)).collect() }
    }

    /// Addresses of the contracts.
    pub fn addresses(&self) -> Vec<Address> {
        let mut addresses: Vec<_> = self.contracts.keys().copied().collect();
        addresses.sort();
        addresses
    }

    /// Decodes a log that stands at `at`.
    ///
    /// # Errors
    ///
    /// If the log is none of these contracts', or does not fit its ABI.
    pub fn decode(&self, at: Position, log: Log) -> Result<Decoded, DecodeError> {
        let contract = *self.contracts.get(&log.address).expect("sources return logs of the asked addresses only");
        let error = |cause: String| DecodeError {
            block: log.block,
            log_index: log.log_index,
            contract,
            address: log.address,
            cause,
        };
        let event = Event::decode(contract, &log.topics, &log.data).map_err(|cause| error(cause.to_string()))?;
        let table = log.topics.first().and_then(|selector| BY_SELECTOR.get(&(contract, *selector)));
        let row = table
            .map(|index| {
                let fields = TABLES[*index].columns.row(&log.topics, &log.data).map_err(error)?;
                let prefix = [Value::Integer(at.id.cast_signed()), Value::Integer(at.time.cast_signed())];
                Ok((*index, prefix.into_iter().chain(fields).collect()))
            })
            .transpose()?;
        Ok(Decoded { at, log, event, row })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_event_of_every_contract_has_a_table_of_its_own() {
        let names: HashSet<_> = event_tables().iter().map(|table| &table.name).collect();
        assert_eq!(names.len(), event_tables().len());
        assert!(names.contains(&"lease_book_lease_opened".to_owned()));
        for table in event_tables() {
            let columns: HashSet<_> = table.all_columns().into_iter().map(|column| column.name).collect();
            assert_eq!(columns.len(), table.all_columns().len(), "{} has two columns of one name", table.name);
        }
    }

    #[test]
    fn nested_structs_become_columns() {
        let table = event_tables().iter().find(|table| table.name == "verifier_set_verdict_accepted").unwrap();
        let names: Vec<_> = table.columns.iter().map(|column| column.name.as_str()).collect();
        assert!(names.contains(&"verdict_measurement_start_ms"), "{names:?}");
        assert!(names.contains(&"signers"), "{names:?}");
    }
}
