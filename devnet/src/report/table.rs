use alloy::primitives::{U256, utils::format_units};
use comfy_table::{ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use spheron_client::token::grouped;
use spheron_verifier_core::verdict::Outcome;

use super::balance::{ChainBalance, Holder, NodeVerdict, Provider, Renter};

/// One table for both chains.
pub fn render(chains: &[ChainBalance]) -> String {
    let mut table = Table::new();
    table
        .load_preset(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["who", "chain", "put in", "got out", "why"]);
    let rows: Vec<Vec<[String; 5]>> = chains.iter().map(chain_rows).collect();
    for actor in 0..rows.first().map_or(0, Vec::len) {
        for (place, chain) in rows.iter().enumerate() {
            let mut row = chain[actor].clone();
            if place > 0 {
                row[0].clear();
            }
            table.add_row(row);
        }
    }
    table.to_string()
}

fn chain_rows(chain: &ChainBalance) -> Vec<[String; 5]> {
    let mut rows: Vec<[String; 5]> = chain.renters.iter().map(|renter| renter_row(chain.chain, renter)).collect();
    rows.extend(chain.providers.iter().map(|provider| provider_row(chain, provider)));
    let bond = spon(chain.verifier_bond);
    rows.push([
        "3 verifiers".to_owned(),
        chain.chain.to_owned(),
        format!("{bond} bonded each"),
        "-".to_owned(),
        format!("{} verdicts signed by a quorum of the drawn committee", chain.verdicts.len()),
    ]);
    rows.push(holder_row(chain.chain, &chain.holder));
    rows.push([
        "Foundation".to_owned(),
        chain.chain.to_owned(),
        format!("{} of rewards", spon(chain.rewarded)),
        dollars(chain.dollar_fees),
        format!("3 % of each payment; {} of it dripped to the stakers", spon(chain.holder.dripped)),
    ]);
    rows
}

fn renter_row(chain: &str, renter: &Renter) -> [String; 5] {
    let money = |wei| if renter.dollars { dollars(wei) } else { spon(wei) };
    let lease = &renter.lease;
    let unpaid = lease.lasted - lease.full_seconds - lease.hold_seconds;
    let why = match (lease.full_seconds, lease.hold_seconds) {
        (0, 0) => format!("{} failed its verification: no proof, no pay", lease.node),
        (full, 0) => format!("{} on {}; {} unproven, not charged", hours(full), lease.node, hours(unpaid)),
        (full, hold) => format!(
            "{} on {}, {} of grace at a fifth; {} unproven, not charged",
            hours(full),
            lease.node,
            hours(hold),
            hours(unpaid)
        ),
    };
    [renter.name.to_owned(), chain.to_owned(), money(renter.brought), money(renter.back), why]
}

fn provider_row(chain: &ChainBalance, provider: &Provider) -> [String; 5] {
    let mut got = Vec::new();
    if !provider.dollars.is_zero() {
        got.push(dollars(provider.dollars));
    }
    if !provider.spon.is_zero() {
        got.push(spon(provider.spon));
    }
    if !provider.rewards.is_zero() {
        got.push(format!("{} rewards", spon(provider.rewards)));
    }
    let got = if got.is_empty() { "nothing".to_owned() } else { got.join(" + ") };
    let name = provider.name.to_lowercase();
    let verdicts = chain.verdicts.iter().filter(|verdict| verdict.node.starts_with(&name));
    let why = verdicts.map(verdict).collect::<Vec<_>>().join("; ");
    let put = format!("{} bonded", spon(provider.bonded));
    [provider.name.to_owned(), chain.chain.to_owned(), put, got, why]
}

fn verdict(verdict: &NodeVerdict) -> String {
    let said = match Outcome::from_result(verdict.result) {
        Some(Outcome::Pass) => "passed",
        Some(Outcome::BelowClaim) => "below its claim",
        Some(Outcome::WrongComputation) => "computed wrongly",
        Some(Outcome::Timeout) => "did not answer in time",
        Some(Outcome::Inconclusive) | None => "inconclusive",
    };
    format!("{}: {said} ({} signers, {} samples)", verdict.node, verdict.signers, verdict.samples)
}

fn holder_row(chain: &str, holder: &Holder) -> [String; 5] {
    let earned = holder.unstaked.saturating_sub(holder.staked);
    let why = format!("staked, earned {}, left after the cooldown", spon(earned));
    [holder.name.to_owned(), chain.to_owned(), spon(holder.staked), spon(holder.unstaked), why]
}

fn hours(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

fn dollars(wei: U256) -> String {
    format!("{} tUSD", units(wei, 6, 6))
}

fn spon(wei: U256) -> String {
    format!("{} SPON", units(wei, 18, 4))
}

/// A decimal number, cut to `places`.
fn units(wei: U256, decimals: u8, places: usize) -> String {
    let text = format_units(wei, decimals).unwrap_or_else(|_| wei.to_string());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = fraction[..places.min(fraction.len())].trim_end_matches('0');
    let whole = grouped(whole);
    if fraction.is_empty() { whole } else { format!("{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_times_read_well() {
        assert_eq!(dollars(U256::from(1_234_500_000_u64)), "1,234.5 tUSD");
        assert_eq!(spon(U256::from(2_000_000_000_000_000_000_u64)), "2 SPON");
        assert_eq!(grouped("1000000"), "1,000,000");
        assert_eq!((hours(90), hours(150), hours(7_260)), ("90 s".into(), "2 min 30 s".into(), "2 h 1 min".into()));
    }
}
