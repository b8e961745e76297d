//! What each node earns in an era: a pure function of chain events.
//!
//! ```text
//! points = sum(units * multiplier * base) * uptime factor * delivery factor    (Fizz)
//! points = sum(units * multiplier * base) * trust tier                         (provider)
//! amount = floor(budget * points / sum of all points)
//! ```
//!
//! Only attested units earn: claiming more than a verdict attests adds no points, and costs a Fizz node the shortfall.
//! What a verdict attests and what the node claimed when it came hold until the next verdict; over an era, points are the
//! mean over the attested seconds. Points are counted in thousandths and rounded down once. The wei that rounding
//! leaves over are not part of the tree: an epoch is funded with the sum of its leaves, so they stay with the funder.

mod delivery;
mod evidence;
mod input;

use alloy::primitives::{Address, U256};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    BPS,
    reward_tree::Reward,
    trust_tier::{self, TrustTier},
    wei,
};

pub use delivery::{PPM, Shortfalls};
pub use input::{Attested, Era, Kind, NodeInput, Record, Resource, ResourceKind, RewardInput};

/// Attested share of an era from which on a Fizz node earns, basis points.
pub const FIZZ_UPTIME_GATE_BPS: u64 = 5_000;

/// Why a node earned nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// No second of the era is attested.
    NotAttested,
    /// Less than half of the era is attested.
    UptimeBelowHalf,
    /// The uptime is below what the provider's tier allows: the whole era is lost.
    UptimeBelowTier,
    /// The provider's tier earns nothing.
    TierEarnsNothing,
    /// The resource has no base points for this kind of node.
    ResourceEarnsNothing,
    /// The share of the budget is less than one wei.
    LessThanOneWei,
}

/// What a node earned, with every number on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeReward {
    /// The node.
    pub node: Address,
    /// Who is paid: the provider's reward wallet.
    pub account: Address,
    /// Whose machine it is.
    pub kind: Kind,
    /// Attested seconds of the era.
    pub attested_seconds: u64,
    /// Their share of the era, basis points, rounded down.
    pub uptime_bps: u64,
    /// Milli-points of the attested units, rounded down.
    pub base_milli_points: u64,
    /// Delivery factor in parts per million; one for a provider's node.
    pub delivery_ppm: u64,
    /// Uptime factor (Fizz: 0 or 1) or trust tier (provider), basis points.
    pub factor_bps: u64,
    /// Milli-points that count, rounded down.
    pub milli_points: u64,
    /// Wei.
    #[serde(with = "wei")]
    pub amount: U256,
    /// Place in the tree, if it earned anything.
    pub leaf: Option<u32>,
    /// Why it earned nothing.
    pub loss: Option<Loss>,
}

/// Why an era's rewards cannot be computed.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RewardError {
    /// The Distributor counts an epoch's money in 128 bits.
    #[error("a budget of {0} wei is more than an epoch can hold (2^128 - 1)")]
    BudgetTooLarge(U256),
    /// There is no such tier.
    #[error("node {node} has trust tier {tier}, there are only 1 to 7")]
    UnknownTier {
        /// The node.
        node: Address,
        /// What it was said to have.
        tier: u8,
    },
    /// A node is named twice.
    #[error("node {0} is in the input twice")]
    DuplicateNode(Address),
    /// A node has more points than can be counted.
    #[error("node {0} claims more points than can be counted (2^64 thousandths)")]
    PointsTooLarge(Address),
}

/// What every node of `input` earned, by ascending node address, in which order the leaves are too.
///
/// # Errors
/// [`RewardError`].
pub fn compute(input: &RewardInput) -> Result<Vec<NodeReward>, RewardError> {
    if input.budget > U256::from(u128::MAX) {
        return Err(RewardError::BudgetTooLarge(input.budget));
    }
    let mut nodes = input.nodes.iter().map(|node| points(input, node)).collect::<Result<Vec<_>, _>>()?;
    nodes.sort_by_key(|node| node.node);
    if let Some(pair) = nodes.windows(2).find(|pair| pair[0].node == pair[1].node) {
        return Err(RewardError::DuplicateNode(pair[0].node));
    }
    share(input.budget, &mut nodes);
    Ok(nodes)
}

/// The leaves of the tree: what each node that earned anything is paid.
pub fn leaves(nodes: &[NodeReward]) -> Vec<Reward> {
    let paid = nodes.iter().filter(|node| node.leaf.is_some());
    paid.map(|node| Reward { account: node.account, amount: node.amount }).collect()
}

