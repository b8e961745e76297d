//! Verifiers, and what they attest.

use alloy::primitives::{Address, B256, U256};

use super::super::macros::entities;

entities! {
    /// Verifiers, also those that left.
    Verifier in "verifier" (verifier: Address) {
        /// Token of its bond.
        bond_token: Address,
        /// Of its hash chain; 0 once it left.
        tip: B256,
        /// Whether it is in the set.
        active: bool,
        /// Its place in the set.
        seat: u64,
        /// First round that it is drawn in.
        since_round: u64,
        /// Round of its latest reveal, or of its join.
        revealed_in: u64,
        /// How often it has joined.
        joins: u64,
        /// Whether it signed two conflicting verdicts.
        banned: bool,
        /// Wei that they cost it.
        slashed: U256,
    }

    /// The places in the set of verifiers.
    Seats in "verifier_seats" () {
        /// Bit i: somebody sits on seat i.
        taken: U256,
    }

    /// Beacons of the rounds in which somebody revealed.
    Beacon in "beacon" (round: u64) {
        /// What the reveals mixed to.
        mix: B256,
        /// Number of reveals.
        reveals: u64,
    }

    /// The latest verdict on each node.
    Standing in "standing" (node: Address) {
        /// Unix seconds.
        measured_at: u64,
        /// That it attested, 0 if it failed.
        units: u64,
        /// Number of its windows.
        windows: u64,
        /// Number of its cuts.
        cuts: u64,
    }

    /// Seconds that were attested and no longer are: `[start, end)`.
    Cut in "attestation_cut" (node: Address, position: u64) {
        /// Unix seconds.
        start: u64,
        /// Unix seconds.
        end: u64,
        /// Seconds of all earlier cuts.
        before: u64,
    }

    /// Seconds in which nodes are attested: `[start, end)`.
    Window in "attestation_window" (node: Address, position: u64) {
        /// Unix seconds.
        start: u64,
        /// Unix seconds.
        end: u64,
        /// Attested seconds of all earlier windows.
        before: u64,
    }
}
