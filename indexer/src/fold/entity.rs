//! Folded state in memory: typed tables that remember what they held before, so that a block can be undone.
//!
//! A state is whole, or it is over a [`Stock`]: then it holds the rows that were used lately, and reads others when an
//! event needs them, so that what it holds does not grow with the chain.

use std::{
    collections::hash_map::{Entry, OccupiedEntry},
    fmt,
    hash::Hash,
    mem,
    sync::Arc,
};

use alloy::primitives::map::HashMap;

use crate::{
    cells::Cells,
    table::Table,
    value::{Row, Value, ValueError},
};

/// A kind of row of folded state.
pub trait Entity: Clone + PartialEq + fmt::Debug + Default {
    /// What tells its rows apart, within a chain.
    type Key: Clone + Ord + Hash + fmt::Debug;

    /// Its table.
    fn table() -> Table;

    /// Adds the key's columns to a row.
    fn write_key(key: &Self::Key, row: &mut Cells);

    /// Adds the other columns.
    fn write_value(&self, row: &mut Cells);

    /// Reads the key from the first columns of a row.
    fn read_key(row: &[Value]) -> Result<Self::Key, ValueError>;

    /// Reads the rest of the columns.
    fn read_value(row: &[Value]) -> Result<Self, ValueError>;
}

/// A row of state that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Index in [`super::State::tables`].
    pub table: usize,
    /// Key columns.
    pub key: Row,
    /// The other columns before, `None` if the row is new.
    pub before: Option<Row>,
    /// The other columns now.
    pub after: Row,
}

/// Where the rows of a chain are that are not in memory.
pub trait Stock: Send + Sync {
    /// The columns besides the key of a row of a table, an index in [`super::State::tables`]; `None` if there is none.
    ///
    /// A failure is kept, for whoever commits to ask for: no event is applied for good while there is one.
    fn read(&self, table: usize, key: &Cells) -> Option<Row>;

    /// Keeps that a row that was read is not of its table.
    fn is_wrong(&self, table: usize, cause: ValueError);
}

/// Rows of one kind, of one chain: all of them, or those that were used lately.
#[derive(Clone)]
pub struct Rows<E: Entity> {
    rows: HashMap<E::Key, Slot<E>>,
    /// Rows that were not used since `age` was called, nor changed.
    aged: HashMap<E::Key, E>,
    /// Keys of the rows that may have changed.
    touched: Vec<E::Key>,
    /// Where the others are, and the table's index.
    stock: Option<(Arc<dyn Stock>, usize)>,
}

/// A row, and what it was.
#[derive(Clone)]
struct Slot<E> {
    row: E,
    before: Before<E>,
}

#[derive(Clone)]
enum Before<E> {
    /// Nobody was given the row to change it.
    Same,
    /// There was no row.
    Nothing,
    Row(Box<E>),
}

impl<E> Slot<E> {
    fn same(row: E) -> Self {
        Self { row, before: Before::Same }
    }
}

impl<E: Entity> Slot<E> {
    fn has_changed(&self) -> bool {
        match &self.before {
            Before::Same => false,
            Before::Nothing => true,
            Before::Row(before) => **before != self.row,
        }
    }
}

impl<E: Entity> Default for Rows<E> {
    fn default() -> Self {
        Self { rows: HashMap::default(), aged: HashMap::default(), touched: Vec::new(), stock: None }
    }
}

impl<E: Entity> fmt::Debug for Rows<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.rows.iter().map(|(key, slot)| (key, &slot.row))).finish()
    }
}

/// Equal rows; what is noted for undoing does not count.
impl<E: Entity> PartialEq for Rows<E> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(key, row)| other.get(key) == Some(row))
    }
}

impl<E: Entity> Rows<E> {
    /// No row in memory; they are in `stock`, as the table with this index.
    pub(super) fn over(stock: Arc<dyn Stock>, table: usize) -> Self {
        Self { stock: Some((stock, table)), ..Self::default() }
    }

    /// The row of `key` of a state that is whole.
    pub fn get(&self, key: &E::Key) -> Option<&E> {
        self.whole().get(key).map(|slot| &slot.row)
    }

