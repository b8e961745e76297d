//! Many rows per statement: one row per statement costs five times as much.

use std::{collections::HashMap, sync::Arc};

use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::value::{Row, Value};

/// SQLite's limit on parameters of a statement is 32,766.
const MAX_PARAMETERS: usize = 32_000;
const MAX_ROWS: usize = 512;

/// Inserts rows, and remembers the SQL that it made. Rows go in by powers of two, so that there are few statements, and
/// the connection keeps each one prepared.
#[derive(Debug, Default)]
pub(super) struct Inserter {
    statements: HashMap<(usize, usize), Arc<str>>,
}

impl Inserter {
    /// Inserts `rows`. `table` tells tables apart, and `sql` makes the statement for a number of rows.
    pub async fn insert(
        &mut self,
        conn: &mut SqliteConnection,
        table: usize,
        sql: impl Fn(usize) -> String,
        rows: Vec<Row>,
    ) -> Result<(), sqlx::Error> {
        let columns = rows.first().map_or(1, Vec::len);
        let (mut left, mut rows) = (rows.len(), rows.into_iter());
        while left > 0 {
            let chunk = chunk(left, columns);
            let statement = self.statements.entry((table, chunk)).or_insert_with(|| sql(chunk).into());
            let mut query = sqlx::query(AssertSqlSafe(statement.clone()));
            for value in rows.by_ref().take(chunk).flatten() {
                query = bind(query, value);
            }
            query.execute(&mut *conn).await?;
            left -= chunk;
        }
        Ok(())
    }
}

fn chunk(left: usize, columns: usize) -> usize {
    let most = (MAX_PARAMETERS / columns.max(1)).clamp(1, MAX_ROWS).min(left);
    1 << most.ilog2()
}

/// A query with its arguments.
pub(super) type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

/// Binds the next parameter.
pub(super) fn bind(query: Query<'_>, value: Value) -> Query<'_> {
    match value {
        Value::Null => query.bind(None::<i64>),
        Value::Integer(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Blob(bytes) => query.bind(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_powers_of_two_within_the_limits() {
        assert_eq!(chunk(1_000, 6), 512);
        assert_eq!(chunk(488, 6), 256);
        assert_eq!(chunk(1_000, 100), 256);
        assert_eq!(chunk(3, 6), 2);
        assert_eq!(chunk(1, 40_000), 1);
    }
}
