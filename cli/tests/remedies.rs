//! What renters and providers do beside a lease: standing orders, demands, claims on a bond, receipts, payouts.

mod common;

use std::process::Output;

use alloy::primitives::{U256, aliases::U96};
use common::town::{DAY, HOUR, Town, text, wei};
use serde_json::json;
use spheron_bindings::lease_book::{ILeaseBook::Market, LeaseBook};
use spheron_devnet::chain::SPON;

/// What the program said on its way out, hints included.
fn said(output: Output) -> String {
    assert!(!output.status.success());
    String::from_utf8(output.stderr).expect("stderr is text")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standing_order_keeps_a_lease_funded_until_it_is_revoked() {
    let town = Town::start().await;
    let (ada, keeper) = (&town.cast.ada, &town.cast.keeper);
    let hash = town.provide("https://node.example");
    let lease = town.as_(ada, &["lease", "open", &hash, "--for", "2h"]).json();
    let lease = text(&lease["lease"]["lease"]).to_owned();
    town.as_(ada, &["account", "deposit", "5 tUSD"]).json();

    let new = ["lease", "standing", "new", &lease, "--add", "2h", "--below", "1h", "--budget", "1.5 tUSD"];
    let order = town.as_(ada, &[&new[..], &["--tip", "0.5%"]].concat()).json()["orders"][0].clone();
    assert_eq!((text(&order["lease"]), wei(&order["budget"])), (lease.as_str(), 1_500_000));
    let none = json!([]);
    assert_eq!(town.as_(keeper, &["lease", "standing", "run"]).json()["used"], none, "the runway is not low yet");

    town.wait(HOUR + 60).await;
    let used = town.as_(keeper, &["lease", "standing", "run"]).json()["used"][0].clone();
    assert_eq!((used["seconds"].as_u64(), wei(&used["amount"]), wei(&used["tip"])), (Some(7_200), 720_000, 3_600));
    let tip = town.as_(keeper, &["account", "balance", "--token", "dollar"]).json();
    assert_eq!(wei(&tip["tokens"][0]["ledger"]), 3_600);

    town.wait(2 * HOUR).await;
    assert!(town.as_(keeper, &["lease", "standing", "run"]).json()["used"][0]["refused"].is_null());
    town.wait(2 * HOUR).await;
    let spent = town.as_(keeper, &["lease", "standing", "run"]).json()["used"][0]["refused"].clone();
    assert!(text(&spent).contains("StandingTopUps_BudgetExceeded"), "{spent}");

    let listed = town.as_(ada, &["lease", "standing", "list"]).json()["orders"][0].clone();
    assert_eq!((wei(&listed["spent"]), &listed["order"]), (2 * 723_600, &order["order"]));
    let name = &text(&order["order"])[..12];
    let stranger = town.as_(keeper, &["lease", "standing", "revoke", name]).fails();
    assert!(stranger.contains("0 of your orders begin with"), "{stranger}");
    assert_eq!(town.as_(ada, &["lease", "standing", "revoke", name]).json()["orders"], none);
    assert_eq!(town.as_(keeper, &["lease", "standing", "run"]).json()["used"], none);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demand_that_nobody_answers_gives_the_bond_back() {
    let town = Town::start().await;
    let (ada, keeper) = (&town.cast.ada, &town.cast.keeper);
    let hash = town.provide("https://node.example");
    let lease = text(&town.as_(ada, &["lease", "open", &hash, "--for", "12h"]).json()["lease"]["lease"]).to_owned();
    let poor = town.as_(ada, &["lease", "demand", &lease]).fails();
    assert!(poor.contains("Ledger_InsufficientBalance"), "{poor}");
    town.as_(ada, &["account", "deposit", "1 tUSD"]).json();
    let stranger = town.as_(keeper, &["lease", "demand", &lease]).fails();
    assert!(stranger.contains("MeasurementDemand_NotRenter"), "{stranger}");

    let demanded = town.as_(ada, &["lease", "demand", &lease]).json();
    assert_eq!((wei(&demanded["bond"]), text(&demanded["lease"])), (1_000_000, lease.as_str()));
    let early = said(town.as_(keeper, &["lease", "resolve", &lease]).run());
    assert!(early.contains("MeasurementDemand_Unresolved") && early.contains("hint: the node may still"), "{early}");
    town.wait(4 * DAY).await;
    let end = town.as_(keeper, &["lease", "resolve", &lease]).json();
    assert_eq!((&end["passed"], &end["measuredAt"], wei(&end["bond"])), (&false.into(), &0.into(), 1_000_000));
    assert_eq!(text(&end["to"]), ada.address().to_string().to_lowercase());
    let balance = town.as_(ada, &["account", "balance", "--token", "dollar"]).json();
    assert_eq!(wei(&balance["tokens"][0]["ledger"]), 1_000_000);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_verdict_took_back_comes_out_of_the_bond() {
    let town = Town::start().await;
    let (ada, keeper, provider) = (&town.cast.ada, &town.cast.keeper, town.provider());
    let foundation = town.chain.client(&town.cast.foundation).unwrap();
    foundation.mint_spon(ada.address(), U256::from(100 * SPON)).await.unwrap();
    town.provide("https://node.example");
    let node = town.node().address().to_string();
    town.as_(provider, &["node", "offer", &node, "--price", "1 SPON", "--post", "--out", "spon.json"]).json();
    town.form_a_committee().await;

    let opened = town.as_(ada, &["lease", "open", "spon.json", "--for", "12h"]).json();
    let lease = text(&opened["lease"]["lease"]).to_owned();
    assert_eq!(town.as_(ada, &["lease", "receipts", &lease]).json()["receipts"], json!([]));
    town.judge(town.now().await, true).await;
    town.wait(HOUR).await;
    let failed_at = town.now().await;
    town.wait(HOUR).await;
    town.as_(keeper, &["lease", "settle", &lease]).json();
    town.wait(60).await;
    town.as_(keeper, &["lease", "settle", &lease]).json();

    let paid = town.as_(ada, &["lease", "receipts", &lease[..12]]).json();
    let receipts = paid["receipts"].as_array().unwrap();
    assert_eq!((receipts.len(), &receipts[0]["to"]), (2, &receipts[1]["from"]));
    assert_eq!((&receipts[1]["receipt"], &receipts[0]["from"]), (&paid["receipt"], &opened["lease"]["start"]));
    let earned = wei(&paid["payment"]);
    assert!((1_900..2_100).contains(&(earned / (SPON / 1_000))), "two hours at 1 SPON, less the fee: {paid}");

    let nothing = said(town.as_(ada, &["lease", "claw-back", &lease]).run());
    assert!(nothing.contains("LeaseBook_NothingRevoked") && nothing.contains("hint: no verdict"), "{nothing}");
    let nothing = town.as_(ada, &["account", "collect", "--token", "spon"]).fails();
    assert!(nothing.contains("Bonds_NothingThere"), "{nothing}");
    town.judge(failed_at, false).await;
    town.wait(3 * DAY).await;
    let seized = town.as_(keeper, &["lease", "claw-back", &lease]).json();
    let settled_to = u128::from(receipts[1]["to"].as_u64().unwrap() - failed_at);
    assert_eq!(wei(&seized["seized"]), settled_to * (SPON / 3_600), "the seconds after the failure, fee included");
    assert_eq!(wei(&seized["stillOwed"]), 0);
    let collected = town.as_(ada, &["account", "collect", "--token", "spon"]).json();
    assert_eq!(collected["amount"], seized["seized"]);

    let off = said(town.as_(keeper, &["node", "pay-out", &provider.address().to_string(), "--token", "spon"]).run());
    assert!(off.contains("hint: only its provider"), "{off}");
    let setting = town.as_(provider, &["node", "payouts", "--from", "0.1 SPON"]).json();
    assert_eq!(wei(&setting["from"]), SPON / 10);
    let pushed = town.as_(keeper, &["node", "pay-out", &provider.address().to_string(), "--token", "spon"]).json();
    assert_eq!(wei(&pushed["amount"]), earned);
    assert_eq!(wei(&town.as_(provider, &["node", "payouts", "--off", "--token", "spon"]).json()["from"]), 0);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cover_of_a_lease_is_freed_when_nothing_can_be_taken_back_any_more() {
    let town = Town::start().await;
    let (ada, keeper) = (&town.cast.ada, &town.cast.keeper);
    let foundation = town.chain.client(&town.cast.foundation).unwrap();
    foundation.mint_spon(ada.address(), U256::from(100 * SPON)).await.unwrap();
    let contracts = foundation.contracts();
    let setting = LeaseBook::setMarketCall {
        token: contracts.spon,
        policy: contracts.attestation_policy,
        market: Market { isOpen: true, feeBps: 300, coverBps: 10_000, minFunds: U96::ONE, minTopUp: U96::ONE },
    };
    foundation.send(contracts.lease_book, &setting).await.unwrap();
    town.provide("https://node.example");
    let node = town.node().address().to_string();
    let offer = ["node", "offer", &node, "--price", "3.6 SPON", "--max", "12h", "--grace", "0s", "--out", "spon.json"];
    town.as_(town.provider(), &offer).json();
    let lease =
        text(&town.as_(ada, &["lease", "open", "spon.json", "--for", "12h"]).json()["lease"]["lease"]).to_owned();
    let free = || town.as_(keeper, &["lease", "free-cover", &lease]);
    assert!(free().fails().contains("LeaseBook_WrongStatus"));
    town.wait(HOUR).await;
    town.as_(ada, &["lease", "close", &lease]).json();

    let excess = wei(&free().json()["freed"]);
    assert!((11 * HOUR - 30..=11 * HOUR).contains(&u64::try_from(excess / (SPON / 1_000)).unwrap()), "{excess}");
    let early = said(free().run());
    assert!(early.contains("LeaseBook_NothingToFree") && early.contains("four days after"), "{early}");
    town.wait(4 * DAY).await;
    assert_eq!(excess + wei(&free().json()["freed"]), u128::from(12 * HOUR) * (SPON / 1_000));
    assert!(free().fails().contains("LeaseBook_NothingToFree"));
    town.stop().await;
}
