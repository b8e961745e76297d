//! Does a block's bloom filter say that logs are missing?
//!
//! A lagging node answers `eth_getLogs` for a block that it does not have with an empty list. The filter in the header
//! cannot prove that a block has logs of ours, but when few of its bits are set it can hardly be wrong.

use alloy::primitives::{Address, Bloom, BloomInput};

/// A filter with more bits set than this says "perhaps" too often to be held against an endpoint.
const SPARSE_BITS: usize = 100;

/// What a block's filter says about logs of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// There is none.
    None,
    /// There may be some.
    Perhaps,
    /// There are, but for a chance of one in 10,000 per address.
    Surely,
}

/// What `bloom` says about logs of `addresses`.
pub fn logs_of(bloom: &Bloom, addresses: &[Address]) -> Verdict {
    if !addresses.iter().any(|address| bloom.contains_input(BloomInput::Raw(address.as_slice()))) {
        return Verdict::None;
    }
    let bits: usize = bloom.iter().map(|byte| byte.count_ones() as usize).sum();
    if bits <= SPARSE_BITS { Verdict::Surely } else { Verdict::Perhaps }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparse_filter_is_sure_a_full_one_is_not() {
        let ours = [Address::repeat_byte(1), Address::repeat_byte(2)];
        let mut bloom = Bloom::ZERO;
        assert_eq!(logs_of(&bloom, &ours), Verdict::None);
        bloom.accrue(BloomInput::Raw(Address::repeat_byte(3).as_slice()));
        assert_eq!(logs_of(&bloom, &ours), Verdict::None);
        bloom.accrue(BloomInput::Raw(ours[1].as_slice()));
        assert_eq!(logs_of(&bloom, &ours), Verdict::Surely);
        assert_eq!(logs_of(&Bloom::repeat_byte(0xff), &ours), Verdict::Perhaps);
    }
}
