//! From local or UTC times of day to instants: what a chain of legs means in minutes after its base date's midnight UTC.
//! The file's variation is believed and compared with the station's zone; where it gives none, the zone decides, and a
//! period is cut wherever that decision changes.

use jiff::{SignedDuration, Timestamp, civil, tz};

use super::{
    carrier::Mode,
    leg::{Call, Leg},
    notes::Notes,
};
use crate::schedule::{dates::Period, places::Places};

/// The times of one chain over one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dated {
    pub(super) period: Period,
    pub(super) legs: Vec<Times>,
    /// Days from the base date to the local date at the first station.
    pub(super) shift: i8,
}

/// One leg in minutes after the base date's midnight UTC, with the minutes east of UTC at both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) departs: i32,
    pub(super) arrives: i32,
    pub(super) departs_offset: i32,
    pub(super) arrives_offset: i32,
}

const DAY: i32 = 24 * 60;
/// Clock changes looked at within one period: a few years' worth.
const CHANGES: usize = 12;

pub(super) struct Dating<'a> {
    pub(super) places: &'a Places,
    pub(super) mode: Mode,
}

/// Where a call's offset comes from.
#[derive(Clone, Copy)]
enum Source {
    Stated(i32),
    Zone,
}

impl Dating<'_> {
    /// The chain's times, one answer for each stretch of the period in which they are the same.
    pub(super) fn date(
        &self,
        chain: &[Leg],
        period: Period,
        notes: &mut Notes,
    ) -> Result<Vec<Dated>, String> {
        let ends = (period.first().unwrap_or(period.from), period.last().unwrap_or(period.to));
        let mut sources = Vec::with_capacity(chain.len());
        for leg in chain {
            sources.push((
                self.source(leg, &leg.departure, ends, notes)?,
                self.source(leg, &leg.arrival, ends, notes)?,
            ));
        }
        let by_zone = sources.iter().any(|(a, b)| matches!(a, Source::Zone) || matches!(b, Source::Zone));
        if !by_zone || ends.0 == ends.1 {
            return Ok(vec![self.on(chain, &sources, period, ends.0, notes)?]);
        }
        self.stretches(chain, &sources, period, notes)
    }

    fn stretches(
        &self,
        chain: &[Leg],
        sources: &[(Source, Source)],
        period: Period,
        notes: &mut Notes,
    ) -> Result<Vec<Dated>, String> {
        let mut stretches: Vec<Dated> = Vec::new();
        for base in period.dates() {
            let mut quiet = Notes::default();
            let today = self.on(chain, sources, period, base, &mut quiet)?;
            notes.take_new(quiet);
            match stretches.last_mut() {
                Some(last) if last.is_like(&today) => last.period.to = base,
                _ => stretches.push(Dated { period: Period { from: base, to: base, ..period }, ..today }),
            }
        }
        if let [only] = stretches.as_mut_slice() {
            only.period = period;
        } else if period.fortnightly {
            return Ok(stretches.into_iter().flat_map(one_by_one).collect());
        }
        Ok(stretches)
    }

    fn source(
        &self,
        leg: &Leg,
        call: &Call,
        ends: (civil::Date, civil::Date),
        notes: &mut Notes,
    ) -> Result<Source, String> {
        let known = self.places.zone(call.station);
        if known.is_none() {
            notes.warn(
                leg.line,
                format!("station {} is not known; its times are as the file gives them", call.station),
            );
        }
        match (call.variation, known) {
            (Some(stated), None) => Ok(Source::Stated(stated)),
            (None, None) => Err(format!("{} has no variation, and its time zone is not known", call.station)),
            (None, Some(_)) => Ok(Source::Zone),
            (Some(stated), Some(zone)) => Ok(self.compare(stated, zone, leg.line, call, ends, notes)),
        }
    }

    fn compare(
        &self,
        stated: i32,
        zone: &tz::TimeZone,
        line: u32,
        call: &Call,
        ends: (civil::Date, civil::Date),
        notes: &mut Notes,
    ) -> Source {
        let at = |date| self.instant(date, call, stated).map(|when| zone.to_offset(when).seconds() / 60);
        let first = at(ends.0);
        let last = if ends.0 == ends.1 { first } else { at(ends.1) };
        if stated == 0 && first.is_some_and(|f| f != 0) && last.is_some_and(|l| l != 0) {
            notes.warn_once(line, call.station);
            return Source::Zone;
        }
        let differs = |offset: Option<i32>| offset.is_some_and(|offset| offset != stated);
        if differs(first) || differs(last) {
            let shown = if differs(first) { first } else { last };
            notes.warn(
                line,
                format!(
                    "variation {} at {} differs from its time zone ({}); the file's is used",
                    shown_offset(stated),
                    call.station,
                    shown_offset(shown.unwrap_or(0)),
                ),
            );
        } else if ends.0 != ends.1 && self.changes_between(zone, call, stated, ends) {
            notes.warn(
                line,
                format!("clocks change at {} inside the period; the file's variation is used", call.station),
            );
        }
        Source::Stated(stated)
    }

    fn changes_between(
        &self,
        zone: &tz::TimeZone,
        call: &Call,
        stated: i32,
        ends: (civil::Date, civil::Date),
    ) -> bool {
        let (Some(first), Some(last)) =
            (self.instant(ends.0, call, stated), self.instant(ends.1, call, stated))
        else {
            return false;
        };
        let mut changes = zone.following(first).take(CHANGES).take_while(|change| change.timestamp() < last);
        changes.any(|change| change.offset().seconds() / 60 != stated)
    }

    /// About when a call is on a base date: near enough to ask a zone.
    fn instant(&self, base: civil::Date, call: &Call, offset: i32) -> Option<Timestamp> {
        let east = if self.mode == Mode::Local { offset } else { 0 };
        let minutes = call.day.unwrap_or(0) * DAY + call.time - east;
        midnight(base)?.checked_add(SignedDuration::from_mins(i64::from(minutes))).ok()
    }

    /// All times of a chain, given the base date that zones are asked about.
    fn on(
        &self,
        chain: &[Leg],
        sources: &[(Source, Source)],
        period: Period,
        base: civil::Date,
        notes: &mut Notes,
    ) -> Result<Dated, String> {
        let mut legs: Vec<Times> = Vec::with_capacity(chain.len());
        for (leg, (departure, arrival)) in chain.iter().zip(sources) {
            let (departs, departs_offset) = self.resolve(leg, &leg.departure, *departure, base, notes)?;
            let (arrives, arrives_offset) = self.resolve(leg, &leg.arrival, *arrival, base, notes)?;
            let departs = after_previous(legs.last(), departs, leg, notes);
            let arrives = after_departure(departs, arrives, leg, notes)?;
            legs.push(Times { departs, arrives, departs_offset, arrives_offset });
        }
        let shift = self.shift(chain, &legs);
        Ok(Dated { period, legs, shift })
    }

    /// Minutes after the base date's midnight UTC, and the offset that led there.
    fn resolve(
        &self,
        leg: &Leg,
        call: &Call,
        source: Source,
        base: civil::Date,
        notes: &mut Notes,
    ) -> Result<(i32, i32), String> {
        let written = call.day.unwrap_or(0) * DAY + call.time;
        let offset = match source {
            Source::Stated(minutes) => minutes,
            Source::Zone => self
                .zone_offset(leg, call, base, written, notes)
                .ok_or_else(|| format!("the time zone of {} cannot be asked about {base}", call.station))?,
        };
        let utc = if self.mode == Mode::Local { written - offset } else { written };
        Ok((utc, offset))
    }

    fn zone_offset(
        &self,
        leg: &Leg,
        call: &Call,
        base: civil::Date,
        written: i32,
        notes: &mut Notes,
    ) -> Option<i32> {
        let zone = self.places.zone(call.station)?;
        let plain = midnight(base)?.checked_add(SignedDuration::from_mins(i64::from(written))).ok()?;
        if self.mode == Mode::Utc {
            return Some(zone.to_offset(plain).seconds() / 60);
        }
        let local = tz::Offset::UTC.to_datetime(plain);
        let ambiguous = zone.to_ambiguous_timestamp(local);
        if ambiguous.is_ambiguous() {
            let what = match ambiguous.offset() {
                tz::AmbiguousOffset::Gap { .. } => "does not exist",
                _ => "exists twice",
            };
            notes.warn(leg.line, format!("local time {local} at {} {what}: the clocks change", call.station));
        }
        let when = ambiguous.compatible().ok()?;
        Some(zone.to_offset(when).seconds() / 60)
    }

    fn shift(&self, chain: &[Leg], legs: &[Times]) -> i8 {
        let days = match self.mode {
            Mode::Local => chain.first().and_then(|leg| leg.departure.day).unwrap_or(0),
            Mode::Utc => legs.first().map_or(0, |leg| (leg.departs + leg.departs_offset).div_euclid(DAY)),
        };
        i8::try_from(days).unwrap_or(0)
    }
}

