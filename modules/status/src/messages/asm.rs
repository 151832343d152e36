//! ASM and SSM: changes of the schedule, for one date or for a period. Lines are recognised by their shape rather
//! than by their place.

use kernel::{Designator, Iata};

use super::{
    Clock, DayOf,
    mvt::{FlightDay, flight_day},
    quoted,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScheduleMessage {
    /// Times and dates are local to the stations; else UTC.
    pub(crate) local: bool,
    /// Whether the message says so itself.
    pub(crate) says_mode: bool,
    pub(crate) changes: Vec<Change>,
}

/// One sub-message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) action: Action,
    pub(crate) reason: String,
    pub(crate) flights: Vec<Scope>,
    pub(crate) legs: Vec<LegLine>,
    /// The aircraft type of the equipment line.
    pub(crate) aircraft: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Cancel,
    Retime,
    Equipment,
    New,
    Replace,
    Reroute,
    Reinstate,
    /// Known by name, with nothing to do for it here.
    Other(&'static str),
}

/// Which dates of which flight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) designator: Designator,
    pub(crate) dates: Dates,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Dates {
    On(DayOf),
    /// From, to, and days as in SSIM: bit 0 is Monday.
    Period(DayOf, DayOf, u8),
    /// A flight of an SSM whose period line was never found.
    Missing,
}

/// `ZRH0730 LHR0915`: two stations, and times with days after the flight's date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LegLine {
    pub(crate) from: Iata,
    pub(crate) to: Iata,
    pub(crate) times: Option<((Clock, i8), (Clock, i8))>,
}

const ACTIONS: [(&str, Action); 14] = [
    ("CNL", Action::Cancel),
    ("TIM", Action::Retime),
    ("EQT", Action::Equipment),
    ("NEW", Action::New),
    ("RPL", Action::Replace),
    ("RRT", Action::Reroute),
    ("RIN", Action::Reinstate),
    ("CON", Action::Other("CON")),
    ("ADM", Action::Other("ADM")),
    ("FLT", Action::Other("FLT")),
    ("ACK", Action::Other("ACK")),
    ("NAC", Action::Other("NAC")),
    ("SKD", Action::Other("SKD")),
    ("REV", Action::Other("REV")),
];

impl Action {
    pub(crate) fn word(self) -> &'static str {
        ACTIONS.into_iter().find(|(_, action)| *action == self).map_or("", |(word, _)| word)
    }
}

pub(super) fn read(
    season: bool,
    lines: &[String],
    unread: &mut Vec<String>,
) -> Result<ScheduleMessage, String> {
    let mut message = ScheduleMessage { local: false, says_mode: false, changes: Vec::new() };
    for part in lines.split(|line| line == "//") {
        let change = sub_message(season, part, &mut message, unread)?;
        message.changes.extend(change);
    }
    if message.changes.is_empty() {
        return Err("no action such as CNL or TIM is in it".to_owned());
    }
    Ok(message)
}

fn sub_message(
    season: bool,
    lines: &[String],
    message: &mut ScheduleMessage,
    unread: &mut Vec<String>,
) -> Result<Option<Change>, String> {
    let mut change: Option<Change> = None;
    for line in lines {
        match (shape(season, line)?, &mut change) {
            (Shape::Mode { local }, _) => {
                message.local = local;
                message.says_mode = true;
            }
            (Shape::Reference, _) => {}
            (Shape::Action(action, reason), None) => {
                change = Some(Change { action, reason, flights: vec![], legs: vec![], aircraft: None });
            }
            (Shape::Flight(scope), Some(change)) => change.flights.push(scope),
            (Shape::Period(from, to, days), Some(change)) => match change.flights.last_mut() {
                Some(scope) => scope.dates = Dates::Period(from, to, days),
                None => unread.push(line.clone()),
            },
            (Shape::Legs(legs), Some(change)) => change.legs.extend(legs),
            (Shape::Equipment(aircraft), Some(change)) => change.aircraft = Some(aircraft),
            _ => unread.push(line.clone()),
        }
    }
    let Some(change) = change else { return Ok(None) };
    let idle = matches!(change.action, Action::Other(_));
    if !idle && change.flights.is_empty() {
        return Err(format!("{} names no flight that can be read", change.action.word()));
    }
    if !idle && change.flights.iter().any(|scope| scope.dates == Dates::Missing) {
        return Err(format!("{} names no dates such as 01APR26 30SEP26 1234567", change.action.word()));
    }
    Ok(Some(change))
}

