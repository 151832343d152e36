//! MVT and MVA (AHM 780): what an aircraft did, or is going to do, at one station of one flight.

use kernel::{Designator, Iata};
use serde::{Deserialize, Serialize};

use super::{Clock, DayOf, quoted};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Movement {
    /// COR: replaces what it names.
    pub(crate) correction: bool,
    /// MVA: sent by the aircraft itself.
    pub(crate) automatic: bool,
    pub(crate) flight: FlightDay,
    pub(crate) registration: Option<String>,
    pub(crate) station: Iata,
    pub(crate) reports: Vec<Report>,
}

/// A flight and the day that the message names it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FlightDay {
    pub(crate) designator: Designator,
    pub(crate) day: DayOf,
}

/// One thing that a message says. Times are UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Report {
    OffBlock(Clock),
    Airborne(Clock),
    Touchdown(Clock),
    OnBlock(Clock),
    /// ED, EO, EA, EB.
    ExpectedOffBlock(Clock),
    ExpectedTakeOff(Clock),
    ExpectedTouchdown(Clock, Option<Iata>),
    ExpectedOnBlock(Clock),
    NextInformation(Clock),
    /// RR: back at the ramp; FR: back on the ground.
    ReturnToRamp(Clock),
    ForcedReturn(Clock, Option<Clock>),
    /// Codes, and minutes as far as they are given.
    Delays(Vec<(String, Option<u16>)>),
    Passengers(u32),
    Diversion(Iata),
    Said(String),
    /// Not understood, kept as it is.
    Kept(String),
}

pub(super) fn read(
    automatic: bool,
    correction: bool,
    lines: &[String],
    unread: &mut Vec<String>,
) -> Result<Movement, String> {
    let mut correction = correction;
    let mut lines = lines.iter();
    let mut first = lines.next().ok_or("there is no flight in it")?;
    if first == "COR" {
        correction = true;
        first = lines.next().ok_or("there is no flight in it")?;
    }
    let (flight, registration, station) = flight_line(first)?;
    let mut reports = Vec::new();
    for line in lines {
        report_line(line, &mut reports)?;
    }
    unread.extend(reports.iter().filter_map(|report| match report {
        Report::Kept(text) => Some(text.clone()),
        _ => None,
    }));
    if reports.iter().all(|report| matches!(report, Report::Kept(_))) {
        let what = unread.first().map_or("it says nothing about the flight".to_owned(), |line| {
            format!("nothing in it could be read: {}", quoted(line))
        });
        return Err(what);
    }
    Ok(Movement { correction, automatic, flight, registration, station, reports })
}

/// `LH400/12.DABYA.FRA`; the registration may be missing.
fn flight_line(line: &str) -> Result<(FlightDay, Option<String>, Iata), String> {
    let wrong = || format!("{} is no flight line such as LH400/12.DABYA.FRA", quoted(line));
    let mut parts = line.split('.');
    let flight = flight_day(parts.next().unwrap_or_default()).ok_or_else(wrong)?;
    let rest: Vec<&str> = parts.map(str::trim).collect();
    let (registration, station) = match rest.as_slice() {
        [station] => (None, *station),
        [registration, station] => (Some(*registration), *station),
        _ => return Err(wrong()),
    };
    let registration = registration.map(tail).filter(|tail| !tail.is_empty());
    Ok((flight, registration, station.parse().map_err(|_| wrong())?))
}

/// `LH400/12`, `LH0400 / 12MAY26`.
pub(super) fn flight_day(text: &str) -> Option<FlightDay> {
    let (flight, day) = text.split_once('/')?;
    Some(FlightDay { designator: flight.parse().ok()?, day: day.trim().parse().ok()? })
}

/// Registrations are compared without their hyphens.
pub(super) fn tail(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).take(10).collect()
}

fn report_line(line: &str, reports: &mut Vec<Report>) -> Result<(), String> {
    if let Some(text) = line.strip_prefix("SI").filter(|rest| rest.is_empty() || rest.starts_with(' ')) {
        reports.push(Report::Said(text.trim().to_owned()));
        return Ok(());
    }
    let mut words = line.split(' ').peekable();
    while let Some(word) = words.next() {
        if word == "SI" {
            reports.push(Report::Said(words.collect::<Vec<_>>().join(" ")));
            return Ok(());
        }
        // `DIV BOS`, `EA 1650` and the like: a keyword and its value apart.
        let glued = match (is_keyword(word), words.peek()) {
            (true, Some(value)) => {
                let glued = format!("{word}{value}");
                words.next();
                glued
            }
            _ => word.to_owned(),
        };
        reports.extend(report(&glued)?);
        if let Some(Report::ExpectedTouchdown(_, airport)) = reports.last_mut()
            && let Some(next) = words.peek().copied().filter(|next| next.len() == 3)
            && (!is_keyword(next) || words.clone().nth(1).is_none())
            && let Ok(iata) = next.parse()
        {
            *airport = Some(iata);
            words.next();
        }
    }
    Ok(())
}

