//! How much of what it claims a Fizz node delivers.

use serde::{Deserialize, Serialize};

use super::{Attested, ResourceKind};
use crate::BPS;

/// One whole in parts per million: a basis point of one percent.
pub const PPM: u64 = BPS * 100;

/// By how much a node fell short of its claim, in basis points of each resource. What is not measured is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortfalls {
    /// Threads.
    pub cpu: u64,
    /// Memory.
    pub memory: u64,
    /// Storage.
    pub storage: u64,
    /// GPUs.
    pub gpu: u64,
}

impl Shortfalls {
    /// The shortfall of the units that a verdict measured, rounded up.
    pub fn of_units(kind: ResourceKind, part: &Attested) -> Self {
        let claimed = u64::from(part.claimed_units).max(1);
        let missing = claimed.saturating_sub(part.units.into());
        let share = (missing * BPS).div_ceil(claimed);
        match kind {
            ResourceKind::Gpu => Self { gpu: share, ..Self::default() },
            ResourceKind::Cpu => Self { cpu: share, ..Self::default() },
        }
    }

    /// The delivery factor: one less each shortfall times its weight, in parts per million.
    ///
    /// Weights in percent are CPU 20, memory 10, storage 10, GPU 60, and without a GPU 50, 25, 25.
    pub fn delivery_ppm(&self, kind: ResourceKind) -> u64 {
        let [cpu, memory, storage, gpu] = match kind {
            ResourceKind::Gpu => [20, 10, 10, 60],
            ResourceKind::Cpu => [50, 25, 25, 0],
        };
        let weighted = [(self.cpu, cpu), (self.memory, memory), (self.storage, storage), (self.gpu, gpu)];
        PPM - weighted.iter().map(|(shortfall, weight)| shortfall.min(&BPS) * weight).sum::<u64>()
    }
}
