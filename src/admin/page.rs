//! What lists share: the way to the next page, a reason that must be given, and times for staff (UTC).

use jiff::{Timestamp, tz::TimeZone};
use kernel::{Cursor, Locale};
use serde::Deserialize;

use crate::edge::Stop;

/// A form whose only field beside the token is why.
#[derive(Debug, Deserialize)]
pub(super) struct Reason {
    #[serde(default)]
    pub(super) reason: String,
    #[serde(default)]
    pub(super) idempotency_key: String,
}

/// Refuses an act without a reason, which its audit row would lack.
pub(super) fn given(reason: &str) -> Result<&str, Stop> {
    match reason.trim() {
        "" => Err(Stop::BadRequest("Say why: the reason goes into the audit. Nothing was changed.".into())),
        reason => Ok(reason),
    }
}

/// The address of the next page; empty on the last.
pub(super) fn next(here: &str, pairs: &[(&str, &str)], cursor: Option<&Cursor>) -> String {
    let Some(cursor) = cursor else { return String::new() };
    let mut query: Vec<(&str, &str)> = pairs.iter().copied().filter(|(_, value)| !value.is_empty()).collect();
    query.push(("after", &cursor.0));
    format!("{here}?{}", serde_html_form::to_string(query).unwrap_or_default())
}

/// `Tue 1 Dec 2026, 14:05 UTC`.
pub(super) fn moment(locale: Locale, at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::UTC);
    format!("{}, {} UTC", locale.long_date(at.date()), locale.time(at.time()))
}