const KEYWORDS: [&str; 13] = ["DLA", "DIV", "AD", "AA", "ED", "EO", "EA", "EB", "NI", "RR", "FR", "DL", "PX"];

fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

/// What one word says. A known keyword with a value that makes no sense spoils the message; an unknown one is kept.
fn report(word: &str) -> Result<Vec<Report>, String> {
    let kept = || Ok(vec![Report::Kept(word.to_owned())]);
    let Some(keyword) = KEYWORDS.into_iter().find(|known| word.starts_with(known)) else { return kept() };
    let value = word.get(keyword.len()..).unwrap_or_default();
    let begins_like_one = value.starts_with(|c: char| c.is_ascii_digit() || c == '/');
    let wrong = || format!("{} makes no sense", quoted(word));
    match keyword {
        "DLA" => return Ok(delays(value).unwrap_or_else(|| vec![Report::Kept(word.to_owned())])),
        "DL" => return delays(value).ok_or_else(wrong),
        "DIV" => {
            let airport = value.trim_start_matches('/');
            return airport.parse().map(|iata| vec![Report::Diversion(iata)]).or_else(|_| kept());
        }
        _ if !begins_like_one => return kept(),
        _ => {}
    }
    let reports = match keyword {
        "AD" => pair(value, Report::OffBlock, Report::Airborne),
        "AA" => pair(value, Report::Touchdown, Report::OnBlock),
        "ED" => one(value, Report::ExpectedOffBlock),
        "EO" => one(value, Report::ExpectedTakeOff),
        "EA" => one(value, |clock| Report::ExpectedTouchdown(clock, None)),
        "EB" => one(value, Report::ExpectedOnBlock),
        "NI" => one(value, Report::NextInformation),
        "RR" => one(value, Report::ReturnToRamp),
        "FR" => returned(value),
        "PX" => passengers(value),
        _ => return kept(),
    };
    reports.ok_or_else(wrong)
}

fn one(value: &str, report: impl Fn(Clock) -> Report) -> Option<Vec<Report>> {
    Some(vec![report(value.parse().ok()?)])
}

/// `0830/0845`, `0830`, `/0845`.
fn pair(value: &str, first: fn(Clock) -> Report, second: fn(Clock) -> Report) -> Option<Vec<Report>> {
    let (left, right) = value.split_once('/').unwrap_or((value, ""));
    let mut reports = Vec::new();
    for (text, report) in [(left, first), (right, second)] {
        if !text.is_empty() {
            reports.push(report(text.parse().ok()?));
        }
    }
    (!reports.is_empty()).then_some(reports)
}

fn returned(value: &str) -> Option<Vec<Report>> {
    let (down, blocks) = value.split_once('/').unwrap_or((value, ""));
    let blocks = if blocks.is_empty() { None } else { Some(blocks.parse().ok()?) };
    Some(vec![Report::ForcedReturn(down.parse().ok()?, blocks)])
}

/// `112`, or by cabin `12/100`; infants behind a plus are not counted.
fn passengers(value: &str) -> Option<Vec<Report>> {
    let seated = value.split('+').next()?;
    let counts: Option<Vec<u32>> =
        seated.split('/').map(|n| n.parse().ok().filter(|count| *count <= 2000)).collect();
    Some(vec![Report::Passengers(counts?.into_iter().sum())])
}

/// `81/0015`, `31/62/0005/0015`, and with sub-codes `31C/62A//`: first the codes, then as many durations.
fn delays(value: &str) -> Option<Vec<Report>> {
    let parts: Vec<&str> = value.split('/').filter(|part| !part.is_empty()).collect();
    let is_duration = |part: &&str| part.len() == 4 && part.bytes().all(|b| b.is_ascii_digit());
    let (codes, durations) =
        parts.split_at_checked(parts.iter().position(is_duration).unwrap_or(parts.len()))?;
    if codes.is_empty() || !codes.iter().all(|code| is_delay_code(code)) || durations.len() > codes.len() {
        return None;
    }
    let minutes: Option<Vec<u16>> =
        durations.iter().map(|text| text.parse::<Clock>().ok().map(|clock| clock.minute)).collect();
    let minutes = minutes?.into_iter().map(Some).chain(std::iter::repeat(None));
    Some(vec![Report::Delays(codes.iter().map(|code| (*code).to_owned()).zip(minutes).collect())])
}

/// Two digits, or the newer scheme of letters and digits; a third character is a sub-code.
fn is_delay_code(code: &str) -> bool {
    (2..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric())
}
