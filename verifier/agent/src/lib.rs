//! The provider's agent: answers verifiers' challenges over HTTP.
//!
//! [`Agent`] is the server and [`AgentClient`] its caller. [`behaviour`] has provers that cheat, for simulations; the
//! agent itself knows nothing of them. [`clock`] and [`http`] are shared with the verifier service.

mod agent;
pub mod behaviour;
mod client;
pub mod clock;
pub mod http;
mod routes;
mod run;

pub use agent::{Agent, Limits, Registration, Verifiers};
pub use client::AgentClient;
pub use routes::{Accepted, Health, Progress};
