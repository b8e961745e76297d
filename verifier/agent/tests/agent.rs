//! What an agent accepts, what it refuses and why, and how it stops.

#![allow(clippy::unwrap_used)]

use std::{net::SocketAddr, num::NonZeroUsize, sync::Arc, time::Duration};

use alloy::{
    primitives::{Address, B256, U256},
    signers::local::PrivateKeySigner,
};
use spheron_verifier_agent::{
    Agent, AgentClient, Limits, Progress, Registration, Verifiers,
    behaviour::Behaviour,
    clock::{Clock, ManualClock},
    http::{ApiError, ClientError, HttpClient},
};
use spheron_verifier_core::{
    chain, check,
    prover::Prover,
    sample::samples,
    session::{Session, secret_hash},
    wire::{Call, Challenge, Commitment, Domain, OpenRequest, SampleReveal, SeedReveal, Signed, Terms},
};
use spheron_verifier_cpu::CpuProver;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// Spoils terms.
type Change = fn(&mut Terms);

const BEGIN_MS: u64 = 1_800_000_000_000;
/// Another address than its operator's: the operator key was changed.
const NODE: Address = Address::repeat_byte(0x70);
const HERE: Domain = Domain { chain_id: 42161, verifier_set: Address::repeat_byte(0xa1) };
const THERE: Domain = Domain { chain_id: 8453, verifier_set: Address::repeat_byte(0xb2) };

fn key(seed: u64) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::from(U256::from(seed))).unwrap()
}

fn verifiers() -> [PrivateKeySigner; 2] {
    let mut keys = [key(101), key(102)];
    keys.sort_by_key(PrivateKeySigner::address);
    keys
}

struct Served {
    client: AgentClient,
    http: HttpClient,
    clock: ManualClock,
    stop: CancellationToken,
    server: JoinHandle<std::io::Result<()>>,
}

async fn serve(prover: Arc<dyn Prover>, limits: Limits) -> Served {
    let clock = ManualClock::new(BEGIN_MS);
    let known = Verifiers::new(verifiers().map(|k| k.address()));
    let registrations = [HERE, THERE].map(|domain| Registration { domain, verifiers: known.clone() }).to_vec();
    let agent = Agent::new(NODE, key(7), prover, Arc::new(clock.clone()), registrations, limits);
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let server = tokio::spawn({
        let stop = stop.clone();
        async move { agent.serve(listener, stop).await }
    });
    Served { client: AgentClient::new(&url).unwrap(), http: HttpClient::new(&url).unwrap(), clock, stop, server }
}

fn cpu() -> Arc<dyn Prover> {
    Arc::new(CpuProver::new(NonZeroUsize::MIN))
}

/// Never finishes a job, until it is cancelled.
fn endless() -> Arc<dyn Prover> {
    Behaviour::Silent.wrap(cpu(), Arc::new(|_| std::thread::sleep(Duration::from_millis(1))))
}

fn terms() -> Terms {
    Terms {
        leaseId: B256::repeat_byte(1),
        provider: key(8).address(),
        node: NODE,
        operator: key(7).address(),
        gpuIndex: 0,
        gpuCount: 1,
        claimedClass: 36,
        backend: 0,
        beaconRound: 9,
        beacon: B256::repeat_byte(2),
        policyHash: B256::repeat_byte(3),
        m: 64,
        n: 64,
        k: 64,
        jobs: 5,
        leafSamples: 8,
        verifiers: verifiers().map(|k| k.address()).to_vec(),
        quorum: 2,
        openedMs: BEGIN_MS,
        runMs: 1000,
        expiresMs: BEGIN_MS + 60_000,
    }
}

const SEED: B256 = B256::repeat_byte(0x5e);
const SAMPLE: B256 = B256::repeat_byte(0x5a);

/// A challenge with these terms, all signed as it should be.
fn challenge(terms: Terms, domain: Domain) -> Challenge {
    let keys = verifiers();
    let id = domain.digest(&terms);
    let commitment = |key: &PrivateKeySigner| Commitment {
        sessionId: id,
        seedHash: secret_hash(id, key.address(), SEED),
        sampleHash: secret_hash(id, key.address(), SAMPLE),
    };
    let commitments: Vec<_> = keys.iter().map(|k| Signed::new(commitment(k), k, &domain).unwrap()).collect();
    let reveal = SeedReveal { sessionId: id, value: SEED };
    let reveals: Vec<_> = keys.iter().map(|k| Signed::new(reveal.clone(), k, &domain).unwrap()).collect();
    let terms = Signed::new(terms, &keys[0], &domain).unwrap();
    let s0 = Session::new(domain, &terms).and_then(|s| s.s0(&commitments, &reveals)).unwrap_or_default();
    let call = Signed::new(Call { sessionId: id, s0 }, &keys[1], &domain).unwrap();
    Challenge { domain, terms, commitments, reveals, call }
}

