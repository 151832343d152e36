//! A journey as the schedule has it today, with everything that its price depends on but the seats.

use booking_api::{BookingError, LegKey, QuotedSegment, Segment, events::Fare};
use jiff::{Timestamp, civil};
use kernel::Iata;
use store::Conn;

use super::rules::Priced;
use crate::{
    Booking,
    disruption::news::{self, ByLeg},
    failed::told,
    inventory::{self, Levels},
    orders::sold::SoldLeg,
    schedule::ScheduledLeg,
};

/// One direction, found in the schedule.
pub(crate) struct Journey {
    pub(crate) segments: Vec<Segment>,
    pub(crate) legs: Vec<JourneyLeg>,
    pub(crate) cabin: char,
    pub(crate) family: String,
    countries: Vec<String>,
    fares: Vec<Fare>,
}

pub(crate) struct JourneyLeg {
    pub(crate) sold: SoldLeg,
    pub(crate) levels: Levels,
}

/// Which journey: the same question for a fresh quote and for an offer that is looked at again.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) segments: Vec<QuotedSegment>,
    pub(crate) cabin: char,
    pub(crate) family: String,
}

/// SSIM service types that passengers can buy.
const SOLD_SERVICES: &str = "JSGBCQRLU";

impl Booking {
    /// Finds a journey that can be sold: scheduled, ahead of us, not cancelled.
    pub(crate) async fn journey(&self, wanted: &Wanted) -> Result<Journey, BookingError> {
        let parts = wanted.segments.iter().map(|segment| self.scheduled(segment));
        let parts = parts.collect::<Option<Vec<_>>>().ok_or(BookingError::NotForSale)?;
        let keys: Vec<LegKey> = parts.iter().flatten().map(|leg| leg.key).collect();
        let news = self.db.read(move |conn| news::of_legs(conn, &keys)).await.map_err(told)?;
        let segments =
            wanted.segments.iter().zip(&parts).map(|(quoted, legs)| self.segment(quoted, legs, &news));
        let segments = segments.collect::<Option<Vec<_>>>().ok_or(BookingError::NotForSale)?;
        let sold = parts.iter().flatten().all(|leg| SOLD_SERVICES.contains(leg.flight.service));
        if !sold || !is_travelable(&segments, self.outside.now()) {
            return Err(BookingError::NotForSale);
        }
        let (from, to) = ends(&segments).ok_or(BookingError::NotForSale)?;
        Ok(Journey {
            countries: segments.iter().map(|segment| self.places.country(segment.from).to_owned()).collect(),
            fares: self.fares_between(from, to).await?,
            legs: journey_legs(&wanted.segments, &parts),
            segments,
            cabin: wanted.cabin,
            family: wanted.family.clone(),
        })
    }

    fn scheduled(&self, segment: &QuotedSegment) -> Option<Vec<ScheduledLeg>> {
        self.timetable.between(segment.designator, segment.date, segment.from, segment.to)
    }

    /// As it is shown and sold. A leg that was retimed flies at its new time.
    pub(crate) fn segment(
        &self,
        quoted: &QuotedSegment,
        legs: &[ScheduledLeg],
        news: &ByLeg,
    ) -> Option<Segment> {
        let (first, last) = legs.first().zip(legs.last())?;
        let told = |leg: &ScheduledLeg| news.get(&leg.key).copied().unwrap_or_default();
        let departs = told(first).departs.unwrap_or(first.departs);
        let arrives = told(last).arrives.unwrap_or(last.arrives);
        let (from, to) = (quoted.from, quoted.to);
        let (east_from, east_to) = (first.leg.departs_offset, last.leg.arrives_offset);
        Some(Segment {
            designator: quoted.designator,
            date: quoted.date,
            from,
            to,
            departs,
            arrives,
            departs_local: self.places.local(from, departs, east_from),
            arrives_local: self.places.local(to, arrives, east_to),
            departs_zone: self.places.zone_name(from, east_from),
            arrives_zone: self.places.zone_name(to, east_to),
            from_city: self.places.city(from),
            to_city: self.places.city(to),
            class: quoted.class,
            aircraft: first.leg.aircraft.clone(),
            cancelled: legs.iter().any(|leg| told(leg).cancelled),
        })
    }
}

impl Journey {
    /// The question for its price, with the seats that are open in this transaction.
    pub(crate) fn priced<'a>(&'a self, open: &'a [Vec<(char, u32)>]) -> Option<Priced<'a>> {
        let (from, to) = ends(&self.segments)?;
        Some(Priced {
            from,
            to,
            day: self.day()?,
            departure_countries: self.countries.iter().map(String::as_str).collect(),
            fares: &self.fares,
            open,
            cabin: self.cabin,
            family: &self.family,
            promised: None,
        })
    }

    /// Local day of departure.
    pub(crate) fn day(&self) -> Option<civil::Date> {
        Some(self.segments.first()?.departs_local.date())
    }

    pub(crate) fn open(&self, conn: &mut Conn) -> Result<Vec<Vec<(char, u32)>>, store::DbError> {
        self.legs.iter().map(|leg| inventory::open_seats(conn, &leg.sold.leg, &leg.levels)).collect()
    }
}

fn journey_legs(quoted: &[QuotedSegment], parts: &[Vec<ScheduledLeg>]) -> Vec<JourneyLeg> {
    let numbered = quoted.iter().zip(parts).enumerate();
    numbered
        .flat_map(|(segment, (quoted, legs))| {
            legs.iter().map(move |leg| JourneyLeg {
                sold: SoldLeg { segment, leg: leg.key, class: quoted.class },
                levels: Levels::of(&leg.leg),
            })
        })
        .collect()
}

fn ends(segments: &[Segment]) -> Option<(Iata, Iata)> {
    Some((segments.first()?.from, segments.last()?.to))
}

/// Ahead of us, in order, and not cancelled.
fn is_travelable(segments: &[Segment], now: Timestamp) -> bool {
    let ahead = segments.first().is_some_and(|first| first.departs > now);
    let connects =
        segments.windows(2).all(|two| matches!(two, [a, b] if a.to == b.from && a.arrives < b.departs));
    ahead && connects && segments.iter().all(|segment| !segment.cancelled)
}
