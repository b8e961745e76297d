//! Lists: a page of rows, and where the next one begins.

use axum::Json;
use serde_json::{Map, Value as Json_, json};

use super::{Api, error::ApiError};
use crate::{
    decode::event_tables,
    fold::State,
    position::Position,
    store::{Found, Wanted},
    table::Table,
    value::Value,
};

/// A JSON object.
pub(super) type Object = Map<String, Json_>;

/// The table of state with this name.
pub(super) fn state_table(name: &str) -> &'static Table {
    let found = State::tables().iter().find(|table| table.name == name);
    found.unwrap_or_else(|| panic!("no table of state is named {name}"))
}

/// The event table with this name.
pub(super) fn event_table(name: &str) -> &'static Table {
    let found = event_tables().iter().find(|table| table.name == name);
    found.unwrap_or_else(|| panic!("no event table is named {name}"))
}

/// A row as people read it, with its chain; of an event, also with block, place and time.
pub(super) fn object(table: &Table, found: &Found) -> Object {
    let mut object = Object::new();
    object.insert("chain_id".into(), json!(found.chain_id));
    if let Some((id, time)) = found.event {
        let at = Position { id, time };
        object.insert("event_id".into(), json!(id.to_string()));
        object.insert("block".into(), json!(at.block()));
        object.insert("log_index".into(), json!(at.log_index()));
        object.insert("block_time".into(), json!(time));
    }
    object.extend(table.json(&found.row));
    object
}

/// The rows that are wanted, as people read them.
pub(super) async fn objects(api: &Api, table: &Table, wanted: Wanted) -> Result<Vec<Object>, ApiError> {
    let rows = api.reader.rows(table, wanted).await?;
    Ok(rows.iter().map(|found| object(table, found)).collect())
}

/// A page of rows in the order of `key`, a column of event ids, which is unique over all chains.
pub(super) async fn page(
    api: &Api,
    table: &Table,
    key: &str,
    wanted: Wanted,
    after: Option<u64>,
    limit: u64,
) -> Result<(Vec<Object>, Json_), ApiError> {
    let wanted = match after {
        Some(after) => wanted.with(&format!("{key} > ?"), [Value::Integer(after.cast_signed())]),
        None => wanted,
    };
    let items = objects(api, table, wanted.order(key).limit(limit)).await?;
    let full = u64::try_from(items.len()).is_ok_and(|count| count == limit);
    let next = items.last().filter(|_| full).and_then(|item| item.get(key)).cloned();
    Ok((items, next.unwrap_or(Json_::Null)))
}

/// `{"items": [...], "next": ...}`
pub(super) fn list((items, next): (Vec<Object>, Json_)) -> Json<Json_> {
    Json(json!({ "items": items, "next": next }))
}

/// Only rows where each of these columns has its value, if one is given.
pub(super) fn with_each<const N: usize>(wanted: Wanted, filters: [(&str, Option<Value>); N]) -> Wanted {
    filters.into_iter().fold(wanted, |wanted, (column, value)| match value {
        Some(value) => wanted.with(&format!("{column} = ?"), [value]),
        None => wanted,
    })
}

/// The value of one of an enum's names.
pub(super) fn name_of<T: crate::value::Field>(text: &str) -> Result<Value, String> {
    let value = Value::Text(text.to_lowercase());
    let known = T::from_value(&value).map_err(|error| error.to_string())?;
    Ok(known.to_value())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fold::LeaseStatus, value::Field as _};

    #[test]
    fn names_of_an_enum_are_read_in_any_case() {
        assert_eq!(name_of::<LeaseStatus>("Open"), Ok(LeaseStatus::Open.to_value()));
        assert!(name_of::<LeaseStatus>("opened").is_err());
    }
}
