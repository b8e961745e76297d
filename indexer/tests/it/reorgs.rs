//! Reorgs of every depth, one after the other, in the middle of reading, and over a restart.

use std::time::Duration;

use spheron_indexer::{Indexer, IndexerError};
use tokio_util::sync::CancellationToken;

use crate::{
    assert_same,
    common::{
        self,
        chain::Chain,
        server::{Fault, Server},
    },
    digest_of, events, fresh, index, manifest_of, run,
};

const HEAD: u64 = 50;
const FINAL: u64 = 30;

async fn server() -> Server {
    let server = Server::start(8453, Chain::grown(11, HEAD, 5)).await;
    server.world().finalized = Some(FINAL);
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn reorgs_of_every_depth_are_rolled_back_and_replayed() {
    let server = server().await;
    let original = server.world().chain.clone();
    let folder = tempfile::tempdir().unwrap();
    for depth in 1..=HEAD - FINAL {
        for (name, blocks) in [("longer", depth + 3), ("shorter", depth.saturating_sub(1))] {
            let database = folder.path().join(format!("{depth}-{name}.sqlite"));
            server.world().chain = original.clone();
            index(&server, &database).await.unwrap();
            server.world().chain = original.branch(HEAD - depth, blocks, depth);
            if blocks < depth && server.world().chain.head() == HEAD - depth {
                continue; // a chain that is only shorter is one that lags
            }
            index(&server, &database).await.unwrap();
            let (found, expected) = (digest_of(&database).await, fresh(&server).await);
            assert_same!(&found, &expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reorgs_follow_each_other_and_come_back() {
    let server = server().await;
    let original = server.world().chain.clone();
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("nested.sqlite");
    index(&server, &database).await.unwrap();
    // Each branches off the one before, at another depth; each run is also a restart.
    let mut chain = original.clone();
    for (salt, from) in [(1, 45), (2, 47), (3, 40), (4, 41), (5, 31), (6, 44)] {
        chain = chain.branch(from, 60 - from, salt);
        server.world().chain = chain.clone();
        index(&server, &database).await.unwrap();
        assert_same!(&digest_of(&database).await, &fresh(&server).await);
    }
    let economy_again = original.branch(HEAD, 20, 7);
    server.world().chain = economy_again;
    index(&server, &database).await.unwrap();
    assert_same!(&digest_of(&database).await, &fresh(&server).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorg_while_logs_are_read_is_noticed() {
    for depth in [1, 3, 10, 20] {
        let server = server().await;
        let branch = server.world().chain.branch(HEAD - depth, depth + 2, 77);
        server.world().faults.push_back(Fault::Reorg(branch.clone()));
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("race.sqlite");
        // The first range is final; the second one is read while its chain changes.
        server.world().faults.push_front(Fault::Logs(-32603, "internal error"));
        server.world().max_range = Some(100);
        index(&server, &database).await.unwrap();
        server.world().chain = branch;
        server.world().faults.clear();
        index(&server, &database).await.unwrap();
        assert_same!(&digest_of(&database).await, &fresh(&server).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorg_below_what_is_final_stops_with_an_alarm_and_deletes_nothing() {
    let server = server().await;
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("deep.sqlite");
    index(&server, &database).await.unwrap();
    let before = digest_of(&database).await;
    let branch = server.world().chain.branch(FINAL - 1, 40, 5);
    server.world().chain = branch;
    let error = index(&server, &database).await.unwrap_err();
    assert!(matches!(error, IndexerError::Follow { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("at or below block 30") && text.contains("Nothing was deleted"), "{text}");
    assert_same!(&digest_of(&database).await, &before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_behind_the_database_is_waited_for() {
    let server = server().await;
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("behind.sqlite");
    index(&server, &database).await.unwrap();
    let before = digest_of(&database).await;

    server.world().head = Some(HEAD - 5);
    let mut config = common::config(manifest_of(&[&server]), &database);
    config.follow.give_up_after = Some(Duration::from_millis(100));
    let error = run(config).await.unwrap_err().to_string();
    assert!(error.contains("the latest block is 45, the database is at 50"), "{error}");
    assert_same!(&digest_of(&database).await, &before);

    server.world().head = None;
    server.world().chain = Chain::grown(11, HEAD + 30, 5);
    index(&server, &database).await.unwrap();
    assert_same!(&digest_of(&database).await, &fresh(&server).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_become_final_while_the_chain_grows_and_reorganises() {
    let server = server().await;
    let whole = Chain::grown(11, 300, 5);
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("live.sqlite");
    let mut config = common::config(manifest_of(&[&server]), &database);
    config.follow.stop_at_head = false;
    let indexer = Indexer::open(config).await.unwrap();
    let status = indexer.status();
    let cancel = CancellationToken::new();
    let running = tokio::spawn(indexer.run(cancel.clone()));
    let reached = async |block: u64| {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        while status.reports()[0].next_block != block + 1 {
            assert!(tokio::time::Instant::now() < deadline, "{:?}", status.reports());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    for step in 0..25u64 {
        let (head, salt) = (HEAD + 10 * step, step + 1);
        let grown = Chain { blocks: whole.blocks[..=usize::try_from(head).unwrap()].to_vec(), salt: 0 };
        // Every second time the last few blocks turn out otherwise first.
        if step % 2 == 1 {
            server.world().chain = grown.branch(head - 4, 4, salt);
            reached(head).await;
        }
        server.world().chain = grown;
        server.world().finalized = Some(head - 15);
        reached(head).await;
    }
    // The last branch may have had the same height: wait until its hashes are gone too.
    let expected = fresh(&server).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while events(&digest_of(&database).await) != events(&expected) {
        assert!(tokio::time::Instant::now() < deadline, "the branch was never rolled back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    cancel.cancel();
    running.await.unwrap().unwrap();
    assert_same!(&digest_of(&database).await, &expected);
    assert!(status.reports()[0].reorgs >= 12);
}
