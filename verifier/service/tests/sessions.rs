//! Three verifiers and a node over HTTP: what each kind of node ends with.

#![allow(clippy::unwrap_used)]

mod common;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use alloy::primitives::{B256, keccak256};
use common::*;
use spheron_verifier_agent::{
    behaviour::Behaviour,
    clock::Clock,
    http::{ClientError, HttpClient},
};
use spheron_verifier_core::{
    evidence::Evidence,
    explain,
    job::{GemmJob, Task},
    policy::Policy,
    prover::{Backend, Prover, ProverError},
    sample::{Sample, samples},
    verdict::{FLAG_IN_LEASE, FLAG_MEASURED, Outcome, SignedVerdict},
    wire::{LeafOpening, Signed},
};

fn outcome(verdict: &SignedVerdict) -> Outcome {
    Outcome::from_result(verdict.verdict.result).unwrap()
}

fn check_signatures(network: &Network, verdict: &SignedVerdict, count: usize) {
    assert_eq!(verdict.signatures.len(), count);
    assert!(verdict.signatures.windows(2).all(|pair| pair[0].signer < pair[1].signer), "ascending");
    for signature in &verdict.signatures {
        assert!(network.work.committee.contains(&signature.signer));
        let signed = Signed {
            message: verdict.verdict.clone(),
            signer: signature.signer,
            signature: signature.signature.clone(),
        };
        assert!(signed.verify(&verdict.domain).is_ok());
    }
}

async fn explained(network: &Network, verdict: &SignedVerdict) -> String {
    explain(&verdict.verdict, Some(&network.evidence(verdict).await)).join("\n")
}

