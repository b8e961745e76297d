//! Replays the contracts' events into SQLite, serves them, and audits them against the chain.
//!
//! The stages, each in a module of its own, joined by bounded channels:
//!
//! ```text
//! source  ->  follow (plan, fetch, reorg)  ->  decode  ->  queue  ->  store (fold, rows, undo, cursor)
//!                                                                       |
//!                                                        api, audit, digest, rewards
//! ```
//!
//! * [`manifest`] says which chains, endpoints and contracts.
//! * [`source`] asks endpoints and sorts their failures; [`plan`] sizes the ranges.
//! * [`follow`] decides what is fetched next, and finds reorgs.
//! * [`decode`] turns logs into typed events and rows; [`fold`] turns events into state.
//! * [`store`] writes a range in one transaction, takes blocks back, and reads.
//! * [`api`] serves it over HTTP; [`audit`] holds it against the contracts; [`rewards`] takes an era's inputs out of it;
//!   [`digest`] compares two databases.

pub mod api;
pub mod audit;
pub mod cells;
pub mod decode;
pub mod dictionary;
pub mod digest;
pub mod event;
pub mod fold;
pub mod follow;
pub mod indexer;
pub mod manifest;
mod memory;
pub mod packed;
pub mod plan;
pub mod position;
mod queue;
pub mod rewards;
mod shelf;
pub mod source;
pub mod sources;
pub mod status;
pub mod store;
pub mod table;
pub mod value;

pub use event::Contract;
pub use indexer::{Config, Indexer, IndexerError};
pub use manifest::{ChainManifest, Manifest, ManifestError};
pub use sources::{Factory, SourceManifest};
