//! Which contracts there are, and which table each of their events goes to.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use alloy::{
    json_abi::Event,
    primitives::{B256, map::HashMap},
};
use spheron_bindings::artifact::artifact;

use super::columns::{EventColumns, snake_case};
use crate::{
    event::Contract,
    manifest::Manifest,
    table::{Shape, Table},
};

/// The contracts of a manifest, and one table per event of theirs.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    contracts: Vec<CatalogContract>,
    tables: Vec<Table>,
    columns: Vec<EventColumns>,
    by_name: BTreeMap<String, usize>,
}

/// A contract of a catalog.
#[derive(Debug, Clone)]
pub struct CatalogContract {
    name: String,
    typed: Option<Contract>,
    by_selector: HashMap<B256, usize>,
    selectors: Arc<[B256]>,
}

/// Our contracts, whose events the program folds.
static OURS: LazyLock<Catalog> = LazyLock::new(|| {
    let mut catalog = Catalog::default();
    for contract in Contract::ALL {
        let events: Vec<Event> = artifact(contract.name()).abi.events.into_values().flatten().collect();
        catalog.add(contract.name(), Some(*contract), &events).expect("the bindings' ABIs are right");
    }
    catalog
});

/// The event tables of our contracts, in a fixed order.
pub fn event_tables() -> &'static [Table] {
    OURS.tables()
}

impl Catalog {
    /// The catalog of a manifest: our contracts if a chain has them, and what else it names.
    ///
    /// # Errors
    ///
    /// If two contracts of one name have different ABIs, or an ABI names a type that does not exist.
    pub fn of(manifest: &Manifest) -> Result<Self, String> {
        let mut catalog = if manifest.is_ours() { OURS.clone() } else { Self::default() };
        for source in manifest.chains.iter().flat_map(|chain| &chain.sources) {
            catalog.add(&source.name, None, &source.events)?;
        }
        Ok(catalog)
    }

    /// Whether our contracts are among them, so that there is a state to fold.
    pub fn is_ours(&self) -> bool {
        self.contracts.iter().any(|contract| contract.typed.is_some())
    }

    /// The tables, in a fixed order.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Index of the contract with this name.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The table of an event of the contract with this name.
    pub fn table_of(&self, contract: &str, selector: B256) -> Option<&Table> {
        let table = self.contract(self.index_of(contract)?).table(&selector);
        table.map(|table| &self.tables[table])
    }

    /// A contract.
    pub fn contract(&self, index: usize) -> &CatalogContract {
        &self.contracts[index]
    }

    /// The selector of each table's event.
    pub(super) fn table_selectors(&self) -> impl Iterator<Item = B256> {
        let mut selectors = vec![B256::ZERO; self.tables.len()];
        for (selector, table) in self.contracts.iter().flat_map(|contract| &contract.by_selector) {
            selectors[*table] = *selector;
        }
        selectors.into_iter()
    }

    /// The columns of a table.
    pub(super) fn columns(&self, table: usize) -> &EventColumns {
        &self.columns[table]
    }

    /// Adds a contract; the same one on another chain has the same tables.
    fn add(&mut self, name: &str, typed: Option<Contract>, events: &[Event]) -> Result<(), String> {
        // An event without a selector cannot be told from another one.
        let named: Vec<&Event> = events.iter().filter(|event| !event.anonymous).collect();
        let mut selectors: Vec<_> = named.iter().map(|event| event.selector()).collect();
        selectors.sort();
        let selectors: Arc<[B256]> = selectors.into();
        let mut contract = CatalogContract { name: name.to_owned(), typed, by_selector: HashMap::default(), selectors };
        if let Some(known) = self.index_of(name) {
            let same = contract.selectors == self.contracts[known].selectors;
            return same.then_some(()).ok_or_else(|| format!("contract {name:?} has another ABI on another chain"));
        }
        for event in named {
            let columns = EventColumns::new(event)?;
            let table = self.free_name(&format!("{}_{}", snake_case(name), snake_case(&event.name)), event);
            contract.by_selector.insert(event.selector(), self.tables.len());
            self.tables.push(Table { name: table, shape: Shape::Event, columns: columns.columns().to_vec() });
            self.columns.push(columns);
        }
        self.by_name.insert(name.to_owned(), self.contracts.len());
        self.contracts.push(contract);
        Ok(())
    }

    /// The name, with the event's selector behind it if an overloaded event has it already.
    fn free_name(&self, name: &str, event: &Event) -> String {
        let taken = self.tables.iter().any(|table| table.name == name);
        if taken { format!("{name}_{}", alloy::hex::encode(&event.selector()[..4])) } else { name.to_owned() }
    }
}

impl CatalogContract {
    /// Its name in the manifest.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which one of ours it is.
    pub fn typed(&self) -> Option<Contract> {
        self.typed
    }

    /// Selectors of its events, in order.
    pub fn selectors(&self) -> Arc<[B256]> {
        self.selectors.clone()
    }

    /// Index of the table of an event.
    pub fn table(&self, selector: &B256) -> Option<usize> {
        self.by_selector.get(selector).copied()
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

    #[test]
    fn overloaded_events_have_two_tables_and_a_name_stands_for_one_abi() {
        let events = ["event A(uint256 x)", "event A(address x)"].map(|text| Event::parse(text).unwrap());
        let mut catalog = Catalog::default();
        catalog.add("c", None, &events).unwrap();
        assert_eq!(catalog.tables().len(), 2);
        assert!(catalog.tables()[1].name.starts_with("c_a_"), "{}", catalog.tables()[1].name);
        assert_eq!(catalog.add("c", None, &events), Ok(()));
        assert!(catalog.add("c", None, &events[..1]).unwrap_err().contains("another ABI"));
    }
}
