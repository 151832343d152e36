//! Turns journeys into what is shown: local times, places, prices with sealed quotes, pages in a stable order.

use booking_api::{Quote, QuoteKey, QuotedSegment};
use jiff::{SignedDuration, Timestamp};
use kernel::{Money, Page};
use search_api::{FamilyPrice, Itineraries, Itinerary, Leg, Place, Set, Sort};

use crate::{
    days::{Minute, instant},
    journey::Journey,
    prices::{Open, SlicePrices},
    question::Question,
    rank::{After, Key},
    restrict::first_segment,
    sensible::score,
    window::{Row, Window},
};

/// How long a price is promised.
const QUOTE_LASTS: SignedDuration = SignedDuration::from_mins(30);

/// What journeys are shown with.
pub(crate) struct Showing<'a> {
    pub(crate) window: &'a Window,
    pub(crate) question: &'a Question,
    pub(crate) prices: &'a SlicePrices<'a>,
    pub(crate) key: &'a QuoteKey,
    pub(crate) now: Timestamp,
}

/// A journey with what it is ordered by.
struct Ranked<'a> {
    journey: Journey<'a>,
    pareto: bool,
    families: Vec<Open<'a>>,
    key: Key,
}

impl<'a> Showing<'a> {
    /// One page of an answer.
    pub(crate) fn page(
        &self,
        pareto: Vec<Journey<'a>>,
        rest: Vec<Journey<'a>>,
        (from, to): (Place, Place),
    ) -> Itineraries {
        let mut by_stops = [0; 3];
        for journey in pareto.iter().chain(&rest) {
            by_stops.iter_mut().skip(journey.legs() - 1).take(1).for_each(|count| *count += 1);
        }
        let most = usize::from(self.question.ask.max_legs);
        let all = pareto.into_iter().map(|journey| (journey, true));
        let all = all.chain(rest.into_iter().map(|journey| (journey, false)));
        let fits = all.filter(|(journey, _)| journey.legs() <= most);
        let mut ranked: Vec<_> = fits.map(|(journey, pareto)| self.rank(journey, pareto)).collect();
        ranked.sort_by(|a, b| a.key.cmp(&b.key));
        if let Some(after) = &self.question.after {
            ranked.retain(|item| after.is_before(&item.key));
        }
        let more = ranked.len() > self.question.limit;
        ranked.truncate(self.question.limit);
        let next = ranked.last().filter(|_| more).map(|item| After::cursor(&item.key));
        let items = ranked.into_iter().filter_map(|item| self.itinerary(item)).collect();
        Itineraries { page: Page { items, next }, by_stops, from, to }
    }

