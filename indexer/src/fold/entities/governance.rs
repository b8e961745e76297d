//! Parameters, outages and pauses.

use alloy::primitives::Address;

use super::super::macros::entities;

entities! {
    /// Parameters of the contracts that are one value each, by contract and name.
    Setting in "setting" (contract: String, name: String) {
        /// As people write it: decimal number, 0x hex.
        value: String,
    }

    /// Outages of the sequencer that are over: `[start, end)`.
    Outage in "outage" (position: u64) {
        /// Unix seconds.
        start: u64,
        /// Unix seconds.
        end: u64,
    }

    /// Bits of the PauseSwitch.
    PauseBit in "pause_bit" (bit: u64) {
        /// Contract whose intake it pauses, 0 for none.
        target: Address,
        /// Whether it is paused.
        paused: bool,
    }
}