fn open_request(id: B256, value: B256) -> OpenRequest {
    let reveal = SampleReveal { sessionId: id, value };
    OpenRequest { reveals: verifiers().iter().map(|k| Signed::new(reveal.clone(), k, &HERE).unwrap()).collect() }
}

fn refusal<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> ApiError {
    match answer {
        Err(ClientError::Refused { refusal, .. }) => refusal,
        other => panic!("no refusal: {other:?}"),
    }
}

const WAIT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn runs_a_session_once_and_opens_what_is_drawn() {
    let served = serve(cpu(), Limits::default()).await;
    let health = served.client.health().await.unwrap();
    assert_eq!((health.node, health.domains), (NODE, vec![HERE, THERE]));

    let challenge = challenge(terms(), HERE);
    let id = served.client.challenge(&challenge).await.unwrap().session;
    assert_eq!(served.client.challenge(&challenge).await.unwrap().session, id, "the same again is the same session");
    let Progress::Done(commit) = served.client.progress(id, WAIT).await.unwrap() else { panic!("not done") };
    let session = Session::new(HERE, &challenge.terms).unwrap();
    session.check_commit(challenge.call.message.s0, &commit).unwrap();

    let request = open_request(id, SAMPLE);
    let openings = served.client.openings(id, &request, WAIT).await.unwrap();
    let seed = session.sample_seed(&challenge.commitments, &commit.message, &request.reveals).unwrap();
    let drawn = samples(seed, &session.job, 5, 8);
    let message = openings.verify_from(key(7).address(), &HERE).unwrap();
    check::openings(&commit.message, &session.job, &drawn, message).unwrap();
    assert_eq!(chain::seeds(commit.message.s0, &message.roots).len(), 5);
    assert_eq!(served.client.openings(id, &request, WAIT).await.unwrap(), openings);
    let other = refusal(served.client.openings(id, &open_request(id, SEED), WAIT).await);
    assert_eq!(other.error, "invalid_session", "only what was committed to draws leaves");
}

#[tokio::test]
async fn refuses_what_it_should_not_run() {
    let served = serve(cpu(), Limits { ops: 1 << 30, ..Limits::default() }).await;
    let refused = async |challenge: &Challenge| refusal(served.client.challenge(challenge).await).error;

    let changes: [(&str, Change); 11] = [
        ("wrong_node", |t| t.node = Address::repeat_byte(9)),
        ("wrong_operator", |t| t.operator = NODE),
        ("wrong_backend", |t| t.backend = 2),
        ("expired", |t| (t.openedMs, t.expiresMs) = (BEGIN_MS - 60_000, BEGIN_MS - 1)),
        ("invalid_times", |t| (t.openedMs, t.expiresMs) = (BEGIN_MS + 31_000, BEGIN_MS + 60_000)),
        ("invalid_times", |t| t.expiresMs = BEGIN_MS + 7_200_001),
        ("too_much_work", |t| t.jobs = 100_000),
        ("foreign_verifier", |t| t.verifiers.push(Address::repeat_byte(0xff))),
        ("invalid_session", |t| t.k = 33),
        ("invalid_session", |t| t.quorum = 3),
        ("invalid_session", |t| t.verifiers.reverse()),
    ];
    for (code, change) in changes {
        let mut terms = terms();
        change(&mut terms);
        assert_eq!(refused(&challenge(terms, HERE)).await, code);
    }

    let valid = challenge(terms(), HERE);
    let unknown = Domain { chain_id: 1, ..HERE };
    assert_eq!(refused(&challenge(terms(), unknown)).await, "wrong_chain");
    let replayed = Challenge { domain: THERE, ..valid.clone() };
    assert_eq!(refused(&replayed).await, "bad_signature", "signed for the other chain");
    let mut altered = valid.clone();
    altered.terms.message.jobs = 4;
    assert_eq!(refused(&altered).await, "bad_signature");
    let mut unsigned = valid.clone();
    unsigned.call.signature = Default::default();
    assert_eq!(refused(&unsigned).await, "bad_signature");
    let mut foreign = valid.clone();
    foreign.call = Signed::new(valid.call.message.clone(), &key(55), &HERE).unwrap();
    assert_eq!(refused(&foreign).await, "foreign_verifier");
    let mut grinded = valid.clone();
    let reveal = SeedReveal { value: B256::ZERO, ..valid.reveals[0].message.clone() };
    grinded.reveals[0] = Signed::new(reveal, &verifiers()[0], &HERE).unwrap();
    assert_eq!(refused(&grinded).await, "invalid_session", "not what was committed to");
    let mut alone = valid.clone();
    alone.reveals.truncate(1);
    assert_eq!(refused(&alone).await, "invalid_session");

    assert_eq!(served.client.health().await.unwrap().sessions, 0, "none of these was queued");
}

