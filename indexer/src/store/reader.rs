//! Reading beside the writer.

use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, SqlitePool};

use super::{StoreError, open, writer::column_list};
use crate::{
    table::{Column, Shape, Table, quoted},
    value::{Kind, Row, Value},
};

/// Read-only connections to a database.
#[derive(Debug, Clone)]
pub struct Reader {
    path: PathBuf,
    pool: SqlitePool,
}

/// A row with the chain that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The chain.
    pub chain_id: u64,
    /// `event_id` and `block_time` for a row of an event table.
    pub event: Option<(u64, u64)>,
    /// The table's own columns.
    pub row: Row,
}

/// Which rows of a table are wanted. The texts are SQL of the program; values come as parameters.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    conditions: Vec<String>,
    parameters: Vec<Value>,
    order: String,
    limit: Option<u64>,
}

impl Wanted {
    /// All rows.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only rows for which `condition`, with its `?`, holds.
    pub fn with(mut self, condition: &str, parameters: impl IntoIterator<Item = Value>) -> Self {
        self.conditions.push(condition.to_owned());
        self.parameters.extend(parameters);
        self
    }

    /// In this order.
    pub fn order(mut self, columns: &str) -> Self {
        columns.clone_into(&mut self.order);
        self
    }

    /// At most so many.
    pub fn limit(mut self, rows: u64) -> Self {
        self.limit = Some(rows);
        self
    }
}

impl Reader {
    /// Opens an existing database.
    ///
    /// # Errors
    ///
    /// If there is none, or it is damaged or of another program or version.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { path: path.to_owned(), pool: open::open_readers(path).await? })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The connections.
    pub(crate) fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Rows of a table of state or of events.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn rows(&self, table: &Table, wanted: Wanted) -> Result<Vec<Found>, StoreError> {
        use sqlx::Row as _;

        let prefix = match table.shape {
            Shape::Event => "(SELECT chain_id FROM chain WHERE slot = event_id >> 60), event_id, block_time",
            Shape::State { .. } => "chain_id, NULL, NULL",
        };
        let mut sql = format!("SELECT {}, {prefix} FROM {}", column_list(table), quoted(&table.base()));
        if !wanted.conditions.is_empty() {
            sql = format!("{sql} WHERE ({})", wanted.conditions.join(") AND ("));
        }
        if !wanted.order.is_empty() {
            sql = format!("{sql} ORDER BY {}", wanted.order);
        }
        if let Some(limit) = wanted.limit {
            sql = format!("{sql} LIMIT {limit}");
        }
        let query = wanted.parameters.into_iter().fold(sqlx::query(AssertSqlSafe(sql)), bind);
        let failed = |error: sqlx::Error| StoreError::sqlx(&self.path, &error);
        let rows = query.fetch_all(&self.pool).await.map_err(failed)?;
        let width = table.columns.len();
        let found = |row: sqlx::sqlite::SqliteRow| {
            let number = |index| row.try_get::<Option<i64>, _>(width + index).map(|n| n.map(i64::cast_unsigned));
            let chain_id = number(0)?.unwrap_or_default();
            let event = number(1)?.zip(number(2)?);
            Ok(Found { chain_id, event, row: read_row(&row, &table.columns)? })
        };
        rows.into_iter().map(found).collect::<Result<_, _>>().map_err(failed)
    }
}

/// A query with its arguments.
type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn bind(query: Query<'_>, value: Value) -> Query<'_> {
    match value {
        Value::Null => query.bind(None::<i64>),
        Value::Integer(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Blob(bytes) => query.bind(bytes),
    }
}

fn read_row(row: &sqlx::sqlite::SqliteRow, columns: &[Column]) -> Result<Row, sqlx::Error> {
    use sqlx::Row as _;

    let value = |(index, column): (usize, &Column)| {
        Ok(match column.kind {
            Kind::Integer | Kind::Id | Kind::Flag => {
                row.try_get::<Option<i64>, _>(index)?.map_or(Value::Null, Value::Integer)
            }
            Kind::Number | Kind::Text | Kind::Json => {
                row.try_get::<Option<String>, _>(index)?.map_or(Value::Null, Value::Text)
            }
            Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(index)?.map_or(Value::Null, Value::Blob),
        })
    };
    columns.iter().enumerate().map(value).collect()
}
