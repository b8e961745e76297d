//! Databases that are broken, in use, or somebody else's.

use std::{io::Write as _, os::unix::fs::FileExt as _, path::PathBuf};

use alloy::primitives::Address;
use serde_json::{Value, json};
use spheron_indexer::{
    Contract, Indexer, IndexerError,
    source::{Call, Rpc, RpcOptions},
    store::StoreError,
};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use crate::{
    assert_same,
    common::{self, chain::Chain, server::Server},
    digest_of, index, manifest_of, run,
};

struct Setup {
    server: Server,
    _folder: TempDir,
    database: PathBuf,
}

async fn indexed() -> Setup {
    let server = Server::start(42161, Chain::grown(5, 40, 5)).await;
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("db.sqlite");
    index(&server, &database).await.unwrap();
    Setup { server, _folder: folder, database }
}

impl Setup {
    async fn error(&self) -> StoreError {
        match index(&self.server, &self.database).await {
            Err(IndexerError::Store(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    async fn sql(&self, sql: &'static str) {
        let mut conn = connect(&self.database).await;
        sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    }
}

async fn connect(path: &std::path::Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).connect().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn indexing_again_changes_nothing() {
    let setup = indexed().await;
    let before = digest_of(&setup.database).await;
    index(&setup.server, &setup.database).await.unwrap();
    assert_same!(&digest_of(&setup.database).await, &before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_said_to_be_damaged() {
    let setup = indexed().await;
    // Without the log beside it, from which SQLite would repair it.
    setup.sql("PRAGMA journal_mode = DELETE").await;
    let mut file = std::fs::File::create(&setup.database).unwrap();
    file.write_all(&[0x5a; 8192]).unwrap();
    let error = setup.error().await;
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains("db.sqlite is damaged"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_inside_the_file_is_noticed_when_it_is_read() {
    let setup = indexed().await;
    setup.sql("PRAGMA journal_mode = DELETE").await;
    let file = std::fs::File::options().read(true).write(true).open(&setup.database).unwrap();
    let pages = file.metadata().unwrap().len() / 4096;
    for page in 1..pages {
        file.write_all_at(&[0xff; 64], page * 4096).unwrap();
    }
    let error = setup.error().await;
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_file_is_said_to_be_read_only() {
    let setup = indexed().await;
    setup.sql("PRAGMA journal_mode = DELETE").await;
    // A write version that no SQLite knows makes the file read-only for everybody, root too.
    let file = std::fs::File::options().write(true).open(&setup.database).unwrap();
    file.write_all_at(&[9], 18).unwrap();
    let error = setup.error().await;
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
    assert!(error.to_string().contains("make the file and its folder writable"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_not_there_is_said_so() {
    let server = Server::start(1, Chain::grown(5, 3, 1)).await;
    let missing = std::path::Path::new("/nonexistent/folder/db.sqlite");
    let error = run(common::config(manifest_of(&[&server]), missing)).await.unwrap_err();
    assert!(matches!(error, IndexerError::Store(StoreError::Open { .. })), "{error}");
    assert!(error.to_string().contains("/nonexistent/folder/db.sqlite"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_another_program_is_left_alone() {
    let setup = indexed().await;
    std::fs::remove_file(&setup.database).unwrap();
    let mut conn =
        SqliteConnectOptions::new().filename(&setup.database).create_if_missing(true).connect().await.unwrap();
    sqlx::raw_sql("CREATE TABLE mine (x); INSERT INTO mine VALUES (1)").execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    let error = setup.error().await;
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
    let mut conn = connect(&setup.database).await;
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM mine").fetch_one(&mut conn).await.unwrap();
    assert_eq!(rows, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_version_and_other_tables_are_refused() {
    let setup = indexed().await;
    setup.sql("PRAGMA user_version = 99").await;
    let error = setup.error().await.to_string();
    assert!(error.contains("has version 99, this program knows up to 2"), "{error}");
    setup.sql("PRAGMA user_version = 1").await;
    let error = setup.error().await.to_string();
    assert!(
        error.contains("has version 1, this program needs 2; remove it, or give the path of a new file"),
        "{error}"
    );
    setup.sql("PRAGMA user_version = 2; UPDATE meta SET value = 'other' WHERE name = 'layout'").await;
    assert!(matches!(setup.error().await, StoreError::OtherLayout { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_deployment_is_refused_with_what_differs() {
    let setup = indexed().await;
    let mut moved = manifest_of(&[&setup.server]);
    moved.chains[0].contracts.insert(Contract::Ledger, Address::repeat_byte(0x99));
    let error = run(common::config(moved, &setup.database)).await.unwrap_err().to_string();
    assert!(error.contains("Ledger is 0x") && error.contains("another deployment"), "{error}");

    let mut earlier = manifest_of(&[&setup.server]);
    earlier.chains[0].start_block = 0;
    let error = run(common::config(earlier, &setup.database)).await.unwrap_err().to_string();
    assert!(error.contains("begins at block 1, the manifest at 0"), "{error}");

    let mut fewer = manifest_of(&[&setup.server]);
    fewer.chains[0].contracts.remove(&Contract::Spon);
    let error = run(common::config(fewer, &setup.database)).await.unwrap_err().to_string();
    assert!(error.contains("Spon is 0x") && error.contains("absent in the manifest"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_indexer_is_turned_away() {
    let setup = indexed().await;
    let config = common::config(manifest_of(&[&setup.server]), &setup.database);
    let first = Indexer::open(config).await.unwrap();
    let error = setup.error().await;
    assert!(matches!(error, StoreError::InUse { .. }), "{error}");
    drop(first);
    index(&setup.server, &setup.database).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn views_are_readable_without_this_program() {
    let setup = indexed().await;
    let mut conn = connect(&setup.database).await;
    let query = "SELECT chain_id, block, tx_hash, token, amount FROM ledger_deposited ORDER BY event_id LIMIT 1";
    let row: (i64, i64, String, String, String) = sqlx::query_as(query).fetch_one(&mut conn).await.unwrap();
    assert_eq!(row.0, 42161);
    assert!(row.1 >= 1 && row.2.len() == 66 && row.3.len() == 42, "{row:?}");
    assert!(row.4.parse::<u128>().is_ok(), "{row:?}");

    // Money is exact: what was deposited and not withdrawn or escrowed is what the balances hold.
    let query = "SELECT token, owner, amount FROM balance ORDER BY length(amount) DESC, amount DESC LIMIT 1";
    let row: (String, String, String) = sqlx::query_as(query).fetch_one(&mut conn).await.unwrap();
    assert!(row.0.starts_with("0x") && row.1.starts_with("0x") && row.2.parse::<u128>().unwrap() > 0, "{row:?}");

    // Every view answers.
    let views: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'view'").fetch_all(&mut conn).await.unwrap();
    assert!(views.len() > 100, "{} views", views.len());
    for view in views {
        let sql = format!("SELECT count(*) FROM (SELECT * FROM \"{view}\")");
        sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_one(&mut conn).await.unwrap();
    }
    let contract: Option<String> =
        sqlx::query_scalar("SELECT contract FROM log ORDER BY event_id LIMIT 1").fetch_one(&mut conn).await.unwrap();
    assert_eq!(contract.as_deref(), Some("Ledger"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_log_is_in_the_view_as_it_came() {
    let setup = indexed().await;
    let mut conn = connect(&setup.database).await;
    let query = "SELECT block, log_index, address, topics, data, tx_hash, block_time FROM log ORDER BY event_id";
    let rows: Vec<(i64, i64, String, String, String, String, i64)> =
        sqlx::query_as(query).fetch_all(&mut conn).await.unwrap();
    let url = setup.server.url.clone();
    let asked = json!([{"fromBlock": "0x0", "toBlock": "0xffff"}]);
    let answer = Rpc::new(url.parse().unwrap(), RpcOptions::default()).call(Call::new("eth_getLogs", asked)).await;
    let sent: Vec<Value> = serde_json::from_str(&answer.unwrap()).unwrap();
    assert_eq!(rows.len(), sent.len());
    let number = |value: &Value| i64::from_str_radix(&value.as_str().unwrap()[2..], 16).unwrap();
    for ((block, index, address, topics, data, tx_hash, time), log) in rows.into_iter().zip(&sent) {
        let words = log["topics"].as_array().unwrap().iter().map(|topic| &topic.as_str().unwrap()[2..]);
        assert_eq!((block, index), (number(&log["blockNumber"]), number(&log["logIndex"])));
        assert_eq!((json!(address), json!(data)), (log["address"].clone(), log["data"].clone()));
        assert_eq!(topics, format!("0x{}", words.collect::<String>()));
        assert_eq!((json!(tx_hash), time), (log["transactionHash"].clone(), number(&log["blockTimestamp"])));
    }
}
