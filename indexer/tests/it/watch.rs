//! A chain that does not move says so.

use std::time::Duration;

use spheron_indexer::{Indexer, status::Phase};
use tokio_util::sync::CancellationToken;

use crate::{
    common::{
        self,
        chain::Chain,
        server::{Fault, Server},
    },
    manifest_of,
};

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
    let becomes = async |phase: Phase| {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        loop {
            let report = status.reports().remove(0);
            if report.phase == phase {
                return report;
            }
            assert!(tokio::time::Instant::now() < deadline, "{report:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let report = becomes(Phase::Stalled).await;
    assert!(report.last_error.unwrap().contains("the disk is full"));
    server.world().always = None;
    becomes(Phase::Live).await;
    cancel.cancel();
    running.await.unwrap().unwrap();
}
