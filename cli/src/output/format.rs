//! Times and shares for people.

/// Unix seconds as `2026-01-31 08:05:09 UTC`.
pub fn time(unix: u64) -> String {
    let (days, seconds) = (unix / 86_400, unix % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Seconds as `3d 4h`, `4h 5m`, `5m 6s` or `6s`: the two largest units.
pub fn duration(seconds: u64) -> String {
    let units = [(86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')];
    let first = units.iter().position(|(length, _)| seconds >= *length).unwrap_or(units.len() - 1);
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (length, name) in &units[first..units.len().min(first + 2)] {
        if parts.is_empty() || rest >= *length {
            parts.push(format!("{}{name}", rest / length));
        }
        rest %= length;
    }
    parts.join(" ")
}

/// From when on, as `from 2026-01-31 08:05:09 UTC on (in 3d 4h)`.
pub fn from(at: u64, now: u64) -> String {
    format!("from {} on (in {})", time(at), duration(at.saturating_sub(now)))
}

/// Until when, as `until 2026-01-31 08:05:09 UTC (in 3d 4h)`.
pub fn until(end: u64, now: u64) -> String {
    format!("until {} (in {})", time(end), duration(end.saturating_sub(now)))
}

/// What can be done, now or from when on: `can be claimed now`.
pub fn possible(what: &str, at: u64, now: u64) -> String {
    if at <= now { format!("can be {what} now") } else { format!("can be {what} {}", from(at, now)) }
}

/// Basis points as `85.5 %`.
pub fn percent(bps: u64) -> String {
    let (whole, fraction) = (bps / 100, bps % 100);
    match fraction {
        0 => format!("{whole} %"),
        _ if fraction % 10 == 0 => format!("{whole}.{} %", fraction / 10),
        _ => format!("{whole}.{fraction:02} %"),
    }
}

/// Year, month and day of a day since 1970-01-01 in the Gregorian calendar.
///
/// Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days: years are counted from March, so that
/// the leap day is the last one of its year.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468; // from 0000-03-01
    let era = days / 146_097; // 400 years
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153; // from March
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_dates() {
        assert_eq!(time(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(time(951_782_399), "2000-02-28 23:59:59 UTC");
        assert_eq!(time(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(time(1_769_846_709), "2026-01-31 08:05:09 UTC");
        assert_eq!(time(4_107_542_400), "2100-03-01 00:00:00 UTC");
    }

    #[test]
    fn durations_have_at_most_two_units() {
        let expected =
            [(0, "0s"), (59, "59s"), (60, "1m"), (61, "1m 1s"), (3_600, "1h"), (3_601, "1h"), (90_061, "1d 1h")];
        for (seconds, text) in expected {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn what_is_to_come_has_its_time_and_its_distance() {
        assert_eq!(until(3_600, 0), "until 1970-01-01 01:00:00 UTC (in 1h)");
        assert_eq!(possible("claimed", 3_600, 60), "can be claimed from 1970-01-01 01:00:00 UTC on (in 59m)");
        assert_eq!(possible("claimed", 60, 60), "can be claimed now");
    }

    #[test]
    fn shares_are_percent() {
        assert_eq!(
            (percent(8_550), percent(8_500), percent(1), percent(0)),
            ("85.5 %".into(), "85 %".into(), "0.01 %".into(), "0 %".into())
        );
    }
}
