//! What may be asked: every parameter is checked, and named if it is wrong.

use std::collections::HashMap;

use alloy::primitives::{Address, B256};
use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};

use super::{Api, error::ApiError};
use crate::{
    position::ids_from,
    store::{StoreError, Wanted},
    value::{Field as _, Value},
};

const DEFAULT_LIMIT: u64 = 100;
const MAX_LIMIT: u64 = 1_000;

/// The parameters of a request, taken one by one; what is left over is unknown.
#[derive(Debug)]
pub(super) struct Params(HashMap<String, String>);

impl FromRequestParts<Api> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, ApiError> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let Query(pairs) = pairs.map_err(|error| ApiError::bad(error.body_text()))?;
        let mut params = HashMap::new();
        for (name, value) in pairs {
            if params.contains_key(&name) {
                return Err(ApiError::bad(format!("the parameter {name} is given twice")));
            }
            params.insert(name, value);
        }
        Ok(Self(params))
    }
}

impl Params {
    /// Takes a parameter.
    pub fn take<T>(&mut self, name: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, ApiError> {
        let value = self.0.remove(name);
        let value = value.map(|text| read(&text).map_err(|error| ApiError::bad(format!("{name}={text}: {error}"))));
        value.transpose()
    }

    /// Takes an address.
    pub fn address(&mut self, name: &str) -> Result<Option<Value>, ApiError> {
        Ok(self.take(name, address)?.map(|address| address.to_value()))
    }

    /// Takes `limit`, within its bounds.
    pub fn limit(&mut self) -> Result<u64, ApiError> {
        let read = |text: &str| match number(text)? {
            limit @ 1..=MAX_LIMIT => Ok(limit),
            _ => Err(format!("give 1 to {MAX_LIMIT}")),
        };
        Ok(self.take("limit", read)?.unwrap_or(DEFAULT_LIMIT))
    }

    /// Takes `chain`, an id or a name; 404 if the database does not have it.
    pub async fn chain(&mut self, api: &Api) -> Result<Option<ChainFilter>, ApiError> {
        let Some(text) = self.0.remove("chain") else { return Ok(None) };
        let chains = chains(api).await?;
        let found = chains.iter().find(|chain| chain.name == text || chain.chain_id.to_string() == text);
        let names: Vec<_> = chains.iter().map(|chain| format!("{} ({})", chain.name, chain.chain_id)).collect();
        let missing = || ApiError::not_found(format!("chain={text}: there is {}", names.join(", ")));
        found.cloned().map(Some).ok_or_else(missing)
    }

    /// Fails if a parameter was not taken.
    pub fn end(self) -> Result<(), ApiError> {
        match self.0.into_keys().min() {
            Some(name) => Err(ApiError::bad(format!("the parameter {name} is unknown"))),
            None => Ok(()),
        }
    }
}

/// A chain that answers are limited to.
#[derive(Debug, Clone)]
pub(super) struct ChainFilter {
    slot: u64,
    chain_id: u64,
    name: String,
}

impl ChainFilter {
    /// Only rows of state of this chain.
    pub fn of_state(this: Option<&Self>, wanted: Wanted) -> Wanted {
        this.map_or(wanted.clone(), |chain| wanted.with("chain_id = ?", [chain.chain_id.to_value()]))
    }

    /// Only events of this chain.
    pub fn of_events(this: Option<&Self>, wanted: Wanted) -> Wanted {
        let Some(chain) = this else { return wanted };
        let ids = ids_from(chain.slot, 0);
        wanted.with("event_id BETWEEN ? AND ?", [ids.start().to_value(), ids.end().to_value()])
    }
}

async fn chains(api: &Api) -> Result<Vec<ChainFilter>, StoreError> {
    let rows = sqlx::query_as::<_, (i64, i64, String)>("SELECT slot, chain_id, name FROM chain ORDER BY slot");
    let rows = rows.fetch_all(api.reader.pool()).await;
    let rows = rows.map_err(|error| StoreError::sqlx(api.reader.path(), &error))?;
    let chain = |(slot, chain_id, name): (i64, i64, String)| ChainFilter {
        slot: slot.cast_unsigned(),
        chain_id: chain_id.cast_unsigned(),
        name,
    };
    Ok(rows.into_iter().map(chain).collect())
}

/// Reads a number.
pub(super) fn number(text: &str) -> Result<u64, String> {
    let number = text.parse::<i64>().map_err(|_| "give a whole number".to_owned())?;
    u64::try_from(number).map_err(|_| "give a number that is not negative".to_owned())
}

/// Reads an address.
pub(super) fn address(text: &str) -> Result<Address, String> {
    text.parse().map_err(|_| "give an address: 0x and 40 hex digits".to_owned())
}

/// Reads a hash.
pub(super) fn hash(text: &str) -> Result<B256, String> {
    text.parse().map_err(|_| "give a hash: 0x and 64 hex digits".to_owned())
}
