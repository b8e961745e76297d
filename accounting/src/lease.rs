//! A lease over time, as `ILeaseBook` defines it: what is in escrow, what is paid and refunded, and how long it lasts.
//!
//! Each second of a lease has a rate from the moment it is funded. What is in escrow is the cost of the seconds that are
//! not settled; settling pays the attested ones to the provider and refunds the others to the renter. So
//! `funded == paid + fees + refunded + remaining`, to the wei, whatever is attested.
//!
//! ```
//! use alloy::primitives::U256;
//! use spheron_accounting::{attestation::{Attestation, Pass, Verdict}, lease::{Lease, Party, Terms}};
//!
//! let terms = Terms {
//!     start: 1_700_000_000, rate: 1_000, fee_bps: 200, hold_rate_bps: 0, min_seconds: 0, max_seconds: 86_400,
//!     grace_seconds: 0, notice_seconds: 0, reclaim_price: 0,
//! };
//! let mut lease = Lease::open(terms, 3_600)?; // an hour for 3,600,000 wei
//! let mut node = Attestation::default();
//! let pass = Pass { valid_until: terms.start + 600, units: 1 };
//! node.record(terms.start, Verdict { measured_at: terms.start, pass: Some(pass) })?;
//!
//! let now = terms.start + 1_800;
//! assert_eq!(lease.close(now, Party::Renter)?.refund, U256::from(1_800_000)); // what has not run yet
//! let flow = lease.settle(now + 2 * 86_400, &node)?; // ten minutes were attested, twenty were not
//! assert_eq!((flow.payment, flow.fee, flow.refund), (U256::from(588_000), U256::from(12_000), U256::from(1_200_000)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod time_line;

use alloy::primitives::U256;
use serde::Serialize;
use thiserror::Error;

use crate::{BPS, attestation::Attestation};

pub use time_line::{Stretch, TimeLine};

/// The terms of a lease that its accounting depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Terms {
    /// Unix seconds.
    pub start: u64,
    /// Wei per second.
    pub rate: u128,
    /// The protocol's share of each payment, basis points, rounded down.
    pub fee_bps: u16,
    /// Rate in grace, basis points of the rate, rounded down to the wei.
    pub hold_rate_bps: u16,
    /// Seconds funded at least, and paid if attested.
    pub min_seconds: u32,
    /// Seconds that the lease may last, grace included.
    pub max_seconds: u32,
    /// Seconds at the hold rate once the funds have run out.
    pub grace_seconds: u32,
    /// Seconds before the provider may reclaim without a price.
    pub notice_seconds: u32,
    /// Wei that the provider pays for closing without notice.
    pub reclaim_price: u128,
}

impl Terms {
    /// Wei per second in grace.
    pub fn hold_rate(&self) -> U256 {
        U256::from(self.rate) * U256::from(self.hold_rate_bps) / U256::from(BPS)
    }

    /// Seconds that an opening may fund.
    pub fn fundable_seconds(&self) -> std::ops::RangeInclusive<u64> {
        self.min_seconds.max(1).into()..=self.max_seconds.saturating_sub(self.grace_seconds).into()
    }

    /// Wei that `funded_seconds` need: the rate for each, and the grace reserve.
    ///
    /// # Errors
    /// [`LeaseError::SecondsOutOfBounds`].
    pub fn quote(&self, funded_seconds: u64) -> Result<U256, LeaseError> {
        check_seconds(funded_seconds, self.fundable_seconds())?;
        Ok(U256::from(self.rate) * U256::from(funded_seconds) + self.hold_rate() * U256::from(self.grace_seconds))
    }

    /// The protocol's share of a payment of `gross` wei.
    pub fn fee(&self, gross: U256) -> U256 {
        gross * U256::from(self.fee_bps) / U256::from(BPS)
    }
}

/// Where a lease stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Status {
    /// Runs on while funded.
    Open,
    /// Its end is fixed and lies ahead.
    Ending,
    /// Over; some seconds await their verdict.
    Ended,
    /// Every wei is paid or refunded.
    Closed,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// Who pays.
    Renter,
    /// Who is paid.
    Provider,
    /// Anybody else.
    Stranger,
}

/// Wei that one call moves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Flow {
    /// To the provider.
    pub payment: U256,
    /// To the protocol.
    pub fee: U256,
    /// To the renter.
    pub refund: U256,
    /// To the renter, out of the provider's own balance.
    pub penalty: U256,
}

