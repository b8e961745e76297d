//! The contracts themselves on a local chain: what they emit is enough to rebuild what they hold.

use std::{collections::BTreeMap, path::Path, time::Duration};

use alloy::{
    primitives::{Address, B256, U256, aliases::U96, keccak256},
    providers::{Provider as _, ext::AnvilApi as _},
    rpc::types::anvil::ReorgOptions,
    signers::{SignerSync as _, local::PrivateKeySigner},
    sol_types::SolStruct as _,
};
use spheron_accounting::reward_tree::{Reward, RewardTree, TreeId};
use spheron_bindings::{
    bonds::{Bonds, IBonds::Slash},
    distributor::Distributor,
    lease_book::ILeaseBook,
    ledger::Ledger,
    node_registry::INodeRegistry,
    node_registry::NodeRegistry,
    spon::Spon,
    staked_spon::StakedSpon,
    verifier_set::IVerifierSet::{Measurement, Signature, Verdict},
};
use spheron_client::{Client, node::BondRole, verifier::HashChain};
use spheron_deployment::{Contracts, Deployment, Plan, Quorum, Settings, deploy};
use spheron_devnet::anvil::{ARBITRUM, Anvil};
use spheron_indexer::{
    ChainManifest, Contract, Manifest,
    audit::{AuditReport, audit},
    store::Reader,
};
use sqlx::ConnectOptions as _;
use tempfile::TempDir;

use crate::{assert_same, common, digest_of, run};

const SPON: u128 = 1_000_000_000_000_000_000;

/// A chain with everything deployed, and clients on it.
struct World {
    anvil: Anvil,
    contracts: Contracts,
    deployment: Deployment,
    manifest: Manifest,
    admin: Client,
    provider: Client,
    renter: Client,
    folder: TempDir,
}

fn key(name: &str) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&keccak256(name)).unwrap()
}

async fn connect(url: &str, deployment: &Deployment, name: &str) -> Client {
    Client::connect(url, deployment.clone(), Some(key(name))).await.unwrap()
}

impl World {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let anvil = Anvil::start(ARBITRUM, folder.path()).await.unwrap();
        let (admin, provider, renter) = (key("admin"), key("provider"), key("renter"));
        anvil.fund(&[admin.address(), provider.address(), renter.address()]).await.unwrap();
        let plan = Plan::new(admin.address(), None);
        let contracts = plan.contracts();
        let local = Settings::local("arbitrum", 42_161, admin.address(), U256::from(1_000 * SPON));
        let settings = Settings { quorum: Quorum { committee: 1, signatures: 1 }, ..local };
        let signing = alloy::providers::ProviderBuilder::new()
            .wallet(alloy::network::EthereumWallet::from(admin.clone()))
            .connect_http(anvil.url().parse().unwrap());
        signing.client().set_poll_interval(Duration::from_millis(10));
        let deployment = deploy(&signing, &plan, &settings, |_| {}).await.unwrap();
        let manifest = Manifest { chains: vec![chain_manifest(anvil.url(), deployment.start_block, &contracts)] };
        let client = async |name| connect(anvil.url(), &deployment, name).await;
        let (admin, provider, renter) = (client("admin").await, client("provider").await, client("renter").await);
        Self { anvil, contracts, deployment, manifest, admin, provider, renter, folder }
    }

    async fn index(&self, database: &Path) {
        run(common::config(self.manifest.clone(), database)).await.unwrap();
    }

    async fn audit(&self, database: &Path) -> AuditReport {
        let reader = Reader::open(database).await.unwrap();
        audit(&reader, &self.manifest, |_| {}).await.unwrap()
    }

    /// Moves time on by so many seconds.
    async fn pass(&self, seconds: u64) {
        let now = self.anvil.now().await.unwrap();
        self.anvil.travel_to(now + seconds).await.unwrap();
    }
}

