//! A chain that does not move says so.

use std::time::Duration;

use spheron_indexer::{Indexer, status::Phase};
use tokio_util::sync::CancellationToken;

use crate::{
    assert_same,
    common::{
        self,
        chain::{Chain, GENESIS},
        economy::Economy,
        server::{Fault, Server},
    },
    digest_of, fresh, manifest_of,
};

/// Waits for it, for ten seconds.
async fn until(holds: &dyn Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(tokio::time::Instant::now() < deadline, "it does not come about");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_swaps_chains_is_named_and_goes_on_once_it_is_put_right() {
    let server = Server::start(8453, Chain::grown(5, 30, 3)).await;
    server.world().finalized = Some(25);
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("swapped.sqlite");
    let mut config = common::config(manifest_of(&[&server]), &database);
    (config.follow.give_up_after, config.follow.stop_at_head) = (None, false);
    let indexer = Indexer::open(config).await.unwrap();
    let (status, cancel) = (indexer.status(), CancellationToken::new());
    let running = tokio::spawn(indexer.run(cancel.clone()));
    until(&|| status.reports()[0].next_block == 31).await;
    let (right, other) = (Chain::grown(5, 60, 3), Chain::grown(6, 200, 3));
    {
        let mut world = server.world();
        (world.chain, world.chain_id, world.finalized) = (other, 1, Some(190));
    }
    until(&|| status.reports()[0].last_error.as_ref().is_some_and(|error| error.contains("serves chain 1"))).await;
    {
        let mut world = server.world();
        (world.chain, world.chain_id, world.finalized) = (right, 8453, Some(55));
    }
    until(&|| status.reports()[0].next_block == 61).await;
    cancel.cancel();
    running.await.unwrap().unwrap();
    assert_same!(&digest_of(&database).await, &fresh(&server).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_without_progress_is_stalled_with_the_reason_and_recovers() {
    let server = Server::start(8453, Chain::grown(5, 30, 3)).await;
    let folder = tempfile::tempdir().unwrap();
    let mut config = common::config(manifest_of(&[&server]), &folder.path().join("stalled.sqlite"));
    config.follow.give_up_after = None;
    config.follow.stop_at_head = false;
    config.stall_after = Duration::from_millis(100);
    let indexer = Indexer::open(config).await.unwrap();
    server.world().always = Some(Fault::Logs(-32603, "the disk is full"));
    let (status, cancel) = (indexer.status(), CancellationToken::new());
    let running = tokio::spawn(indexer.run(cancel.clone()));
    // It may be stalled before the first request has failed.
    until(&|| {
        let report = status.reports().remove(0);
        report.phase == Phase::Stalled && report.last_error.is_some_and(|error| error.contains("the disk is full"))
    })
    .await;
    server.world().always = None;
    until(&|| status.reports()[0].phase == Phase::Live).await;
    cancel.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_whose_clock_jumps_by_hours_is_followed_at_the_same_pace() {
    let mut economy = Economy::new(3);
    let mut chain = Chain::grown(3, 0, 0);
    for number in 1..=80u64 {
        // Six hours ahead, back again, and on.
        let jump = if (30..50).contains(&number) { 6 * 3_600 } else { 0 };
        chain.add(&mut economy, GENESIS + 2 * number + jump, 3);
    }
    let server = Server::start(8453, chain).await;
    server.world().head = Some(20);
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("jumps.sqlite");
    let mut config = common::config(manifest_of(&[&server]), &database);
    (config.follow.stop_at_head, config.stall_after) = (false, Duration::from_secs(20));
    let indexer = Indexer::open(config).await.unwrap();
    let (status, cancel) = (indexer.status(), CancellationToken::new());
    let running = tokio::spawn(indexer.run(cancel.clone()));
    for head in 21..=80 {
        server.world().head = Some(head);
        until(&|| status.reports()[0].next_block == head + 1).await;
        assert_eq!(status.reports()[0].phase, Phase::Live, "at block {head}");
    }
    cancel.cancel();
    running.await.unwrap().unwrap();
    let requests = server.world().requests;
    assert!(requests < 60 * 20, "{requests} requests for 60 blocks: it spins");
    assert_same!(&digest_of(&database).await, &fresh(&server).await);
}