    /// All rows of a state that is whole, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&E::Key, &E)> {
        self.whole().iter().map(|(key, slot)| (key, &slot.row))
    }

    /// Number of rows of a state that is whole.
    pub fn len(&self) -> usize {
        self.whole().len()
    }

    /// Whether a state that is whole has no row.
    pub fn is_empty(&self) -> bool {
        self.whole().is_empty()
    }

    fn whole(&self) -> &HashMap<E::Key, Slot<E>> {
        assert!(self.stock.is_none(), "what is not in memory would be left out: use find, or load the whole state");
        &self.rows
    }

    /// The row of `key`, wherever it is.
    pub(super) fn find(&mut self, key: &E::Key) -> Option<&E> {
        if !self.rows.contains_key(key) {
            let row = fetch(&mut self.aged, &self.stock, key)?;
            self.rows.insert(key.clone(), Slot::same(row));
        }
        self.rows.get(key).map(|slot| &slot.row)
    }

    /// The row of `key`, to be changed; a new one if there is none.
    pub(super) fn entry(&mut self, key: E::Key) -> &mut E {
        let Self { rows, aged, touched, stock } = self;
        match rows.entry(key) {
            Entry::Occupied(slot) => change(touched, slot),
            Entry::Vacant(place) => {
                let found = fetch(aged, stock, place.key());
                touched.push(place.key().clone());
                let before = found.clone().map_or(Before::Nothing, |row| Before::Row(Box::new(row)));
                &mut place.insert(Slot { row: found.unwrap_or_default(), before }).row
            }
        }
    }

    /// The row of `key`, to be changed, if there is one.
    pub(super) fn existing(&mut self, key: E::Key) -> Option<&mut E> {
        let Self { rows, aged, touched, stock } = self;
        match rows.entry(key) {
            Entry::Occupied(slot) => Some(change(touched, slot)),
            Entry::Vacant(place) => {
                let row = fetch(aged, stock, place.key())?;
                touched.push(place.key().clone());
                let before = Before::Row(Box::new(row.clone()));
                Some(&mut place.insert(Slot { row, before }).row)
            }
        }
    }

    /// What changed since this was last asked.
    pub(super) fn take_changes(&mut self, table: usize, changes: &mut Vec<Change>) {
        for key in self.touched.drain(..) {
            let Some(slot) = self.rows.get_mut(&key) else { continue };
            let has_changed = slot.has_changed();
            let before = match mem::replace(&mut slot.before, Before::Same) {
                Before::Row(row) if has_changed => Some(value(&*row)),
                Before::Nothing => None,
                _ => continue,
            };
            let key = row_of(|cells| E::write_key(&key, cells));
            changes.push(Change { table, key, before, after: value(&slot.row) });
        }
    }

    /// Adds the rows that changed since `settle`, in the order of their keys, so that a table is gone through once.
    pub(super) fn changed(&mut self, chain_id: i64, cells: &mut Cells) {
        self.touched.sort_unstable();
        for key in &self.touched {
            if let Some(slot) = self.rows.get(key).filter(|slot| slot.has_changed()) {
                cells.integer(chain_id);
                E::write_key(key, cells);
                slot.row.write_value(cells);
            }
        }
    }

    /// What changed so far stays.
    pub(super) fn settle(&mut self) {
        for key in self.touched.drain(..) {
            if let Some(slot) = self.rows.get_mut(&key) {
                slot.before = Before::Same;
            }
        }
    }

    /// Forgets what changed since `take_changes`; over a stock, all that is in memory, as nothing of it may be written.
    pub(super) fn abort(&mut self) {
        if self.stock.is_some() {
            self.rows.clear();
            self.aged.clear();
        }
        for key in self.touched.drain(..) {
            let Some(slot) = self.rows.get_mut(&key) else { continue };
            match mem::replace(&mut slot.before, Before::Same) {
                Before::Same => {}
                Before::Row(row) => slot.row = *row,
                Before::Nothing => drop(self.rows.remove(&key)),
            }
        }
    }

    /// Puts a row back as it was; `None` removes it.
    pub(super) fn restore(&mut self, key: &[Value], value: Option<&[Value]>) -> Result<(), ValueError> {
        let key = E::read_key(key)?;
        match value {
            Some(value) => self.rows.insert(key, Slot::same(E::read_value(value)?)),
            None => self.rows.remove(&key),
        };
        Ok(())
    }

    /// Bytes of the rows that were used lately, and of the others in memory; about, as texts are not counted.
    pub(super) fn held(&self) -> (usize, usize) {
        let used = self.rows.capacity() * size_of::<(E::Key, Slot<E>)>();
        (used, self.aged.capacity() * size_of::<(E::Key, E)>())
    }

    /// Drops the rows that were not used since this was last called. Nothing may have changed since `settle`.
    pub(super) fn age(&mut self) {
        debug_assert!(self.touched.is_empty(), "a row that is not written must not be dropped");
        if self.stock.is_some() {
            self.aged = mem::take(&mut self.rows).into_iter().map(|(key, slot)| (key, slot.row)).collect();
        }
    }
}

/// Notes that a row is about to change.
fn change<'a, E: Entity>(touched: &mut Vec<E::Key>, slot: OccupiedEntry<'a, E::Key, Slot<E>>) -> &'a mut E {
    if matches!(slot.get().before, Before::Same) {
        touched.push(slot.key().clone());
    }
    let slot = slot.into_mut();
    if matches!(slot.before, Before::Same) {
        slot.before = Before::Row(Box::new(slot.row.clone()));
    }
    &mut slot.row
}

/// The row of `key` that was not used lately, if there is one.
fn fetch<E: Entity>(aged: &mut HashMap<E::Key, E>, stock: &Option<(Arc<dyn Stock>, usize)>, key: &E::Key) -> Option<E> {
    aged.remove(key).or_else(|| {
        let (stock, table) = stock.as_ref()?;
        let mut cells = Cells::default();
        E::write_key(key, &mut cells);
        let value = E::read_value(&stock.read(*table, &cells)?);
        value.map_err(|cause| stock.is_wrong(*table, cause)).ok()
    })
}

fn value<E: Entity>(row: &E) -> Row {
    row_of(|cells| row.write_value(cells))
}

fn row_of(write: impl FnOnce(&mut Cells)) -> Row {
    let mut cells = Cells::default();
    write(&mut cells);
    (0..cells.len()).map(|index| cells.get(index).to_value()).collect()
}