/// Shares the budget by points.
fn share(budget: U256, nodes: &mut [NodeReward]) {
    let total: U256 = nodes.iter().map(|node| U256::from(node.milli_points)).sum();
    let mut leaf = 0;
    for node in nodes.iter_mut().filter(|node| node.milli_points != 0) {
        node.amount = budget * U256::from(node.milli_points) / total;
        if node.amount.is_zero() {
            node.loss = Some(Loss::LessThanOneWei);
        } else {
            node.leaf = Some(leaf);
            leaf += 1;
        }
    }
}

/// A node's points; its amount is still open.
fn points(input: &RewardInput, node: &NodeInput) -> Result<NodeReward, RewardError> {
    let tier =
        trust_tier::get(node.trust_tier).ok_or(RewardError::UnknownTier { node: node.node, tier: node.trust_tier })?;
    let attested = node.attested(input.era);
    let seconds: u64 = attested.iter().map(|part| part.seconds).sum();
    let earned = Earned::over(input, node.kind, &attested);
    let (factor_bps, loss) = match node.kind {
        _ if seconds == 0 => (0, Some(Loss::NotAttested)),
        Kind::Fizz => fizz_factor(seconds),
        Kind::Provider => provider_factor(seconds, tier),
    };
    let count = |thousandths: U256| u64::try_from(thousandths).map_err(|_| RewardError::PointsTooLarge(node.node));
    let milli_points = count(earned.delivered_times(factor_bps, seconds))?;
    let earns_nothing = milli_points == 0 && loss.is_none();
    Ok(NodeReward {
        node: node.node,
        account: node.account,
        kind: node.kind,
        attested_seconds: seconds,
        uptime_bps: seconds * BPS / Era::SECONDS,
        base_milli_points: count(earned.base_points(seconds))?,
        delivery_ppm: earned.delivery_ppm(),
        factor_bps,
        milli_points,
        amount: U256::ZERO,
        leaf: None,
        loss: loss.or(earns_nothing.then_some(Loss::ResourceEarnsNothing)),
    })
}

/// 1 if at least half of the era is attested.
fn fizz_factor(seconds: u64) -> (u64, Option<Loss>) {
    if seconds * BPS >= FIZZ_UPTIME_GATE_BPS * Era::SECONDS { (BPS, None) } else { (0, Some(Loss::UptimeBelowHalf)) }
}

/// The tier's multiplier, unless the uptime is so low that the era is lost.
fn provider_factor(seconds: u64, tier: &TrustTier) -> (u64, Option<Loss>) {
    if seconds * BPS < u64::from(tier.slash_below_bps) * Era::SECONDS {
        return (0, Some(Loss::UptimeBelowTier));
    }
    let multiplier = u64::from(tier.multiplier_bps);
    (multiplier, (multiplier == 0).then_some(Loss::TierEarnsNothing))
}

/// Points times seconds, before any rounding.
struct Earned {
    /// Milli-points in basis points, times seconds.
    base: U256,
    /// As `base`, each part times its delivery factor in parts per million.
    delivered: U256,
}

impl Earned {
    fn over(input: &RewardInput, kind: Kind, attested: &[Attested]) -> Self {
        let mut earned = Self { base: U256::ZERO, delivered: U256::ZERO };
        for part in attested {
            let Some(resource) = input.catalog.get(&part.resource) else { continue };
            let weight = U256::from(resource.multiplier_bps) * U256::from(resource.base_points(kind));
            let base = U256::from(part.seconds) * U256::from(part.units) * weight;
            let delivery = match kind {
                Kind::Fizz => Shortfalls::of_units(resource.kind, part).delivery_ppm(resource.kind),
                Kind::Provider => PPM,
            };
            earned.base += base;
            earned.delivered += base * U256::from(delivery);
        }
        earned
    }

    fn base_points(&self, seconds: u64) -> U256 {
        self.base.checked_div(U256::from(seconds * BPS)).unwrap_or_default()
    }

    fn delivery_ppm(&self) -> u64 {
        self.delivered.checked_div(self.base).map_or(0, |ppm| ppm.saturating_to())
    }

    fn delivered_times(&self, factor_bps: u64, seconds: u64) -> U256 {
        let divisor = U256::from(seconds) * U256::from(BPS * BPS) * U256::from(PPM);
        (self.delivered * U256::from(factor_bps)).checked_div(divisor).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