enum Shape {
    Mode { local: bool },
    Reference,
    Action(Action, String),
    Flight(Scope),
    Period(DayOf, DayOf, u8),
    Legs(Vec<LegLine>),
    Equipment(String),
    Unknown,
}

fn shape(season: bool, line: &str) -> Result<Shape, String> {
    let words: Vec<&str> = line.split(' ').collect();
    let Some((first, rest)) = words.split_first() else { return Ok(Shape::Unknown) };
    if rest.is_empty() && matches!(*first, "UTC" | "LT") {
        return Ok(Shape::Mode { local: *first == "LT" });
    }
    if let Some((_, action)) = ACTIONS.into_iter().find(|(word, _)| word == first) {
        return Ok(Shape::Action(action, rest.join(" ")));
    }
    if *first == "SI" {
        return Ok(Shape::Unknown);
    }
    if let Some(FlightDay { designator, day }) = flight_day(first) {
        return Ok(Shape::Flight(Scope { designator, dates: Dates::On(day) }));
    }
    if !season && looks_like_flight(first) {
        return Err(format!("{} is no flight and date such as LX544/12MAY26", quoted(line)));
    }
    if let Some(period) = period(&words) {
        return Ok(period);
    }
    if let Some(legs) = legs(&words) {
        return Ok(Shape::Legs(legs));
    }
    if is_reference(first) {
        return Ok(Shape::Reference);
    }
    if let (true, Some(aircraft)) = (first.len() == 1, rest.first().filter(|word| word.len() == 3)) {
        return Ok(Shape::Equipment((*aircraft).to_owned()));
    }
    match (first.parse(), period(rest)) {
        (Ok(designator), Some(Shape::Period(from, to, days))) if season => {
            Ok(Shape::Flight(Scope { designator, dates: Dates::Period(from, to, days) }))
        }
        (Ok(designator), _) if season => Ok(Shape::Flight(Scope { designator, dates: Dates::Missing })),
        _ => Ok(Shape::Unknown),
    }
}

/// A designator with a date that cannot be read is worth refusing; a DEI such as `3/XI` is not.
fn looks_like_flight(word: &str) -> bool {
    word.split_once('/').is_some_and(|(flight, _)| flight.parse::<Designator>().is_ok())
}

/// `24MAY00144E003`, perhaps with more behind a stroke.
fn is_reference(word: &str) -> bool {
    let serial = word.split('/').next().unwrap_or_default();
    let date = serial.get(..5).is_some_and(|date| date.parse::<DayOf>().is_ok());
    date && serial.len() > 7 && serial.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// `01APR26 30SEP26 1234567`.
fn period(words: &[&str]) -> Option<Shape> {
    let [from, to, days, ..] = words else { return None };
    let is_date = |text: &&&str| text.len() == 7 || text.len() == 5;
    let from = [from].into_iter().find(is_date)?.parse().ok()?;
    let to = [to].into_iter().find(is_date)?.parse().ok()?;
    let days = days.bytes().filter(u8::is_ascii_digit).try_fold(0u8, |bits, digit| match digit {
        b'1'..=b'7' => Some(bits | 1 << (digit - b'1')),
        _ => None,
    })?;
    (days != 0).then_some(Shape::Period(from, to, days))
}

/// `ZRH0730 LHR0915`, several on a line, or stations alone.
fn legs(words: &[&str]) -> Option<Vec<LegLine>> {
    let stops: Option<Vec<_>> = words.iter().map(|word| stop(word)).collect();
    let stops = stops.filter(|stops| stops.len() % 2 == 0 && !stops.is_empty())?;
    stops.chunks_exact(2).map(pair).collect()
}

fn pair(two: &[(Iata, Option<(Clock, i8)>)]) -> Option<LegLine> {
    let [(from, departure), (to, arrival)] = two else { return None };
    let times = match (departure, arrival) {
        (Some(departure), Some(arrival)) => Some((*departure, *arrival)),
        (None, None) => None,
        _ => return None,
    };
    Some(LegLine { from: *from, to: *to, times })
}

/// `ZRH0730`, `LHR0015/1`, `LHR`.
fn stop(word: &str) -> Option<(Iata, Option<(Clock, i8)>)> {
    let (station, time) = word.split_at_checked(3)?;
    let station = station.parse().ok()?;
    if time.is_empty() {
        return Some((station, None));
    }
    let (time, day) = time.split_once('/').unwrap_or((time, "0"));
    let day = match day {
        "A" => -1,
        digit => digit.parse().ok().filter(|day| (0..=7).contains(day))?,
    };
    let clock: Clock = time.parse().ok().filter(|clock: &Clock| clock.day.is_none())?;
    Some((station, Some((clock, day))))
}
