//! Bonds: in which token they are, and what of them may leave when.

mod common;

use std::fs;

use alloy::primitives::{U256, aliases::U96};
use common::town::{DAY, Town, text, wei};
use spheron_bindings::{
    bonds::Bonds,
    lease_book::{ILeaseBook::Market, LeaseBook},
};
use spheron_client::node::BondRole;
use spheron_devnet::chain::SPON;

#[tokio::test(flavor = "multi_thread")]
async fn a_bond_is_in_the_token_that_counts() {
    let town = Town::start().await;
    let (provider, gateway, verifier) = (town.provider(), &town.cast.hana, &town.cast.verifiers[0]);
    let foundation = town.chain.client(&town.cast.foundation).unwrap();
    for role in BondRole::ALL {
        for (token, minimum) in [(town.chain.spon(), 0), (town.chain.dollar(), 5_000_000)] {
            let call = Bonds::setMinimumCall { role: role as u8, token, minimum: U256::from(minimum) };
            foundation.send(foundation.contracts().bonds, &call).await.unwrap();
        }
    }
    for actor in [provider, gateway, verifier] {
        foundation.mint_dollars(actor.address(), U256::from(100_000_000)).await.unwrap();
    }
    let states = [
        (provider, "node", "provider-register", "registered"),
        (gateway, "gateway", "register", "registered"),
        (verifier, "verify", "join", "member"),
    ];
    for (actor, command, join, joined) in states {
        let bonded = town.as_(actor, &[command, "bond", "7"]).json();
        assert_eq!((&bonded["counts"], wei(&bonded["active"])), (&true.into(), 7_000_000), "{command}");
        let state = town.as_(actor, &[command, join]).json();
        assert_eq!(state[joined], true, "{command}");
        let state = town.as_(&town.cast.keeper, &[command, "status", &actor.address().to_string()]).json();
        assert_eq!((text(&state["bond"]["active"]["symbol"]), wei(&state["bond"]["active"])), ("tUSD", 7_000_000));
        let shown = town.without_key(&[command, "status", &actor.address().to_string()]).prints();
        let column = shown.find("0x").unwrap();
        let aligned = |line: &str| line[..column].ends_with("  ") && !line[column..].starts_with(' ');
        assert!(shown.lines().take_while(|line| !line.is_empty()).all(aligned), "{shown}");
        assert!(shown.contains("  7 tUSD\n"), "{shown}");
        let thawing = town.as_(actor, &[command, "thaw", "all"]).json();
        assert_eq!((wei(&thawing["thawing"]), wei(&thawing["active"])), (7_000_000, 0), "{command}");
        assert_eq!(wei(&town.as_(actor, &[command, "cancel-thaw"]).json()["active"]), 7_000_000, "{command}");
    }
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leases_have_locked_does_not_thaw() {
    let town = Town::start().await;
    let (ada, provider) = (&town.cast.ada, town.provider());
    let foundation = town.chain.client(&town.cast.foundation).unwrap();
    foundation.mint_spon(ada.address(), U256::from(100 * SPON)).await.unwrap();
    let contracts = foundation.contracts();
    let covered = LeaseBook::setMarketCall {
        token: contracts.spon,
        policy: contracts.attestation_policy,
        market: Market { isOpen: true, feeBps: 300, coverBps: 10_000, minFunds: U96::ONE, minTopUp: U96::ONE },
    };
    foundation.send(contracts.lease_book, &covered).await.unwrap();
    town.provide("https://node.example");
    let node = town.node().address().to_string();
    let offer = ["node", "offer", &node, "--price", "3.6 SPON", "--max", "12h", "--grace", "0s", "--out", "spon.json"];
    town.as_(provider, &offer).json();
    town.as_(ada, &["lease", "open", "spon.json", "--for", "12h"]).json();

    let locked = 12 * 3_600 * (SPON / 1_000);
    let thawing = town.as_(provider, &["node", "thaw", "all"]).json();
    assert_eq!((wei(&thawing["active"]), wei(&thawing["locked"])), (locked, locked));
    assert_eq!(wei(&thawing["thawing"]), 1_000 * SPON - locked);
    let none = town.as_(provider, &["node", "thaw", "all"]).fails();
    assert!(none.contains("the whole bond of 43.2 SPON is locked behind leases"), "{none}");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dispute_holds_leaves_when_the_contract_lets_it() {
    let town = Town::start().await;
    let (hana, provider) = (&town.cast.hana, town.provider());
    town.as_(provider, &["node", "bond", "1000"]).json();
    let thawing = town.as_(provider, &["node", "thaw", "all"]).json();
    assert_eq!((&thawing["leavesAt"], wei(&thawing["held"])), (&thawing["thawedAt"], 0));
    town.wait(13 * DAY).await;
    fs::write(town.folder.path().join("log.txt"), "it was off").unwrap();
    let accused = provider.address().to_string();
    let accuse = ["dispute", "open", &accused, "--evidence", "log.txt", "--uri", "https://evidence.example/log.txt"];
    town.as_(hana, &accuse).json();
    town.wait(2 * DAY).await;

    let left = town.as_(provider, &["node", "withdraw-bond"]).json();
    assert_eq!((wei(&left["thawing"]), wei(&left["held"])), (100 * SPON, 100 * SPON), "{left}");
    let [thawed_at, held_until, leaves_at, now] =
        ["thawedAt", "heldUntil", "leavesAt", "now"].map(|time| left[time].as_u64().unwrap());
    assert!(thawed_at < now && now < held_until && held_until <= leaves_at, "{left}");
    let early = town.as_(provider, &["node", "withdraw-bond"]).fails();
    assert!(early.contains("Bonds_NotThawed"), "{early}");
    town.wait(leaves_at - now).await;
    let rest = town.as_(provider, &["node", "status"]).json()["bond"].clone();
    assert_eq!((rest.get("leavesAt"), wei(&rest["thawing"])), (None, 100 * SPON), "it can be withdrawn: {rest}");
    assert_eq!(wei(&town.as_(provider, &["node", "withdraw-bond"]).json()["thawing"]), 0);
    town.stop().await;
}