fn chain_manifest(url: &str, start_block: u64, contracts: &Contracts) -> ChainManifest {
    let addresses = [
        (Contract::AttestationPolicy, contracts.attestation_policy),
        (Contract::Bonds, contracts.bonds),
        (Contract::Disputes, contracts.disputes),
        (Contract::Distributor, contracts.distributor),
        (Contract::MeasurementDemand, contracts.measurement_demand),
        (Contract::OutageClock, contracts.outage_clock),
        (Contract::Payout, contracts.payout),
        (Contract::PauseSwitch, contracts.pause_switch),
        (Contract::StandingTopUps, contracts.standing_top_ups),
        (Contract::LeaseBook, contracts.lease_book),
        (Contract::Ledger, contracts.ledger),
        (Contract::NodeRegistry, contracts.node_registry),
        (Contract::OfferBoard, contracts.offer_board),
        (Contract::ResourceCatalog, contracts.resource_catalog),
        (Contract::Spon, contracts.spon),
        (Contract::StakedSpon, contracts.staked_spon),
        (Contract::VerifierSet, contracts.verifier_set),
    ];
    ChainManifest {
        name: "arbitrum".to_owned(),
        chain_id: ARBITRUM.chain_id,
        endpoints: vec![url.to_owned()],
        start_block,
        finality_depth: None,
        quorum: None,
        sources: Vec::new(),
        contracts: BTreeMap::from(addresses),
    }
}

/// Something of everything: bonds, nodes, leases with a grace, stake, slashes, bridges, rewards, verifiers.
async fn play(world: &World) {
    let World { contracts, admin, provider, renter, .. } = world;
    let spon = contracts.spon;
    for account in [admin, provider, renter] {
        admin.mint_spon(account.address().unwrap(), U256::from(1_000_000 * SPON)).await.unwrap();
    }
    verifier_joins(world).await;
    join_and_lease(world).await;
    stake(world).await;
    bonds_and_bridges(world).await;
    rewards(world).await;
    holds(world).await;
    delegations(world).await;
    let allowance = Ledger::setAllowanceCall {
        token: spon,
        operator: admin.address().unwrap(),
        allowance: spheron_bindings::ledger::ILedger::Allowance {
            rateCap: 5,
            exposureCap: 6,
            expiry: alloy::primitives::aliases::U40::MAX,
            maxTail: u32::MAX,
        },
    };
    renter.send(contracts.ledger, &allowance).await.unwrap();
    renter.withdraw(spon, renter.address().unwrap(), U256::from(SPON)).await.unwrap();
}

async fn verifier_joins(world: &World) {
    let World { contracts, renter, .. } = world;
    let spon = contracts.spon;
    let chain = HashChain::new(B256::repeat_byte(3), 10);
    renter.bond(BondRole::Verifier, spon, U256::from(1_000 * SPON)).await.unwrap();
    renter.join_verifiers(spon, chain.tip()).await.unwrap();
    world.pass(3_600).await;
    renter.reveal(chain.preimage_of(chain.tip()).unwrap()).await.unwrap();
    // It is drawn from the second round after its join on.
    world.pass(3_600).await;
}

/// A verdict by the only verifier on what was measured just now.
async fn judge(world: &World, node: Address, passed: bool) {
    let World { contracts, provider, renter, .. } = world;
    let now = renter.chain_time().await.unwrap();
    let verdict = Verdict {
        leaseId: B256::ZERO,
        sessionId: keccak256(now.to_be_bytes()),
        provider: provider.address().unwrap(),
        node,
        gpuIndex: 0,
        gpuCount: 3,
        claimedClass: 1,
        floorClass: if passed { 1 } else { 0 },
        backend: 0,
        beaconRound: now / 3_600,
        s0: B256::repeat_byte(1),
        sessionRoot: B256::repeat_byte(2),
        vramRoot: B256::ZERO,
        measurement: Measurement {
            startMs: now * 1_000,
            endMs: now * 1_000 + 20,
            jobs: 5,
            gigaOpsPerSec: 9,
            memMBps: 8,
            vramMiB: 7,
            leafSamples: 6,
            pageSamples: 5,
            rounds: 4,
        },
        result: if passed { 1 } else { 2 },
        evidenceFlags: 0,
        evidenceHash: B256::repeat_byte(3),
        policyHash: B256::repeat_byte(4),
        issuedAt: now,
        validUntil: now + 7_200,
    };
    let domain = spheron_bindings::domain::verifier_set(ARBITRUM.chain_id, contracts.verifier_set);
    let digest = verdict.eip712_signing_hash(&domain);
    let signer = key("renter");
    let signature = signer.sign_hash_sync(&digest).unwrap().as_bytes().to_vec().into();
    let signatures = vec![Signature { signer: signer.address(), signature }];
    renter.submit_verdict(verdict, signatures).await.unwrap();
}

