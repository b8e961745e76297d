//! What verifiers and nodes sign for the contracts.

use serde::{Deserialize, Serialize};
pub use spheron_bindings::verifier_set::IVerifierSet::{Measurement, SessionCommit, Signature, Verdict};

use crate::wire::Domain;

/// `Verdict.result`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Outcome {
    /// Nothing to record.
    Inconclusive = 0,
    /// The claim holds.
    Pass = 1,
    /// The work was right but slower than the claim.
    BelowClaim = 2,
    /// The node signed something wrong.
    WrongComputation = 3,
    /// A message did not arrive in time.
    Timeout = 4,
}

impl Outcome {
    /// The outcome with this number.
    pub fn from_result(result: u8) -> Option<Self> {
        let all = [Self::Inconclusive, Self::Pass, Self::BelowClaim, Self::WrongComputation, Self::Timeout];
        all.into_iter().find(|o| *o as u8 == result)
    }
}

/// `Verdict.evidenceFlags`: the claimed class's reference rate was measured.
pub const FLAG_MEASURED: u32 = 1;
/// `Verdict.evidenceFlags`: the claimed class's reference rate is modelled from its datasheet.
pub const FLAG_MODELLED: u32 = 1 << 1;
/// `Verdict.evidenceFlags`: measured inside of a lease.
pub const FLAG_IN_LEASE: u32 = 1 << 3;

/// A verdict with its quorum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedVerdict {
    /// Chain and contract that it is for.
    pub domain: Domain,
    /// What is signed.
    pub verdict: Verdict,
    /// By signer, ascending, as `VerifierSet.submit` takes them.
    pub signatures: Vec<Signature>,
}
