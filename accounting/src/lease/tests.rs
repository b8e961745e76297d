use proptest::prelude::*;

use super::*;
use crate::attestation::{Pass, Verdict};

const START: u64 = 1_700_000_000;
const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

fn terms() -> Terms {
    Terms {
        start: START,
        rate: 1_001,
        fee_bps: 250,
        hold_rate_bps: 1_000,
        min_seconds: 600,
        max_seconds: 30 * DAY as u32,
        grace_seconds: HOUR as u32,
        notice_seconds: 2 * HOUR as u32,
        reclaim_price: 5_000,
    }
}

/// A node attested on [from, to), a verdict a day.
fn attested(from: u64, to: u64) -> Attestation {
    let mut node = Attestation::default();
    for measured_at in (from..to).step_by(DAY as usize) {
        let valid_until = (measured_at + DAY).min(to);
        node.record(measured_at, Verdict { measured_at, pass: Some(Pass { valid_until, units: 1 }) }).unwrap();
    }
    node
}

fn balanced(lease: &Lease) -> bool {
    let Flow { payment, fee, refund, .. } = lease.moved();
    lease.funded() == payment + fee + refund + lease.remaining()
}

#[test]
fn a_quote_is_the_rate_and_the_grace_reserve() {
    let hold_rate = 100; // 10 % of 1,001, rounded down
    assert_eq!(terms().quote(1_000).unwrap(), U256::from(1_000 * 1_001 + 3_600 * hold_rate));
    let error = LeaseError::SecondsOutOfBounds { asked: 599, minimum: 600, maximum: 30 * DAY - HOUR };
    assert_eq!(terms().quote(599), Err(error));
}

#[test]
fn attested_seconds_are_paid_and_the_others_refunded() {
    let node = attested(START + 100, START + 400);
    let mut lease = Lease::open(terms(), 1_000).unwrap();
    let flow = lease.settle(START + 4 * DAY, &node).unwrap();
    let gross = 300 * 1_001;
    let fee = gross * 250 / 10_000;
    assert_eq!((flow.payment, flow.fee), (U256::from(gross - fee), U256::from(fee)));
    assert_eq!(flow.refund, lease.funded() - U256::from(gross));
    assert_eq!(lease.status(), Status::Closed);
}

#[test]
fn seconds_without_a_verdict_wait_for_the_deadline() {
    let mut lease = Lease::open(terms(), 10 * DAY).unwrap();
    let node = Attestation::default();
    lease.settle(START + 2 * DAY, &node).unwrap();
    assert_eq!(lease.settled_to(), START);
    lease.settle(START + 3 * DAY, &node).unwrap();
    assert_eq!(lease.settled_to(), START + DAY);
    assert_eq!(lease.moved().payment, U256::ZERO);
}

#[test]
fn a_renter_who_closes_pays_what_ran_and_no_less_than_the_minimum() {
    let mut lease = Lease::open(terms(), DAY).unwrap();
    let refund = lease.close(START + 10, Party::Renter).unwrap().refund;
    assert_eq!(lease.end(), START + 600);
    assert_eq!(lease.remaining(), U256::from(600 * 1_001));
    assert_eq!(refund, lease.funded() - lease.remaining());
    assert_eq!(lease.close(START + 20, Party::Renter), Err(LeaseError::WrongStatus(Status::Ending)));
    assert_eq!(lease.close(START + 600, Party::Stranger).unwrap(), Flow::default());
    assert_eq!(lease.status(), Status::Ended);
}

#[test]
fn a_provider_pays_for_closing_without_notice_but_not_in_grace() {
    let mut lease = Lease::open(terms(), DAY).unwrap();
    assert_eq!(lease.clone().close(START + 10, Party::Provider).unwrap().penalty, U256::from(5_000));
    assert_eq!(lease.clone().close(START + DAY, Party::Provider).unwrap().penalty, U256::ZERO);
    assert_eq!(lease.reclaim(START + 10, Party::Renter), Err(LeaseError::NotAuthorized(Party::Renter)));
    assert_eq!(lease.reclaim(START + 10, Party::Provider).unwrap().penalty, U256::ZERO);
    assert_eq!(lease.end(), START + 10 + 2 * HOUR);
    assert_eq!(lease.close(START + 20, Party::Provider).unwrap().penalty, U256::from(5_000));
}

#[test]
fn strangers_close_only_what_has_run_out() {
    let mut lease = Lease::open(terms(), DAY).unwrap();
    let now = START + DAY + HOUR;
    assert_eq!(lease.close(now - 1, Party::Stranger), Err(LeaseError::NotAuthorized(Party::Stranger)));
    lease.close(now, Party::Stranger).unwrap();
    assert_eq!((lease.status(), lease.runway(now)), (Status::Ended, (0, 0)));
}

