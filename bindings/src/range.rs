//! How the Distributor packs what it pays of a range of rewards.

use alloy::primitives::{Address, B256, U256};

/// The account and the wei of one word of `RangePaid`'s `payments`: 160 bits, then 96 bits.
pub fn range_payment(word: B256) -> (Address, U256) {
    let (account, amount) = word.split_at(Address::len_bytes());
    (Address::from_slice(account), U256::from_be_slice(amount))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_the_account_and_the_wei() {
        let account = Address::repeat_byte(0xab);
        for amount in [U256::ZERO, U256::from(7), (U256::ONE << 96) - U256::ONE] {
            let word = (U256::from_be_slice(account.as_slice()) << 96) | amount;
            assert_eq!(range_payment(B256::from(word)), (account, amount));
        }
    }
}
