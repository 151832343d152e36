//! Record type 4: data about a pair of stations of one flight. Few of its elements change what we sell; the rest warn.

use booking_api::Remark;
use kernel::Designator;

use super::{
    leg,
    record::{Read, Record},
};

/// Data elements that are understood, or known and of no consequence here.
const KNOWN: [u32; 12] = [8, 10, 50, 127, 170, 171, 172, 173, 220, 710, 711, 712];

/// One data element.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) designator: Designator,
    pub(super) variation: u32,
    /// Places of the board and off points among the flight's stations, from 0.
    pub(super) board: usize,
    pub(super) off: usize,
    pub(super) element: u32,
    pub(super) data: String,
}

pub(super) fn read(record: &Record<'_>, warnings: &mut Vec<Remark>) -> Read<Segment> {
    let mut warn = |reason: String| warnings.push(Remark { line: record.line, reason });
    let low = record.number("itinerary variation", 10, 11)?.unwrap_or(0);
    let high = record.number("itinerary variation overflow", 28, 28)?.unwrap_or(0);
    let element = record.number("data element", 31, 33)?.ok_or("the data element identifier is missing")?;
    let data = record.text(40, 194).to_owned();
    if !KNOWN.contains(&element) {
        warn(format!("data element {element} is not known; kept as text: `{data}`"));
    }
    Ok(Segment {
        designator: leg::designator(record, &mut |_| ())?,
        variation: high * 100 + low,
        board: point(record, 29)?,
        off: point(record, 30)?,
        element,
        data,
    })
}

fn point(record: &Record<'_>, at: usize) -> Read<usize> {
    let letter = record.letter(at).to_ascii_uppercase();
    let place = u32::from(letter).checked_sub(u32::from('A')).filter(|_| letter.is_ascii_uppercase());
    place
        .and_then(|place| usize::try_from(place).ok())
        .ok_or_else(|| format!("board or off indicator `{}` is not a letter", record.letter(at)))
}