#[tokio::test]
async fn refuses_a_second_seed_for_a_session_that_runs() {
    let served = serve(cpu(), Limits::default()).await;
    let first = challenge(terms(), HERE);
    let id = served.client.challenge(&first).await.unwrap().session;
    // a verifier signs another commitment, and with it another seed, for the same terms
    let mut second = first.clone();
    let (key, other) = (&verifiers()[0], B256::repeat_byte(0x0f));
    let commitment =
        Commitment { seedHash: secret_hash(id, key.address(), other), ..first.commitments[0].message.clone() };
    second.commitments[0] = Signed::new(commitment, key, &HERE).unwrap();
    second.reveals[0] = Signed::new(SeedReveal { sessionId: id, value: other }, key, &HERE).unwrap();
    let session = Session::new(HERE, &second.terms).unwrap();
    let s0 = session.s0(&second.commitments, &second.reveals).unwrap();
    second.call = Signed::new(Call { sessionId: id, s0 }, key, &HERE).unwrap();
    let refused = refusal(served.client.challenge(&second).await);
    assert_eq!((refused.status, refused.error.as_str()), (409, "replay"));
}

#[tokio::test]
async fn refuses_bodies_that_are_too_large_or_no_json() {
    let served = serve(cpu(), Limits::default()).await;
    let huge = "x".repeat(300 << 10);
    let refused = refusal(served.http.post::<B256>("/v1/challenges", &huge, WAIT, 1 << 16).await);
    assert_eq!((refused.status, refused.error.as_str()), (413, "body_too_large"));
    let refused = refusal(served.http.post::<B256>("/v1/challenges", &"nonsense", WAIT, 1 << 16).await);
    assert_eq!(refused.error, "invalid_json");
    let unknown = refusal(served.client.progress(B256::ZERO, WAIT).await);
    assert_eq!((unknown.status, unknown.error.as_str()), (404, "unknown_session"));
    let short = served.http.get::<serde_json::Value>("/health", WAIT, 10).await;
    assert!(matches!(short, Err(ClientError::TooLong { limit: 10, .. })));
}

#[tokio::test]
async fn refuses_more_than_its_queue_holds_and_forgets_what_expired() {
    let served = serve(endless(), Limits { queue: 1, ..Limits::default() }).await;
    let with_lease = |byte| challenge(Terms { leaseId: B256::repeat_byte(byte), ..terms() }, HERE);
    let running = served.client.challenge(&with_lease(1)).await.unwrap().session;
    let head = loop {
        if let Progress::Running(head) = served.client.progress(running, Duration::ZERO).await.unwrap() {
            break head;
        }
    };
    let head = head.verify_from(key(7).address(), &HERE).unwrap();
    assert_eq!((head.sessionId, head.job), (running, 0));

    let queued = served.client.challenge(&with_lease(2)).await.unwrap().session;
    assert_eq!(served.client.progress(queued, Duration::ZERO).await.unwrap(), Progress::Queued);
    let refused = refusal(served.client.challenge(&with_lease(3)).await);
    assert_eq!((refused.status, refused.error.as_str()), (503, "busy"));
    let early = refusal(served.client.openings(running, &open_request(running, SAMPLE), WAIT).await);
    assert_eq!((early.status, early.error.as_str()), (409, "not_done"));

    served.clock.advance(Duration::from_millis(60_001));
    assert!(matches!(served.client.progress(running, WAIT).await.unwrap(), Progress::Failed(_)));
    assert!(matches!(served.client.progress(queued, WAIT).await.unwrap(), Progress::Failed(_)));
    let now = served.clock.now_ms();
    let later = Terms { openedMs: now, expiresMs: now + 60_000, ..terms() };
    served.client.challenge(&challenge(later, HERE)).await.unwrap();
    assert_eq!(served.client.health().await.unwrap().sessions, 1, "the expired ones are forgotten");
}

#[tokio::test]
async fn stops_with_a_job_in_progress() {
    let served = serve(endless(), Limits::default()).await;
    let id = served.client.challenge(&challenge(terms(), HERE)).await.unwrap().session;
    let waiting = tokio::spawn({
        let client = served.client.clone();
        async move { client.progress(id, WAIT).await }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!waiting.is_finished(), "the job does not end by itself");
    served.stop.cancel();
    let stopped = tokio::time::timeout(Duration::from_secs(5), served.server).await.unwrap().unwrap();
    assert!(stopped.is_ok());
    let ended = tokio::time::timeout(Duration::from_secs(5), waiting).await;
    assert!(ended.is_ok(), "nobody is kept waiting");
}
