//! Offers and verdicts that the contracts refuse: the program names what is wrong with them, and nothing is lost.

#![expect(clippy::unwrap_used, reason = "what breaks here breaks the test")]

mod common;

use std::fs;

use common::town::{DAY, HOUR, Town, free_port, text, wei};
use serde_json::{Value, json};

impl Town {
    /// Writes what `alter` makes of a JSON file into another one.
    fn altered(&self, file: &str, into: &str, alter: impl FnOnce(&mut Value)) {
        let text = fs::read_to_string(self.folder.path().join(file)).unwrap();
        let mut value = serde_json::from_str(&text).unwrap();
        alter(&mut value);
        fs::write(self.folder.path().join(into), value.to_string()).unwrap();
    }

    fn dollars_of_ada(&self) -> u128 {
        wei(&self.as_(&self.cast.ada, &["account", "balance", "--token", "dollar"]).json()["tokens"][0]["wallet"])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_offers_are_named_and_cost_nothing() {
    let town = Town::start().await;
    town.provide("https://node.example");
    let ada = &town.cast.ada;
    let refused = |file: &str, said: &str| {
        let error = town.as_(ada, &["lease", "open", file, "--for", "12h"]).fails();
        assert!(error.contains(said), "{file}: {error}");
        assert_eq!(town.dollars_of_ada(), 100_000_000, "{file}");
    };
    town.altered("offer.json", "cheaper.json", |offer| offer["offer"]["rate"] = json!("0x1"));
    refused("cheaper.json", "LeaseBook_InvalidOfferSignature");
    town.altered("offer.json", "stranger.json", |offer| offer["offer"]["node"] = json!(ada.address()));
    refused("stranger.json", "LeaseBook_NodeNotActive");
    town.altered("offer.json", "torn.json", |offer| offer["signature"] = json!("0x1234"));
    refused("torn.json", "LeaseBook_InvalidOfferSignature");
    town.altered("offer.json", "partial.json", |offer| *offer = json!({ "signature": "0x" }));
    refused("partial.json", "offer");
    refused("missing.json", "missing.json");

    town.wait(8 * DAY).await;
    refused("offer.json", "LeaseBook_OfferExpired");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_verdicts_are_named_and_change_nothing() {
    let town = Town::start().await;
    let agent = free_port();
    let node = town.node().address().to_string();
    let hash = town.provide(&format!("http://127.0.0.1:{agent}"));
    town.form_a_committee().await;
    let opened = town.as_(&town.cast.ada, &["lease", "open", &hash, "--for", "12h"]).json();
    let _services = town.start_services(agent);
    let measured = town.measure(&node, text(&opened["lease"]["lease"]));
    assert_eq!(measured["result"], "pass");

    let keeper = &town.cast.keeper;
    let refused = |file: &str, said: &str| {
        let error = town.as_(keeper, &["verify", "submit", file]).fails();
        assert!(error.contains(said), "{file}: {error}");
    };
    refused("verdict.json", "AttestationPolicy_NotNewer");
    town.altered("verdict.json", "twice.json", |signed| {
        let signatures = signed["signatures"].as_array_mut().unwrap();
        signatures[1] = signatures[0].clone();
    });
    refused("twice.json", "VerifierSet_DuplicateOrUnsortedSigner");
    town.altered("verdict.json", "alone.json", |signed| signed["signatures"].as_array_mut().unwrap().truncate(1));
    refused("alone.json", "VerifierSet_QuorumNotReached");
    town.altered("verdict.json", "stale.json", |signed| signed["verdict"]["beaconRound"] = json!(1));
    refused("stale.json", "VerifierSet_StaleBeacon");
    town.altered("verdict.json", "better.json", |signed| signed["verdict"]["gpuIndex"] = json!(7));
    refused("better.json", "VerifierSet_");
    town.altered("verdict.json", "foreign.json", |signed| signed["domain"]["chain_id"] = json!(8453));
    refused("foreign.json", "on chain 8453");

    town.wait(HOUR).await;
    let status = town.as_(town.provider(), &["node", "status", &node]).json();
    assert_eq!(status["attestedUnits"], 1);
    town.stop().await;
}
