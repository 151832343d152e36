//! Record type 2: whose schedule follows, in which time mode, and for which validity.

use jiff::civil;
use kernel::Carrier;

use super::record::{Read, Record};

/// How the times of a file are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Utc,
    Local,
}

/// The heading that the following legs stand under.
#[derive(Debug, Clone)]
pub(super) struct Heading {
    pub(super) airline: Carrier,
    pub(super) mode: Mode,
    pub(super) from: Option<civil::Date>,
    /// `None` is an open end.
    pub(super) to: Option<civil::Date>,
}

pub(super) fn read(record: &Record<'_>) -> Read<Heading> {
    let heading = Heading {
        airline: record.text(3, 5).parse().map_err(|e| format!("airline: {e}"))?,
        mode: mode(record)?,
        from: record.date("valid from", 15, 21)?,
        to: record.date("valid to", 22, 28)?,
    };
    match (heading.from, heading.to) {
        (Some(from), Some(to)) if to < from => Err("the validity ends before it begins".to_owned()),
        _ => Ok(heading),
    }
}

/// The time mode alone, which is all that the legs below a broken heading need.
pub(super) fn mode(record: &Record<'_>) -> Read<Mode> {
    match record.letter(2) {
        'U' | 'u' => Ok(Mode::Utc),
        'L' | 'l' => Ok(Mode::Local),
        other => Err(format!("time mode `{other}` is neither U nor L")),
    }
}
