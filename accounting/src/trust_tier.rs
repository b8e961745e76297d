//! Trust tiers of providers, as in `data/trust-tiers.csv`.

use std::sync::LazyLock;

use serde::Serialize;

/// What a tier asks of a provider, and pays it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrustTier {
    /// 1, the best, to 7.
    pub tier: u8,
    /// What people call it.
    pub name: &'static str,
    /// Uptime that makes an era good, basis points.
    pub min_uptime_bps: u32,
    /// Uptime below which the whole era is lost, basis points; 0 if it never is.
    pub slash_below_bps: u32,
    /// Factor on the base points, basis points.
    pub multiplier_bps: u32,
    /// Good eras in a row after which the provider moves up; `None` at the top.
    pub good_eras_to_promote: Option<u32>,
    /// Bad eras in a row after which it moves down; `None` at the bottom.
    pub bad_eras_to_demote: Option<u32>,
    /// The name that infrastructure files use.
    pub icl_name: &'static str,
}

static TIERS: LazyLock<Vec<TrustTier>> = LazyLock::new(|| {
    let rows = include_str!("../../data/trust-tiers.csv").lines().skip(1);
    rows.map(|row| parse(row).expect("a test reads every row of data/trust-tiers.csv")).collect()
});

/// All tiers, the best first.
pub fn all() -> &'static [TrustTier] {
    &TIERS
}

/// The tier numbered `tier`, `None` outside 1 to 7.
pub fn get(tier: u8) -> Option<&'static TrustTier> {
    TIERS.iter().find(|row| row.tier == tier)
}

fn parse(row: &'static str) -> Option<TrustTier> {
    let columns: Vec<&str> = row.split(',').collect();
    let &[tier, name, min_uptime, slash_below, multiplier, promote, demote, icl_name] = columns.as_slice() else {
        return None;
    };
    let optional = |text: &str| if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) };
    Some(TrustTier {
        tier: tier.parse().ok()?,
        name,
        min_uptime_bps: min_uptime.parse().ok()?,
        slash_below_bps: optional(slash_below)?.unwrap_or(0),
        multiplier_bps: multiplier.parse().ok()?,
        good_eras_to_promote: optional(promote)?,
        bad_eras_to_demote: optional(demote)?,
        icl_name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_tiers_from_best_to_worst() {
        assert_eq!(all().iter().map(|tier| tier.tier).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
        assert!(all().is_sorted_by_key(|tier| std::cmp::Reverse(tier.multiplier_bps)));
        assert!(all().iter().all(|tier| tier.slash_below_bps < tier.min_uptime_bps));
    }

    #[test]
    fn the_top_cannot_rise_and_the_bottom_earns_nothing() {
        let (top, bottom) = (get(1).unwrap(), get(7).unwrap());
        assert_eq!((top.multiplier_bps, top.slash_below_bps, top.good_eras_to_promote), (20_000, 8_500, None));
        assert_eq!((bottom.multiplier_bps, bottom.slash_below_bps, bottom.bad_eras_to_demote), (0, 0, None));
        assert_eq!((get(0), get(8)), (None, None));
    }
}
