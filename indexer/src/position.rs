//! Where an event stands in its chain, and the one number that says so in the database.

use crate::{
    cells::Cells,
    table::{BLOCK_SHIFT, SLOT_SHIFT},
    value::{Field, Kind, Value, ValueError},
};

/// Most chains in one database: the slots 0 to 7 fit above the block number in a positive 64-bit integer.
pub const MAX_CHAINS: usize = 8;

const MAX_BLOCK: u64 = (1 << (SLOT_SHIFT - BLOCK_SHIFT)) - 1;
const MAX_LOG_INDEX: u64 = (1 << BLOCK_SHIFT) - 1;

/// The id of an event, in a column of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct EventId(pub u64);

impl Field for EventId {
    const KIND: Kind = Kind::Id;

    fn write(&self, row: &mut Cells) {
        self.0.write(row);
    }

    fn from_value(value: &Value) -> Result<Self, ValueError> {
        u64::from_value(value).map(Self)
    }
}

impl serde::Serialize for EventId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Where an event stands, and when it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// `event_id` of its rows.
    pub id: u64,
    /// Time of its block, in unix seconds.
    pub time: u64,
}

impl Position {
    /// Block number.
    pub fn block(&self) -> u64 {
        (self.id >> BLOCK_SHIFT) & MAX_BLOCK
    }

    /// Place among the logs of the block.
    pub fn log_index(&self) -> u64 {
        self.id & MAX_LOG_INDEX
    }
}

/// `slot << 60 | block << 20 | log_index`: grows with the chain, so that rows are appended and a reorg deletes a range.
/// `None` if a number does not fit, which no chain comes near: 10^12 blocks, 10^6 logs in one.
pub fn event_id(slot: u64, block: u64, log_index: u64) -> Option<u64> {
    let fits = slot < MAX_CHAINS as u64 && block <= MAX_BLOCK && log_index <= MAX_LOG_INDEX;
    fits.then_some(slot << SLOT_SHIFT | block << BLOCK_SHIFT | log_index)
}

/// The ids of all events of a chain in blocks from `block` on.
pub fn ids_from(slot: u64, block: u64) -> std::ops::RangeInclusive<u64> {
    let block = block.min(MAX_BLOCK);
    (slot << SLOT_SHIFT | block << BLOCK_SHIFT)..=((slot + 1) << SLOT_SHIFT) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_chain_block_and_index_and_take_themselves_apart() {
        let ids: Vec<u64> = [(0, 1, 5), (0, 2, 0), (0, 2, 1), (1, 0, 0), (7, MAX_BLOCK, MAX_LOG_INDEX)]
            .map(|(slot, block, index)| event_id(slot, block, index).unwrap())
            .to_vec();
        assert!(ids.is_sorted());
        assert!(i64::try_from(ids[4]).is_ok());
        let position = Position { id: ids[4], time: 0 };
        assert_eq!((position.block(), position.log_index()), (MAX_BLOCK, MAX_LOG_INDEX));
        assert!(ids_from(0, 2).contains(&ids[2]) && !ids_from(0, 2).contains(&ids[0]));
        assert!(!ids_from(0, 0).contains(&ids[3]));
    }

    #[test]
    fn numbers_that_do_not_fit_have_no_id() {
        assert_eq!(event_id(8, 0, 0), None);
        assert_eq!(event_id(0, MAX_BLOCK + 1, 0), None);
        assert_eq!(event_id(0, 0, MAX_LOG_INDEX + 1), None);
    }
}
