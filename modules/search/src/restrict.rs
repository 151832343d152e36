//! Traffic restrictions: whether a journey may be sold although one of its flights is restricted. The reading is strict:
//! a code that asks something of "the connection" asks it of every other flight of the journey.

use kernel::Carrier;

use crate::window::{RESTRICTED, Row, Window};

/// What a passenger buys on one flight: consecutive legs under one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) carrier: Carrier,
    pub(crate) international: bool,
    /// The restriction between its board and off point.
    pub(crate) code: char,
}

/// Whether every segment may be sold in this company.
pub(crate) fn may_sell(segments: &[Segment]) -> bool {
    match segments {
        [alone] => matches!(alone.code, ' ' | 'B' | 'C' | 'F'),
        _ => segments.iter().enumerate().all(|(at, segment)| {
            let others = segments.iter().enumerate().filter(|(other, _)| *other != at);
            others.map(|(_, other)| other).all(|other| may_connect(segment, other))
        }),
    }
}

fn may_connect(segment: &Segment, other: &Segment) -> bool {
    let same_airline = segment.carrier == other.carrier;
    match segment.code {
        ' ' | 'K' | 'V' => true,
        'C' => !other.international,
        'N' | 'W' => other.international,
        'E' | 'F' | 'G' | 'X' | 'Y' => same_airline,
        'D' | 'O' | 'Q' => same_airline && other.international,
        _ => false,
    }
}

/// Whether these rows, one after the other, may be sold as one journey.
pub(crate) fn is_allowed(window: &Window, rows: &[&Row]) -> bool {
    if rows.iter().all(|row| row.marks & RESTRICTED == 0) {
        return true;
    }
    segments(window, rows).is_some_and(|segments| may_sell(&segments))
}

/// How many of these rows belong to the first segment: legs of one flight that follow each other.
pub(crate) fn first_segment(window: &Window, rows: &[&Row]) -> usize {
    let joined = rows.windows(2).take_while(|pair| match pair {
        [a, b] => follows(window, a, b).unwrap_or(false),
        _ => false,
    });
    (joined.count() + 1).min(rows.len())
}

fn follows(window: &Window, a: &Row, b: &Row) -> Option<bool> {
    let (a, b) = (window.fact(a)?, window.fact(b)?);
    let same = std::sync::Arc::ptr_eq(&a.flight, &b.flight) && a.base == b.base;
    Some(same && a.leg + 1 == b.leg)
}

fn segments(window: &Window, mut rows: &[&Row]) -> Option<Vec<Segment>> {
    let mut segments = Vec::with_capacity(3);
    while !rows.is_empty() {
        let (legs, rest) = rows.split_at_checked(first_segment(window, rows))?;
        segments.push(segment(window, legs)?);
        rows = rest;
    }
    Some(segments)
}

fn segment(window: &Window, legs: &[&Row]) -> Option<Segment> {
    let first = window.fact(legs.first()?)?;
    let (board, off) = (first.leg()?, window.fact(legs.last()?)?.leg()?);
    Some(Segment {
        carrier: first.flight.designator.carrier,
        international: if legs.len() == 1 {
            board.international.0 || board.international.1
        } else {
            window.stations.abroad(board.from, off.to)
        },
        code: board.restrictions.chars().nth(legs.len() - 1).unwrap_or(' '),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(code: char, carrier: &str, international: bool) -> Segment {
        Segment { code, carrier: carrier.parse().unwrap(), international }
    }

    #[test]
    fn alone() {
        for code in " ABCDEFGHIKMNOQTVWXYZ".chars() {
            assert_eq!(may_sell(&[segment(code, "XI", false)]), " BCF".contains(code), "{code}");
        }
    }

    #[test]
    fn in_a_connection() {
        let other = [("XI", false), ("XI", true), ("LH", false), ("LH", true)];
        for (codes, allowed) in [
            (" KV", [true, true, true, true]),
            ("ABHIMTZ", [false; 4]),
            ("C", [true, false, true, false]),
            ("NW", [false, true, false, true]),
            ("EFGXY", [true, true, false, false]),
            ("DOQ", [false, true, false, false]),
        ] {
            for code in codes.chars() {
                let found = other.map(|(carrier, abroad)| {
                    may_sell(&[segment(code, "XI", false), segment(' ', carrier, abroad)])
                });
                assert_eq!(found, allowed, "{code}");
            }
        }
    }

    #[test]
    fn every_other_flight_counts() {
        let journey =
            |last| [segment('Y', "XI", false), segment(' ', "XI", false), segment(' ', last, false)];
        assert!(may_sell(&journey("XI")));
        assert!(!may_sell(&journey("LH")));
    }
}
