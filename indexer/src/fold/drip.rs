//! Money that reaches its owners linearly, as `Drip` in the contracts has it.

use alloy::primitives::U256;

/// Of `undripped` wei that drip for `duration` seconds until `ends_at`, the wei that have not dripped at `now`, rounded
/// up, and the seconds that they still take.
pub(super) fn left(undripped: U256, duration: u64, ends_at: u64, now: u64) -> (U256, u64) {
    let remaining = ends_at.saturating_sub(now);
    if remaining == 0 || duration == 0 {
        return (U256::ZERO, 0);
    }
    (undripped.saturating_mul(U256::from(remaining)).div_ceil(U256::from(duration)), remaining)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_dripped_is_rounded_down() {
        let at = |now| left(U256::from(10), 7, 1_007, now);
        assert_eq!(at(1_000), (U256::from(10), 7));
        assert_eq!(at(1_001), (U256::from(9), 6));
        assert_eq!(at(1_006), (U256::from(2), 1));
        assert_eq!(at(1_007), (U256::ZERO, 0));
        assert_eq!(left(U256::from(10), 0, 0, 0), (U256::ZERO, 0));
    }
}
