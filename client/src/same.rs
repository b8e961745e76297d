//! One struct under the names that several contracts' ABIs give it.

use alloy::sol_types::{SolStruct, SolType, SolValue};

/// `value` as another contract's ABI names its struct.
pub fn same<From: SolStruct + SolValue, To: SolStruct>(value: &From) -> To {
    debug_assert_eq!(From::eip712_encode_type(), To::eip712_encode_type());
    <To as SolType>::abi_decode(&value.abi_encode()).expect("one struct has one encoding, whatever module it is in")
}

#[cfg(test)]
mod tests {
    use spheron_bindings::{lease_book, ledger, measurement_demand, offer_board, standing_top_ups};

    use super::*;

    fn assert_same<A: SolStruct, B: SolStruct>() {
        assert_eq!(A::eip712_encode_type(), B::eip712_encode_type());
    }

    #[test]
    fn structs_of_one_name_have_the_same_fields() {
        assert_same::<lease_book::ILeaseBook::Offer, offer_board::ILeaseBook::Offer>();
        assert_same::<lease_book::ILedger::Authorization, ledger::ILedger::Authorization>();
        assert_same::<lease_book::ILeaseBook::Terms, measurement_demand::ILeaseBook::Terms>();
        assert_same::<lease_book::ILeaseBook::Terms, standing_top_ups::ILeaseBook::Terms>();
    }
}
