use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::reward_tree::{RewardTree, TreeId};

const ERA: Era = Era(20_000);
const RTX_4090: u16 = 36;
const H100: u16 = 51;
const M4: u16 = 1_013;

fn catalog() -> BTreeMap<u16, Resource> {
    let gpu = |multiplier_bps| Resource {
        kind: ResourceKind::Gpu,
        multiplier_bps,
        fizz_base_points: 500_000,
        provider_base_points: 20_000,
    };
    let cpu =
        Resource { kind: ResourceKind::Cpu, multiplier_bps: 5_000, fizz_base_points: 25_000, provider_base_points: 0 };
    BTreeMap::from([(RTX_4090, gpu(10_000)), (H100, gpu(120_000)), (M4, cpu)])
}

fn record(from: u64, to: u64, resource: u16, units: u32, claimed_units: u32) -> Record {
    Record { measured_at: ERA.start() + from, window_end: ERA.start() + to, units, resource, claimed_units }
}

fn node(number: u8, kind: Kind, records: Vec<Record>) -> NodeInput {
    let (node, account) = (Address::repeat_byte(number), Address::repeat_byte(number + 100));
    NodeInput { node, account, kind, trust_tier: 6, records }
}

fn compute_one(node: NodeInput) -> NodeReward {
    let input = RewardInput { era: ERA, budget: U256::from(1_000_000), catalog: catalog(), nodes: vec![node] };
    compute(&input).unwrap().remove(0)
}

#[test]
fn published_vector_a_cut_of_31_percent() {
    let shortfalls = Shortfalls { cpu: 5_000, memory: 2_000, storage: 1_000, gpu: 3_000 };
    assert_eq!(PPM - shortfalls.delivery_ppm(ResourceKind::Gpu), 310_000);
}

#[test]
fn published_vector_500_points_become_427_and_a_half() {
    let shortfalls = Shortfalls { cpu: 1_000, memory: 500, storage: 0, gpu: 2_000 };
    let delivery = shortfalls.delivery_ppm(ResourceKind::Gpu);
    assert_eq!(delivery, 855_000);
    assert_eq!(500_000 * delivery / PPM, 427_500);
}

#[test]
fn shortfalls_weigh_more_without_a_gpu() {
    let shortfalls = Shortfalls { cpu: 5_000, memory: 2_000, storage: 1_000, gpu: 10_000 };
    assert_eq!(PPM - shortfalls.delivery_ppm(ResourceKind::Cpu), 250_000 + 50_000 + 25_000);
    assert_eq!(Shortfalls { cpu: 99_999, memory: 99_999, storage: 99_999, gpu: 0 }.delivery_ppm(ResourceKind::Cpu), 0);
}

#[test]
fn a_fizz_node_earns_its_base_points() {
    let reward = compute_one(node(1, Kind::Fizz, vec![record(0, 86_400, RTX_4090, 1, 1)]));
    assert_eq!((reward.base_milli_points, reward.delivery_ppm, reward.milli_points), (500_000, PPM, 500_000));
    assert_eq!(
        (reward.uptime_bps, reward.amount, reward.leaf, reward.loss),
        (10_000, U256::from(1_000_000), Some(0), None)
    );
}

#[test]
fn a_fizz_node_earns_all_from_half_an_era_on() {
    let half = compute_one(node(1, Kind::Fizz, vec![record(0, 43_200, RTX_4090, 1, 1)]));
    assert_eq!((half.milli_points, half.loss), (500_000, None));
    let less = compute_one(node(1, Kind::Fizz, vec![record(0, 43_199, RTX_4090, 1, 1)]));
    assert_eq!((less.milli_points, less.loss, less.leaf), (0, Some(Loss::UptimeBelowHalf), None));
}

#[test]
fn claiming_more_than_is_attested_costs_the_shortfall_and_adds_nothing() {
    let reward = compute_one(node(1, Kind::Fizz, vec![record(0, 86_400, RTX_4090, 1, 8)]));
    assert_eq!((reward.base_milli_points, reward.delivery_ppm), (500_000, PPM - 8_750 * 60));
    assert_eq!(reward.milli_points, 237_500);
}

#[test]
fn a_provider_earns_by_its_tier() {
    let mut provider = node(1, Kind::Provider, vec![record(0, 86_400, H100, 8, 8)]);
    provider.trust_tier = 1;
    let reward = compute_one(provider.clone());
    assert_eq!((reward.base_milli_points, reward.factor_bps), (20_000 * 12 * 8, 20_000));
    assert_eq!(reward.milli_points, 20_000 * 12 * 8 * 2);
    provider.trust_tier = 7;
    assert_eq!(compute_one(provider).loss, Some(Loss::TierEarnsNothing));
}

#[test]
fn below_its_tiers_threshold_a_provider_loses_the_era() {
    let mut provider = node(1, Kind::Provider, vec![record(0, 86_400 * 85 / 100, H100, 8, 8)]);
    provider.trust_tier = 1;
    assert_eq!(compute_one(provider.clone()).loss, None);
    provider.records[0].window_end -= 1;
    let lost = compute_one(provider);
    assert_eq!((lost.milli_points, lost.loss), (0, Some(Loss::UptimeBelowTier)));
}

