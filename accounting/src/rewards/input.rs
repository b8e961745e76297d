//! What an era's rewards are computed from.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};
use serde::{Deserialize, Serialize};

use crate::{
    attestation::{MAX_VALIDITY, VERDICT_DEADLINE, Window},
    wei,
};

/// A day, counted from the unix epoch: era `n` is `[n * 86,400, (n + 1) * 86,400)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Era(pub u32);

impl Era {
    /// Seconds of an era.
    pub const SECONDS: u64 = 86_400;

    /// The era that `time` (unix seconds) lies in.
    pub fn containing(time: u64) -> Self {
        Self(u32::try_from(time / Self::SECONDS).unwrap_or(u32::MAX))
    }

    /// Its first second, unix.
    pub fn start(self) -> u64 {
        u64::from(self.0) * Self::SECONDS
    }

    /// Its end, exclusive, unix seconds.
    pub fn end(self) -> u64 {
        self.start() + Self::SECONDS
    }

    /// From when on no verdict can change it (unix seconds).
    pub fn final_at(self) -> u64 {
        self.end() + VERDICT_DEADLINE + 1
    }

    /// Verdicts that were measured before this time attest no second of it (unix seconds).
    pub fn relevant_from(self) -> u64 {
        self.start().saturating_sub(MAX_VALIDITY)
    }

    fn window(self) -> Window {
        Window { start: self.start(), end: self.end() }
    }
}

/// Whose machine a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A data centre's.
    Provider,
    /// Somebody's own.
    Fizz,
}

/// What a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResourceKind {
    /// Counted in cards.
    Gpu,
    /// Counted in threads.
    Cpu,
}

/// A class of hardware, as the ResourceCatalog holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// What it is.
    pub kind: ResourceKind,
    /// Weight of one unit, basis points.
    pub multiplier_bps: u32,
    /// Milli-points of a Fizz node, per unit at multiplier 1.
    pub fizz_base_points: u32,
    /// Milli-points of a provider's node, per unit at multiplier 1.
    pub provider_base_points: u32,
}

impl Resource {
    /// Milli-points per unit at multiplier 1.
    pub fn base_points(&self, kind: Kind) -> u32 {
        match kind {
            Kind::Fizz => self.fizz_base_points,
            Kind::Provider => self.provider_base_points,
        }
    }
}

/// A verdict as the chain recorded it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Time of measurement, unix seconds.
    pub measured_at: u64,
    /// End of the node's last window after this verdict (`AttestationRecorded.end`), unix seconds.
    pub window_end: u64,
    /// Units that it attests, 0 if the node failed.
    pub units: u32,
    /// Class of hardware that was measured (`Verdict.claimedClass`).
    pub resource: u16,
    /// Units of that class that the node claimed when the verdict came.
    pub claimed_units: u32,
}

/// A node in an era.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeInput {
    /// The node, named by its key.
    pub node: Address,
    /// Its provider's reward wallet at the end of the era.
    pub account: Address,
    /// Whose machine it is.
    pub kind: Kind,
    /// Its provider's trust tier at the end of the era.
    pub trust_tier: u8,
    /// Its verdicts, by ascending time of measurement: at least those from [`Era::relevant_from`] on that were measured
    /// before the era's end.
    pub records: Vec<Record>,
}

/// Attested seconds of an era under one verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attested {
    /// How many.
    pub seconds: u64,
    /// Class that was measured.
    pub resource: u16,
    /// Units that were attested.
    pub units: u32,
    /// Units that were claimed.
    pub claimed_units: u32,
}

impl NodeInput {
    /// The attested seconds of an era, each under the latest verdict measured before it.
    pub fn attested(&self, era: Era) -> Vec<Attested> {
        let until_next = |place: usize| self.records.get(place + 1).map_or(u64::MAX, |next| next.measured_at);
        let part = |(place, record): (usize, &Record)| {
            let end = record.window_end.min(until_next(place));
            let attested = Window { start: record.measured_at, end };
            let seconds = if record.units == 0 { 0 } else { attested.overlap(era.window().start, era.window().end) };
            let Record { resource, units, claimed_units, .. } = *record;
            Attested { seconds, resource, units, claimed_units }
        };
        self.records.iter().enumerate().map(part).filter(|part| part.seconds != 0).collect()
    }
}

/// Everything that an era's rewards depend on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RewardInput {
    /// The era.
    pub era: Era,
    /// Wei that are shared.
    #[serde(with = "wei")]
    pub budget: U256,
    /// Resources by id, as the catalog stood at the end of the era.
    pub catalog: BTreeMap<u16, Resource>,
    /// The nodes, in any order.
    pub nodes: Vec<NodeInput>,
}
