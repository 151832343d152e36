//! Flights and boards, answered from memory: the schedule, with what was heard laid over it.

use std::collections::HashMap;

use booking_api::LegKey;
use jiff::{SignedDuration, Timestamp};
use kernel::{Cursor, Designator, Iata, Page};
use status_api::{BoardAsk, BoardRow, Direction, FlightOf, FlightStatus, LegStatus};

use crate::{
    boards::Boards,
    facts::{Planned, utc_day},
    messages::shifted,
    places::Places,
    show::{at_this_moment, unheard},
    timetable::Timetable,
};

/// What a question is answered from.
pub(crate) struct View<'a> {
    pub(crate) timetable: &'a Timetable,
    pub(crate) boards: &'a Boards,
    pub(crate) places: &'a Places,
    pub(crate) now: Timestamp,
}

/// Around now means from an hour ago …
const BACK: SignedDuration = SignedDuration::from_hours(1);
/// … to eighteen hours ahead.
const AHEAD: SignedDuration = SignedDuration::from_hours(18);
/// A flight that is so late is still looked for.
const LATEST: SignedDuration = SignedDuration::from_hours(24);

impl View<'_> {
    /// Every leg of a dated flight; `None` if it is in no schedule and nothing was ever heard of it.
    pub(crate) fn flight(&self, of: &FlightOf) -> Option<FlightStatus> {
        let planned = self.timetable.flight(of.designator, of.date);
        let mut legs: Vec<LegStatus> = planned.iter().map(|leg| self.leg(leg)).collect();
        let heard = self.boards.flight(of.designator, of.date);
        let unplanned = heard.iter().filter(|leg| !planned.iter().any(|plan| plan.key == leg.key));
        legs.extend(unplanned.map(|leg| at_this_moment(&leg.status, self.now)));
        legs.sort_by_key(|leg| leg.scheduled.departure);
        (!legs.is_empty()).then_some(FlightStatus { designator: of.designator, date: of.date, legs })
    }

    /// A page of a board, by scheduled time at the airport.
    pub(crate) fn board(&self, ask: &BoardAsk) -> Page<BoardRow> {
        let window = self.window(ask);
        let after = ask.after.as_ref().and_then(Place::read);
        let mut rows: Vec<(Place, BoardRow)> = self
            .scheduled_within(ask.airport, ask.direction, &window)
            .into_iter()
            .filter(|(key, leg)| {
                window.shows(leg, ask.direction) && Some(Place::of(key, leg, ask.direction)) > after
            })
            .map(|(key, leg)| {
                let place = Place::of(&key, &leg, ask.direction);
                (place, BoardRow { designator: key.designator, date: key.date, leg })
            })
            .collect();
        rows.sort_by_key(|(place, _)| *place);
        let limit = usize::try_from(ask.limit.clamp(1, 500)).unwrap_or(500);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|(place, _)| place.cursor());
        Page { items: rows.into_iter().map(|(_, row)| row).collect(), next }
    }

    fn leg(&self, planned: &Planned) -> LegStatus {
        let heard = self.boards.leg(&planned.key);
        heard.map_or_else(
            || unheard(planned, self.places, self.now),
            |heard| at_this_moment(&heard.status, self.now),
        )
    }

    /// Legs with their time at the airport in a window, wherever they were published to be.
    fn scheduled_within(
        &self,
        airport: Iata,
        direction: Direction,
        window: &Window,
    ) -> Vec<(LegKey, LegStatus)> {
        let planned = self.timetable.at(airport, direction, window.start, window.end);
        let planned = planned.iter().filter(|leg| carries_passengers(leg.service));
        let mut legs: HashMap<LegKey, LegStatus> = planned.map(|leg| (leg.key, self.leg(leg))).collect();
        let mut day = utc_day(window.start);
        while day <= utc_day(window.end) {
            for heard in self.boards.on(airport, direction, day) {
                legs.entry(heard.key).or_insert_with(|| at_this_moment(&heard.status, self.now));
            }
            let Some(next) = shifted(day, 1) else { break };
            day = next;
        }
        legs.retain(|_, leg| (window.start..window.end).contains(&scheduled(leg, direction)));
        legs.into_iter().collect()
    }

    /// The local day, or around now.
    fn window(&self, ask: &BoardAsk) -> Window {
        let zone = self.places.zone(ask.airport, 0);
        let day = ask.date.and_then(|date| {
            let midnight =
                |date: jiff::civil::Date| date.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
            Some((midnight(date)?, midnight(shifted(date, 1)?)?))
        });
        match day {
            Some((start, end)) => Window { start, end, not_before: None },
            None => Window {
                start: self.now.checked_sub(LATEST).unwrap_or(Timestamp::MIN),
                end: self.now.checked_add(AHEAD).unwrap_or(Timestamp::MAX),
                not_before: self.now.checked_sub(BACK).ok(),
            },
        }
    }
}

/// Which scheduled times a board shows, and from when flights still matter.
struct Window {
    start: Timestamp,
    end: Timestamp,
    not_before: Option<Timestamp>,
}

impl Window {
    /// A late flight stays on the board until an hour after it has really gone.
    fn shows(&self, leg: &LegStatus, direction: Direction) -> bool {
        self.not_before
            .is_none_or(|start| scheduled(leg, direction) >= start || really(leg, direction) >= start)
    }
}

fn scheduled(leg: &LegStatus, direction: Direction) -> Timestamp {
    match direction {
        Direction::Departures => leg.scheduled.departure,
        Direction::Arrivals => leg.scheduled.arrival,
    }
}

/// The best that is known of the time at this end.
fn really(leg: &LegStatus, direction: Direction) -> Timestamp {
    let best = match direction {
        Direction::Departures => leg.actual.off_block.or(leg.estimated.departure),
        Direction::Arrivals => leg.actual.on_block.or(leg.actual.landed).or(leg.estimated.arrival),
    };
    best.unwrap_or_else(|| scheduled(leg, direction))
}

/// Cargo, mail, positioning and training flights are not for a board.
fn carries_passengers(service: char) -> bool {
    !matches!(service, 'F' | 'V' | 'M' | 'A' | 'H' | 'P' | 'T' | 'K' | 'D')
}

/// Where a row stands on a board, whatever happens to the rows around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place(Timestamp, Designator, jiff::civil::Date, Iata, Iata);

impl Place {
    fn of(key: &LegKey, leg: &LegStatus, direction: Direction) -> Self {
        Self(scheduled(leg, direction), key.designator, key.date, key.from, key.to)
    }

    fn cursor(self) -> Cursor {
        let Self(at, designator, date, from, to) = self;
        Cursor(format!("{}_{designator}_{date}_{from}_{to}", at.as_microsecond()))
    }

    /// A cursor that is none of ours begins the list again.
    fn read(cursor: &Cursor) -> Option<Self> {
        let parts: Vec<&str> = cursor.0.split('_').collect();
        let [at, designator, date, from, to] = parts.as_slice() else { return None };
        let at = Timestamp::from_microsecond(at.parse().ok()?).ok()?;
        Some(Self(at, designator.parse().ok()?, date.parse().ok()?, from.parse().ok()?, to.parse().ok()?))
    }
}