#[test]
fn a_verdict_holds_until_the_next_one() {
    // Half of the attested time 4 cards, half of it 2; a failure ends it; what came before the era does not count.
    let records = vec![
        record(0, 20_000, RTX_4090, 4, 4),
        record(10_000, 30_000, RTX_4090, 2, 4),
        record(20_000, 20_000, RTX_4090, 0, 4),
    ];
    let mut provider = node(1, Kind::Provider, records);
    provider.trust_tier = 6;
    let lost = compute_one(provider.clone());
    assert_eq!((lost.attested_seconds, lost.base_milli_points), (20_000, 3 * 20_000));
    assert_eq!(lost.loss, Some(Loss::UptimeBelowTier));

    let before =
        Record { measured_at: ERA.start() - 500, window_end: ERA.start() + 100, ..record(0, 0, RTX_4090, 1, 1) };
    assert_eq!(node(2, Kind::Fizz, vec![before]).attested(ERA)[0].seconds, 100);
}

#[test]
fn changing_the_claim_without_a_verdict_changes_nothing() {
    let honest = compute_one(node(1, Kind::Fizz, vec![record(0, 86_400, M4, 16, 16)]));
    assert_eq!(honest.milli_points, 16 * 25_000 / 2);
    let provider = compute_one(node(1, Kind::Provider, vec![record(0, 86_400, M4, 16, 16)]));
    assert_eq!(provider.loss, Some(Loss::ResourceEarnsNothing));
}

#[test]
fn no_verdict_no_reward() {
    assert_eq!(compute_one(node(1, Kind::Fizz, vec![])).loss, Some(Loss::NotAttested));
    let unknown = node(1, Kind::Fizz, vec![record(0, 86_400, 9, 1, 1)]);
    assert_eq!(compute_one(unknown).loss, Some(Loss::ResourceEarnsNothing));
}

#[test]
fn impossible_inputs_are_refused() {
    let mut input = RewardInput { era: ERA, budget: U256::MAX, catalog: catalog(), nodes: vec![] };
    assert_eq!(compute(&input), Err(RewardError::BudgetTooLarge(U256::MAX)));
    input.budget = U256::ONE;
    assert_eq!(compute(&input), Ok(vec![]));
    input.nodes = vec![node(1, Kind::Fizz, vec![]), node(1, Kind::Fizz, vec![])];
    assert_eq!(compute(&input), Err(RewardError::DuplicateNode(Address::repeat_byte(1))));
    input.nodes = vec![NodeInput { trust_tier: 8, ..node(1, Kind::Fizz, vec![]) }];
    assert_eq!(compute(&input), Err(RewardError::UnknownTier { node: Address::repeat_byte(1), tier: 8 }));
}

#[test]
fn an_era_is_a_day_and_final_once_no_verdict_can_come() {
    assert_eq!(Era::containing(ERA.start()), ERA);
    assert_eq!(Era::containing(ERA.end() - 1), ERA);
    assert_eq!(Era::containing(ERA.end()), Era(20_001));
    assert_eq!(ERA.final_at() - ERA.end(), 48 * 3_600 + 1);
}

prop_compose! {
    fn any_node(number: u8)(
        fizz in any::<bool>(),
        trust_tier in 1u8..=7,
        resource in prop_oneof![Just(RTX_4090), Just(H100), Just(M4), Just(9u16)],
        units in 0u32..64,
        extra in 0u32..8,
        from in 0u64..50_000,
        length in 0u64..90_000,
    ) -> NodeInput {
        let kind = if fizz { Kind::Fizz } else { Kind::Provider };
        let record = record(from, from + length, resource, units, units + extra);
        NodeInput { trust_tier, ..node(number, kind, vec![record]) }
    }
}

proptest! {
    #[test]
    fn the_budget_is_never_exceeded_and_hardly_missed(
        budget in any::<u128>(),
        nodes in (1u8..40).prop_flat_map(|count| (0..count).map(any_node).collect::<Vec<_>>()),
    ) {
        let input = RewardInput { era: ERA, budget: U256::from(budget), catalog: catalog(), nodes };
        let rewards = compute(&input).unwrap();
        let paid: U256 = rewards.iter().map(|reward| reward.amount).sum();
        prop_assert!(paid <= input.budget);
        if rewards.iter().any(|reward| reward.milli_points != 0) {
            prop_assert!(input.budget - paid < U256::from(rewards.len()));
        }
        for reward in &rewards {
            prop_assert_eq!(reward.leaf.is_some(), reward.loss.is_none());
            prop_assert_eq!(reward.leaf.is_some(), !reward.amount.is_zero());
        }
        let leaves = leaves(&rewards);
        prop_assert_eq!(leaves.len(), rewards.iter().filter_map(|reward| reward.leaf).count());
        if !leaves.is_empty() {
            let id = TreeId { chain_id: 1, distributor: Address::ZERO, epoch: 1 };
            prop_assert_eq!(RewardTree::new(id, leaves).unwrap().total(), paid);
        }
    }

    #[test]
    fn the_order_of_the_nodes_does_not_matter(nodes in (2u8..20).prop_flat_map(|count| (0..count).map(any_node).collect::<Vec<_>>())) {
        let input = RewardInput { era: ERA, budget: U256::from(1u64 << 60), catalog: catalog(), nodes };
        let mut reversed = input.clone();
        reversed.nodes.reverse();
        prop_assert_eq!(compute(&input), compute(&reversed));
        prop_assert_eq!(input.evidence(), reversed.evidence());
        reversed.nodes[0].trust_tier ^= 1;
        prop_assert_ne!(input.evidence(), reversed.evidence());
    }
}
