//! The API over a database of two chains.

use std::net::SocketAddr;

use serde_json::Value;
use spheron_indexer::Indexer;
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    common::{self, chain::Chain, server::Server},
    manifest_of,
};

struct Served {
    url: String,
    http: reqwest::Client,
    _cancel: DropGuard,
    _servers: [Server; 2],
    _folder: TempDir,
}

impl Served {
    async fn start() -> Self {
        let arbitrum = Server::start(42161, Chain::grown(21, 200, 6)).await;
        let base = Server::start(8453, Chain::grown(22, 200, 6)).await;
        let folder = tempfile::tempdir().unwrap();
        let mut config = common::config(manifest_of(&[&arbitrum, &base]), &folder.path().join("api.sqlite"));
        config.follow.stop_at_head = false;
        config.api = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        let indexer = Indexer::open(config).await.unwrap();
        let url = format!("http://{}", indexer.api_address().unwrap());
        let cancel = CancellationToken::new();
        tokio::spawn(indexer.run(cancel.clone()));
        let served = Self {
            url,
            http: reqwest::Client::new(),
            _cancel: cancel.drop_guard(),
            _servers: [arbitrum, base],
            _folder: folder,
        };
        while served.ok("/health").await["status"] != "live" {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        served
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let response = self.http.get(format!("{}{path}", self.url)).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn ok(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn error(&self, path: &str) -> (u16, String) {
        let (status, body) = self.get(path).await;
        (status, body["error"].as_str().unwrap_or_else(|| panic!("{path}: {body}")).to_owned())
    }

    /// All items of a list, page by page.
    async fn all(&self, path: &str, limit: usize) -> Vec<Value> {
        let (mut items, mut after) = (Vec::new(), String::new());
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let page = self.ok(&format!("{path}{joint}limit={limit}{after}")).await;
            let found = page["items"].as_array().unwrap();
            assert!(found.len() <= limit);
            items.extend(found.iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return items,
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_answers() {
    let served = Served::start().await;

    let health = served.ok("/health").await;
    let chains = health["chains"].as_array().unwrap();
    assert_eq!(chains.len(), 2);
    assert_eq!((&chains[0]["chain"], &chains[0]["next_block"]), (&"chain-42161".into(), &201.into()));
    assert_eq!((&chains[0]["lag"], &chains[0]["phase"]), (&0.into(), &"live".into()));
    assert_eq!(served.get("/ready").await.0, 200);

    // Pages add up to the whole, whatever their size, and a chain narrows them.
    for list in ["/nodes", "/leases", "/verdicts", "/epochs", "/stakes"] {
        let (small, large) = (served.all(list, 7).await, served.all(list, 1000).await);
        assert_eq!(small, large, "{list}");
        assert!(!large.is_empty(), "{list}");
        let one = served.all(&format!("{list}?chain=8453"), 1000).await;
        let named = served.all(&format!("{list}?chain=chain-8453"), 1000).await;
        assert_eq!(one, named);
        assert!(!one.is_empty() && one.len() < large.len(), "{list}");
        assert!(one.iter().all(|item| item["chain_id"] == 8453), "{list}");
    }

    let leases = served.all("/leases", 1000).await;
    let lease = &leases[0];
    let amount = |name: &str| lease[name].as_str().unwrap().parse::<u128>().unwrap();
    assert_eq!(amount("escrow"), amount("funded") - amount("paid") - amount("fees") - amount("refunded"));
    let found = served.ok(&format!("/leases/{}", lease["lease_id"].as_str().unwrap())).await;
    assert_eq!(found["renter"], lease["renter"]);
    assert!(found["settlements"].is_array());
    for filter in ["renter", "provider", "node", "status"] {
        let value = lease[filter].as_str().unwrap();
        let filtered = served.all(&format!("/leases?{filter}={value}"), 1000).await;
        let expected: Vec<_> = leases.iter().filter(|other| other[filter] == lease[filter]).cloned().collect();
        assert_eq!(filtered, expected, "{filter}");
    }

    let node = lease["node"].as_str().unwrap();
    let found = served.ok(&format!("/nodes/{node}")).await;
    assert_eq!(found["on"][0]["node"], node);
    assert!(found["on"][0]["provider_details"]["reward_wallet"].is_string());
    let verdicts = served.all("/verdicts", 1000).await;
    let judged = verdicts[0]["node"].as_str().unwrap();
    let of_node = served.all(&format!("/verdicts?node={judged}"), 1000).await;
    assert!(!of_node.is_empty() && of_node.iter().all(|verdict| verdict["node"] == judged));

    let renter = lease["renter"].as_str().unwrap();
    let account = served.ok(&format!("/accounts/{renter}")).await;
    let balances = account["balances"].as_array().unwrap();
    assert!(balances.iter().any(|balance| balance["amount"].as_str().unwrap().parse::<u128>().is_ok()));
    assert!(account["leases"].as_array().unwrap().iter().any(|other| other["lease_id"] == lease["lease_id"]));

    let epoch = served.ok("/epochs/1").await;
    assert_eq!(epoch["on"].as_array().unwrap().len(), 2);
    assert!(epoch["paid"].as_array().unwrap().iter().all(|paid| paid["epoch"] == "1"));
    assert!(served.ok("/stakes").await["vaults"][0]["held"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_questions_get_answers_that_help() {
    let served = Served::start().await;
    let bad = [
        ("/leases?limit=0", "give 1 to 1000"),
        ("/leases?limit=1001", "give 1 to 1000"),
        ("/leases?limit=x", "give a whole number"),
        ("/leases?limit=-3", "not negative"),
        ("/leases?limit=1&limit=2", "given twice"),
        ("/leases?after=99999999999999999999", "give a whole number"),
        ("/leases?renter=0x12", "renter=0x12: give an address"),
        ("/leases?status=opened", "status=opened"),
        ("/leases?color=red", "the parameter color is unknown"),
        ("/leases/0x12", "give a hash"),
        ("/nodes/abc", "give an address"),
        ("/accounts/0x", "give an address"),
        ("/epochs/one", "give a whole number"),
        ("/verdicts?lease=1", "give a hash"),
        ("/health?x=1", "the parameter x is unknown"),
    ];
    for (path, expected) in bad {
        let (status, error) = served.error(path).await;
        assert_eq!(status, 400, "{path}: {error}");
        assert!(error.contains(expected), "{path}: {error}");
    }
    let zero_hash = format!("/leases/0x{}", "0".repeat(64));
    let zero_node = format!("/nodes/0x{}", "0".repeat(40));
    let missing = [
        (zero_hash.as_str(), "no lease"),
        (&zero_node, "no node"),
        ("/epochs/999999", "no epoch 999999"),
        ("/nodes?chain=5", "chain=5: there is chain-42161 (42161), chain-8453 (8453)"),
        ("/nothing", "no such path"),
    ];
    for (path, expected) in missing {
        let (status, error) = served.error(path).await;
        assert_eq!(status, 404, "{path}: {error}");
        assert!(error.contains(expected), "{path}: {error}");
    }
    // An account that nobody has seen is empty, not an error.
    let account = served.ok(&format!("/accounts/0x{}", "7".repeat(40))).await;
    assert_eq!(account["balances"].as_array().unwrap().len(), 0);
}
