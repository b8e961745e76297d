//! A person's path by hand on a local chain, through the program alone.

mod common;

use std::time::{Duration, Instant};

use alloy::primitives::U256;
use common::{
    spheron,
    town::{DAY, HOUR, Town, evidence_of, free_port, text, wei},
};
use spheron_devnet::chain::SPON;

#[tokio::test(flavor = "multi_thread")]
async fn a_renter_rents_and_gets_back_what_was_not_delivered() {
    let town = Town::start().await;
    let ada = &town.cast.ada;
    let hash = town.provide("https://node.example");

    let offers = town.as_(ada, &["lease", "offers", "--max-price", "0.36"]).json();
    assert_eq!(text(&offers["offers"][0]["offer"]), hash);
    assert_eq!(town.as_(ada, &["lease", "offers", "--max-price", "0.35"]).json()["offers"], serde_json::json!([]));

    // 12 hours and the grace reserve of 2 hours at 20 %.
    let cost = 12 * 360_000 + 2 * 72_000;
    let quote = town.as_(ada, &["lease", "open", &hash[..10], "--for", "12h", "--dry-run"]).json();
    assert_eq!((wei(&quote["cost"]), quote.get("lease")), (cost, None));
    let opened = town.as_(ada, &["lease", "open", &hash[..10], "--for", "12h"]).json();
    let lease = text(&opened["lease"]["lease"]).to_owned();
    assert_eq!(wei(&opened["lease"]["escrow"]), cost);
    let used = town.as_(ada, &["lease", "open", "offer.json", "--for", "12h"]).run();
    let said = String::from_utf8(used.stderr).unwrap();
    assert!(said.contains("LeaseBook_OfferUsed") && said.contains("hint: take another offer"), "{said}");

    town.wait(HOUR).await;
    let runway = town.as_(ada, &["lease", "runway", &lease[..12]]).json();
    let left = runway["runwaySeconds"].as_u64().unwrap();
    assert!((10 * HOUR..=11 * HOUR).contains(&left) && runway["status"] == "open", "{runway}");

    let nobody = town.without_key(&["lease", "list"]).fails();
    assert_eq!(nobody, "error: no key and no address: name an address, or pass --keystore");
    let poor = town.as_(ada, &["lease", "top-up", &lease, "1h"]).run();
    assert!(String::from_utf8(poor.stderr).unwrap().contains("hint: deposit first"));
    let deposit = town.as_(ada, &["account", "deposit", "1.5 tUSD"]).json();
    assert_eq!((wei(&deposit["amount"]), wei(&deposit["balance"])), (1_500_000, 1_500_000));
    let topped = town.as_(ada, &["lease", "top-up", &lease, "1h"]).json();
    assert_eq!((wei(&topped["paid"]), wei(&topped["escrow"])), (360_000, cost + 360_000));

    town.wait(2 * HOUR).await;
    let closed = town.as_(ada, &["lease", "close", &lease]).json();
    assert_eq!(closed["status"], "ended");
    let waiting = wei(&closed["escrow"]);
    assert!((3 * 360_000..3 * 360_000 + 30_000).contains(&waiting), "three hours wait for a verdict: {closed}");

    // No verdict came, so everything comes back.
    town.wait(3 * DAY).await;
    let settled = town.as_(&town.cast.keeper, &["lease", "settle", &lease]).json();
    assert_eq!((wei(&settled["leases"][0]["released"]), &settled["leases"][0]["status"]), (waiting, &"closed".into()));
    assert_eq!(town.as_(ada, &["lease", "list"]).json()["leases"], serde_json::json!([]));
    assert_eq!(text(&town.as_(ada, &["lease", "list", "--all"]).json()["leases"][0]["lease"]), lease);
    let withdrawn = town.as_(ada, &["account", "withdraw", "all"]).json();
    assert_eq!((wei(&withdrawn["amount"]), wei(&withdrawn["balance"])), (cost + 1_500_000, 0));
    let balance = town.as_(ada, &["account", "balance"]).json();
    assert_eq!(wei(&balance["tokens"][0]["wallet"]), 100_000_000);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_stakes_and_leaves() {
    let town = Town::start().await;
    let hana = &town.cast.hana;
    let most = U256::MAX.to_string() + " wei";
    for (amount, said) in [("0", "an amount of 0"), ("1001 SPON", "ERC20InsufficientBalance"), (&most, "")] {
        let error = town.as_(hana, &["stake", "deposit", amount]).fails();
        assert!(error.contains(said), "{amount}: {error}");
    }
    let too_fine = town.as_(hana, &["stake", "deposit", "0.0000000000000000001"]).fails();
    assert!(too_fine.contains("19 decimals, but SPON has only 18"), "{too_fine}");

    assert_eq!(wei(&town.as_(hana, &["stake", "deposit", "400"]).json()["staked"]), 400 * SPON);
    let exit = town.as_(hana, &["stake", "exit", "150"]).json();
    assert_eq!((wei(&exit["staked"]), wei(&exit["exit"]["amount"])), (250 * SPON, 150 * SPON));
    let early = town.as_(hana, &["stake", "claim"]).run();
    let said = String::from_utf8(early.stderr).unwrap();
    assert!(said.contains("StakedSpon_NotClaimable") && said.contains("hint: the cooldown"), "{said}");
    let error = town.as_(hana, &["stake", "exit", "251"]).fails();
    assert!(error.contains("only 250 SPON are staked"), "{error}");

    town.wait(31 * DAY).await;
    let claimed = town.as_(hana, &["stake", "claim"]).json();
    assert_eq!((wei(&claimed["claimed"]), wei(&claimed["wallet"])), (150 * SPON, 750 * SPON));
    town.as_(hana, &["stake", "exit", "all"]).json();
    town.wait(31 * DAY).await;
    assert_eq!(wei(&town.as_(hana, &["stake", "claim"]).json()["wallet"]), 1_000 * SPON);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_verifier_reveals_each_round_unless_it_is_told_not_to() {
    let town = Town::start().await;
    let [revealing, silent, _] = &town.cast.verifiers;
    for verifier in [revealing, silent] {
        town.as_(verifier, &["verify", "bond", "1000"]).json();
        town.as_(verifier, &["verify", "join"]).json();
    }
    let tip_of = |verifier| town.as_(verifier, &["verify", "status"]).json()["tip"].clone();
    let joined_with = [tip_of(revealing), tip_of(silent)];
    let _services = [town.start_verifier(0, free_port(), &[]), town.start_verifier(1, free_port(), &["--no-reveal"])];
    let mut tip = joined_with[0].clone();
    for _ in 0..2 {
        town.wait(HOUR).await;
        let deadline = Instant::now() + Duration::from_secs(60);
        while tip_of(revealing) == tip {
            assert!(Instant::now() < deadline, "nothing was revealed");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        tip = tip_of(revealing);
    }
    assert_eq!(tip_of(silent), joined_with[1]);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn verifiers_measure_a_node_and_it_is_paid() {
    let town = Town::start().await;
    let (agent, node) = (free_port(), town.node().address().to_string());
    let hash = town.provide(&format!("http://127.0.0.1:{agent}"));
    town.form_a_committee().await;
    let opened = town.as_(&town.cast.ada, &["lease", "open", &hash, "--for", "12h"]).json();
    let lease = text(&opened["lease"]["lease"]).to_owned();

    let _services = town.start_services(agent);
    let measured = town.measure(&node, &lease);
    assert_eq!((&measured["result"], &measured["submitted"]), (&"pass".into(), &true.into()), "{measured}");
    let evidence = evidence_of(town.folder.path(), text(&measured["evidence"]));
    let explain = ["verify", "explain", "verdict.json", "--json", "--evidence", &evidence];
    let explained = spheron(&explain).within(town.folder.path()).json();
    assert_eq!(explained["evidenceSupportsIt"], true, "{explained}");

    town.wait(HOUR).await;
    town.as_(&town.cast.keeper, &["lease", "settle", &lease]).json();
    let status = town.as_(town.provider(), &["node", "status", &node]).json();
    assert_eq!((&status["attestedUnits"], &status["leasedUnits"]), (&1.into(), &1.into()));
    let earnings = town.as_(town.provider(), &["node", "earnings"]).json();
    let dollars = town.chain.dollar().to_string().to_lowercase();
    let row = earnings["tokens"].as_array().unwrap().iter().find(|row| row["token"] == *dollars).unwrap();
    let paid = wei(&row["leases"]);
    assert!((300_000..370_000).contains(&paid), "an hour is paid, less the fee: {earnings}");
    assert_eq!(wei(&town.as_(town.provider(), &["node", "withdraw", "all"]).json()["amount"]), paid);
    town.stop().await;
}
