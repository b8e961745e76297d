//! Folded state in memory: typed tables that remember what they held before, so that a block can be undone.
//!
//! A state is whole, or it is over a [`Stock`]: then it holds the rows that were used lately, and reads others when an
//! event needs them, so that what it holds does not grow with the chain.

use std::{collections::hash_map::Entry, fmt, hash::Hash, mem, sync::Arc};

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
    rows: HashMap<E::Key, E>,
    /// Rows that were not used since `age` was called, nor changed.
    aged: HashMap<E::Key, E>,
    before: HashMap<E::Key, Option<E>>,
    /// Where the others are, and the table's index.
    stock: Option<(Arc<dyn Stock>, usize)>,
}

impl<E: Entity> Default for Rows<E> {
    fn default() -> Self {
        Self { rows: HashMap::default(), aged: HashMap::default(), before: HashMap::default(), stock: None }
    }
}

impl<E: Entity> fmt::Debug for Rows<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.rows).finish()
    }
}

/// Equal rows; what is noted for undoing does not count.
impl<E: Entity> PartialEq for Rows<E> {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
    }
}

impl<E: Entity> Rows<E> {
    /// No row in memory; they are in `stock`, as the table with this index.
    pub(super) fn over(stock: Arc<dyn Stock>, table: usize) -> Self {
        Self { stock: Some((stock, table)), ..Self::default() }
    }

    /// The row of `key` of a state that is whole.
    pub fn get(&self, key: &E::Key) -> Option<&E> {
        self.whole().get(key)
    }

    /// All rows of a state that is whole, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&E::Key, &E)> {
        self.whole().iter()
    }

    /// Number of rows of a state that is whole.
    pub fn len(&self) -> usize {
        self.whole().len()
    }

    /// Whether a state that is whole has no row.
    pub fn is_empty(&self) -> bool {
        self.whole().is_empty()
    }

    fn whole(&self) -> &HashMap<E::Key, E> {
        assert!(self.stock.is_none(), "what is not in memory would be left out: use find, or load the whole state");
        &self.rows
    }

    /// The row of `key`, wherever it is.
    pub(super) fn find(&mut self, key: &E::Key) -> Option<&E> {
        self.fetch(key);
        self.rows.get(key)
    }

    /// Puts the row of `key` among those that were used lately, if there is one.
    fn fetch(&mut self, key: &E::Key) {
        let Some((stock, table)) = self.stock.as_ref().filter(|_| !self.rows.contains_key(key)) else { return };
        let row = self.aged.remove(key).or_else(|| {
            let mut cells = Cells::default();
            E::write_key(key, &mut cells);
            let value = E::read_value(&stock.read(*table, &cells)?);
            value.map_err(|cause| stock.is_wrong(*table, cause)).ok()
        });
        if let Some(row) = row {
            self.rows.insert(key.clone(), row);
        }
    }

    /// Bytes of the rows that were used lately, and of the others in memory; about, as texts are not counted.
    pub(super) fn held(&self) -> (usize, usize) {
        let bytes = |rows: &HashMap<E::Key, E>| rows.capacity() * size_of::<(E::Key, E)>();
        (bytes(&self.rows), bytes(&self.aged))
    }

    /// Drops the rows that were not used since this was last called. Nothing may have changed since `settle`.
    pub(super) fn age(&mut self) {
        debug_assert!(self.before.is_empty(), "a row that is not written must not be dropped");
        if self.stock.is_some() {
            self.aged = mem::take(&mut self.rows);
        }
    }

    /// The row of `key`, to be changed; a new one if there is none.
    pub(super) fn entry(&mut self, key: E::Key) -> &mut E {
        self.fetch(&key);
        let slot = self.rows.entry(key.clone());
        if let Entry::Vacant(before) = self.before.entry(key) {
            before.insert(match &slot {
                Entry::Occupied(row) => Some(row.get().clone()),
                Entry::Vacant(_) => None,
            });
        }
        slot.or_default()
    }

    /// The row of `key`, to be changed, if there is one.
    pub(super) fn existing(&mut self, key: E::Key) -> Option<&mut E> {
        self.find(&key).is_some().then(|| self.entry(key))
    }

    /// What changed since this was last asked.
    pub(super) fn take_changes(&mut self, table: usize, changes: &mut Vec<Change>) {
        for (key, before) in self.before.drain() {
            let row = &self.rows[&key];
            if before.as_ref() != Some(row) {
                let before = before.as_ref().map(value);
                changes.push(Change {
                    table,
                    key: row_of(|cells| E::write_key(&key, cells)),
                    before,
                    after: value(row),
                });
            }
        }
    }

    /// Adds the rows that changed since `settle`, in the order of their keys, so that a table is gone through once.
    pub(super) fn changed(&self, chain_id: i64, rows: &mut Cells) {
        let changed = self.before.iter().filter_map(|(key, before)| {
            let row = &self.rows[key];
            (before.as_ref() != Some(row)).then_some((key, row))
        });
        let mut changed: Vec<_> = changed.collect();
        changed.sort_unstable_by_key(|(key, _)| *key);
        for (key, row) in changed {
            rows.integer(chain_id);
            E::write_key(key, rows);
            row.write_value(rows);
        }
    }

    /// What changed so far stays.
    pub(super) fn settle(&mut self) {
        self.before.clear();
    }

    /// Forgets what changed since `take_changes`; over a stock, all that is in memory, as nothing of it may be written.
    pub(super) fn abort(&mut self) {
        if self.stock.is_some() {
            self.rows.clear();
            self.aged.clear();
            self.before.clear();
        }
        for (key, before) in self.before.drain() {
            match before {
                Some(row) => self.rows.insert(key, row),
                None => self.rows.remove(&key),
            };
        }
    }

    /// Puts a row back as it was; `None` removes it.
    pub(super) fn restore(&mut self, key: &[Value], value: Option<&[Value]>) -> Result<(), ValueError> {
        let key = E::read_key(key)?;
        match value {
            Some(value) => self.rows.insert(key, E::read_value(value)?),
            None => self.rows.remove(&key),
        };
        Ok(())
    }
}