async fn join_and_lease(world: &World) {
    let World { contracts, admin, provider, renter, .. } = world;
    let spon = contracts.spon;
    provider.bond(BondRole::Provider, spon, U256::from(2_000 * SPON)).await.unwrap();
    let wallet = admin.address().unwrap();
    provider.register_provider(wallet, spon, "https://provider").await.unwrap();
    let node = key("node");
    let deadline = provider.chain_time().await.unwrap() + 3_600;
    let claim = INodeRegistry::Claim {
        kind: 1,
        resource: 1,
        units: 4,
        cpuResource: 0,
        cpuUnits: 0,
        memoryMiB: 65_536,
        storageGiB: 1_000,
        specHash: B256::repeat_byte(7),
        region: "eu-west".to_owned(),
        uri: "https://node".to_owned(),
        gateway: Address::ZERO,
    };
    provider.register_node(&node, claim, deadline).await.unwrap();
    admin
        .send(
            contracts.node_registry,
            &NodeRegistry::setTrustTierCall { provider: provider.address().unwrap(), trustTier: U256::from(3) },
        )
        .await
        .unwrap();

    renter.deposit(spon, U256::from(10_000 * SPON)).await.unwrap();
    for nonce in 0..3u64 {
        let offer = ILeaseBook::Offer {
            node: node.address(),
            units: 1,
            token: spon,
            rate: alloy::primitives::aliases::U96::from(SPON / 100),
            minSeconds: 60,
            maxSeconds: 86_400,
            graceSeconds: 600,
            holdRateBps: 2_500,
            noticeSeconds: 300,
            reclaimPrice: 5 * SPON,
            policy: contracts.attestation_policy,
            renter: Address::ZERO,
            reusable: false,
            deadline: deadline + 86_400,
            nonce: U256::from(nonce + 1),
        };
        let signed = provider.sign_offer(offer, &node).unwrap();
        provider.post_offer(&signed).await.unwrap();
        let opened = open(renter, &signed.offer, &signed.signature, nonce).await;
        world.pass(10).await;
        judge(world, node.address(), nonce != 2).await;
        world.pass(100).await;
        renter.settle(&opened).await.unwrap();
        match nonce {
            0 => renter.close_lease(&opened).await.unwrap(),
            1 => {
                // Past the funds, into the grace, and out of it again.
                world.pass(3_600).await;
                renter.top_up(&opened, 1_000).await.unwrap();
            }
            _ => {
                provider.deposit(spon, U256::from(100 * SPON)).await.unwrap();
                provider.close_lease(&opened).await.unwrap();
            }
        }
    }
    // A new window, not touching the one before.
    world.pass(86_400).await;
    judge(world, node.address(), true).await;
    // Past the deadline of verdicts everything settles to zero.
    world.pass(3 * 86_400).await;
    for lease in renter.all_leases().await.unwrap() {
        if renter.lease(lease.lease_id).await.unwrap().status != 4 {
            renter.settle(&lease.terms).await.unwrap();
        }
    }
    renter.collect_fees(spon).await.unwrap();
    provider.set_node_status(node.address(), 2).await.unwrap();
}

async fn open(renter: &Client, offer: &ILeaseBook::Offer, signature: &[u8], salt: u64) -> ILeaseBook::Terms {
    let request = ILeaseBook::Request {
        renter: renter.address().unwrap(),
        fundedSeconds: 3_600,
        salt: B256::from(U256::from(salt)),
    };
    let call = spheron_bindings::lease_book::LeaseBook::openCall {
        offer: offer.clone(),
        signature: signature.to_vec().into(),
        request,
    };
    let book = renter.contracts().lease_book;
    let receipt = renter.send(book, &call).await.unwrap();
    spheron_client::event_of::<spheron_bindings::lease_book::LeaseBook::LeaseOpened>(&receipt, book).unwrap().terms
}

async fn stake(world: &World) {
    let World { contracts, admin, renter, provider, .. } = world;
    let staked = contracts.staked_spon;
    renter.stake(U256::from(1_000 * SPON)).await.unwrap();
    provider.stake(U256::from(500 * SPON)).await.unwrap();
    admin.fund_stakers(U256::from(70 * SPON)).await.unwrap();
    world.pass(86_400).await;
    let holder = renter.address().unwrap();
    renter.send(staked, &StakedSpon::delegateCall { delegatee: provider.address().unwrap() }).await.unwrap();
    renter
        .send(staked, &StakedSpon::setOperatorCall { operator: admin.address().unwrap(), approved: true })
        .await
        .unwrap();
    let shares = renter.shares_of(holder).await.unwrap();
    renter.request_exit(shares / U256::from(3)).await.unwrap();
    world.pass(15 * 86_400).await;
    renter.claim_exit().await.unwrap();
    // Everybody leaves while revenue drips: it stands still, and goes on with the next one who comes.
    admin.fund_stakers(U256::from(7 * SPON)).await.unwrap();
    world.pass(3_600).await;
    for client in [renter, provider] {
        let shares = client.shares_of(client.address().unwrap()).await.unwrap();
        client.request_exit(shares).await.unwrap();
    }
    world.pass(3_600).await;
    renter.stake(U256::from(10 * SPON)).await.unwrap();
    world.pass(3_600).await;
    admin.send(staked, &StakedSpon::setCooldownCall { cooldown_: U256::from(3 * 86_400) }).await.unwrap();
}

