//! Every table again out of the raw logs.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use spheron_indexer::{
    IndexerError, Manifest,
    store::{StoreError, rebuild},
};

use crate::{
    assert_same,
    common::{chain::Chain, server::Server},
    digest_of, fresh, index, manifest_of, run,
};

struct Setup {
    server: Server,
    manifest: Manifest,
    folder: tempfile::TempDir,
}

impl Setup {
    /// An indexed chain of 60 blocks, of which the last 20 are not final.
    async fn new() -> Self {
        let server = Server::start(42161, Chain::grown(8, 60, 6)).await;
        server.world().finalized = Some(40);
        let setup = Self { manifest: manifest_of(&[&server]), server, folder: tempfile::tempdir().unwrap() };
        index(&setup.server, &setup.database()).await.unwrap();
        setup
    }

    fn database(&self) -> std::path::PathBuf {
        self.folder.path().join("db.sqlite")
    }
}

fn sql(database: &Path, sql: &str) {
    rusqlite::Connection::open(database).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_are_lost_or_of_another_version_are_made_again_without_a_request() {
    let setup = Setup::new().await;
    let (database, before) = (setup.database(), digest_of(&setup.database()).await);
    sql(
        &database,
        "DROP VIEW ledger_deposited; DROP TABLE event_ledger_deposited; DELETE FROM state_balance; DELETE FROM undo;",
    );
    sql(&database, "UPDATE meta SET value = 'other' WHERE name = 'layout'");
    let error = run(crate::common::config(setup.manifest.clone(), &database)).await.unwrap_err();
    assert!(matches!(error, IndexerError::Store(StoreError::OtherLayout { .. })), "{error}");

    let requests = setup.server.world().requests;
    let rebuilt = rebuild(&database, &setup.manifest, |_| ()).unwrap();
    assert_eq!((rebuilt.logs, setup.server.world().requests), (before["raw_log"].rows, requests));
    assert_same!(&digest_of(&database).await, &before);

    // The undo records are there again: a reorg of all that is not final is taken back.
    let branch = setup.server.world().chain.branch(41, 25, 3);
    setup.server.world().chain = branch;
    index(&setup.server, &database).await.unwrap();
    assert_same!(&digest_of(&database).await, &fresh(&setup.server).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_rebuild_is_refused_by_others_and_goes_on_where_it_was() {
    let setup = Setup::new().await;
    let (database, before) = (setup.database(), digest_of(&setup.database()).await);
    let (path, manifest) = (database.clone(), setup.manifest.clone());
    let broken =
        std::thread::spawn(move || rebuild(&path, &manifest, |_| std::panic::resume_unwind(Box::new("killed"))));
    broken.join().unwrap_err();
    let error = index(&setup.server, &database).await.unwrap_err();
    assert!(matches!(error, IndexerError::Store(StoreError::Rebuilding { .. })), "{error}");
    let logs = AtomicU64::new(0);
    rebuild(&database, &setup.manifest, |rebuilt| logs.store(rebuilt.logs, Ordering::Relaxed)).unwrap();
    assert!(logs.into_inner() < before["raw_log"].rows, "it began again");
    assert_same!(&digest_of(&database).await, &before);
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_that_do_not_add_up_are_named_and_kept() {
    let setup = Setup::new().await;
    let database = setup.database();
    sql(&database, "DELETE FROM raw_log WHERE event_id IN (SELECT event_id FROM raw_log ORDER BY event_id LIMIT 60)");
    let error = rebuild(&database, &setup.manifest, |_| ()).unwrap_err();
    assert!(matches!(error, StoreError::Inconsistent { .. }), "{error}");
}
