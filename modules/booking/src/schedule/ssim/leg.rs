//! Record type 3: one leg of a flight over a period.

use booking_api::Remark;
use jiff::civil;
use kernel::{Carrier, Designator, Iata};

use super::record::{Read, Record};

/// One leg as it is written, before it is known which flight it belongs to.
#[derive(Debug, Clone)]
pub(super) struct Leg {
    pub(super) line: u32,
    pub(super) designator: Designator,
    /// Itinerary variation, its overflow digit in front.
    pub(super) variation: u32,
    /// From 1.
    pub(super) sequence: u32,
    pub(super) service: char,
    pub(super) from: civil::Date,
    /// `None` is an open end.
    pub(super) to: Option<civil::Date>,
    /// Bit 0 is Monday.
    pub(super) days: u8,
    pub(super) fortnightly: bool,
    pub(super) departure: Call,
    pub(super) arrival: Call,
    pub(super) aircraft: String,
    pub(super) classes: String,
    pub(super) configuration: String,
    pub(super) restrictions: String,
    /// Byte 149: somebody else operates it.
    pub(super) disclosure: Option<char>,
}

/// One end of a leg.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) station: Iata,
    /// Minutes of the day, by the file's time mode. Passenger time, else aircraft time.
    pub(super) time: i32,
    /// Minutes east of UTC.
    pub(super) variation: Option<i32>,
    pub(super) terminal: String,
    /// D or I.
    pub(super) status: Option<char>,
    /// Days after the base date, where that is stated and not zero.
    pub(super) day: Option<i32>,
}

/// Where one end's columns begin. At departures the passenger time comes first, at arrivals the aircraft time.
struct Columns {
    what: &'static str,
    station: usize,
    passenger: usize,
    aircraft: usize,
    status: usize,
    day: usize,
}

const DEPARTURE: Columns =
    Columns { what: "departure", station: 37, passenger: 40, aircraft: 44, status: 120, day: 193 };
const ARRIVAL: Columns =
    Columns { what: "arrival", station: 55, passenger: 62, aircraft: 58, status: 121, day: 194 };

/// Reads a leg; what is odd but readable goes to the warnings.
pub(super) fn read(record: &Record<'_>, warnings: &mut Vec<Remark>) -> Read<Leg> {
    let mut warn = |reason: String| warnings.push(Remark { line: record.line, reason });
    let leg = Leg {
        line: record.line,
        designator: designator(record, &mut warn)?,
        variation: variation(record)?,
        sequence: record
            .number("leg sequence", 12, 13)?
            .filter(|n| *n > 0)
            .ok_or("the leg sequence is missing")?,
        service: record.mark(14).ok_or("the service type is missing")?,
        from: record.date("period from", 15, 21)?.ok_or("the period has no beginning")?,
        to: record.date("period to", 22, 28)?,
        days: days(record, &mut warn)?,
        fortnightly: fortnightly(record)?,
        departure: call(record, &DEPARTURE)?,
        arrival: call(record, &ARRIVAL)?,
        aircraft: record.text(73, 75).to_owned(),
        classes: record.text(76, 95).to_owned(),
        configuration: record.text(173, 192).to_owned(),
        restrictions: record.raw(150, 160).trim_end().to_owned(),
        disclosure: record.mark(149),
    };
    if leg.to.is_some_and(|to| to < leg.from) {
        return Err(format!(
            "the period ends before it begins ({} to {})",
            record.text(15, 21),
            record.text(22, 28)
        ));
    }
    if leg.departure.station == leg.arrival.station {
        return Err(format!("it leaves and lands at {}", leg.departure.station));
    }
    Ok(leg)
}

