//! Tables: their columns, the SQL that makes them, and the views in which people read them.

use std::fmt::Write as _;

use crate::value::{Kind, Row};

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name, in snake case.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// How the rows of a table are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `event_id` is the key: one row per event, never updated.
    Event,
    /// `chain_id` and the first `key_columns` columns are the key: what the events add up to.
    State {
        /// Number of key columns besides `chain_id`.
        key_columns: usize,
    },
}

/// A table of events or of folded state. The table `x` holds compact rows (`event_x` or `state_x`); the view `x` shows
/// the same rows with hex addresses and decimal numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Name of the view.
    pub name: String,
    /// How rows are told apart.
    pub shape: Shape,
    /// Columns besides those that the shape brings.
    pub columns: Vec<Column>,
}

/// The columns that an event row begins with.
pub const EVENT_PREFIX: [&str; 2] = ["event_id", "block_time"];

/// What the view of an event table shows besides.
pub const VIEW_COLUMNS: [&str; 4] = ["chain_id", "block", "log_index", "tx_hash"];

/// Bits of `event_id` below the block number, and below the chain's slot.
pub const BLOCK_SHIFT: u32 = 20;
/// Bits of `event_id` below the chain's slot.
pub const SLOT_SHIFT: u32 = 60;

impl Table {
    /// Name of the table behind the view.
    pub fn base(&self) -> String {
        match self.shape {
            Shape::Event => format!("event_{}", self.name),
            Shape::State { .. } => format!("state_{}", self.name),
        }
    }

    /// All columns of the base table, in order.
    pub fn all_columns(&self) -> Vec<Column> {
        let integer = |name: &str| Column { name: name.to_owned(), kind: Kind::Integer };
        let prefix: Vec<Column> = match self.shape {
            Shape::Event => EVENT_PREFIX.map(integer).to_vec(),
            Shape::State { .. } => vec![integer("chain_id")],
        };
        prefix.into_iter().chain(self.columns.iter().cloned()).collect()
    }

    /// `CREATE TABLE` and `CREATE VIEW`.
    pub fn create_sql(&self) -> String {
        let mut sql = format!("CREATE TABLE {} (\n", quoted(&self.base()));
        let columns = self.all_columns();
        for (index, column) in columns.iter().enumerate() {
            let key = if self.shape == Shape::Event && index == 0 { " PRIMARY KEY" } else { " NOT NULL" };
            let comma = if index + 1 < columns.len() || self.shape != Shape::Event { "," } else { "" };
            let _ = writeln!(sql, "  {} {}{key}{comma}", quoted(&column.name), column.kind.sql());
        }
        match self.shape {
            Shape::Event => sql.push_str(") STRICT;\n"),
            Shape::State { key_columns } => {
                let key = names(&columns[..=key_columns]).join(", ");
                let _ = write!(sql, "  PRIMARY KEY ({key})\n) STRICT, WITHOUT ROWID;\n");
            }
        }
        sql.push_str(&self.view_sql());
        sql
    }

    fn view_sql(&self) -> String {
        let fields = self.columns.iter().map(|column| format!(",\n  {} AS {}", readable(column), quoted(&column.name)));
        let fields = fields.collect::<String>();
        let (view, base) = (quoted(&self.name), quoted(&self.base()));
        match self.shape {
            Shape::State { .. } => format!("CREATE VIEW {view} AS SELECT chain_id{fields}\nFROM {base} AS t;\n"),
            Shape::Event => format!(
                "CREATE VIEW {view} AS SELECT\n  \
                 (SELECT chain_id FROM chain WHERE slot = t.event_id >> {SLOT_SHIFT}) AS chain_id,\n  \
                 (t.event_id >> {BLOCK_SHIFT}) & {block_mask} AS block,\n  \
                 t.event_id & {index_mask} AS log_index,\n  \
                 t.event_id AS event_id,\n  t.block_time AS block_time,\n  \
                 '0x' || lower(hex({tx_hash})) AS tx_hash{fields}\n\
                 FROM {base} AS t LEFT JOIN raw_log AS r ON r.event_id = t.event_id;\n",
                tx_hash = tx_hash_sql("r"),
                block_mask = (1i64 << (SLOT_SHIFT - BLOCK_SHIFT)) - 1,
                index_mask = (1i64 << BLOCK_SHIFT) - 1,
            ),
        }
    }

    /// `INSERT` of one row; a row of state replaces the one that is there.
    pub fn insert_sql(&self) -> String {
        let verb = match self.shape {
            Shape::Event => "INSERT",
            Shape::State { .. } => "INSERT OR REPLACE",
        };
        format!("{verb} INTO {} VALUES ({})", quoted(&self.base()), vec!["?"; self.width()].join(","))
    }

    /// Number of columns of the base table.
    pub fn width(&self) -> usize {
        let prefix = match self.shape {
            Shape::Event => EVENT_PREFIX.len(),
            Shape::State { .. } => 1,
        };
        prefix + self.columns.len()
    }

    /// `SELECT` of the columns besides the key of one row of state, by `chain_id` and its key.
    pub fn select_sql(&self) -> String {
        let columns = names(&self.all_columns()[self.key_width()..]).join(", ");
        format!("SELECT {columns} FROM {} WHERE {}", quoted(&self.base()), self.key_condition())
    }

    /// Number of columns besides the key.
    pub fn value_width(&self) -> usize {
        self.width() - self.key_width()
    }

    /// `DELETE` of one row of state by `chain_id` and its key.
    pub fn delete_sql(&self) -> String {
        format!("DELETE FROM {} WHERE {}", quoted(&self.base()), self.key_condition())
    }

    fn key_width(&self) -> usize {
        let Shape::State { key_columns } = self.shape else {
            unreachable!("event rows are read and deleted by range, see the store");
        };
        1 + key_columns
    }

    fn key_condition(&self) -> String {
        let key = names(&self.all_columns()[..self.key_width()]);
        key.into_iter().map(|name| format!("{name} = ?")).collect::<Vec<_>>().join(" AND ")
    }

    /// A row of the columns besides those that the shape brings, as JSON.
    pub fn json(&self, row: &Row) -> serde_json::Map<String, serde_json::Value> {
        let fields = self.columns.iter().zip(row);
        fields.map(|(column, value)| (column.name.clone(), column.kind.json(value))).collect()
    }
}

/// SQL for the hash of the transaction of a row of `raw_log` that is called `row`: its own, or that of the first log of
/// the transaction.
pub fn tx_hash_sql(row: &str) -> String {
    format!(
        "(SELECT tx_hash FROM raw_log WHERE event_id = \
         {row}.event_id - iif(typeof({row}.tx_hash) = 'integer', {row}.tx_hash, 0))"
    )
}

/// A name as SQL wants it; some events have fields named `from` or `index`.
pub fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

fn names(columns: &[Column]) -> Vec<String> {
    columns.iter().map(|column| quoted(&column.name)).collect()
}

fn readable(column: &Column) -> String {
    let name = quoted(&column.name);
    match column.kind {
        Kind::Number => format!("substr(t.{name}, 3)"),
        Kind::Bytes => format!("'0x' || lower(hex(t.{name}))"),
        Kind::Integer | Kind::Id | Kind::Flag | Kind::Text | Kind::Json => format!("t.{name}"),
    }
}
