//! What can go wrong with an endpoint, sorted by what to do about it.
//!
//! Endpoints agree on no error code: `-32005` means too many results at one and too many requests at another. So the
//! message is read, and a retry is decided on here and nowhere else.

use std::{fmt, time::Duration};

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The range holds more logs than the endpoint returns: ask for fewer blocks.
    TooManyResults {
        /// Blocks that would be accepted, if it says so.
        blocks: Option<u64>,
        /// Logs that it returns at most, if it says so.
        logs: Option<u64>,
    },
    /// The range has more blocks than the endpoint takes.
    RangeTooWide {
        /// Blocks that would be accepted.
        blocks: Option<u64>,
    },
    /// The call names more contracts than the endpoint takes: name fewer in each.
    TooManyAddresses,
    /// Asked too often: wait.
    RateLimited {
        /// What the endpoint asked for.
        retry_after: Option<Duration>,
    },
    /// Down, slow, or cut off: try again, or elsewhere.
    Transient,
    /// The endpoint does not have the blocks (yet), or contradicts itself: try elsewhere, or later.
    MissingData,
    /// The endpoint serves another chain, or another deployment.
    WrongChain,
    /// Trying again does not help.
    Fatal,
}

/// A failure of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceError {
    /// Host of the endpoint, without what may be secret.
    pub endpoint: String,
    /// What to do about it.
    pub class: Class,
    /// What happened.
    pub message: String,
}

impl SourceError {
    /// A failure of the endpoint named `endpoint`.
    pub fn new(endpoint: &str, class: Class, message: impl Into<String>) -> Self {
        Self { endpoint: endpoint.to_owned(), class, message: message.into() }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "endpoint {}: {}", self.endpoint, self.message)
    }
}

impl std::error::Error for SourceError {}

/// Nobody is waited for longer before the next try, whatever it asks for.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

const MISSING: &[&str] = &[
    "header not found",
    "block not found",
    "unknown block",
    "cannot be found",
    "could not be found",
    "missing trie node",
    "historical state",
    "pruned",
    "beyond current head",
    "after last accepted block",
    "not yet available",
    "higher than the latest",
    "greater than latest",
    "ahead of latest",
];

const MANY: &[&str] = &["too many", "max", "limit", "exceed", "more than"];

const RESULTS: &[&str] = &[
    "more than",
    "too many results",
    "too many logs",
    "response size",
    "response too large",
    "response is too big",
    "result set",
    "max results",
    "maximum results",
    "logs matched",
    "query timeout",
    "query timed out",
    "execution timeout",
    "query exceeds",
];

const RANGE: &[&str] = &[
    "block range",
    "blocks range",
    "range is too",
    "range too",
    "too many blocks",
    "too wide",
    "maximum range",
    " range",
];

const RATE: &[&str] = &[
    "rate limit",
    "ratelimit",
    "too many requests",
    "request limit",
    "requests per",
    "limit exceeded",
    "throttl",
    "compute units",
    "capacity exceeded",
    "quota",
    "daily request",
];

const DENIED: &[&str] = &["unauthorized", "forbidden", "api key", "apikey", "project id", "access denied"];

/// Sorts a JSON-RPC error.
pub fn classify(code: i64, message: &str) -> Class {
    let text = message.to_lowercase();
    let has = |patterns: &[&str]| patterns.iter().any(|pattern| text.contains(pattern));
    if has(MISSING) {
        Class::MissingData
    } else if text.contains("addresses") && has(MANY) {
        Class::TooManyAddresses
    } else if has(RATE) && !has(&["block range", "response size", "logs"]) {
        Class::RateLimited { retry_after: None }
    } else if has(RESULTS) {
        Class::TooManyResults { blocks: suggested_width(&text), logs: most_logs(&text) }
    } else if has(RANGE) {
        Class::RangeTooWide { blocks: suggested_width(&text).or_else(|| last_number(&text)) }
    } else if has(DENIED) {
        Class::Fatal
    } else {
        match code {
            429 | -32005 | -32029 | -32097 => Class::RateLimited { retry_after: None },
            -32601 => Class::Fatal,
            _ => Class::Transient,
        }
    }
}

/// Sorts an HTTP status other than success; `retry_after` is the header's value.
pub fn classify_status(status: u16, retry_after: Option<&str>) -> Class {
    match status {
        429 => Class::RateLimited { retry_after: retry_after.and_then(seconds) },
        413 => Class::TooManyResults { blocks: None, logs: None },
        503 if retry_after.is_some() => Class::RateLimited { retry_after: retry_after.and_then(seconds) },
        400 | 401 | 403 | 404 | 405 | 410 => Class::Fatal,
        _ => Class::Transient,
    }
}

/// Seconds as they are; a date, which our clock would have to be right for, is not read.
fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(Duration::from_secs).map(|asked| asked.min(LONGEST_WAIT))
}

/// The number in "more than 10000 results", "cap of 10K logs" and the like: the one before the word.
fn most_logs(text: &str) -> Option<u64> {
    let words: Vec<&str> = text.split_whitespace().map(|word| word.trim_matches(['.', ',', '(', ')'])).collect();
    let named = |word: &str| matches!(word, "results" | "logs" | "entries" | "events" | "records");
    let numbers = words.windows(2).filter(|pair| named(pair[1])).filter_map(|pair| number(pair[0]));
    numbers.into_iter().find(|logs| (1..=10_000_000).contains(logs))
}