/// The airline, number and suffix of record types 3 and 4, which share their columns.
pub(super) fn designator(record: &Record<'_>, warn: &mut impl FnMut(String)) -> Read<Designator> {
    let carrier: Carrier = record.text(3, 5).parse().map_err(|e| format!("airline: {e}"))?;
    let number = record
        .number("flight number", 6, 9)?
        .and_then(|number| u16::try_from(number).ok())
        .filter(|number| (1..=9999).contains(number))
        .ok_or_else(|| format!("flight number `{}` is not 1 to 9999", record.raw(6, 9)))?;
    let written = record.raw(6, 9);
    if !is_right_justified(written) {
        warn(format!("flight number `{written}` is not right-justified; read as {number}"));
    }
    let suffix = record.mark(2);
    if suffix.is_some_and(|letter| !letter.is_ascii_alphabetic()) {
        return Err(format!("operational suffix `{}` is not a letter", record.letter(2)));
    }
    Ok(Designator { carrier, number, suffix: suffix.map(|letter| letter.to_ascii_uppercase()) })
}

fn is_right_justified(written: &str) -> bool {
    let digits = written.trim_start_matches(' ');
    written.len() == 4 && !digits.starts_with('0') && !digits.contains(' ')
}

/// Bytes 10 and 11, with the overflow digit of byte 128 as hundreds.
pub(super) fn variation(record: &Record<'_>) -> Read<u32> {
    let low = record.number("itinerary variation", 10, 11)?.unwrap_or(0);
    let high = record.number("itinerary variation overflow", 128, 128)?.unwrap_or(0);
    Ok(high * 100 + low)
}

fn days(record: &Record<'_>, warn: &mut impl FnMut(String)) -> Read<u8> {
    let written = record.raw(29, 35);
    let mut days = 0;
    let mut misplaced = false;
    for (place, letter) in (1..).zip(written.chars()) {
        match letter.to_digit(10) {
            Some(day @ 1..=7) => {
                days |= 1 << (day - 1);
                misplaced |= day != place;
            }
            _ if letter == ' ' => {}
            _ => return Err(format!("days of operation `{written}` hold something else than 1 to 7")),
        }
    }
    if misplaced {
        warn(format!("days of operation `{written}` are not at their places; read by their digits"));
    }
    if days == 0 { Err("it has no days of operation".to_owned()) } else { Ok(days) }
}

fn fortnightly(record: &Record<'_>) -> Read<bool> {
    match record.letter(36) {
        ' ' | '1' => Ok(false),
        '2' => Ok(true),
        other => Err(format!("frequency rate `{other}` is neither blank nor 2")),
    }
}

fn call(record: &Record<'_>, at: &Columns) -> Read<Call> {
    let what = at.what;
    let station = record.text(at.station, at.station + 2);
    let passenger = record.time(&format_what(what, "passenger time"), at.passenger)?;
    let time = match passenger {
        Some(time) => Some(time),
        None => record.time(&format_what(what, "aircraft time"), at.aircraft)?,
    };
    let offset = at.station + 11;
    Ok(Call {
        station: station.parse().map_err(|e| format!("{what} station: {e}"))?,
        time: time.ok_or_else(|| format!("the {what} time is missing"))?,
        variation: record.variation(&format_what(what, "variation"), offset)?,
        terminal: record.text(offset + 5, offset + 6).to_owned(),
        status: record.mark(at.status).filter(|mark| matches!(mark, 'D' | 'I')),
        day: day(record, at)?,
    })
}

fn format_what(what: &str, field: &str) -> String {
    let mut text = String::with_capacity(what.len() + field.len() + 1);
    text.push_str(what);
    text.push(' ');
    text.push_str(field);
    text
}

fn day(record: &Record<'_>, at: &Columns) -> Read<Option<i32>> {
    match record.letter(at.day) {
        ' ' | '0' => Ok(None),
        'A' | 'a' => Ok(Some(-1)),
        digit @ '1'..='9' => Ok(digit.to_digit(10).and_then(|days| i32::try_from(days).ok())),
        other => Err(format!("date variation `{other}` of the {} is not blank, A or a digit", at.what)),
    }
}
