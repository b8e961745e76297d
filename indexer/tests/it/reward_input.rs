//! An era's inputs out of the database.

use alloy::primitives::U256;
use spheron_accounting::rewards::{Era, compute};
use spheron_indexer::{
    fold::State,
    rewards::{RewardInputError, reward_input},
    store::Reader,
};

use crate::{
    common::{
        chain::{Chain, GENESIS},
        economy::Economy,
        server::Server,
    },
    index,
};

/// A chain over five days, with a block every 20 minutes, and the state at the end of its second era.
fn five_days() -> (Chain, Era, State) {
    let era = Era(Era::containing(GENESIS).0 + 1);
    let (mut chain, mut economy) = (Chain::grown(1, 0, 0), Economy::new(33));
    let mut at_end = State::default();
    for step in 0..5 * 72 {
        let time = GENESIS + 1_200 * step;
        chain.add(&mut economy, time, 3);
        if time < era.end() {
            at_end = economy.state.clone();
        }
    }
    (chain, era, at_end)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_eras_inputs_are_the_registry_at_its_end_and_the_verdicts_measured_in_it() {
    let (chain, era, at_end) = five_days();
    let server = Server::start(42161, chain).await;
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("rewards.sqlite");
    index(&server, &database).await.unwrap();
    let reader = Reader::open(&database).await.unwrap();
    let input = reward_input(&reader, 42161, Some(era), U256::from(1_000_000)).await.unwrap();

    assert_eq!(input.nodes.len(), at_end.nodes.len());
    assert_eq!(input.catalog.len(), at_end.resources.len());
    for node in &input.nodes {
        let registered = at_end.nodes.get(&(node.node,)).unwrap();
        let provider = at_end.providers.get(&(registered.provider,)).unwrap();
        assert_eq!(node.account, provider.reward_wallet);
        assert_eq!(u64::from(node.trust_tier), provider.trust_tier);
        // What the verdicts attest of the era is what the policy says of it, but for failures brought later.
        let attested: u64 = node.attested(era).iter().map(|part| part.seconds).sum();
        let counted = at_end.attested_seconds(node.node, era.end()) - at_end.attested_seconds(node.node, era.start());
        assert_eq!(attested, counted, "node {}", node.node);
        assert!(node.records.is_sorted_by_key(|record| record.measured_at));
    }
    assert!(input.nodes.iter().any(|node| !node.records.is_empty()));
    let rewards = compute(&input).unwrap();
    assert_eq!(rewards.len(), input.nodes.len());
    assert!(rewards.iter().any(|reward| reward.uptime_bps > 0));

    // Without an era it is the latest final one.
    let latest = reward_input(&reader, 42161, None, U256::from(1)).await.unwrap();
    assert!(latest.era >= era && latest.era.final_at() <= GENESIS + 5 * 86_400);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_era_that_may_still_change_is_refused() {
    let (chain, era, _) = five_days();
    let server = Server::start(42161, chain).await;
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("early.sqlite");
    index(&server, &database).await.unwrap();
    let reader = Reader::open(&database).await.unwrap();
    let later = Era(era.0 + 3);
    let error = reward_input(&reader, 42161, Some(later), U256::from(1)).await.unwrap_err();
    assert!(matches!(error, RewardInputError::NotFinal { .. }), "{error}");
    assert!(error.to_string().contains(&format!("era {}", later.0)), "{error}");
    let error = reward_input(&reader, 7, None, U256::from(1)).await.unwrap_err().to_string();
    assert!(error.contains("no chain 7"), "{error}");
}