async fn bonds_and_bridges(world: &World) {
    let World { contracts, admin, renter, provider, .. } = world;
    let spon = contracts.spon;
    provider.thaw(BondRole::Provider, spon, U256::from(500 * SPON)).await.unwrap();
    let slasher = Bonds::setSlasherCall { slasher: admin.address().unwrap(), allowed: true };
    admin.send(contracts.bonds, &slasher).await.unwrap();
    for (amount, uncapped) in [(100, false), (50, true), (20, false)] {
        let order = Slash {
            amount: U256::from(amount * SPON),
            harmed: renter.address().unwrap(),
            loss: U256::from(10 * SPON),
            reporter: admin.address().unwrap(),
            uncapped,
        };
        let owner = provider.address().unwrap();
        admin.send(contracts.bonds, &Bonds::slashCall { role: 0, owner, token: spon, order }).await.unwrap();
        world.pass(4 * 86_400).await;
    }
    let collect = Bonds::collectCall { token: spon, to: renter.address().unwrap() };
    renter.send(contracts.bonds, &collect).await.unwrap();
    provider.cancel_thaw(BondRole::Provider, spon).await.unwrap();

    provider.bond(BondRole::Verifier, spon, U256::from(1_000 * SPON)).await.unwrap();
    provider.join_verifiers(spon, B256::repeat_byte(4)).await.unwrap();
    provider.leave_verifiers().await.unwrap();

    let bridge = admin.address().unwrap();
    let limit = Spon::setBridgeLimitCall { bridge, capacity: U256::from(100 * SPON), window: U256::from(86_400) };
    admin.send(spon, &limit).await.unwrap();
    let (to, from) = (renter.address().unwrap(), bridge);
    admin.send(spon, &Spon::crosschainMintCall { to, amount: U256::from(60 * SPON) }).await.unwrap();
    admin.send(spon, &Spon::crosschainBurnCall { from, amount: U256::from(30 * SPON) }).await.unwrap();
    world.pass(10_000).await;
    let limit = Spon::setBridgeLimitCall { bridge, capacity: U256::from(50 * SPON), window: U256::from(3_600) };
    admin.send(spon, &limit).await.unwrap();
    admin.send(spon, &Spon::burnCall { amount: U256::from(SPON) }).await.unwrap();
}

/// Two holds on a bond, a withdrawal that leaves what is held, and a judgement that takes some of it.
async fn holds(world: &World) {
    let World { contracts, admin, provider, .. } = world;
    let (spon, bonds, owner) = (contracts.spon, contracts.bonds, provider.address().unwrap());
    let role = BondRole::Verifier as u8;
    let bond = Bonds::bondOfCall { role, owner, token: spon };
    let stake = provider.view(bonds, &bond).await.unwrap();
    provider.thaw(BondRole::Verifier, spon, U256::from(stake.active)).await.unwrap();
    world.pass(14 * 86_400 - 3_600).await;
    for _ in 0..2 {
        admin.send(bonds, &Bonds::holdCall { role, owner, token: spon }).await.unwrap();
        world.pass(3_600).await;
    }
    provider.send(bonds, &Bonds::withdrawCall { role, token: spon, to: owner }).await.unwrap();
    let left = provider.view(bonds, &bond).await.unwrap();
    assert_eq!((left.thawing, left.held), (left.held, (stake.active + stake.thawing) / U96::from(10)));
    let order = Slash {
        amount: U256::from(left.held) / U256::from(3),
        harmed: admin.address().unwrap(),
        loss: U256::MAX,
        reporter: Address::ZERO,
        uncapped: false,
    };
    admin.send(bonds, &Bonds::slashCall { role, owner, token: spon, order }).await.unwrap();
}