/// "10,000", "5000" or "10k".
fn number(word: &str) -> Option<u64> {
    let digits = word.replace(',', "");
    let (digits, unit) = digits.strip_suffix('k').map_or((digits.as_str(), 1), |digits| (digits, 1_000));
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

/// The width of the range in "this block range should work: [0x1, 0x64]".
fn suggested_width(text: &str) -> Option<u64> {
    let (_, after) = text.rsplit_once('[')?;
    let (first, last) = after.split_once(']')?.0.split_once(',')?;
    let number = |word: &str| u64::from_str_radix(word.trim().strip_prefix("0x")?, 16).ok();
    number(last)?.checked_sub(number(first)?)?.checked_add(1)
}

/// The last number of blocks that the message names.
fn last_number(text: &str) -> Option<u64> {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric() && character != ',');
    let mut numbers = words.filter_map(number);
    numbers.rfind(|number| (1..=10_000_000).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_waited_for_longer_than_an_hour() {
        let asked = |text| classify_status(429, Some(text));
        let limited = |retry_after| Class::RateLimited { retry_after };
        assert_eq!(asked("7"), limited(Some(Duration::from_secs(7))));
        assert_eq!(asked("18446744073709551615"), limited(Some(LONGEST_WAIT)));
        assert_eq!(asked("Wed, 21 Oct 2065 07:28:00 GMT"), limited(None));
    }

    #[test]
    fn a_filter_with_too_many_contracts_is_told_from_a_reply_with_too_many_logs() {
        assert_eq!(
            classify(-32602, "too many addresses in the filter, at most 100 are allowed"),
            Class::TooManyAddresses
        );
        assert_eq!(classify(-32005, "exceeds the limit of 50 addresses"), Class::TooManyAddresses);
        assert!(matches!(classify(-32005, "query returned more than 10000 results"), Class::TooManyResults { .. }));
    }

    #[test]
    fn messages_of_real_endpoints_are_sorted() {
        let results = |blocks, logs| Class::TooManyResults { blocks, logs };
        let range = |blocks| Class::RangeTooWide { blocks };
        let rate = Class::RateLimited { retry_after: None };
        let cases = [
            (-32005, "query returned more than 10000 results", results(None, Some(10_000))),
            (
                -32602,
                "query returned more than 10000 results. Try with this block range [0x10, 0x1f].",
                results(Some(16), Some(10_000)),
            ),
            (
                -32602,
                "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range and no limit \
                 on the response size, or you can request any block range with a cap of 10K logs in the response. Based \
                 on your parameters, this block range should work: [0x1, 0x64]",
                results(Some(100), Some(10_000)),
            ),
            (-32000, "query timeout exceeded", results(None, None)),
            (-32000, "exceed maximum block range: 5000", range(Some(5000))),
            (-32614, "eth_getLogs is limited to a 10,000 range", range(Some(10_000))),
            (-32600, "eth_getLogs and eth_newFilter are limited to a 10,000 blocks range", range(Some(10_000))),
            (-32005, "block range is too wide (maximum 1000)", range(Some(1000))),
            (-32000, "requested too many blocks from 1 to 5000, maximum is set to 2048", range(Some(2048))),
            (-32701, "Please limit the query to at most 1k blocks range", range(Some(1000))),
            (-32005, "daily request count exceeded, request rate limited", rate),
            (-32005, "limit exceeded", rate),
            (429, "Your app has exceeded its compute units per second capacity", rate),
            (-32016, "over rate limit", rate),
            (-32005, "something new", rate),
            (-32000, "header not found", Class::MissingData),
            (
                -32000,
                "One of the blocks specified in filter (fromBlock, toBlock or blockHash) cannot be found.",
                Class::MissingData,
            ),
            (-32000, "block range extends beyond current head block", Class::MissingData),
            (-32000, "unknown block", Class::MissingData),
            (-32601, "the method eth_getLogs does not exist/is not available", Class::Fatal),
            (-32000, "invalid API key", Class::Fatal),
            (-32603, "internal error", Class::Transient),
            (-32000, "server busy", Class::Transient),
        ];
        for (code, message, class) in cases {
            assert_eq!(classify(code, message), class, "{message}");
        }
    }

    #[test]
    fn statuses_are_sorted() {
        let wait = |seconds| Class::RateLimited { retry_after: Some(Duration::from_secs(seconds)) };
        assert_eq!(classify_status(429, Some("7")), wait(7));
        assert_eq!(classify_status(429, Some("Wed, 21 Oct")), Class::RateLimited { retry_after: None });
        assert_eq!(classify_status(503, Some(" 1 ")), wait(1));
        assert_eq!(classify_status(503, None), Class::Transient);
        assert_eq!(classify_status(502, None), Class::Transient);
        assert_eq!(classify_status(413, None), Class::TooManyResults { blocks: None, logs: None });
        assert_eq!(classify_status(401, None), Class::Fatal);
    }
}