/// Why a call on a lease fails.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum LeaseError {
    /// Terms that no lease can have.
    #[error("the terms are impossible: {0}")]
    InvalidTerms(&'static str),
    /// Seconds outside the terms.
    #[error("{asked} seconds are not within {minimum} and {maximum}")]
    SecondsOutOfBounds {
        /// What was asked for.
        asked: u64,
        /// The fewest.
        minimum: u64,
        /// The most.
        maximum: u64,
    },
    /// The status does not allow it.
    #[error("a lease that is {0:?} does not allow this")]
    WrongStatus(Status),
    /// The party may not do this.
    #[error("{0:?} may not do this")]
    NotAuthorized(Party),
    /// A second grace cannot end before the first one is settled.
    #[error("the grace that ended at {0} awaits its verdict")]
    HoldUnsettled(u64),
}

/// A lease and everything that it moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    terms: Terms,
    time_line: TimeLine,
    settled_to: u64,
    ends_at: Option<u64>,
    status: Status,
    funded: U256,
    moved: Flow,
}

impl Lease {
    /// Opens a lease at `terms.start`.
    ///
    /// # Errors
    /// [`LeaseError::InvalidTerms`], [`LeaseError::SecondsOutOfBounds`].
    pub fn open(terms: Terms, funded_seconds: u64) -> Result<Self, LeaseError> {
        if terms.start >> 40 != 0 {
            return Err(LeaseError::InvalidTerms("start has more than 40 bits"));
        }
        if u64::from(terms.fee_bps.max(terms.hold_rate_bps)) > BPS {
            return Err(LeaseError::InvalidTerms("more than 10,000 basis points"));
        }
        let funded = terms.quote(funded_seconds)?;
        let time_line = TimeLine::new(&terms, terms.start + funded_seconds);
        Ok(Self {
            terms,
            time_line,
            settled_to: terms.start,
            ends_at: None,
            status: Status::Open,
            funded,
            moved: Flow::default(),
        })
    }

    /// Adds `extra` seconds at `now`, and returns the wei that they cost. A grace ends with it, and the part of the
    /// reserve that it used is refilled. Whoever ends it for the renter brings as many seconds as the grace has.
    ///
    /// # Errors
    /// [`LeaseError::WrongStatus`], [`LeaseError::SecondsOutOfBounds`], [`LeaseError::HoldUnsettled`].
    pub fn top_up(&mut self, now: u64, by: Party, extra: u64, node: &Attestation) -> Result<U256, LeaseError> {
        if self.status != Status::Open {
            return Err(LeaseError::WrongStatus(self.status));
        }
        if now >= self.end() {
            return Err(LeaseError::WrongStatus(Status::Ended));
        }
        let funded_until = self.time_line.funded_until();
        let in_grace = now >= funded_until;
        let fewest = if in_grace && by != Party::Renter { self.terms.grace_seconds.max(1) } else { 1 };
        let latest = self.terms.start + self.terms.fundable_seconds().end();
        check_seconds(extra, fewest.into()..=latest.saturating_sub(funded_until.max(now)))?;
        let mut amount = U256::from(extra) * U256::from(self.terms.rate);
        if in_grace {
            self.settle_past_hold(now, node)?;
            amount += U256::from(now - funded_until) * self.terms.hold_rate();
        }
        self.time_line.extend(now, extra);
        self.funded += amount;
        Ok(amount)
    }

    /// Pays and refunds all that is decided at `now`.
    ///
    /// # Errors
    /// [`LeaseError::WrongStatus`] on a closed lease.
    pub fn settle(&mut self, now: u64, node: &Attestation) -> Result<Flow, LeaseError> {
        if self.status == Status::Closed {
            return Err(LeaseError::WrongStatus(Status::Closed));
        }
        let end = self.end();
        if self.status == Status::Open && now >= end {
            (self.ends_at, self.status) = (Some(end), Status::Ending);
        }
        let elapsed = now.min(end);
        let settle_to = self.settles_to(now, elapsed, node).max(self.settled_to);
        let stretches = self.time_line.between(self.settled_to, settle_to);
        let gross = stretches.map(|part| part.rate * U256::from(node.attested_between(part.from, part.to))).sum();
        let fee = self.terms.fee(gross);
        let refund = self.time_line.cost(self.settled_to, settle_to) - gross;
        let flow = Flow { payment: gross - fee, fee, refund, penalty: U256::ZERO };
        self.settled_to = settle_to;
        self.end_if_over(now);
        self.book(flow);
        Ok(flow)
    }

