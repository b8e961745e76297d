//! What each second of a lease costs.

use alloy::primitives::U256;

use super::Terms;

/// Seconds [from, to) at one rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// First second, unix.
    pub from: u64,
    /// End, exclusive.
    pub to: u64,
    /// Wei per second.
    pub rate: U256,
    /// Whether it is a grace, at the hold rate.
    pub held: bool,
}

/// The stretches of a lease, in their order and without a gap; the last one is the grace to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeLine {
    stretches: Vec<Stretch>,
    rate: U256,
}

impl TimeLine {
    /// A lease that is funded until `funded_until`.
    pub fn new(terms: &Terms, funded_until: u64) -> Self {
        let rate = U256::from(terms.rate);
        let funded = Stretch { from: terms.start, to: funded_until, rate, held: false };
        let grace_end = funded_until + u64::from(terms.grace_seconds);
        let grace = Stretch { from: funded_until, to: grace_end, rate: terms.hold_rate(), held: true };
        Self { stretches: vec![funded, grace], rate }
    }

    /// End of the full rate.
    pub fn funded_until(&self) -> u64 {
        self.grace().from
    }

    /// End of the grace to come.
    pub fn end(&self) -> u64 {
        self.grace().to
    }

    /// The latest grace that a top-up ended.
    pub fn past_hold(&self) -> Option<Stretch> {
        let past = &self.stretches[..self.stretches.len() - 1];
        past.iter().rev().find(|part| part.held).copied()
    }

    /// Adds `extra` seconds at the full rate, from the end of the funded ones or, in grace, from `now` on.
    pub fn extend(&mut self, now: u64, extra: u64) {
        let grace = self.grace();
        let resumes = now.max(grace.from);
        let funded_until = resumes + extra;
        self.stretches.pop();
        if grace.from < resumes {
            self.stretches.push(Stretch { to: resumes, ..grace });
        }
        self.stretches.push(Stretch { from: resumes, to: funded_until, rate: self.rate, held: false });
        self.stretches.push(Stretch { from: funded_until, to: funded_until + (grace.to - grace.from), ..grace });
    }

    /// The stretches within [from, to), cut to it.
    pub fn between(&self, from: u64, to: u64) -> impl Iterator<Item = Stretch> + '_ {
        let cut = move |part: &Stretch| Stretch { from: part.from.max(from), to: part.to.min(to), ..*part };
        self.stretches.iter().map(cut).filter(|part| part.from < part.to)
    }

    /// Wei for the seconds [from, to).
    pub fn cost(&self, from: u64, to: u64) -> U256 {
        self.between(from, to).map(|part| part.rate * U256::from(part.to - part.from)).sum()
    }

    fn grace(&self) -> Stretch {
        self.stretches[self.stretches.len() - 1]
    }
}
