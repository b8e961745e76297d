//! Leading a measurement. The leader carries messages and proposes; it decides nothing that the others do not check.

use std::{io, sync::Arc, time::Duration};

use alloy::primitives::{Address, B256};
use futures::future::join_all;
use spheron_verifier_agent::{AgentClient, http::ClientError};
use spheron_verifier_core::{
    evidence::{Evidence, EvidenceError},
    policy::PolicyError,
    session::{Session, SessionError},
    verdict::{SessionCommit, Signature, SignedVerdict, Verdict},
    wire::{Domain, OpenRequest, Openings, SignatureError, Signed, Terms},
};

use crate::{
    observe,
    peer::{Peer, Refusal},
    protocol::{Committed, Invitation, Observed, Proposal, Revealed, Sampling, Work},
    verifier::Verifier,
};

/// Why a measurement ended without a verdict. None of these says anything about the node.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// This verifier does not sign for that contract.
    #[error("this verifier does not sign for VerifierSet {verifier_set} on chain {chain_id}")]
    UnknownDomain {
        /// Chain of the work.
        chain_id: u64,
        /// Contract of the work.
        verifier_set: Address,
    },
    /// This verifier was not drawn.
    #[error("{0} is not in the committee, so it cannot lead this measurement")]
    NotInCommittee(Address),
    /// This verifier leads as many measurements as it may.
    #[error("this verifier leads {0} measurements already; try again later")]
    Busy(usize),
    /// The policy has no such class.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// This verifier's own directory refuses the work.
    #[error("the work is refused: {0}")]
    Refused(String),
    /// Too few verifiers take part.
    #[error("only {present} of the {quorum} verifiers needed take part; {}", list(refusals))]
    TooFew {
        /// Who takes part.
        present: usize,
        /// Signatures that a verdict needs.
        quorum: u16,
        /// Why the others do not.
        refusals: Vec<Refusal>,
    },
    /// The messages of the session support no verdict.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// A message of this verifier's own making is wrong.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// This verifier's key cannot sign.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Too few verifiers signed the verdict.
    #[error("only {signed} of the {quorum} signatures needed were given; {}", list(refusals))]
    NoQuorum {
        /// Signatures.
        signed: usize,
        /// Signatures that a verdict needs.
        quorum: u16,
        /// Why the others did not sign.
        refusals: Vec<Refusal>,
    },
    /// The agent's URL cannot be used.
    #[error(transparent)]
    Agent(#[from] ClientError),
    /// Evidence or verdict could not be kept.
    #[error("cannot write to the data directory: {0}")]
    Store(#[from] io::Error),
    /// A thread stopped.
    #[error("judging the evidence stopped: {0}")]
    Judge(#[from] tokio::task::JoinError),
}

fn list(refusals: &[Refusal]) -> String {
    refusals.iter().map(Refusal::to_string).collect::<Vec<_>>().join("; ")
}

/// How one attempt ended.
enum Attempt {
    Verdict(Box<SignedVerdict>),
    /// Somebody did not do a step that everybody has to do.
    Without(Vec<Refusal>),
}

/// Measures a node. When a verifier drops out, the session is begun anew without it while enough remain.
pub(crate) async fn measure(leader: &Verifier, work: &Work) -> Result<SignedVerdict, MeasureError> {
    check_work(leader, work)?;
    let (mut peers, mut refusals) = gather(leader, work).await;
    loop {
        if peers.len() < usize::from(work.quorum).max(1) {
            return Err(MeasureError::TooFew { present: peers.len(), quorum: work.quorum, refusals });
        }
        match attempt(leader, work, &peers).await? {
            Attempt::Verdict(verdict) => return Ok(*verdict),
            Attempt::Without(dropped) => {
                tracing::warn!(node = %work.node, reason = %list(&dropped), "the session is begun anew");
                peers.retain(|p| dropped.iter().all(|d| d.verifier != p.address));
                refusals.extend(dropped);
            }
        }
    }
}

fn check_work(leader: &Verifier, work: &Work) -> Result<(), MeasureError> {
    let me = leader.address();
    if !leader.signs_for(&work.domain) {
        let Domain { chain_id, verifier_set } = work.domain;
        return Err(MeasureError::UnknownDomain { chain_id, verifier_set });
    }
    if !work.committee.contains(&me) {
        return Err(MeasureError::NotInCommittee(me));
    }
    leader.policy().class(work.claimed_class)?;
    Ok(())
}

/// The committee's verifiers that answer, ascending by address; and why the others do not.
async fn gather(leader: &Verifier, work: &Work) -> (Vec<Peer>, Vec<Refusal>) {
    let mut committee = work.committee.clone();
    committee.sort_unstable();
    committee.dedup();
    let policy = leader.policy().hash();
    let reach = |address: Address| async move {
        if address == leader.address() {
            return Ok(Peer::me(leader.clone()));
        }
        let unknown = || Refusal { verifier: address, reason: "its URL is not known".to_string() };
        let url = leader.directory().verifier_url(address).ok_or_else(unknown)?;
        let peer = Peer::http(address, &url).map_err(|e| Refusal { verifier: address, reason: e.to_string() })?;
        peer.check(policy).await.map(|()| peer)
    };
    split(join_all(committee.into_iter().map(reach)).await)
}

async fn attempt(leader: &Verifier, work: &Work, peers: &[Peer]) -> Result<Attempt, MeasureError> {
    let terms = leader.sign_terms(&work.domain, terms(leader, work, peers)?)?;
    let session = Session::new(work.domain, &terms)?;
    let id = session.id;
    let agent_url = leader.directory().approve(&work.domain, &session.terms).await.map_err(MeasureError::Refused)?;
    let agent = AgentClient::new(&agent_url)?;
    tracing::info!(session = %id, node = %work.node, verifiers = peers.len(), "session opens");

    let invitation = Invitation { domain: work.domain, terms: terms.clone() };
    let commitments = match all(join_all(peers.iter().map(|p| p.open(&invitation))).await) {
        Ok(commitments) => commitments,
        Err(dropped) => return Ok(Attempt::Without(dropped)),
    };
    let committed = Committed { commitments };
    let reveals = match all(join_all(peers.iter().map(|p| p.reveal(id, &committed))).await) {
        Ok(reveals) => reveals,
        Err(dropped) => return Ok(Attempt::Without(dropped)),
    };
    let s0 = session.s0(&committed.commitments, &reveals)?;
    let revealed = Revealed { reveals };
    let run = Duration::from_millis(session.terms.runMs);
    let (seen, blind) = split(join_all(peers.iter().map(|p| p.observe(id, &revealed, run))).await);
    for refusal in &blind {
        tracing::warn!(session = %id, reason = %refusal, "a verifier did not observe");
    }

    let mut evidence = Evidence {
        domain: work.domain,
        policy: leader.policy().clone(),
        terms,
        commitments: committed.commitments,
        seed_reveals: revealed.reveals,
        observations: seen.iter().map(|o| o.observation.clone()).collect(),
        commit: common_chain(&session, s0, &seen, work.quorum),
        sample_reveals: Vec::new(),
        openings: None,
    };
    if let Some(commit) = evidence.commit.clone() {
        let sampling = Sampling { commit };
        match all(join_all(peers.iter().map(|p| p.sample(id, &sampling))).await) {
            Ok(reveals) => evidence.sample_reveals = reveals,
            Err(dropped) => return Ok(Attempt::Without(dropped)),
        }
        evidence.openings = open(leader, &agent, &session, &evidence, &sampling.commit.message).await?;
    }
    conclude(leader, work, peers, evidence).await.map(|v| Attempt::Verdict(Box::new(v)))
}

fn terms(leader: &Verifier, work: &Work, peers: &[Peer]) -> Result<Terms, MeasureError> {
    let policy = leader.policy();
    let now = leader.now_ms();
    Ok(Terms {
        leaseId: work.lease_id,
        provider: work.provider,
        node: work.node,
        operator: work.operator,
        gpuIndex: work.gpu_index,
        gpuCount: work.gpu_count,
        claimedClass: work.claimed_class,
        backend: work.backend,
        beaconRound: work.beacon_round,
        beacon: work.beacon,
        policyHash: policy.hash(),
        m: policy.job.m,
        n: policy.job.n,
        k: policy.job.k,
        jobs: policy.jobs(work.claimed_class)?,
        leafSamples: policy.leaf_samples,
        verifiers: peers.iter().map(|p| p.address).collect(),
        quorum: work.quorum,
        openedMs: now,
        runMs: policy.run_ms,
        expiresMs: now.saturating_add(policy.session_ms()),
    })
}

/// The signed chain that a quorum saw, if there is one.
fn common_chain(session: &Session, s0: B256, seen: &[Observed], quorum: u16) -> Option<Signed<SessionCommit>> {
    let agreeing = |commit: &Signed<SessionCommit>| {
        let digest = session.domain.digest(&commit.message);
        seen.iter().filter(|o| o.observation.message.commitDigest == digest).count()
    };
    seen.iter()
        .filter_map(|o| o.commit.as_ref())
        .find(|c| session.check_commit(s0, c).is_ok() && agreeing(c) >= usize::from(quorum))
        .cloned()
}

async fn open(
    leader: &Verifier,
    agent: &AgentClient,
    session: &Session,
    evidence: &Evidence,
    commit: &SessionCommit,
) -> Result<Option<Signed<Openings>>, MeasureError> {
    let reveals = evidence.sample_reveals.clone();
    let seed = session.sample_seed(&evidence.commitments, commit, &reveals)?;
    let deadline_ms = leader.now_ms().saturating_add(leader.policy().open_ms);
    Ok(observe::openings(leader.clock(), agent, session, &OpenRequest { reveals }, seed, deadline_ms).await)
}

async fn conclude(
    leader: &Verifier,
    work: &Work,
    peers: &[Peer],
    evidence: Evidence,
) -> Result<SignedVerdict, MeasureError> {
    let (evidence, judged) = tokio::task::spawn_blocking(move || {
        let judged = evidence.judge();
        (evidence, judged)
    })
    .await?;
    let verdict = judged?.verdict;
    leader.store().put_evidence(&evidence).await?;
    let id = verdict.sessionId;
    let proposal = Arc::new(Proposal { evidence, verdict: verdict.clone() });
    let time = Duration::from_millis(leader.policy().open_ms) + Duration::from_secs(60);
    let answers = join_all(peers.iter().map(|p| async {
        let signature = p.sign(id, &proposal, time).await?;
        check_signature(work, &verdict, p.address, signature)
    }));
    let (signatures, refusals) = split(answers.await);
    for refusal in &refusals {
        tracing::warn!(session = %id, reason = %refusal, "a verifier did not sign");
    }
    if signatures.len() < usize::from(work.quorum) {
        return Err(MeasureError::NoQuorum { signed: signatures.len(), quorum: work.quorum, refusals });
    }
    // peers ascend by address, and so do their signatures
    let signed = SignedVerdict { domain: work.domain, verdict, signatures };
    leader.store().put_verdict(&signed).await?;
    tracing::info!(session = %id, result = signed.verdict.result, signatures = signed.signatures.len(), "verdict");
    Ok(signed)
}

fn check_signature(work: &Work, verdict: &Verdict, by: Address, signature: Signature) -> Result<Signature, Refusal> {
    let Signature { signer, signature } = signature;
    let signed = Signed { message: verdict.clone(), signer, signature };
    match signed.verify_from(by, &work.domain) {
        Ok(_) => Ok(Signature { signer, signature: signed.signature }),
        Err(e) => Err(Refusal { verifier: by, reason: e.to_string() }),
    }
}

fn split<T>(answers: Vec<Result<T, Refusal>>) -> (Vec<T>, Vec<Refusal>) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for answer in answers {
        match answer {
            Ok(answer) => good.push(answer),
            Err(refusal) => bad.push(refusal),
        }
    }
    (good, bad)
}

fn all<T>(answers: Vec<Result<T, Refusal>>) -> Result<Vec<T>, Vec<Refusal>> {
    let (good, bad) = split(answers);
    if bad.is_empty() { Ok(good) } else { Err(bad) }
}