    fn rank(&self, journey: Journey<'a>, pareto: bool) -> Ranked<'a> {
        let families = self.families(&journey);
        let price = families.first().map(|family| family.total.minor);
        let (departs, arrives) = (i64::from(journey.departs()), i64::from(journey.arrives()));
        let whole_set = self.question.ask.set == Set::Pareto;
        let (group, first) = match self.question.ask.sort {
            Sort::Best if whole_set => (0, departs),
            Sort::Best => (i64::from(!pareto), i64::from(score(&journey))),
            Sort::Price => (i64::from(price.is_none()), price.unwrap_or(0)),
            Sort::Duration => (0, i64::from(journey.minutes())),
            Sort::Departure => (0, departs),
            Sort::Arrival => (0, arrives),
        };
        let name = self.name(&journey);
        let key = Key { group, first, departs, arrives, legs: journey.legs(), name };
        Ranked { journey, pareto, families, key }
    }

    /// Families that are open now; none once the first flight has left.
    fn families(&self, journey: &Journey<'a>) -> Vec<Open<'a>> {
        if instant(self.minute(journey.departs())) <= self.now {
            return Vec::new();
        }
        let classes: Vec<_> = journey.rows().iter().map(|row| self.window.classes_of(row)).collect();
        let segments = self.segments(journey);
        let boards =
            segments.iter().filter_map(|rows| self.ends(rows).map(|(from, _)| from.country.as_str()));
        self.prices.families(&classes, &boards.collect::<Vec<_>>())
    }

    fn name(&self, journey: &Journey<'a>) -> String {
        let names = journey.rows().iter().filter_map(|row| {
            let fact = self.window.fact(row)?;
            let from = self.window.stations.get(fact.leg()?.from)?;
            Some(format!("{}/{}/{}", fact.flight.designator, fact.date(), from.place.iata))
        });
        names.collect::<Vec<_>>().join("+")
    }

    fn itinerary(&self, item: Ranked<'a>) -> Option<Itinerary> {
        let journey = item.journey;
        let legs: Option<Vec<Leg>> = journey.rows().iter().map(|row| self.leg(row)).collect();
        let quoted = item.families.iter().map(|family| self.family(&journey, family));
        Some(Itinerary {
            departs: instant(self.minute(journey.departs())),
            arrives: instant(self.minute(journey.arrives())),
            duration_minutes: i64::from(journey.minutes()),
            pareto: item.pareto,
            price: item.families.first().map(|family| family.total),
            legs: legs?,
            families: quoted.collect(),
        })
    }

    fn leg(&self, row: &Row) -> Option<Leg> {
        let fact = self.window.fact(row)?;
        let leg = fact.leg()?;
        let (from, to) = (self.window.stations.get(leg.from)?, self.window.stations.get(leg.to)?);
        let (departs, arrives) = (self.minute(row.departs), self.minute(row.arrives));
        Some(Leg {
            designator: fact.flight.designator,
            date: fact.date(),
            from: from.place.iata,
            to: to.place.iata,
            departs: instant(departs),
            arrives: instant(arrives),
            departs_local: from.local(departs, leg.variations.0),
            arrives_local: to.local(arrives, leg.variations.1),
            from_city: from.place.city.clone(),
            to_city: to.place.city.clone(),
            departs_zone: from.place.zone.clone(),
            arrives_zone: to.place.zone.clone(),
            aircraft: leg.aircraft.to_string(),
        })
    }

    fn family(&self, journey: &Journey<'a>, open: &Open<'a>) -> FamilyPrice {
        let expires_at = self.now + QUOTE_LASTS;
        let quote = self.key.seal(&self.quote(journey, open, expires_at));
        FamilyPrice {
            family: open.fare.family.clone(),
            total: open.total,
            conditions: open.fare.conditions.clone(),
            quote,
            expires_at,
            seats_left: open.seats,
        }
    }

    fn quote(&self, journey: &Journey<'a>, open: &Open<'a>, expires_at: Timestamp) -> Quote {
        let quoted = |rows: &[&Row]| {
            let fact = self.window.fact(rows.first()?)?;
            let (from, to) = self.ends(rows)?;
            let (designator, date, class) = (fact.flight.designator, fact.date(), open.fare.class);
            Some(QuotedSegment { designator, date, from: from.iata, to: to.iata, class })
        };
        let total: Money = open.total;
        Quote {
            segments: self.segments(journey).into_iter().filter_map(quoted).collect(),
            cabin: self.question.cabin,
            family: open.fare.family.clone(),
            party: self.question.ask.party,
            total,
            expires_at,
        }
    }

    /// What is bought: legs of one flight that follow each other are one segment.
    fn segments<'j>(&self, journey: &'j Journey<'a>) -> Vec<&'j [&'a Row]> {
        let mut rest = journey.rows();
        let mut segments = Vec::with_capacity(3);
        while let Some((segment, others)) = rest.split_at_checked(first_segment(self.window, rest))
            && !segment.is_empty()
        {
            segments.push(segment);
            rest = others;
        }
        segments
    }

    fn ends(&self, rows: &[&Row]) -> Option<(&'a Place, &'a Place)> {
        let leg = |row: &Row| self.window.fact(row)?.leg();
        let place = |id| self.window.stations.get(id).map(|station| &station.place);
        Some((place(leg(rows.first()?)?.from)?, place(leg(rows.last()?)?.to)?))
    }

    fn minute(&self, at: u16) -> Minute {
        self.window.origin() + i32::from(at)
    }
}
