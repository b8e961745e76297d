//! A verdict in words, for the provider whose payment it decides.

use crate::{
    check::Fault,
    class::{BPS, GIGA},
    evidence::{Evidence, Judgement},
    policy::{self, Policy},
    verdict::{Outcome, Verdict},
};

/// Lines that say what was measured, what was needed and what follows. With evidence, also whether it supports the
/// verdict.
pub fn explain(verdict: &Verdict, evidence: Option<&Evidence>) -> Vec<String> {
    let mut lines = vec![headline(verdict), subject(verdict), timing(verdict)];
    match evidence {
        None => {
            lines.push(format!("Without its evidence ({}) the numbers cannot be re-checked.", verdict.evidenceHash))
        }
        Some(evidence) => lines.extend(with_evidence(verdict, evidence)),
    }
    lines.push(consequence(verdict));
    lines
}

fn headline(verdict: &Verdict) -> String {
    let what = match Outcome::from_result(verdict.result) {
        Some(Outcome::Pass) => "PASS: the machine is at least what it claims to be.",
        Some(Outcome::BelowClaim) => "BELOW CLAIM: the work was right, but slower than the claimed class.",
        Some(Outcome::WrongComputation) => "WRONG COMPUTATION: the node signed a result that is not the right one.",
        Some(Outcome::Timeout) => "TIMEOUT: the node did not answer in time. Nothing is slashed for that.",
        Some(Outcome::Inconclusive) => "INCONCLUSIVE: nothing follows.",
        None => "UNKNOWN RESULT: this program does not know it; update it.",
    };
    what.to_string()
}

fn subject(verdict: &Verdict) -> String {
    let units = match verdict.gpuCount {
        1 => format!("unit {}", verdict.gpuIndex),
        count => format!("{count} units from {}", verdict.gpuIndex),
    };
    format!(
        "Node {} of provider {}, {units}, claimed resource {}.",
        verdict.node, verdict.provider, verdict.claimedClass
    )
}

fn timing(verdict: &Verdict) -> String {
    let measured = &verdict.measurement;
    let elapsed = measured.endMs.saturating_sub(measured.startMs);
    match Outcome::from_result(verdict.result) {
        Some(Outcome::Timeout) if verdict.sessionRoot.is_zero() => {
            format!("No signed chain of jobs arrived within {}.", seconds(elapsed))
        }
        Some(Outcome::Timeout) => "The chain of jobs arrived, but its openings did not.".to_string(),
        _ => format!("{} jobs in {} by the median of the verifiers' clocks.", measured.jobs, seconds(elapsed)),
    }
}

fn with_evidence(verdict: &Verdict, evidence: &Evidence) -> Vec<String> {
    let judged = match evidence.judge() {
        Ok(judged) => judged,
        Err(e) => return vec![format!("The evidence supports no verdict: {e}.")],
    };
    if judged.verdict != *verdict {
        return vec![format!("The evidence supports another verdict than this one: {}", headline(&judged.verdict))];
    }
    let mut lines = reasons(&judged, &evidence.policy);
    lines.push(format!(
        "The evidence was recomputed and supports this verdict ({} verifiers saw the run).",
        evidence.observations.len()
    ));
    lines
}

fn reasons(judged: &Judgement, policy: &Policy) -> Vec<String> {
    let verdict = &judged.verdict;
    let mut lines = Vec::new();
    if let Some(fault) = &judged.fault {
        lines.push(format!("What was wrong: {fault}."));
        if matches!(fault, Fault::Element { .. }) {
            lines.push("Anybody can prove this on chain from the evidence.".to_string());
        }
        return lines;
    }
    if verdict.result == Outcome::Timeout as u8 {
        return lines;
    }
    let measured = &verdict.measurement;
    let rate = policy::rate(&policy.job, measured.jobs, measured.startMs, measured.endMs);
    if let Some(class) = policy.classes.get(verdict.claimedClass) {
        let needed = u128::from(class.ops_per_sec) * u128::from(policy.theta_bps) / u128::from(BPS);
        lines.push(format!(
            "Measured {} giga-operations per second; {} needs {} ({}.{:02}% of its reference {}).",
            giga(rate.into()),
            class.model,
            giga(needed),
            policy.theta_bps / 100,
            policy.theta_bps % 100,
            giga(class.ops_per_sec.into()),
        ));
    }
    if verdict.result == Outcome::BelowClaim as u8 {
        lines.push(match policy.classes.get(verdict.floorClass) {
            Some(class) => format!("That is enough for {} (resource {}).", class.model, class.resource),
            None => "That is not enough for any class of the policy.".to_string(),
        });
    }
    lines.push(format!("{} leaves were drawn after the chain was signed, and all were right.", measured.leafSamples));
    lines
}

fn consequence(verdict: &Verdict) -> String {
    let from = verdict.measurement.startMs / 1000;
    match Outcome::from_result(verdict.result) {
        Some(Outcome::Pass) => {
            format!("Seconds from {from} to {} (unix) are attested and can be paid.", verdict.validUntil)
        }
        Some(Outcome::Inconclusive) | None => "No payment changes by it.".to_string(),
        _ => format!("Seconds from {from} (unix) on are not paid until a new measurement passes."),
    }
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03} s", ms / 1000, ms % 1000)
}

fn giga(ops: u128) -> String {
    let hundredths = ops / u128::from(GIGA / 100);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