/// Delegations in two generations, rewards of which some still drip, and some never do.
async fn delegations(world: &World) {
    let World { contracts, admin, renter, provider, .. } = world;
    let (token, bonds, owner) = (contracts.spon, contracts.bonds, provider.address().unwrap());
    let role = BondRole::Provider as u8;
    for client in [renter, admin] {
        let approve = Spon::approveCall { spender: bonds, value: U256::MAX };
        client.send(token, &approve).await.unwrap();
    }
    let delegate = |amount: u128| Bonds::delegateCall { role, owner, token, amount: U256::from(amount * SPON) };
    let reward = |amount: u128| Bonds::rewardCall { role, owner, token, amount: U256::from(amount * SPON) };
    let undelegate =
        |wei: u128| Bonds::undelegateCall { role, owner, token, shares: U256::from(wei) * U256::from(1_000_000) };

    provider.send(bonds, &Bonds::setCommissionCall { role, token, commissionBps: U256::from(500) }).await.unwrap();
    renter.send(bonds, &delegate(100)).await.unwrap();
    admin.send(bonds, &reward(70)).await.unwrap();
    world.pass(86_400).await;
    renter.send(bonds, &undelegate(40 * SPON)).await.unwrap();
    admin.send(bonds, &reward(7)).await.unwrap();
    world.pass(3_600).await;
    renter.send(bonds, &Bonds::cancelUndelegationCall { role, owner, token }).await.unwrap();
    renter.send(bonds, &undelegate(10 * SPON)).await.unwrap();

    let order = |amount| Slash {
        amount,
        harmed: renter.address().unwrap(),
        loss: U256::from(SPON),
        reporter: Address::ZERO,
        uncapped: true,
    };
    let stake = provider.view(bonds, &Bonds::bondOfCall { role, owner, token }).await.unwrap();
    let all = U256::from(stake.active) + U256::from(stake.thawing);
    // A slash of what has not dripped, one of all, and a new generation whose last share leaves while rewards drip.
    let few = all + U256::from(10 * SPON);
    for amount in [few, U256::MAX] {
        admin.send(bonds, &Bonds::slashCall { role, owner, token, order: order(amount) }).await.unwrap();
        provider.bond(BondRole::Provider, token, all).await.unwrap();
    }
    let pool = provider.view(bonds, &Bonds::poolOfCall { role, owner, token }).await.unwrap();
    assert_eq!((pool.generation, pool.thawGeneration, pool.value), (1, 1, 0));
    renter.send(bonds, &delegate(5)).await.unwrap();
    admin.send(bonds, &reward(7)).await.unwrap();
    world.pass(3_600).await;
    renter.send(bonds, &undelegate(5 * SPON)).await.unwrap();
    renter.send(bonds, &delegate(20)).await.unwrap();
    admin.send(bonds, &reward(7)).await.unwrap();
    world.pass(3_600).await;
}