    /// Ends the lease: the renter at any time, the provider for the reclaim price, anyone once it has run out.
    ///
    /// # Errors
    /// [`LeaseError::NotAuthorized`], [`LeaseError::WrongStatus`].
    pub fn close(&mut self, now: u64, by: Party) -> Result<Flow, LeaseError> {
        let paid_until = self.terms.start + u64::from(self.terms.min_seconds);
        match by {
            _ if now >= self.end() => self.fix_end(now, now, U256::ZERO),
            Party::Renter => self.fix_end(now, now.max(paid_until), U256::ZERO),
            Party::Provider if now < self.time_line.funded_until() => {
                self.fix_end(now, now, U256::from(self.terms.reclaim_price))
            }
            Party::Provider => self.fix_end(now, now, U256::ZERO),
            Party::Stranger => Err(LeaseError::NotAuthorized(by)),
        }
    }

    /// The provider ends the lease after its notice.
    ///
    /// # Errors
    /// [`LeaseError::NotAuthorized`], [`LeaseError::WrongStatus`].
    pub fn reclaim(&mut self, now: u64, by: Party) -> Result<Flow, LeaseError> {
        if by != Party::Provider {
            return Err(LeaseError::NotAuthorized(by));
        }
        self.fix_end(now, now.saturating_add(self.terms.notice_seconds.into()), U256::ZERO)
    }

    /// For how many seconds from `now` the full rate is funded, and how many until the lease ends.
    pub fn runway(&self, now: u64) -> (u64, u64) {
        let until_end = self.end().saturating_sub(now);
        (self.time_line.funded_until().saturating_sub(now).min(until_end), until_end)
    }

    /// Wei in escrow: the cost of every second that is not settled.
    pub fn remaining(&self) -> U256 {
        self.time_line.cost(self.settled_to, self.end())
    }

    /// Wei that ever went into escrow.
    pub fn funded(&self) -> U256 {
        self.funded
    }

    /// Wei that were moved so far.
    pub fn moved(&self) -> Flow {
        self.moved
    }

    /// Where the lease stands.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Up to which second it is settled.
    pub fn settled_to(&self) -> u64 {
        self.settled_to
    }

    /// When it ends, if nobody tops it up.
    pub fn end(&self) -> u64 {
        self.ends_at.unwrap_or_else(|| self.time_line.end())
    }

    /// Up to which of the `elapsed` seconds the policy has decided. Seconds that cost nothing need no decision.
    fn settles_to(&self, now: u64, elapsed: u64, node: &Attestation) -> u64 {
        let decided = node.decided_until(now);
        let mut stretches = self.time_line.between(self.settled_to, elapsed);
        let undecided = stretches.find(|part| !part.rate.is_zero() && part.to > decided);
        undecided.map_or(elapsed, |part| part.from.max(decided))
    }

    /// A grace that a top-up ended has to be settled before the next one ends.
    fn settle_past_hold(&mut self, now: u64, node: &Attestation) -> Result<(), LeaseError> {
        let Some(hold) = self.time_line.past_hold().filter(|hold| hold.to > self.settled_to) else {
            return Ok(());
        };
        if self.settles_to(now, hold.to, node) < hold.to {
            return Err(LeaseError::HoldUnsettled(hold.to));
        }
        self.settle(now, node).map(drop)
    }

    fn fix_end(&mut self, now: u64, at: u64, penalty: U256) -> Result<Flow, LeaseError> {
        let end = self.end();
        let at = at.min(end);
        let moves = self.status == Status::Open || (self.status == Status::Ending && at < end);
        let ran_out = self.status == Status::Ending && now >= end;
        if !(moves || ran_out) {
            return Err(LeaseError::WrongStatus(self.status));
        }
        let mut flow = Flow::default();
        if moves {
            flow = Flow { refund: self.time_line.cost(at, end), penalty, ..flow };
            (self.ends_at, self.status) = (Some(at), Status::Ending);
        }
        self.end_if_over(now);
        self.book(flow);
        Ok(flow)
    }

    fn end_if_over(&mut self, now: u64) {
        let Some(end) = self.ends_at.filter(|&end| now >= end) else { return };
        self.status = if self.settled_to == end { Status::Closed } else { Status::Ended };
    }

    fn book(&mut self, flow: Flow) {
        self.moved.payment += flow.payment;
        self.moved.fee += flow.fee;
        self.moved.refund += flow.refund;
        self.moved.penalty += flow.penalty;
    }
}

fn check_seconds(asked: u64, bounds: std::ops::RangeInclusive<u64>) -> Result<(), LeaseError> {
    if bounds.contains(&asked) {
        return Ok(());
    }
    Err(LeaseError::SecondsOutOfBounds { asked, minimum: *bounds.start(), maximum: *bounds.end() })
}

#[cfg(test)]
mod tests;
