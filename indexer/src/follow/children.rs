//! Contracts that other contracts bring into being: their logs are wanted from their first block on.
//!
//! Ranges are fetched ahead, so a range may have been asked for before a child of an earlier one was known. Each is
//! completed in the order of the chain: what it lacks of children that are known by then is fetched and merged.

use std::{collections::HashSet, sync::Arc};

use alloy::primitives::Address;

use super::{
    FollowError,
    fetch::{Fetched, Fetcher},
};
use crate::{
    event::Log,
    source::{BlockRange, LogFilter},
    sources::Birth,
    store::Child,
};

/// The children of a chain, and how more of them come.
#[derive(Debug, Clone, Default)]
pub(super) struct Children {
    pub births: Vec<Birth>,
    pub known: Vec<Child>,
}

impl Children {
    /// The children that are in these logs and not yet known.
    fn born(&self, logs: &[Log]) -> Vec<Child> {
        let mut known: HashSet<Address> = self.known.iter().map(|child| child.address).collect();
        let births = logs.iter().flat_map(|log| self.births.iter().map(move |birth| (birth, log)));
        let mut born = Vec::new();
        for (birth, log) in births {
            if let Some(address) = birth.child(log).filter(|address| known.insert(*address)) {
                born.push(Child { address, name: birth.name.clone(), block: log.block });
            }
        }
        born
    }
}

impl Fetcher {
    /// Adds to a range the logs of contracts that were not known when it was fetched, and of those that it brings into
    /// being. `fetched` is whole after that; the new children are returned and asked for from now on.
    pub async fn complete(
        &mut self,
        children: &mut Children,
        range: BlockRange,
        fetched: &mut Fetched,
    ) -> Result<Vec<Child>, FollowError> {
        if children.births.is_empty() {
            return Ok(Vec::new());
        }
        let mut all = Vec::new();
        let contracts = self.filter.contracts().len();
        // What was added to the filter since it was asked for the range.
        let late = contracts - fetched.contracts;
        let mut missing: Vec<Address> = children.known.iter().rev().take(late).map(|child| child.address).collect();
        loop {
            let born = children.born(&fetched.logs.logs);
            missing.extend(born.iter().map(|child| child.address));
            self.adopt(children, &born);
            all.extend(born);
            if missing.is_empty() {
                return Ok(all);
            }
            let missing = std::mem::take(&mut missing);
            let contracts = self.filter.contracts().iter().filter(|(address, _)| missing.contains(address)).cloned();
            let of_missing = Self { filter: LogFilter::new(contracts.collect()), ..self.clone() };
            let more = of_missing.fetch(range).await?;
            fetched.headers.extend(more.headers);
            fetched.logs.logs.extend(more.logs.logs);
            fetched.logs.logs.sort_by_key(|log| (log.block, log.log_index));
            fetched.logs.tip = more.logs.tip;
        }
    }

    /// Asks for the logs of these contracts too.
    pub fn adopt(&mut self, children: &mut Children, born: &[Child]) {
        if born.is_empty() {
            return;
        }
        let mut decoder = (*self.decoder).clone();
        for child in born {
            decoder.add(&child.name, child.address);
        }
        children.known.extend(born.iter().cloned());
        self.filter = decoder.filter();
        self.decoder = Arc::new(decoder);
    }

    /// Forgets the children that a reorg took back.
    pub fn disown(&mut self, children: &mut Children, left: Vec<Child>) {
        let mut decoder = (*self.decoder).clone();
        for child in children.known.iter().filter(|child| !left.contains(child)) {
            decoder.remove(child.address);
        }
        children.known = left;
        self.filter = decoder.filter();
        self.decoder = Arc::new(decoder);
    }
}