async fn rewards(world: &World) {
    let World { contracts, admin, renter, .. } = world;
    let (spon, distributor) = (contracts.spon, contracts.distributor);
    let rewards: Vec<Reward> = (1..=5u8)
        .map(|index| Reward { account: Address::repeat_byte(index), amount: U256::from(u128::from(index) * SPON) })
        .collect();
    let cap: U256 = rewards.iter().map(|reward| reward.amount).sum();
    for epoch in 1..=2u64 {
        let id = TreeId { chain_id: world.manifest.chains[0].chain_id, distributor, epoch };
        let tree = RewardTree::new(id, rewards.clone()).unwrap();
        let leaves = u32::try_from(rewards.len()).unwrap();
        let evidence = B256::repeat_byte(9);
        admin.post_epoch(U256::from(epoch), spon, tree.root(), cap, leaves, evidence).await.unwrap();
        if epoch == 1 {
            world.pass(2 * 86_400 + 1).await;
            for index in [1, 3] {
                let claim = Distributor::claimCall {
                    epoch: U256::from(epoch),
                    index: U256::from(index),
                    reward: spheron_bindings::distributor::IDistributor::Reward {
                        account: rewards[index].account,
                        amount: rewards[index].amount,
                    },
                    proof: tree.proof(index).unwrap(),
                };
                renter.send(distributor, &claim).await.unwrap();
            }
        } else {
            admin.send(distributor, &Distributor::disableCall { epoch: U256::from(epoch) }).await.unwrap();
        }
    }
    renter.send(distributor, &Distributor::setClaimerCall { claimer: admin.address().unwrap() }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_events_rebuild_what_the_contracts_hold_and_a_difference_is_found() {
    let world = World::start().await;
    play(&world).await;
    let database = world.folder.path().join("contracts.sqlite");
    world.index(&database).await;

    let report = world.audit(&database).await;
    assert!(report.is_clean(), "{:#?}", report.chains[0].differences);
    let kinds = &report.chains[0].compared;
    let expected = [
        "allowance",
        "attested seconds",
        "authority",
        "balance",
        "beacon",
        "bond",
        "bond minimum",
        "bond taker",
        "bridge",
        "challenge",
        "claimer",
        "consent nonce",
        "cut",
        "cut count",
        "delegate",
        "delegation",
        "delegation pool",
        "delegation thaw",
        "demand bond",
        "dispute deposit",
        "epoch",
        "escrow",
        "exit",
        "fees",
        "lease",
        "lease claim",
        "lease escrow",
        "leased units",
        "market",
        "module",
        "node",
        "nonce floor",
        "offer nonce",
        "owed",
        "paid reward",
        "pause bit",
        "provider",
        "resource",
        "setting",
        "solvency",
        "spon holder",
        "stake",
        "stake operator",
        "standing",
        "supply",
        "token",
        "usage",
        "vault",
        "verifier",
        "verifier set",
        "votes",
        "window",
        "window count",
    ];
    for kind in expected {
        assert!(kinds.get(kind).is_some_and(|count| *count > 0), "nothing of {kind} was compared: {kinds:?}");
    }

    // Exactly the value that is changed is found, with the events that it came from.
    let renter = world.renter.address().unwrap();
    let mut conn = sqlx::sqlite::SqliteConnectOptions::new().filename(&database).connect().await.unwrap();
    let change = sqlx::query("UPDATE state_balance SET amount = '017' WHERE owner = ? AND token = ?");
    let changed = change.bind(renter.to_vec()).bind(world.contracts.spon.to_vec()).execute(&mut conn).await.unwrap();
    assert_eq!(changed.rows_affected(), 1);
    let report = world.audit(&database).await;
    assert_eq!(report.differing, 1, "{:#?}", report.chains[0].differences);
    let difference = &report.chains[0].differences[0];
    assert_eq!((difference.kind, difference.field, difference.database.as_str()), ("balance", "amount", "7"));
    assert!(difference.entity.contains(&renter.to_string()), "{}", difference.entity);
    let names: Vec<_> = difference.events.iter().filter_map(|event| event.event.as_deref()).collect();
    assert!(names.contains(&"ledger_withdrawn"), "{names:?}");
    let balance = world.renter.balance(world.contracts.spon, renter).await.unwrap();
    assert_eq!(difference.chain, balance.to_string());
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["chains"][0]["differences"][0]["kind"], "balance");
    world.anvil.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reorgs_of_a_real_node_are_followed() {
    let world = World::start().await;
    let World { admin, renter, contracts, .. } = &world;
    let database = world.folder.path().join("reorg.sqlite");
    let token = contracts.dollar;
    let owner = renter.address().unwrap();
    renter.mint_dollars(owner, U256::from(1_000_000)).await.unwrap();
    renter.approve(token, contracts.ledger, U256::MAX).await.unwrap();
    world.index(&database).await;
    for depth in [1u64, 2, 3, 5, 7] {
        // A client of its own: one that has seen the blocks that go would count on its old nonces.
        let renter = connect(world.anvil.url(), &world.deployment, "renter").await;
        for _ in 0..depth {
            let deposit = Ledger::depositCall { token, owner, amount: U256::from(depth) };
            renter.send(contracts.ledger, &deposit).await.unwrap();
        }
        world.index(&database).await;
        let before = digest_of(&database).await;
        world.anvil.provider().anvil_reorg(ReorgOptions { depth, tx_block_pairs: Vec::new() }).await.unwrap();
        world.index(&database).await;
        let after = digest_of(&database).await;
        assert_eq!(before["raw_log"].rows - depth, after["raw_log"].rows);
        let fresh = world.folder.path().join(format!("fresh-{depth}.sqlite"));
        world.index(&fresh).await;
        assert_same!(&after, &digest_of(&fresh).await);
        let report = world.audit(&database).await;
        assert!(report.is_clean(), "{:#?}", report.chains[0].differences);
    }
    assert_eq!(admin.balance(token, owner).await.unwrap(), U256::ZERO);
    world.anvil.stop().await;
}
