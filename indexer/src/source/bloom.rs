//! Does a block's bloom filter say that logs of ours are missing in a reply?
//!
//! A header's filter holds the address and the topics of every log of its block. If it holds one of our contracts and an
//! event of that contract, and the reply has no such log, a log was lost, or others' logs happened to set the same bits.
//! How likely that is follows from how full the filter is; a busy chain's filters are too full to say anything.

use std::time::Duration;

use alloy::primitives::{B256, Bloom, BloomInput};
use tokio::time::Instant;

use super::LogFilter;
use crate::event::Log;

/// Bits of a filter.
const BITS: f64 = 2_048.0;

/// Bits that an address or a topic sets.
const BITS_PER_ENTRY: i32 = 3;

/// Below this chance of an error a reply is not believed for a while.
const SURE: f64 = 1e-5;

/// Below this chance of an error it is worth asking again.
const WORTH_ASKING: f64 = 0.05;

/// Of more contracts, one is always in the filter by chance.
const MAX_CONTRACTS: usize = 500;

/// A node that lags has caught up by then.
const LONG: Duration = Duration::from_secs(30);

/// A block whose logs are not believed for a while. Its filter may be wrong, so the doubt ends.
#[derive(Debug, Clone, Copy, Default)]
pub struct Doubt(Option<(B256, Instant)>);

impl Doubt {
    /// Whether the block has been in doubt for long; from now on it is.
    pub fn is_over(&mut self, block: B256) -> bool {
        match self.0 {
            Some((doubted, since)) if doubted == block => since.elapsed() >= LONG,
            _ => {
                self.0 = Some((block, Instant::now()));
                false
            }
        }
    }
}

/// What a block's filter says about logs that a reply lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lost {
    /// Nothing.
    Nothing,
    /// There may be some: an event of a contract is in the filter, and not in the reply.
    Perhaps,
    /// There are: so is the contract itself.
    Surely,
}

/// What `bloom` says about logs that `found`, those of the same block, lacks.
pub fn lost(bloom: &Bloom, filter: &LogFilter, found: &[Log]) -> Lost {
    let contracts = filter.contracts();
    if contracts.len() > MAX_CONTRACTS {
        return Lost::Nothing;
    }
    let holds = |bytes: &[u8]| bloom.contains_input(BloomInput::Raw(bytes));
    let bits: u32 = bloom.iter().map(|byte| byte.count_ones()).sum();
    let by_chance = (f64::from(bits) / BITS).powi(BITS_PER_ENTRY);
    let events: usize = contracts.iter().map(|(_, events)| events.len()).sum();
    let mut lost = Lost::Nothing;
    for (address, events_of) in contracts.iter().filter(|(address, _)| holds(address.as_slice())) {
        let of_contract = || found.iter().filter(|log| log.address == *address);
        let has = |event| of_contract().any(|log| log.topics.first() == Some(event));
        if events_of.iter().any(|event| holds(event.as_slice()) && !has(event)) {
            let (chance, verdict) = if of_contract().next().is_some() {
                (events as f64 * by_chance, Lost::Perhaps)
            } else {
                (events as f64 * by_chance * by_chance, Lost::Surely)
            };
            let verdict = if chance < SURE { verdict } else { Lost::Perhaps };
            if chance < WORTH_ASKING {
                lost = lost.max(verdict);
            }
        }
    }
    lost
}

#[cfg(test)]
mod tests {
    use alloy::primitives::{Address, B256};

    use super::*;
    use crate::event::Topics;

    fn log(address: Address, event: B256) -> Log {
        let mut topics = Topics::default();
        assert!(topics.push(event));
        let (data, hash) = (Vec::new(), B256::ZERO);
        Log { address, topics, data, block: 1, block_hash: hash, block_time: None, tx_hash: hash, log_index: 0 }
    }

    fn bloom(logs: &[Log]) -> Bloom {
        let mut bloom = Bloom::ZERO;
        for log in logs {
            bloom.accrue(BloomInput::Raw(log.address.as_slice()));
            log.topics.iter().for_each(|topic| bloom.accrue(BloomInput::Raw(topic.as_slice())));
        }
        bloom
    }

    #[tokio::test(start_paused = true)]
    async fn a_block_is_doubted_for_a_while_and_not_for_ever() {
        let mut doubt = Doubt::default();
        let [block, other] = [1, 2].map(B256::repeat_byte);
        assert!(!doubt.is_over(block));
        tokio::time::advance(LONG / 2).await;
        assert!(!doubt.is_over(block));
        tokio::time::advance(LONG / 2).await;
        assert!(doubt.is_over(block));
        assert!(!doubt.is_over(other));
    }

    #[test]
    fn what_a_reply_lacks_is_told_by_a_sparse_filter_and_not_by_a_full_one() {
        let [ours, also, others] = [1, 2, 3].map(Address::repeat_byte);
        let [opened, closed, foreign] = [4, 5, 6].map(B256::repeat_byte);
        let events: std::sync::Arc<[B256]> = [opened, closed].into();
        let filter = LogFilter::new(vec![(ours, events.clone()), (also, events)]);
        let logs = [log(ours, opened), log(ours, closed), log(others, foreign)];
        let whole = bloom(&logs);
        assert_eq!(lost(&whole, &filter, &logs[..2]), Lost::Nothing);
        assert_eq!(lost(&whole, &filter, &logs[..1]), Lost::Perhaps);
        assert_eq!(lost(&whole, &filter, &[]), Lost::Surely);
        assert_eq!(lost(&Bloom::ZERO, &filter, &[]), Lost::Nothing);
        assert_eq!(lost(&Bloom::repeat_byte(0xff), &filter, &[]), Lost::Nothing);
        // An event of ours that another contract emitted says nothing.
        let foreign = [log(others, opened)];
        assert_eq!(lost(&bloom(&foreign), &filter, &[]), Lost::Nothing);
    }
}
