//! The word of a node in `AttestationPolicy.AttestationRecorded`.

use alloy::primitives::U256;

/// What the policy keeps of a node beside its closed windows and its cuts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Head {
    /// Time of the latest measurement, unix seconds.
    pub measured_at: u64,
    /// Units that it attested, 0 if it failed.
    pub units: u32,
    /// Start of the last window, unix seconds; 0 if there is none.
    pub start: u64,
    /// End of the last window, unix seconds; 0 if there is none.
    pub end: u64,
    /// Attested seconds of all windows before the last one.
    pub before: u64,
    /// Number of windows before the last one.
    pub closed: u32,
    /// Number of cuts.
    pub cuts: u32,
}

/// Bits of each field, from the lowest one on.
const BITS: [usize; 7] = [40, 32, 40, 40, 40, 32, 32];

impl Head {
    /// What a word says.
    pub fn from_word(word: U256) -> Self {
        let mut rest = word;
        let [measured_at, units, start, end, before, closed, cuts] = BITS.map(|bits| {
            let field = rest.as_limbs()[0] & ((1 << bits) - 1);
            rest >>= bits;
            field
        });
        // Cut to their bits, which are 32.
        let [units, closed, cuts] = [units, closed, cuts].map(|count| count as u32);
        Self { measured_at, units, start, end, before, closed, cuts }
    }

    /// The word that says this. Times and sums of seconds must have 40 bits at most.
    pub fn word(&self) -> U256 {
        let Self { measured_at, units, start, end, before, closed, cuts } = *self;
        let fields = [measured_at, units.into(), start, end, before, closed.into(), cuts.into()];
        fields.into_iter().zip(BITS).rev().fold(U256::ZERO, |word, (field, bits)| word << bits | U256::from(field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_read_as_it_is_written() {
        let limit = (1 << 40) - 1;
        let heads = [
            Head::default(),
            Head { measured_at: 1, units: 2, start: 3, end: 4, before: 5, closed: 6, cuts: 7 },
            Head {
                measured_at: limit,
                units: u32::MAX,
                start: limit,
                end: limit,
                before: limit,
                closed: u32::MAX,
                cuts: u32::MAX,
            },
        ];
        for head in heads {
            assert_eq!(Head::from_word(head.word()), head);
        }
        assert_eq!(heads[2].word(), U256::MAX);
    }

    #[test]
    fn the_lowest_bits_are_the_measurement() {
        let word = U256::from(7) | U256::from(8) << 40 | U256::from(9) << 224;
        assert_eq!(Head::from_word(word), Head { measured_at: 7, units: 8, cuts: 9, ..Head::default() });
    }
}