async fn with(behaviour: Behaviour) -> (Network, SignedVerdict) {
    let network = Network::start(Setup { behaviour, ..Setup::default() }).await;
    let verdict = network.measure().await;
    check_signatures(&network, &verdict, 3);
    (network, verdict)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_node_passes_on_both_chains() {
    let mut network = Network::start(Setup::default()).await;
    for domain in [ARBITRUM, BASE] {
        network.work.domain = domain;
        let begin_ms = network.clock.now_ms();
        let signed = network.measure().await;
        check_signatures(&network, &signed, 3);
        assert_eq!((outcome(&signed), signed.domain), (Outcome::Pass, domain));

        let verdict = &signed.verdict;
        assert_eq!((verdict.floorClass, verdict.claimedClass), (CLAIMED, CLAIMED));
        let measured = &verdict.measurement;
        assert_eq!((measured.startMs, measured.endMs, measured.jobs), (begin_ms, begin_ms + JOBS, JOBS));
        // 2 * 128^3 operations a millisecond
        assert_eq!((measured.gigaOpsPerSec, measured.leafSamples, measured.rounds), (4, 64, 1));
        assert_eq!((measured.memMBps, measured.vramMiB, verdict.vramRoot), (0, 0, B256::ZERO));
        assert_eq!(verdict.evidenceFlags, FLAG_MEASURED | FLAG_IN_LEASE);
        assert_eq!(verdict.policyHash, policy().hash());
        assert_eq!(verdict.validUntil, begin_ms / 1000 + 3600);
        assert!(explained(&network, &signed).await.contains("PASS"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_follows_from_its_published_evidence_and_from_no_other() {
    let (network, signed) = with(Behaviour::Honest).await;
    let hash = signed.verdict.evidenceHash;
    assert_eq!(keccak256(std::fs::read(network.evidence_file(&signed)).unwrap()), hash);
    for url in &network.urls {
        let client = HttpClient::new(url).unwrap();
        let path = format!("/v1/evidence/{hash}");
        let evidence: Evidence = client.get(&path, Duration::from_secs(10), 16 << 20).await.unwrap();
        assert_eq!(evidence.hash(), hash, "every signer keeps it");
        assert_eq!(evidence.judge().unwrap().verdict, signed.verdict);
    }
    let client = HttpClient::new(&network.urls[0]).unwrap();
    let path = format!("/v1/verdicts/{}", signed.verdict.sessionId);
    let kept: SignedVerdict = client.get(&path, Duration::from_secs(10), 1 << 20).await.unwrap();
    assert_eq!(kept, signed);

    let evidence = network.evidence(&signed).await;
    let mut other = signed.verdict.clone();
    other.measurement.endMs += 1;
    assert!(explain(&other, Some(&evidence)).join("\n").contains("supports another verdict"));
    let without = Evidence { sample_reveals: Vec::new(), ..evidence };
    assert!(explain(&signed.verdict, Some(&without)).join("\n").contains("supports no verdict"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_skips_a_tenth_of_the_work_is_caught() {
    let (network, verdict) = with(Behaviour::Skip { percent: 10 }).await;
    assert_eq!(outcome(&verdict), Outcome::WrongComputation);
    assert_eq!((verdict.verdict.floorClass, verdict.verdict.measurement.gigaOpsPerSec), (0, 0));
    let text = explained(&network, &verdict).await;
    assert!(text.contains("WRONG COMPUTATION") && text.contains("prove this on chain"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_answers_with_old_work_is_caught() {
    let (_, verdict) = with(Behaviour::StaleSeed { seed: B256::repeat_byte(0x5e) }).await;
    assert_eq!(outcome(&verdict), Outcome::WrongComputation);
}

/// The leaves that were drawn in the session of this evidence.
fn drawn(evidence: &Evidence) -> Vec<Sample> {
    let openings = &evidence.openings.as_ref().unwrap().message;
    samples(openings.sampleSeed, &evidence.policy.job, evidence.terms.message.jobs, evidence.policy.leaf_samples)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_wrong_element_is_caught_exactly_when_its_leaf_is_drawn() {
    let (mut caught, mut escaped) = (0, 0);
    for job in [1, 4, 7, 10] {
        let policy = Policy { max_jobs: 12, leaf_samples: 96, ..policy() };
        let behaviour = Behaviour::WrongElement { job, element: 9000 };
        let network = Network::start(Setup { policy, behaviour, ..Setup::default() }).await;
        let verdict = network.measure().await;
        let evidence = network.evidence(&verdict).await;
        let opened = drawn(&evidence).contains(&Sample { job, leaf: 9000 / 1024 });
        let expected = if opened { Outcome::WrongComputation } else { Outcome::Pass };
        assert_eq!(outcome(&verdict), expected, "job {job}");
        if opened {
            caught += 1;
            let text = explained(&network, &verdict).await;
            assert!(text.contains(&format!("element (70, 40) of job {job}")), "{text}");
        } else {
            escaped += 1;
        }
    }
    assert!(caught > 0 && escaped > 0, "two in five are drawn: {caught} caught, {escaped} escaped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_node_times_out() {
    let (network, verdict) = with(Behaviour::Silent).await;
    assert_eq!(outcome(&verdict), Outcome::Timeout);
    let measured = &verdict.verdict.measurement;
    assert_eq!((measured.startMs, measured.endMs), (BEGIN_MS, BEGIN_MS + policy().run_ms));
    assert_eq!((measured.jobs, verdict.verdict.sessionRoot), (0, B256::ZERO));
    let text = explained(&network, &verdict).await;
    assert!(text.contains("TIMEOUT") && text.contains("within 5.000 s"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_agent_hangs_up_times_out() {
    let network = Network::start(Setup::default()).await;
    let (dead, url) = listener().await;
    network.directory.set_agent(network.work.node, url);
    let measured = tokio::spawn({
        let (leader, work) = (network.verifiers[0].clone(), network.work.clone());
        async move { leader.measure(&work).await.unwrap() }
    });
    // the seed is known once somebody calls; time stands until then
    drop(dead.accept().await.unwrap());
    drop(dead);
    network.run_clock();
    let verdict = measured.await.unwrap();
    check_signatures(&network, &verdict, 3);
    assert_eq!(outcome(&verdict), Outcome::Timeout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weaker_machine_is_below_its_claim_and_gets_the_class_that_it_reaches() {
    for (per_job, floor) in [(2, SLOWER), (9, 0)] {
        let per_job = Duration::from_millis(per_job - 1);
        let (network, verdict) = with(Behaviour::Slower { per_job }).await;
        assert_eq!(outcome(&verdict), Outcome::BelowClaim);
        assert_eq!(verdict.verdict.floorClass, floor);
        let text = explained(&network, &verdict).await;
        assert!(text.contains("fast needs 3.52 (88.00% of its reference 4.00)"), "{text}");
    }
}

/// Does the work but opens nothing.
struct Closed(Arc<dyn Prover>);

/// It was asked to open.
static ASKED: AtomicBool = AtomicBool::new(false);

impl Prover for Closed {
    fn backend(&self) -> Backend {
        self.0.backend()
    }

    fn run(&self, task: &Task, cancelled: &dyn Fn() -> bool) -> Result<B256, ProverError> {
        self.0.run(task, cancelled)
    }

    fn open(&self, _: &Task, _: &[u64], _: &dyn Fn() -> bool) -> Result<Vec<LeafOpening>, ProverError> {
        ASKED.store(true, Ordering::Relaxed);
        Err(ProverError::Device("it does not say".to_string()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_opens_nothing_times_out_with_its_root_on_record() {
    let policy = Policy { open_ms: 500, ..policy() };
    let network = Network::start(Setup { policy, prover: |prover| Arc::new(Closed(prover)), ..Setup::default() }).await;
    let measured = tokio::spawn({
        let (leader, work) = (network.verifiers[0].clone(), network.work.clone());
        async move { leader.measure(&work).await.unwrap() }
    });
    // time stands until every verifier has seen the chain, and runs from then on
    while !ASKED.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    network.run_clock();
    let verdict = measured.await.unwrap();
    assert_eq!(outcome(&verdict), Outcome::Timeout);
    assert_ne!(verdict.verdict.sessionRoot, B256::ZERO);
    assert!(explained(&network, &verdict).await.contains("openings did not"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_orders_measurements_over_http() {
    let network = Network::start(Setup::default()).await;
    let control = HttpClient::new(&network.control_urls[1]).unwrap();
    let long = Duration::from_secs(60);
    let verdict: SignedVerdict = control.post("/v1/measurements", &network.work, long, 1 << 20).await.unwrap();
    check_signatures(&network, &verdict, 3);
    assert_eq!(outcome(&verdict), Outcome::Pass);

    let unknown = spheron_verifier_service::Work { claimed_class: 9, ..network.work.clone() };
    let refused = control.post::<SignedVerdict>("/v1/measurements", &unknown, long, 1 << 20).await.unwrap_err();
    assert!(matches!(refused, ClientError::Refused { refusal, .. } if refusal.error == "unknown_class"));
    let public = HttpClient::new(&network.urls[1]).unwrap();
    let nowhere = public.post::<SignedVerdict>("/v1/measurements", &network.work, long, 1 << 20).await;
    assert!(nowhere.is_err(), "orders are not taken from the public");
}

#[tokio::test(flavor = "multi_thread")]
async fn small_jobs_are_enough() {
    let job = GemmJob { m: 32, n: 32, k: 32 };
    let policy = Policy { job, max_jobs: 40, leaf_samples: 16, ..policy() };
    let network = Network::start(Setup { policy, ..Setup::default() }).await;
    let verdict = network.measure().await;
    assert_eq!(verdict.verdict.measurement.jobs, 40);
    assert_eq!(outcome(&verdict), Outcome::BelowClaim, "40 jobs of 65 thousand operations in 40 ms are slow");
}
