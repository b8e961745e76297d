//! Verifiers that lie, drop out or are lied to.

#![allow(clippy::unwrap_used)]

mod common;

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use alloy::primitives::{Address, B256};
use common::*;
use spheron_verifier_agent::{
    clock::{Clock, ManualClock},
    http::{ApiError, ClientError, HttpClient},
};
use spheron_verifier_core::{
    evidence::Evidence,
    policy::Policy,
    verdict::{Outcome, Signature},
    wire::{Commitment, Domain, Signed, Terms},
};
use spheron_verifier_service::{Committed, Invitation, MeasureError, Proposal, Revealed};

/// Spoils terms.
type Change = fn(&mut Terms);

const SHORT: Duration = Duration::from_secs(10);

/// Reads ten times less time than has passed.
struct Slow(ManualClock);

impl Clock for Slow {
    fn now_ms(&self) -> u64 {
        BEGIN_MS + (self.0.now_ms() - BEGIN_MS) / 10
    }

    fn sleep_until(&self, ms: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.0.sleep_until(BEGIN_MS + (ms - BEGIN_MS) * 10)
    }
}

fn slow_clock(clock: ManualClock) -> Arc<dyn Clock> {
    Arc::new(Slow(clock))
}

fn refusal(error: ClientError) -> ApiError {
    match error {
        ClientError::Refused { refusal, .. } => refusal,
        other => panic!("no refusal: {other}"),
    }
}

