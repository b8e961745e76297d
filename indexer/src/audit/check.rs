//! One question to a contract, and what its answer is held against.

use alloy::{
    primitives::{Address, Bytes},
    sol_types::SolCall,
};

use crate::source::EthCall;

/// A question to a contract.
pub(super) struct Check {
    /// What is compared, to count by.
    pub kind: &'static str,
    /// The thing that it is about, as people write it.
    pub entity: String,
    /// Words that the events about it hold.
    pub keys: Vec<Vec<u8>>,
    /// The question.
    pub call: EthCall,
    compare: Compare,
}

/// Holds an answer against the database: the fields that were compared, or why the answer is none.
type Compare = Box<dyn Fn(&[u8]) -> Result<Vec<Field>, String> + Send + Sync>;

/// A value in the database and in the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub name: &'static str,
    pub database: String,
    pub chain: String,
    pub equal: bool,
}

/// What came of a question.
pub(super) struct Answered {
    /// Values compared.
    pub compared: u64,
    /// Those that differ.
    pub differences: Vec<Field>,
}

impl Field {
    /// Values that must be equal.
    pub fn new<T: ToString>(name: &'static str, database: T, chain: T) -> Self {
        let (database, chain) = (database.to_string(), chain.to_string());
        Self { name, equal: database == chain, database, chain }
    }

    /// What the chain must have at least.
    pub fn at_least<T: ToString + Ord>(name: &'static str, database: T, chain: T) -> Self {
        Self {
            name,
            equal: chain >= database,
            database: format!("at least {}", database.to_string()),
            chain: chain.to_string(),
        }
    }
}

impl Check {
    /// Asks `to`, and compares the fields that `fields` makes of the answer.
    pub fn new<C: SolCall>(
        kind: &'static str,
        entity: String,
        keys: impl IntoIterator<Item = Vec<u8>>,
        to: Address,
        call: &C,
        fields: impl Fn(C::Return) -> Vec<Field> + Send + Sync + 'static,
    ) -> Self {
        let compare = move |data: &[u8]| {
            let answer =
                C::abi_decode_returns(data).map_err(|error| format!("no answer to {}: {error}", C::SIGNATURE))?;
            Ok(fields(answer))
        };
        let call = EthCall { to, data: call.abi_encode().into() };
        Self { kind, entity, keys: keys.into_iter().collect(), call, compare: Box::new(compare) }
    }

    /// Compares. An answer that is none differs.
    pub fn answer(&self, answer: Result<Bytes, String>) -> Answered {
        match answer.and_then(|data| (self.compare)(&data)) {
            Ok(fields) => {
                let compared = fields.len() as u64;
                Answered { compared, differences: fields.into_iter().filter(|field| !field.equal).collect() }
            }
            Err(chain) => {
                let field = Field { name: "answer", database: "present".to_owned(), chain, equal: false };
                Answered { compared: 1, differences: vec![field] }
            }
        }
    }
}

/// The words of addresses and hashes.
pub(super) fn keys<const N: usize>(parts: [&[u8]; N]) -> Vec<Vec<u8>> {
    parts.into_iter().map(<[u8]>::to_vec).collect()
}
