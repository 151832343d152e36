//! Numbers of the switch as people read them: shares, lengths of time, instants in UTC.

use std::time::Duration;

use ::switch::{Move, Percent};
use jiff::{Timestamp, tz::TimeZone};
use kernel::{Locale, Target};

/// Whole buckets as percent: `12.5`.
pub(super) fn percent(buckets: u32) -> String {
    Percent(buckets).to_string()
}

/// Three figures that matter, with the unit that fits.
pub(super) fn lasting(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        s if s >= 1.0 => format!("{} s", figures(s)),
        s if s >= 1e-3 => format!("{} ms", figures(s * 1e3)),
        s => format!("{} µs", figures(s * 1e6)),
    }
}

/// `0.4`, `12.3`, `1,480`: what a glance can take in.
pub(super) fn figures(number: f64) -> String {
    let text = match number {
        n if n >= 99.95 => format!("{n:.0}"),
        n if !(0.000_5..0.095).contains(&n) => format!("{n:.1}"),
        n => format!("{n:.3}"),
    };
    let text = text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned);
    match text.len() {
        4.. if !text.contains('.') => grouped(&text),
        _ => text,
    }
}

fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A share from 0 to 1 as percent.
pub(super) fn share(part: f64) -> String {
    format!("{} %", figures(part * 100.0))
}

/// `Fri 20 Nov, 14:05 UTC`.
pub(super) fn instant(locale: Locale, at: Timestamp) -> String {
    format!("{} UTC", locale.moment(&at.to_zoned(TimeZone::UTC)))
}

/// How long it will be, or has been, to the minute: `in 25 min`, `3 h ago`.
pub(super) fn distance(at: Timestamp, now: Timestamp) -> String {
    let seconds = at.duration_since(now).as_secs();
    let length = match seconds.unsigned_abs() {
        s if s < 60 => return "now".to_owned(),
        s if s < 3_600 => format!("{} min", s / 60),
        s if s < 172_800 => format!("{} h {} min", s / 3_600, s % 3_600 / 60),
        s => format!("{} days", s / 86_400),
    };
    if seconds > 0 { format!("in {length}") } else { format!("{length} ago") }
}

/// Who would go from where to where.
pub(super) fn moves(all: &[Move]) -> Vec<String> {
    all.iter().map(|m| format!("{} % of people go from {} to {}", percent(m.buckets), m.from, m.to)).collect()
}

/// The one of three kinds that colours and words tell apart.
pub(super) fn kind(target: &Target) -> &'static str {
    match target {
        Target::Remote(_) => "remote",
        Target::Here => "here",
        Target::Legacy(_) => "legacy",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_people_read_them() {
        for (number, text) in [
            (0.0, "0"),
            (0.004, "0.004"),
            (0.1, "0.1"),
            (12.34, "12.3"),
            (250.4, "250"),
            (1480.0, "1,480"),
            (1_234_567.0, "1,234,567"),
        ] {
            assert_eq!(figures(number), text);
        }
        for (nanos, text) in
            [(900, "0.9 µs"), (12_340, "12.3 µs"), (4_200_000, "4.2 ms"), (1_500_000_000, "1.5 s")]
        {
            assert_eq!(lasting(Duration::from_nanos(nanos)), text);
        }
        let at = |second| Timestamp::from_second(second).unwrap();
        for (then, text) in
            [(30, "now"), (1_500, "in 25 min"), (-7_260, "2 h 1 min ago"), (864_000, "in 10 days")]
        {
            assert_eq!(distance(at(then), at(0)), text);
        }
    }
}