async fn ask_to_sign(network: &Network, verifier: usize, proposal: &Proposal) -> Result<Signature, ApiError> {
    let client = HttpClient::new(&network.urls[verifier]).unwrap();
    let path = format!("/v1/sessions/{}/sign", proposal.verdict.sessionId);
    client.post(&path, proposal, SHORT, 1 << 20).await.map_err(refusal)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_whose_clock_lies_moves_nothing() {
    let clocks = [slow_clock, honest_clock, honest_clock];
    let network = Network::start(Setup { clocks, ..Setup::default() }).await;
    let verdict = network.measure().await;
    // the median is the honest one's, and the liar's own seat refuses it
    assert_eq!(verdict.verdict.measurement.gigaOpsPerSec, 4);
    let signers: Vec<Address> = verdict.signatures.iter().map(|s| s.signer).collect();
    assert_eq!(signers, network.work.committee[1..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_liars_in_three_get_no_honest_signature() {
    let clocks = [slow_clock, slow_clock, honest_clock];
    let network = Network::start(Setup { clocks, quorum: 3, ..Setup::default() }).await;
    let error = network.verifiers[0].measure(&network.work).await.unwrap_err();
    let MeasureError::NoQuorum { signed: 2, quorum: 3, refusals } = error else { panic!("{error}") };
    assert_eq!(refusals[0].verifier, network.work.committee[2]);
    assert!(refusals[0].reason.contains("not those seen here"), "{}", refusals[0].reason);
}

/// A network whose honest third verifier has not signed yet, because two wait for its signature in vain; and what the
/// first leader could propose to it.
async fn undecided() -> (Network, Proposal) {
    let clocks = [slow_clock, slow_clock, honest_clock];
    let network = Network::start(Setup { clocks, quorum: 3, ..Setup::default() }).await;
    network.verifiers[0].measure(&network.work).await.unwrap_err();
    let kept = network.evidence_dir();
    let file = std::fs::read_dir(kept).unwrap().next().unwrap().unwrap().path();
    let evidence: Evidence = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let verdict = evidence.judge().unwrap().verdict;
    (network, Proposal { evidence, verdict })
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_proposals_are_refused_with_the_reason() {
    let (network, proposal) = undecided().await;

    let mut faster = proposal.clone();
    faster.verdict.measurement.gigaOpsPerSec *= 2;
    let refused = ask_to_sign(&network, 2, &faster).await.unwrap_err();
    assert!(refused.error == "disagreement" && refused.message.contains("another verdict follows"), "{refused}");

    let mut other_policy = proposal.clone();
    other_policy.evidence.policy.theta_bps = 1;
    let refused = ask_to_sign(&network, 2, &other_policy).await.unwrap_err();
    assert!(refused.message.contains("another policy"), "{refused}");

    // the honest verifier's own observation, rewritten: its signature no longer fits
    let mut rewritten = proposal.clone();
    rewritten.evidence.observations[2].message.endMs = BEGIN_MS + 6;
    let refused = ask_to_sign(&network, 2, &rewritten).await.unwrap_err();
    assert!(refused.message.contains("does not fit"), "{refused}");

    // the chain dropped, to make a timeout of it
    let mut silenced = proposal.clone();
    silenced.evidence.commit = None;
    let refused = ask_to_sign(&network, 2, &silenced).await.unwrap_err();
    assert!(refused.message.contains("reached this verifier in time"), "{refused}");

    // the openings dropped, to make a timeout of it
    let mut closed = proposal.clone();
    closed.evidence.openings = None;
    let refused = ask_to_sign(&network, 2, &closed).await.unwrap_err();
    assert!(refused.message.contains("opened its leaves to this verifier"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verifier_signs_one_verdict_per_session() {
    let network = Network::start(Setup::default()).await;
    let signed = network.measure().await;
    let evidence = network.evidence(&signed).await;
    let again = Proposal { evidence, verdict: signed.verdict.clone() };
    assert_eq!(ask_to_sign(&network, 1, &again).await, Ok(signed.signatures[1].clone()), "the same again");

    // the same session with one observation less is other evidence, so another verdict
    let mut evidence = again.evidence;
    evidence.observations.remove(0);
    let verdict = evidence.judge().unwrap().verdict;
    assert_ne!(verdict, signed.verdict);
    let refused = ask_to_sign(&network, 1, &Proposal { evidence, verdict }).await.unwrap_err();
    assert!(refused.message.contains("signed already"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_others_go_on_without_a_verifier_that_is_not_there() {
    let network = Network::start(Setup::default()).await;
    network.stop(2);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let verdict = network.measure().await;
    assert_eq!(verdict.verdict.result, Outcome::Pass as u8);
    let signers: Vec<Address> = verdict.signatures.iter().map(|s| s.signer).collect();
    assert_eq!(signers, network.work.committee[..2]);

    network.stop(1);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let error = network.verifiers[0].measure(&network.work).await.unwrap_err();
    assert!(matches!(error, MeasureError::TooFew { present: 1, quorum: 2, .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_holds_the_reveals_is_refused() {
    let policy = Policy { reveal_gap_ms: 100, ..policy() };
    let network = Network::start(Setup { policy, ..Setup::default() }).await;
    let (terms, id) = invitation(&network, |_| ());
    let mut commitments: Vec<Signed<Commitment>> = Vec::new();
    for url in &network.urls {
        let client = HttpClient::new(url).unwrap();
        commitments.push(client.post("/v1/sessions", &terms, SHORT, 1 << 20).await.unwrap());
    }
    let mut reveals = Vec::new();
    let committed = Committed { commitments };
    for url in &network.urls {
        let client = HttpClient::new(url).unwrap();
        reveals.push(client.post(&format!("/v1/sessions/{id}/reveal"), &committed, SHORT, 1 << 20).await.unwrap());
    }
    network.clock.advance(Duration::from_millis(101));
    let client = HttpClient::new(&network.urls[1]).unwrap();
    let revealed = Revealed { reveals };
    let path = format!("/v1/sessions/{id}/observe");
    let answer = client.post::<serde_json::Value>(&path, &revealed, SHORT, 1 << 20).await;
    let refused = refusal(answer.unwrap_err());
    assert!(refused.message.contains("held the reveals for 101 ms"), "{refused}");
}

/// Terms as the first verifier would sign them, changed.
fn invitation(network: &Network, change: impl FnOnce(&mut Terms)) -> (Invitation, B256) {
    let (work, policy) = (&network.work, network.verifiers[0].policy());
    let mut terms = Terms {
        leaseId: work.lease_id,
        provider: work.provider,
        node: work.node,
        operator: work.operator,
        gpuIndex: 0,
        gpuCount: 1,
        claimedClass: work.claimed_class,
        backend: 0,
        beaconRound: work.beacon_round,
        beacon: work.beacon,
        policyHash: policy.hash(),
        m: policy.job.m,
        n: policy.job.n,
        k: policy.job.k,
        jobs: JOBS,
        leafSamples: policy.leaf_samples,
        verifiers: work.committee.clone(),
        quorum: 2,
        openedMs: network.clock.now_ms(),
        runMs: policy.run_ms,
        expiresMs: network.clock.now_ms() + policy.session_ms(),
    };
    change(&mut terms);
    let key = [key(101), key(102), key(103)].into_iter().find(|k| k.address() == work.committee[0]).unwrap();
    let id = work.domain.digest(&terms);
    (Invitation { domain: work.domain, terms: Signed::new(terms, &key, &work.domain).unwrap() }, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_do_not_belong_here_are_refused_in_words() {
    let network = Network::start(Setup::default()).await;
    let client = HttpClient::new(&network.urls[1]).unwrap();
    let open = async |invitation: &Invitation| {
        refusal(client.post::<Signed<Commitment>>("/v1/sessions", invitation, SHORT, 1 << 20).await.unwrap_err())
    };
    let (valid, _) = invitation(&network, |_| ());
    let hour = 3_600_000;

    let foreign = Invitation { domain: Domain { chain_id: 1, ..ARBITRUM }, ..valid.clone() };
    assert_eq!(open(&foreign).await.error, "wrong_chain");
    let replayed = Invitation { domain: BASE, ..valid.clone() };
    assert_eq!(open(&replayed).await.error, "bad_signature", "signed for the other chain");
    let mut altered = valid.clone();
    altered.terms.message.jobs += 1;
    assert_eq!(open(&altered).await.error, "bad_signature");

    let cases: [(&str, Change); 6] = [
        ("other_policy", |t| t.jobs = 1),
        ("other_policy", |t| t.leafSamples = 1),
        ("other_policy", |t| t.policyHash.0[0] ^= 1),
        ("refused", |t| t.node = Address::repeat_byte(9)),
        ("wrong_verifier", |t| t.verifiers.truncate(2)),
        ("invalid_session", |t| t.verifiers.reverse()),
    ];
    for (code, change) in cases {
        let receiver = HttpClient::new(&network.urls[2]).unwrap();
        let (invitation, _) = invitation(&network, change);
        let answer = receiver.post::<Signed<Commitment>>("/v1/sessions", &invitation, SHORT, 1 << 20).await;
        assert_eq!(refusal(answer.unwrap_err()).error, code);
    }
    let early = invitation(&network, |t| (t.openedMs, t.expiresMs) = (t.openedMs + hour, t.expiresMs + hour)).0;
    assert_eq!(open(&early).await.error, "clock_skew");
    network.clock.advance(Duration::from_millis(hour));
    assert_eq!(open(&valid).await.error, "expired");

    let huge = serde_json::json!({ "domain": "x".repeat(300 << 10) });
    let answer = client.post::<serde_json::Value>("/v1/sessions", &huge, SHORT, 1 << 20).await.unwrap_err();
    let refused = refusal(answer);
    assert_eq!((refused.status, refused.error.as_str()), (413, "body_too_large"));
    let answer = client.post::<serde_json::Value>("/v1/sessions", &"nonsense", SHORT, 1 << 20).await.unwrap_err();
    assert_eq!(refusal(answer).error, "invalid_json");
    let nowhere = format!("/v1/sessions/{}/reveal", B256::ZERO);
    let committed = Committed { commitments: Vec::new() };
    let answer = client.post::<serde_json::Value>(&nowhere, &committed, SHORT, 1 << 20).await.unwrap_err();
    assert_eq!(refusal(answer).error, "unknown_session");
}
