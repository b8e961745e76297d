//! What verifiers send each other. Every part is signed by whoever made it; the leader only carries.

use alloy::primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use spheron_verifier_core::{
    evidence::Evidence,
    verdict::{SessionCommit, Verdict},
    wire::{Commitment, Domain, Observation, SeedReveal, Signed, Terms},
};

/// What a verifier says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Its address.
    pub verifier: Address,
    /// Where it signs.
    pub domains: Vec<Domain>,
    /// The policy by which it judges.
    pub policy: B256,
}

/// Opens a session; answered by a signed [`Commitment`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// Chain and contract.
    pub domain: Domain,
    /// Signed by the leader.
    pub terms: Signed<Terms>,
}

/// All commitments; answered by a signed [`SeedReveal`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Committed {
    /// One per verifier, in the order of the terms.
    pub commitments: Vec<Signed<Commitment>>,
}

/// All reveals; the verifier challenges the node and answers with what it [`Observed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revealed {
    /// One per verifier, in the order of the terms.
    pub reveals: Vec<Signed<SeedReveal>>,
}

/// What a verifier saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// Its times.
    pub observation: Signed<Observation>,
    /// What the node signed, if it came in time.
    pub commit: Option<Signed<SessionCommit>>,
}

/// The chain that a quorum saw; answered by a signed sample reveal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sampling {
    /// Signed by the node.
    pub commit: Signed<SessionCommit>,
}

/// A verdict to sign, with all that it follows from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// The evidence.
    pub evidence: Evidence,
    /// What the leader says that follows.
    pub verdict: Verdict,
}

/// A measurement to lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// Chain and contract of the verdict.
    pub domain: Domain,
    /// Lease measured for, or zero.
    pub lease_id: B256,
    /// The node.
    pub node: Address,
    /// Whose key signs for the node.
    pub operator: Address,
    /// Who owns the node.
    pub provider: Address,
    /// First unit.
    pub gpu_index: u16,
    /// Units.
    pub gpu_count: u16,
    /// Resource id that the node claims.
    pub claimed_class: u16,
    /// What the node proves with: 0 cpu, 1 wgpu, 2 cuda.
    pub backend: u8,
    /// Round of the committee.
    pub beacon_round: u64,
    /// Beacon of that round.
    pub beacon: B256,
    /// The node's committee in that round.
    pub committee: Vec<Address>,
    /// Signatures that a verdict needs.
    pub quorum: u16,
}
