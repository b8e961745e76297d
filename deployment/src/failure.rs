//! Failures of endpoints in words that hold no secret.

use std::error::Error;

/// What an endpoint's failure says; of a failed request only its cause, since the request is shown with its URL.
pub fn reason(error: &(dyn Error + 'static)) -> String {
    let (mut causes, mut next) = (Vec::new(), Some(error));
    while let Some(cause) = next {
        causes.push(cause);
        next = cause.source();
    }
    if let Some(request) = causes.iter().rposition(|cause| cause.is::<reqwest::Error>()) {
        causes.drain(..=request);
    }
    let mut causes = causes.iter().map(ToString::to_string);
    let first = causes.next().unwrap_or_else(|| "the request failed".to_owned());
    // Most errors repeat their cause in their own words.
    causes.fold(first, |said, cause| if said.contains(&cause) { said } else { format!("{said}: {cause}") })
}
