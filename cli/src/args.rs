//! Arguments that commands share.

mod key;
mod network;
mod networks;
mod value;

pub use key::{KeyArgs, NodeKeyArgs, Secrets};
pub use network::{Account, Network, TokenName, whose};
pub use networks::Networks;
pub use value::{Percent, PercentError, Seconds, address, hash};