/// A later leg that seems to leave before its aircraft has landed leaves on the next day, unless a day is stated.
fn after_previous(previous: Option<&Times>, departs: i32, leg: &Leg, notes: &mut Notes) -> i32 {
    let Some(landed) = previous.map(|times| times.arrives) else { return departs };
    if departs >= landed {
        return departs;
    }
    if leg.departure.day.is_some() {
        notes.warn(leg.line, "it leaves before the leg before it has landed".to_owned());
        return departs;
    }
    notes.warn(
        leg.line,
        "no date variation, and it leaves before the leg before it lands: read as the next day".to_owned(),
    );
    let days = (landed - departs + DAY - 1) / DAY;
    departs + days * DAY
}

fn after_departure(departs: i32, arrives: i32, leg: &Leg, notes: &mut Notes) -> Result<i32, String> {
    if arrives > departs {
        return Ok(arrives);
    }
    if leg.arrival.day.is_some() {
        return Err("it arrives before it departs".to_owned());
    }
    notes.warn(
        leg.line,
        "no date variation, and it arrives before it departs: read as the next day".to_owned(),
    );
    let days = (departs - arrives) / DAY + 1;
    Ok(arrives + days * DAY)
}

impl Dated {
    /// The same instants and the same local date; offsets may differ.
    fn is_like(&self, other: &Self) -> bool {
        let instants = |times: &Times| (times.departs, times.arrives);
        self.shift == other.shift && self.legs.iter().map(instants).eq(other.legs.iter().map(instants))
    }
}

fn one_by_one(stretch: Dated) -> Vec<Dated> {
    let days = stretch.period.dates();
    days.map(|day| Dated {
        period: Period { from: day, to: day, fortnightly: false, ..stretch.period },
        ..stretch.clone()
    })
    .collect()
}

fn midnight(date: civil::Date) -> Option<Timestamp> {
    tz::Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()
}

fn shown_offset(minutes: i32) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}{:02}", minutes.abs() / 60, minutes.abs() % 60)
}