fn value<E: Entity>(row: &E) -> Row {
    row_of(|cells| row.write_value(cells))
}

fn row_of(write: impl FnOnce(&mut Cells)) -> Row {
    let mut cells = Cells::default();
    write(&mut cells);
    (0..cells.len()).map(|index| cells.get(index).to_value()).collect()
}

/// Declares the entities and the state that holds them.
///
/// `rows: Entity in "table" (key: Type, ..) { field: Type, .. }`
macro_rules! entities {
    ($(
        $(#[$doc:meta])*
        $rows:ident: $name:ident in $table:literal ($($key:ident: $key_type:ty),*) {
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        }
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, Default)]
            pub struct $name {
                $($(#[$field_doc])* pub $field: $type,)*
            }

            impl Entity for $name {
                type Key = ($($key_type,)*);

                fn table() -> Table {
                    let key = vec![$(column::<$key_type>(stringify!($key))),*];
                    let shape = Shape::State { key_columns: key.len() };
                    let value = vec![$(column::<$type>(stringify!($field))),*];
                    Table { name: $table.to_owned(), shape, columns: [key, value].concat() }
                }

                fn write_key(($($key,)*): &Self::Key, _row: &mut Cells) {
                    $($key.write(_row);)*
                }

                fn write_value(&self, row: &mut Cells) {
                    $(self.$field.write(row);)*
                }

                fn read_key(row: &[Value]) -> Result<Self::Key, ValueError> {
                    let mut _values = row.iter();
                    Ok(($(read::<$key_type>(_values.next())?,)*))
                }

                fn read_value(row: &[Value]) -> Result<Self, ValueError> {
                    let mut values = row.iter();
                    Ok(Self { $($field: read::<$type>(values.next())?,)* })
                }
            }
        )*

        /// What the events of one chain add up to.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct State {
            $($(#[$doc])* pub $rows: Rows<$name>,)*
        }

        impl State {
            /// The tables, in a fixed order.
            pub fn tables() -> &'static [Table] {
                static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| vec![$($name::table()),*]);
                &TABLES
            }

            /// No row in memory; they are in `stock`.
            pub fn over(stock: Arc<dyn Stock>) -> Self {
                let mut table = 0..;
                Self { $($rows: Rows::over(stock.clone(), table.next().expect("the range has no end")),)* }
            }

            /// Drops rows that were not used lately, if those in memory have more than `most` bytes and the others are
            /// in a stock. Nothing may have changed since `settle`.
            pub fn shrink(&mut self, most: usize) {
                // Two generations: what was used since the last time, and what was not.
                let used: usize = [$(self.$rows.held().0),*].iter().sum();
                if used > most / 2 {
                    $(self.$rows.age();)*
                }
            }

            /// Bytes of the rows in memory, about.
            pub fn held(&self) -> usize {
                let bytes = |(used, aged): (usize, usize)| used + aged;
                [$(bytes(self.$rows.held())),*].iter().sum()
            }

            /// What changed since this was last asked.
            pub fn take_changes(&mut self) -> Vec<Change> {
                let (mut changes, mut table) = (Vec::new(), 0);
                $(
                    self.$rows.take_changes(table, &mut changes);
                    table += 1;
                )*
                debug_assert_eq!(table, Self::tables().len());
                changes
            }

            /// The rows that changed since `settle`, by table, each with its chain.
            pub fn changed(&self, chain_id: u64, rows: &mut [Cells]) {
                let mut rows = rows.iter_mut();
                $(
                    let cells = rows.next().expect("one list of rows per table");
                    self.$rows.changed(chain_id.cast_signed(), cells);
                )*
            }

            /// What changed so far stays.
            pub fn settle(&mut self) {
                $(self.$rows.settle();)*
            }

            /// Forgets what changed since `take_changes` or `settle`; over a stock, all that is in memory.
            pub fn abort(&mut self) {
                $(self.$rows.abort();)*
            }

            /// Puts a row of a table of a whole state back as it was; `None` removes it. Also how rows are loaded.
            ///
            /// # Errors
            ///
            /// If a value does not fit its column.
            pub fn restore(&mut self, table: usize, key: &[Value], value: Option<&[Value]>) -> Result<(), ValueError> {
                let mut index = 0;
                $(
                    if table == index {
                        return self.$rows.restore(key, value);
                    }
                    index += 1;
                )*
                unreachable!("table {table} of {index}: indices come from State::tables")
            }
        }
    };
}
pub(super) use entities;

pub(super) fn column<F: crate::value::Field>(name: &str) -> crate::table::Column {
    crate::table::Column { name: name.to_owned(), kind: F::KIND }
}

pub(super) fn read<F: crate::value::Field>(value: Option<&Value>) -> Result<F, ValueError> {
    F::from_value(value.unwrap_or(&Value::Null))
}
