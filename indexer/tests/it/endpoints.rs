//! Endpoints that are limited, down, slow, wrong, or lie.

use std::time::Duration;

use spheron_indexer::{IndexerError, source::Class};

use crate::{
    assert_same,
    common::{
        self,
        chain::Chain,
        server::{Fault, Server},
    },
    digest_of, events, fresh, index, manifest_of, run,
};

const CHAIN: u64 = 42161;

async fn server() -> Server {
    Server::start(CHAIN, Chain::grown(7, 120, 6)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_and_finality_change_nothing_in_the_database() {
    let server = server().await;
    let expected = fresh(&server).await;
    assert_eq!(events(&expected), server.world().chain.events() as u64);
    assert!(events(&expected) > 500, "the chain is too quiet to prove anything");

    let limits =
        [(None, None, None), (Some(60), None, None), (None, Some(7), Some(70)), (Some(45), Some(13), Some(119))];
    for (max_logs, max_range, finalized) in limits {
        for times in [true, false] {
            {
                let mut world = server.world();
                (world.max_logs, world.max_range, world.finalized) = (max_logs, max_range, finalized);
                world.times = times;
            }
            assert_same!(&fresh(&server).await, &expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_takes_few_requests() {
    let server = Server::start(CHAIN, Chain::grown(3, 20_000, 1)).await;
    server.world().finalized = Some(20_000);
    let events = events(&fresh(&server).await);
    let requests = server.world().requests;
    assert!(requests <= 20, "{requests} requests for {events} events in 20,000 blocks");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_passing_fault_is_survived() {
    let server = server().await;
    let expected = fresh(&server).await;
    let faults = [
        Fault::Status(500, None),
        Fault::Status(502, None),
        Fault::Status(429, None),
        Fault::Batch(-32005, "too many requests"),
        Fault::Logs(-32005, "query returned more than 10000 results"),
        Fault::Logs(-32000, "exceed maximum block range: 5"),
        Fault::Logs(-32603, "internal error"),
        Fault::Logs(-32000, "header not found"),
        Fault::CutJson,
        Fault::CutBody,
        Fault::Hang,
    ];
    for finalized in [None, Some(90)] {
        server.world().finalized = finalized;
        let folder = tempfile::tempdir().unwrap();
        for (index, fault) in faults.iter().enumerate() {
            server.world().faults.extend([fault.clone(), fault.clone()]);
            let database = folder.path().join(format!("{index}.sqlite"));
            let mut config = common::config(manifest_of(&[&server]), &database);
            config.rpc.timeout = Duration::from_millis(250);
            run(config).await.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
            assert!(server.world().faults.is_empty(), "{fault:?} did not happen");
            assert_same!(&digest_of(&database).await, &expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_after_is_waited_for() {
    let server = server().await;
    server.world().faults.push_back(Fault::Status(429, Some(1)));
    let start = tokio::time::Instant::now();
    fresh(&server).await;
    assert!(start.elapsed() >= Duration::from_secs(1), "went on after {:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_lags_is_not_believed_when_it_returns_nothing() {
    let server = server().await;
    let expected = fresh(&server).await;
    for finalized in [None, Some(119)] {
        server.world().finalized = finalized;
        // Block 119 has events, so an empty list cannot be true.
        server.world().head = Some(119);
        server.world().faults.extend([Fault::NoLogs, Fault::NoLogs]);
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("lag.sqlite");
        index(&server, &database).await.unwrap();
        server.world().head = None;
        index(&server, &database).await.unwrap();
        assert_same!(&digest_of(&database).await, &expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_always_returns_nothing_is_an_error_and_nothing_is_written() {
    let server = server().await;
    server.world().head = Some(119);
    server.world().always = Some(Fault::NoLogs);
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("empty.sqlite");
    let mut config = common::config(manifest_of(&[&server]), &database);
    config.follow.give_up_after = Some(Duration::from_millis(200));
    let error = run(config).await.unwrap_err().to_string();
    assert!(error.contains("returned no logs of block 119"), "{error}");
    assert_eq!(events(&digest_of(&database).await), 0);

    server.world().always = None;
    server.world().head = None;
    index(&server, &database).await.unwrap();
    assert_same!(&digest_of(&database).await, &fresh(&server).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_endpoints_that_must_agree_uncover_a_lost_log() {
    let (honest, lossy) = (server().await, server().await);
    let expected = fresh(&honest).await;
    lossy.world().always = Some(Fault::LostLog);
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("quorum.sqlite");
    let mut manifest = common::manifest(CHAIN, &[lossy.url.clone(), honest.url.clone()]);
    manifest.chains[0].quorum = Some(2);
    let mut config = common::config(manifest, &database);
    config.follow.give_up_after = Some(Duration::from_millis(200));
    let error = run(config.clone()).await.unwrap_err().to_string();
    assert!(error.contains("logs of"), "{error}");
    assert_eq!(events(&digest_of(&database).await), 0);

    lossy.world().always = None;
    run(config).await.unwrap();
    assert_same!(&digest_of(&database).await, &expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_log_that_is_lost_in_the_middle_of_a_reply_is_missed_by_its_blocks_filter() {
    let server = Server::start(CHAIN, Chain::grown(11, 60, 3)).await;
    let expected = fresh(&server).await;
    let folder = tempfile::tempdir().unwrap();
    for skip in 0..12 {
        let before = server.world().log_requests;
        server.world().faults.extend([Fault::LostOne(5 * skip)]);
        let database = folder.path().join(format!("{skip}.sqlite"));
        index(&server, &database).await.unwrap();
        assert_same!(&digest_of(&database).await, &expected);
        assert!(server.world().log_requests > before + 1, "it was asked again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_do_not_add_up_end_the_run_and_are_not_written() {
    let server = server().await;
    // Blocks 1 to 59 are lost, as if the manifest began too late.
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("late.sqlite");
    let mut manifest = manifest_of(&[&server]);
    manifest.chains[0].start_block = 60;
    let error = run(common::config(manifest, &database)).await.unwrap_err();
    assert!(matches!(error, IndexerError::Follow { .. }));
    assert!(error.to_string().contains("events before it are missing"), "{error}");
    assert_eq!(events(&digest_of(&database).await), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_block_with_more_logs_than_the_endpoint_returns_is_named() {
    let server = server().await;
    server.world().max_logs = Some(1);
    let folder = tempfile::tempdir().unwrap();
    let mut config = common::config(manifest_of(&[&server]), &folder.path().join("cap.sqlite"));
    config.follow.give_up_after = Some(Duration::from_millis(100));
    let error = run(config).await.unwrap_err().to_string();
    assert!(error.contains("refuses the logs of block") && error.contains("higher limit"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_chain_or_deployment_at_an_endpoint_ends_the_start() {
    let (right, wrong) = (server().await, server().await);
    wrong.world().chain_id = 1;
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("wrong.sqlite");
    let manifest = common::manifest(CHAIN, &[right.url.clone(), wrong.url.clone()]);
    let error = run(common::config(manifest.clone(), &database)).await.unwrap_err();
    let IndexerError::Endpoint { cause, .. } = &error else { panic!("{error}") };
    assert_eq!(cause.class, Class::WrongChain);
    assert!(error.to_string().contains("serves chain 1, the manifest says 42161"), "{error}");

    wrong.world().chain_id = CHAIN;
    wrong.world().deployed = false;
    let error = run(common::config(manifest, &database)).await.unwrap_err().to_string();
    assert!(error.contains("has no contract at 0x") && error.contains("another deployment"), "{error}");
    assert!(!database.exists(), "nothing may be made for a wrong manifest");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_down_is_named_and_another_one_takes_over() {
    let server = server().await;
    let expected = fresh(&server).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let down = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let folder = tempfile::tempdir().unwrap();

    let only = common::manifest(CHAIN, std::slice::from_ref(&down));
    let error = run(common::config(only, &folder.path().join("down.sqlite"))).await.unwrap_err().to_string();
    assert!(error.contains("cannot connect") && error.contains(down.trim_start_matches("http://")), "{error}");

    let database = folder.path().join("both.sqlite");
    let both = common::manifest(CHAIN, &[down, server.url.clone()]);
    run(common::config(both, &database)).await.unwrap();
    assert_same!(&digest_of(&database).await, &expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_fails_midway_is_replaced() {
    let (failing, good) = (server().await, server().await);
    let expected = fresh(&good).await;
    failing.world().max_range = Some(10);
    good.world().max_range = Some(10);
    failing.world().finalized = Some(110);
    good.world().finalized = Some(110);
    failing.world().faults.extend(std::iter::repeat_n(Fault::Status(500, None), 200));
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("failover.sqlite");
    let manifest = common::manifest(CHAIN, &[failing.url.clone(), good.url.clone()]);
    run(common::config(manifest, &database)).await.unwrap();
    assert_same!(&digest_of(&database).await, &expected);
    assert!(good.world().log_requests > 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_chains_share_a_database_without_touching_each_other() {
    let arbitrum = Server::start(42161, Chain::grown(1, 60, 6)).await;
    let base = Server::start(8453, Chain::grown(2, 90, 4)).await;
    arbitrum.world().finalized = Some(50);
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("two.sqlite");
    run(common::config(manifest_of(&[&arbitrum, &base]), &database)).await.unwrap();
    let both = digest_of(&database).await;
    let total = arbitrum.world().chain.events() + base.world().chain.events();
    assert_eq!(events(&both), total as u64);

    // A reorg of one leaves the other as it is.
    let branch = base.world().chain.branch(70, 25, 9);
    base.world().chain = branch;
    run(common::config(manifest_of(&[&arbitrum, &base]), &database)).await.unwrap();
    let expected = folder.path().join("expected.sqlite");
    run(common::config(manifest_of(&[&arbitrum, &base]), &expected)).await.unwrap();
    assert_same!(&digest_of(&database).await, &digest_of(&expected).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_learned_about_ranges_outlives_the_process() {
    for coy in [false, true] {
        let server = server().await;
        (server.world().max_range, server.world().finalized) = (Some(10), Some(120));
        server.world().coy = coy;
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("learned.sqlite");
        index(&server, &database).await.unwrap();
        assert_eq!(server.world().widest, 120);

        server.world().chain = Chain::grown(7, 240, 6);
        server.world().finalized = Some(240);
        server.world().widest = 0;
        index(&server, &database).await.unwrap();
        let widest = server.world().widest;
        assert!(widest <= 15, "asked for {widest} blocks at once again");
        assert_same!(&digest_of(&database).await, &fresh(&server).await);
    }
}
