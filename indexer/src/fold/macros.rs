//! What makes tables out of lists of fields, so that no table is described twice.

use crate::{
    table::Column,
    value::{Field, Value, ValueError},
};

/// Declares entities: `Entity in "table" (key: Type, ..) { field: Type, .. }`
macro_rules! entities {
    ($(
        $(#[$doc:meta])*
        $name:ident in $table:literal ($($key:ident: $key_type:ty),*) {
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        }
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, Default)]
            pub struct $name {
                $($(#[$field_doc])* pub $field: $type,)*
            }

            impl $crate::fold::Entity for $name {
                type Key = ($($key_type,)*);

                fn table() -> $crate::table::Table {
                    let key = vec![$($crate::fold::macros::column::<$key_type>(stringify!($key))),*];
                    let shape = $crate::table::Shape::State { key_columns: key.len() };
                    let value = vec![$($crate::fold::macros::column::<$type>(stringify!($field))),*];
                    $crate::table::Table { name: $table.to_owned(), shape, columns: [key, value].concat() }
                }

                fn write_key(($($key,)*): &Self::Key, _row: &mut $crate::cells::Cells) {
                    $($crate::value::Field::write($key, _row);)*
                }

                fn write_value(&self, row: &mut $crate::cells::Cells) {
                    $($crate::value::Field::write(&self.$field, row);)*
                }

                fn read_key(row: &[$crate::value::Value]) -> Result<Self::Key, $crate::value::ValueError> {
                    let mut _values = row.iter();
                    Ok(($($crate::fold::macros::read::<$key_type>(_values.next())?,)*))
                }

                fn read_value(row: &[$crate::value::Value]) -> Result<Self, $crate::value::ValueError> {
                    let mut values = row.iter();
                    Ok(Self { $($field: $crate::fold::macros::read::<$type>(values.next())?,)* })
                }
            }
        )*
    };
}
pub(super) use entities;

/// Declares the state that holds the rows of these entities: `rows: Entity, ..`
macro_rules! state {
    ($($rows:ident: $name:ident,)*) => {
        /// What the events of one chain add up to.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct State {
            $(#[doc = concat!("Rows of [`", stringify!($name), "`].")] pub $rows: Rows<$name>,)*
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
            pub fn changed(&mut self, chain_id: u64, rows: &mut [Cells]) {
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
pub(super) use state;

pub(super) fn column<F: Field>(name: &str) -> Column {
    Column { name: name.to_owned(), kind: F::KIND }
}

pub(super) fn read<F: Field>(value: Option<&Value>) -> Result<F, ValueError> {
    F::from_value(value.unwrap_or(&Value::Null))
}
