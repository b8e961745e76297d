//! What people do around bonds: delegating, fronting nodes, handing over, disputing.

mod common;

use std::fs;

use alloy::primitives::{U256, keccak256};
use common::town::{DAY, Town, text, wei};
use serde_json::json;
use spheron_devnet::{cast::Actor, chain::SPON, keys::secret};

const WEEK: u64 = 7 * DAY;

fn address(actor: &Actor) -> String {
    actor.address().to_string()
}

/// As JSON has it.
fn low(actor: &Actor) -> String {
    address(actor).to_lowercase()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delegation_earns_thaws_and_leaves() {
    let town = Town::start().await;
    let (hana, keeper, verifier) = (&town.cast.hana, &town.cast.keeper, &town.cast.verifiers[0]);
    let behind = [&address(verifier)[..], "--role", "verifier"];
    let as_hana = |arguments: &[&str]| town.as_(hana, &[arguments, &behind[..]].concat());

    let announced = town.as_(verifier, &["verify", "commission", "10%"]).json();
    assert_eq!((&announced["commissionBps"], &announced["nextCommissionBps"]), (&0.into(), &1_000.into()));
    town.wait(15 * DAY).await;
    town.as_(verifier, &["verify", "bond", "900"]).json();
    let early = as_hana(&["stake", "delegate", "100"]).json();
    assert_eq!((wei(&early["delegated"]) / SPON, wei(&early["pool"]["weight"])), (100, 0), "the bond is too small");
    town.as_(verifier, &["verify", "bond", "100"]).json();
    let more = as_hana(&["stake", "delegate", "100 SPON"]).json();
    assert_eq!((wei(&more["delegated"]) / SPON, wei(&more["pool"]["weight"]) / SPON), (200, 1_200));

    let given = as_hana(&["stake", "reward", "100"]).json();
    assert_eq!((wei(&given["rewarded"]) / SPON, wei(&given["pool"]["drip"]) / SPON), (90, 90));
    assert_eq!(wei(&given["delegated"]) / SPON, 200, "it drips");
    assert_eq!(wei(&town.as_(verifier, &["account", "collect", "--token", "spon"]).json()["amount"]) / SPON, 10);
    town.wait(WEEK).await;
    let listed = town.as_(keeper, &["stake", "delegations", &address(hana)]).json();
    let listed = listed["delegations"].as_array().unwrap();
    assert_eq!((listed.len(), text(&listed[0]["pool"]["owner"])), (1, low(verifier).as_str()));
    assert_eq!(wei(&listed[0]["delegated"]) / (SPON / 10), 2_899, "all but the rounding");

    let lowered = town.as_(verifier, &["verify", "commission", "2.5 %"]).json();
    assert_eq!(lowered["commissionBps"], 250, "at once");
    let much = town.as_(verifier, &["verify", "commission", "21%"]).fails();
    assert!(much.contains("Delegation_CommissionTooHigh"), "{much}");
    let thawing = as_hana(&["stake", "undelegate", "90 SPON"]).json();
    assert_eq!(wei(&thawing["thawing"]).div_ceil(SPON), 90);
    let refused = as_hana(&["stake", "withdraw-delegation"]).run();
    let refused = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.contains("Delegation_NotThawed") && refused.contains("hint: the thaw takes its time"), "{refused}");
    let back = as_hana(&["stake", "cancel-undelegation"]).json();
    assert_eq!((wei(&back["thawing"]), wei(&back["delegated"]) / (SPON / 10)), (0, 2_899));
    let too_much = as_hana(&["stake", "undelegate", "300"]).fails();
    assert!(too_much.contains("only 289.99") && too_much.contains("are delegated"), "{too_much}");

    as_hana(&["stake", "undelegate", "all"]).json();
    town.wait(8 * WEEK).await;
    let left = as_hana(&["stake", "withdraw-delegation", "--to", &address(keeper)]).json();
    assert_eq!((wei(&left["withdrawn"]) / (SPON / 10), wei(&left["delegated"]), wei(&left["thawing"])), (2_899, 0, 0));
    let balance = town.as_(keeper, &["account", "balance", "--token", "spon"]).json();
    assert_eq!(balance["tokens"][0]["wallet"], left["withdrawn"]);
    assert_eq!(town.as_(hana, &["stake", "delegations"]).json()["delegations"], json!([]));
    let nothing = as_hana(&["stake", "undelegate", "all"]).fails();
    assert!(nothing.contains("an amount of 0 does nothing"), "{nothing}");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_fronts_the_nodes_of_those_whom_it_admits() {
    let town = Town::start().await;
    let (gateway, provider, node) = (&town.cast.hana, town.provider(), town.node());
    let register = |front: &Actor| {
        let front = address(front);
        let arguments = ["node", "register", "--resource", "36", "--uri", "https://node.example", "--gateway", &front];
        town.as_(provider, &arguments).env("SPHERON_NODE_PRIVATE_KEY", &secret(&node.key))
    };
    let unbonded = town.as_(gateway, &["gateway", "register"]).fails();
    assert!(unbonded.contains("NodeRegistry_NotBonded"), "{unbonded}");
    assert_eq!(town.as_(gateway, &["gateway", "bond", "1000"]).json()["counts"], true);
    let state = town.as_(gateway, &["gateway", "register", "--uri", "https://gateway.example"]).json();
    assert_eq!((&state["registered"], &state["admitted"]), (&true.into(), &json!([])));
    town.as_(provider, &["node", "bond", "1000"]).json();
    town.as_(provider, &["node", "provider-register"]).json();
    let refused = register(gateway).fails();
    assert!(refused.contains("NodeRegistry_NotAdmitted"), "{refused}");

    let admitted = town.as_(gateway, &["gateway", "admit", &address(provider)]).json();
    assert_eq!(admitted["admitted"], json!([low(provider)]));
    assert_eq!(text(&register(gateway).json()["gateway"]), low(gateway));
    assert_eq!(town.as_(gateway, &["gateway", "refuse", &address(provider)]).json()["admitted"], json!([]));
    assert_eq!(town.as_(provider, &["gateway", "status", &address(gateway)]).json()["nodes"], 1, "it stays");
    assert_eq!(town.as_(gateway, &["gateway", "dismiss", &address(node)]).json()["nodes"], 0);
    let gone = town.as_(gateway, &["gateway", "dismiss", &address(node)]).fails();
    assert!(gone.contains("NodeRegistry_NotAuthorized"), "{gone}");
    assert!(town.as_(provider, &["node", "status", &address(node)]).json()["gateway"].is_null());
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_changes_its_claim_and_key_and_its_provider_its_wallet_and_owner() {
    let town = Town::start().await;
    let (provider, hana, keeper, node) = (town.provider(), &town.cast.hana, &town.cast.keeper, town.node());
    town.provide("https://node.example");
    let with = |key: &Actor, arguments: &[&str]| {
        town.as_(provider, arguments).env("SPHERON_NODE_PRIVATE_KEY", &secret(&key.key))
    };

    let moved = ["node", "change-claim", &address(node), "--units", "4", "--uri", "https://moved.example"];
    let claimed = with(node, &moved).json();
    assert_eq!((&claimed["units"], text(&claimed["uri"])), (&4.into(), "https://moved.example"));
    let stranger = with(keeper, &moved).fails();
    assert!(stranger.contains("NodeRegistry_InvalidConsent"), "{stranger}");
    with(keeper, &["node", "change-operator", &address(node)]).json();
    let operator = town.as_(hana, &["node", "status", &address(keeper)]).json();
    assert_eq!((text(&operator["signsFor"]["node"]), &operator["spent"]), (&low(node)[..], &false.into()));
    let former = with(node, &["node", "change-claim", &address(node), "--memory", "1024"]).fails();
    assert!(former.contains("NodeRegistry_InvalidConsent"), "{former}");
    let still = with(keeper, &["node", "change-claim", &address(node), "--memory", "1024"]).json();
    assert_eq!((&still["units"], text(&still["uri"])), (&4.into(), "https://moved.example"), "what is not given stays");

    let proposed = town.as_(provider, &["node", "wallet", "propose", &address(keeper)]).json();
    assert_eq!(
        (text(&proposed["proposedWallet"]), text(&proposed["rewardWallet"])),
        (&low(keeper)[..], &low(provider)[..])
    );
    let stranger = town.as_(hana, &["node", "wallet", "accept", &address(provider)]).fails();
    assert!(stranger.contains("NodeRegistry_NotAuthorized"), "{stranger}");
    let accepted = town.as_(keeper, &["node", "wallet", "accept", &address(provider)]).json();
    assert_eq!(text(&accepted["rewardWallet"]), low(keeper));

    town.as_(provider, &["node", "owner", "propose", &address(hana)]).json();
    town.as_(provider, &["node", "owner", "keep"]).json();
    let withdrawn = town.as_(hana, &["node", "owner", "accept", &address(provider)]).fails();
    assert!(withdrawn.contains("NodeRegistry_NotAuthorized"), "{withdrawn}");
    town.as_(provider, &["node", "owner", "propose", &address(hana)]).json();
    let unbonded = town.as_(hana, &["node", "owner", "accept", &address(provider)]).fails();
    assert!(unbonded.contains("NodeRegistry_NotBonded"), "{unbonded}");
    town.as_(hana, &["node", "bond", "1000"]).json();
    let owner = town.as_(hana, &["node", "owner", "accept", &address(provider)]).json();
    assert_eq!((text(&owner["rewardWallet"]), &owner["nodes"]), (&low(keeper)[..], &json!([])));
    let left = town.as_(provider, &["node", "status"]).json();
    assert_eq!((&left["registered"], text(&left["nodes"][0]["status"])), (&false.into(), "suspended"));
    let adopted = town.as_(hana, &["node", "owner", "adopt", &address(node)]).json();
    assert_eq!((text(&adopted["nodes"][0]["node"]), text(&adopted["nodes"][0]["status"])), (&low(node)[..], "active"));
    assert_eq!(town.as_(provider, &["node", "status"]).json()["nodes"], json!([]));
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_registers_anew_claims_what_it_says_then() {
    let town = Town::start().await;
    town.provide("https://node.example");
    let (provider, node) = (town.provider(), address(town.node()));
    let with_node =
        |arguments: &[&str]| town.as_(provider, arguments).env("SPHERON_NODE_PRIVATE_KEY", &secret(&town.node().key));
    let moved = with_node(&["node", "change-claim", &node, "--uri", "https://moved.example"]).json();
    assert_eq!(text(&moved["uri"]), "https://moved.example");
    assert_eq!(text(&town.as_(provider, &["node", "set-status", &node, "retired"]).json()["status"]), "retired");
    let anew = with_node(&["node", "register", "--resource", "36", "--uri", "https://new.example"]).json();
    assert_eq!((text(&anew["status"]), text(&anew["uri"])), ("active", "https://new.example"));
    let changed = with_node(&["node", "change-claim", &node, "--units", "4"]).json();
    assert_eq!(text(&changed["uri"]), "https://new.example", "what is not given stays");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_is_answered_and_ruled_on_or_ends_as_a_draw() {
    let town = Town::start().await;
    let (hana, provider, keeper, arbiter) =
        (&town.cast.hana, town.provider(), &town.cast.keeper, &town.cast.foundation);
    town.as_(provider, &["node", "bond", "1000"]).json();
    fs::write(town.folder.path().join("log.txt"), "it was off").unwrap();
    let accuse = |accused: &Actor| {
        let accused = address(accused);
        let evidence = ["--evidence", "log.txt", "--uri", "https://evidence.example/log.txt"];
        town.as_(hana, &[&["dispute", "open", &accused][..], &evidence].concat())
    };
    let harmless = accuse(keeper).fails();
    assert!(harmless.contains("Disputes_NothingAtStake"), "{harmless}");
    let opened = accuse(provider).json();
    assert_eq!((&opened["id"], text(&opened["status"]), wei(&opened["stake"])), (&1.into(), "open", 1_000 * SPON));
    assert_eq!(text(&opened["evidence"]["hash"]), keccak256("it was off").to_string());
    let early = town.as_(arbiter, &["dispute", "accept", "1", "--slash", "50"]).fails();
    assert!(early.contains("Disputes_TooEarly"), "{early}");
    let answer = ["dispute", "answer", "1", "--evidence", "log.txt", "--uri", "https://answer.example"];
    assert!(town.as_(keeper, &answer).fails().contains("Disputes_NotAccused"));
    assert_eq!(text(&town.as_(provider, &answer).json()["answer"]["uri"]), "https://answer.example");

    let accept = ["dispute", "accept", "1", "--slash", "100", "--harmed", &address(keeper), "--loss", "30 SPON"];
    let stranger = town.as_(keeper, &accept).fails();
    assert!(stranger.contains("AccessManagedUnauthorized"), "{stranger}");
    let without = town.as_(arbiter, &["dispute", "accept", "1", "--harmed", &address(keeper), "--loss", "1"]).fails();
    assert!(without.contains("give --slash AMOUNT"), "{without}");
    let ruled = town.as_(arbiter, &accept).json();
    assert_eq!((text(&ruled["status"]), wei(&ruled["slashed"])), ("accepted", 100 * SPON));
    assert_eq!(wei(&town.as_(keeper, &["account", "collect", "--token", "spon"]).json()["amount"]), 30 * SPON);
    assert_eq!(wei(&town.as_(hana, &["dispute", "collect"]).json()["amount"]), 1_000 * SPON, "the deposit");
    assert!(town.as_(hana, &["dispute", "collect"]).fails().contains("Disputes_NothingThere"));

    accuse(provider).json();
    assert_eq!(text(&town.as_(arbiter, &["dispute", "reject", "2"]).json()["status"]), "rejected");
    let half = town.as_(provider, &["dispute", "collect", "--to", &address(hana)]).json();
    assert_eq!((wei(&half["amount"]), text(&half["to"])), (500 * SPON, low(hana).as_str()));
    town.chain.client(arbiter).unwrap().mint_spon(hana.address(), U256::from(1_000 * SPON)).await.unwrap();
    accuse(provider).json();
    assert!(town.as_(keeper, &["dispute", "expire", "3"]).fails().contains("Disputes_TooEarly"));
    town.wait(6 * WEEK).await;
    assert!(town.as_(arbiter, &["dispute", "draw", "3"]).fails().contains("Disputes_TooLate"));
    assert_eq!(text(&town.as_(keeper, &["dispute", "expire", "3"]).json()["status"]), "drawn");

    let listed = town.as_(keeper, &["dispute", "list", &address(provider)]).json();
    let statuses: Vec<&str> = listed["disputes"].as_array().unwrap().iter().map(|one| text(&one["status"])).collect();
    assert_eq!(statuses, ["accepted", "rejected", "drawn"]);
    assert_eq!(town.as_(hana, &["dispute", "show", "3"]).json()["answer"], json!(null));
    let none = town.as_(hana, &["dispute", "show", "4"]).fails();
    assert!(none.contains("there is no dispute 4"), "{none}");
    town.stop().await;
}
