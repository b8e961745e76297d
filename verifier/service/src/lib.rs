//! The verifier: takes part in sessions with others, challenges agents, checks what they return, and signs verdicts.
//!
//! [`Verifier::measure`] leads a measurement; [`Verifier::serve`] answers when others lead. All verifiers of a session
//! do the same checks on their own observations, so the leader is trusted with nothing but carrying messages.

mod directory;
mod leader;
mod observe;
mod peer;
mod protocol;
mod routes;
mod seat;
mod store;
mod verifier;

pub use directory::{Directory, StaticDirectory};
pub use leader::MeasureError;
pub use peer::Refusal;
pub use protocol::{Committed, Health, Invitation, Observed, Proposal, Revealed, Sampling, Work};
pub use store::Store;
pub use verifier::{Config, Entropy, SetupError, Verifier};