#[test]
fn a_top_up_in_grace_refills_the_reserve_and_keeps_the_hold() {
    let node = attested(START, START + 20 * DAY);
    let mut lease = Lease::open(terms(), DAY).unwrap();
    let now = START + DAY + 1_000;
    let too_few = LeaseError::SecondsOutOfBounds { asked: 3_599, minimum: 3_600, maximum: 29 * DAY - HOUR - 1_000 };
    assert_eq!(lease.top_up(now, Party::Stranger, 3_599, &node), Err(too_few));
    assert_eq!(lease.top_up(now, Party::Renter, 500, &node).unwrap(), U256::from(500 * 1_001 + 1_000 * 100));
    assert_eq!(lease.runway(now), (500, 500 + HOUR));
    let flow = lease.settle(now + 500 + HOUR, &node).unwrap();
    assert_eq!(flow.payment + flow.fee, lease.funded());
    assert_eq!(lease.status(), Status::Closed);
}

#[test]
fn a_second_grace_waits_until_the_first_is_settled() {
    let mut lease = Lease::open(terms(), 1_000).unwrap();
    let nothing = Attestation::default();
    lease.top_up(START + 1_100, Party::Renter, 100, &nothing).unwrap();
    let unsettled = LeaseError::HoldUnsettled(START + 1_100);
    assert_eq!(lease.top_up(START + 1_300, Party::Renter, 100, &nothing), Err(unsettled));
    lease.top_up(START + 1_300, Party::Renter, 100, &attested(START, START + 2_000)).unwrap();
    assert!(balanced(&lease));
}

#[test]
fn impossible_terms_open_nothing() {
    let late = Terms { start: u64::MAX, ..terms() };
    assert!(matches!(Lease::open(late, 1_000), Err(LeaseError::InvalidTerms(_))));
    let greedy = Terms { fee_bps: 10_001, ..terms() };
    assert!(matches!(Lease::open(greedy, 1_000), Err(LeaseError::InvalidTerms(_))));
    let short = Terms { max_seconds: 10, ..terms() };
    assert!(matches!(Lease::open(short, 1), Err(LeaseError::SecondsOutOfBounds { .. })));
}

#[derive(Debug, Clone)]
enum Step {
    Verdict { age: u64, validity: Option<u64> },
    TopUp { by: Party, extra: u64 },
    Settle,
    Close(Party),
    Reclaim,
}

fn step() -> impl Strategy<Value = Step> {
    let party = prop_oneof![Just(Party::Renter), Just(Party::Provider), Just(Party::Stranger)];
    let verdict = (0..50 * HOUR, proptest::option::weighted(0.8, 1..26 * HOUR));
    prop_oneof![
        4 => verdict.prop_map(|(age, validity)| Step::Verdict { age, validity }),
        3 => (party.clone(), 1..3 * DAY).prop_map(|(by, extra)| Step::TopUp { by, extra }),
        3 => Just(Step::Settle),
        1 => party.prop_map(Step::Close),
        1 => Just(Step::Reclaim),
    ]
}

prop_compose! {
    fn any_terms()(
        rate in 1u128..1 << 96,
        fee_bps in 0u16..=1_000,
        hold_rate_bps in 0u16..=10_000,
        min_seconds in 0u32..50_000,
        grace_seconds in 0u32..200_000,
        notice_seconds in 0u32..200_000,
        reclaim_price in any::<u128>(),
    ) -> Terms {
        let max_seconds = 60 * DAY as u32;
        Terms {
            start: START, rate, fee_bps, hold_rate_bps, min_seconds, max_seconds, grace_seconds, notice_seconds,
            reclaim_price,
        }
    }
}

proptest! {
    /// funded == paid + refunded + remaining after every step, and nothing remains 48 hours after the end.
    #[test]
    fn every_wei_is_paid_refunded_or_still_there(
        terms in any_terms(),
        funded_seconds in 50_000u64..20 * DAY,
        steps in prop::collection::vec((0..2 * DAY, step()), 1..60),
    ) {
        let mut lease = Lease::open(terms, funded_seconds).unwrap();
        let (mut node, mut now) = (Attestation::default(), START);
        for (elapsed, step) in steps {
            now += elapsed;
            let settled_to = lease.settled_to();
            // A step that the lease refuses changes nothing.
            let before = lease.clone();
            let done = match step {
                Step::Verdict { age, validity } => {
                    let measured_at = now - age;
                    let pass = validity.map(|seconds| Pass { valid_until: measured_at + seconds, units: 1 });
                    let _ = node.record(now, Verdict { measured_at, pass });
                    Ok(())
                }
                Step::TopUp { by, extra } => lease.top_up(now, by, extra, &node).map(drop),
                Step::Settle => lease.settle(now, &node).map(drop),
                Step::Close(by) => lease.close(now, by).map(drop),
                Step::Reclaim => lease.reclaim(now, Party::Provider).map(drop),
            };
            if done.is_err() {
                prop_assert_eq!(&lease, &before);
            }
            prop_assert!(balanced(&lease));
            prop_assert!(lease.settled_to() >= settled_to && lease.settled_to() <= now.min(lease.end()));
        }
        let over = now.max(lease.end()) + 2 * DAY;
        let _ = lease.settle(over, &node);
        prop_assert_eq!((lease.status(), lease.remaining()), (Status::Closed, U256::ZERO));
        prop_assert!(balanced(&lease));
    }
}
