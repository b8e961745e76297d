//! The stored logs against a second endpoint.

use spheron_indexer::{
    audit::{AuditError, Side, audit_logs},
    store::Reader,
};

use crate::{
    common::{self, chain::Chain, server::Server},
    manifest_of, run,
};

#[tokio::test(flavor = "multi_thread")]
async fn each_log_that_differs_is_named_with_the_events_of_its_transaction() {
    let chain = Chain::grown(9, 120, 6);
    let (first, second) = (Server::start(42161, chain.clone()).await, Server::start(42161, chain.clone()).await);
    first.world().finalized = Some(100);
    second.world().max_logs = Some(90);
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("audited.sqlite");
    let one = manifest_of(&[&first]);
    run(common::config(one.clone(), &database)).await.unwrap();
    let both = common::manifest(42161, &[first.url.clone(), second.url.clone()]);
    let reader = Reader::open(&database).await.unwrap();

    let error = audit_logs(&reader, &one, |_| ()).await.unwrap_err();
    assert!(matches!(error, AuditError::OneEndpoint { .. }), "{error}");
    let audit = audit_logs(&reader, &both, |_| ()).await.unwrap().remove(0);
    let logs: usize = chain.blocks[..=100].iter().map(|block| block.logs.len()).sum();
    assert_eq!((audit.block, audit.logs, audit.differences), (100, logs as u64, vec![]));

    let conn = rusqlite::Connection::open(&database).unwrap();
    let ids: Vec<i64> = {
        // Without those that have the hash of the transaction for the others.
        let sql = "SELECT event_id FROM raw_log WHERE typeof(tx_hash) = 'integer' ORDER BY event_id LIMIT 40";
        let mut statement = conn.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    conn.execute("DELETE FROM raw_log WHERE event_id = ?", [ids[10]]).unwrap();
    conn.execute("UPDATE raw_log SET contents = x'004100' WHERE event_id = ?", [ids[20]]).unwrap();
    conn.execute("UPDATE raw_log SET event_id = event_id + 500 WHERE event_id = ?", [ids[39]]).unwrap();
    let audit = audit_logs(&reader, &both, |_| ()).await.unwrap().remove(0);
    let found: Vec<Side> = audit.differences.iter().map(|difference| difference.what).collect();
    assert_eq!(found, [Side::MissingInDatabase, Side::Different, Side::MissingInDatabase, Side::MissingAtEndpoint]);
    let different = &audit.differences[1];
    assert!(different.events.iter().any(|event| event.log_index == different.log_index), "{different:?}");
    assert!(different.to_string().contains("is another one at the endpoint"), "{different}");
}
