//! An itinerary as its card shows it: times where they happen, the stops between them, and what each family costs.

use jiff::{SignedDuration, Timestamp};
use kernel::{Locale, Money};
use search_api::{FamilyPrice, Itinerary, Leg};

use crate::pages::{pieces::Pair, say};

/// What `flight::itinerary` reads.
pub(super) struct Card {
    pub(super) departs: String,
    pub(super) departs_words: String,
    pub(super) from: String,
    pub(super) from_name: String,
    pub(super) arrives: String,
    pub(super) arrives_words: String,
    pub(super) to: String,
    pub(super) to_name: String,
    pub(super) days: i32,
    pub(super) duration: String,
    pub(super) stops_words: String,
    pub(super) stops: Vec<StopView>,
    pub(super) flights: String,
    pub(super) price: String,
    pub(super) price_note: String,
    pub(super) hidden: Vec<Pair>,
    pub(super) families: Vec<FamilyView>,
    pub(super) legs: Vec<LegView>,
}

pub(super) struct StopView {
    pub(super) iata: String,
    pub(super) wait: String,
}

pub(super) struct FamilyView {
    pub(super) quote: String,
    pub(super) name: String,
    pub(super) price: String,
    pub(super) words: String,
    pub(super) chosen: bool,
}

pub(super) struct LegView {
    pub(super) wait: String,
    pub(super) flight: String,
    pub(super) departs: String,
    pub(super) arrives: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) aircraft: String,
}

/// What all cards of a page have in common.
pub(super) struct Setting<'a> {
    pub(super) locale: Locale,
    pub(super) now: Timestamp,
    pub(super) price_note: &'a str,
    /// What the way there costs, when this is the way back: prices are those of the whole trip.
    pub(super) so_far: Option<Money>,
    pub(super) hidden: &'a [Pair],
}

impl Setting<'_> {
    pub(super) fn card(&self, itinerary: &Itinerary) -> Option<Card> {
        let locale = self.locale;
        let (first, last) = (itinerary.legs.first()?, itinerary.legs.last()?);
        let stops = stops(&itinerary.legs, locale);
        let price = itinerary.price.map(|price| locale.money(self.whole_trip(price))).unwrap_or_default();
        Some(Card {
            departs: locale.time(first.departs_local.time()),
            departs_words: say::local(first.departs_local, &first.from_city, locale),
            from: first.from.to_string(),
            from_name: first.from_city.clone(),
            arrives: locale.time(last.arrives_local.time()),
            arrives_words: say::local(last.arrives_local, &last.to_city, locale),
            to: last.to.to_string(),
            to_name: last.to_city.clone(),
            days: say::days_between(first.departs_local, last.arrives_local),
            duration: locale.duration(itinerary.duration_minutes),
            stops_words: stops_words(stops.len()),
            stops,
            flights: flights(&itinerary.legs),
            price_note: self.note(itinerary),
            price,
            hidden: self.hidden.to_vec(),
            families: itinerary
                .families
                .iter()
                .enumerate()
                .map(|(at, family)| self.family(family, at == 0))
                .collect(),
            legs: legs(&itinerary.legs, locale),
        })
    }

    /// What the price is for, or why there is none.
    fn note(&self, itinerary: &Itinerary) -> String {
        let words = match itinerary.price {
            Some(_) => self.price_note,
            None if itinerary.departs <= self.now => "It has left",
            None => "Sold out, or not sold in this cabin",
        };
        words.to_owned()
    }

    fn family(&self, family: &FamilyPrice, chosen: bool) -> FamilyView {
        let words = say::conditions(&family.conditions, self.locale);
        let left = match family.seats_left {
            0 | 6.. => String::new(),
            1 => ". 1 seat left at this price".to_owned(),
            n => format!(". {n} seats left at this price"),
        };
        FamilyView {
            quote: family.quote.clone(),
            name: family.family.clone(),
            price: self.locale.money(self.whole_trip(family.total)),
            words: format!("{words}{left}"),
            chosen,
        }
    }

    fn whole_trip(&self, price: Money) -> Money {
        self.so_far.and_then(|so_far| so_far.plus(price).ok()).unwrap_or(price)
    }
}

pub(super) fn stops_words(count: usize) -> String {
    match count {
        0 => "Nonstop".to_owned(),
        1 => "1 stop".to_owned(),
        n => format!("{n} stops"),
    }
}

fn pairs(legs: &[Leg]) -> impl Iterator<Item = (&Leg, &Leg)> {
    legs.iter().zip(legs.iter().skip(1))
}

fn between(before: &Leg, next: &Leg) -> SignedDuration {
    before.arrives.duration_until(next.departs)
}

fn stops(legs: &[Leg], locale: Locale) -> Vec<StopView> {
    pairs(legs)
        .map(|(before, next)| StopView {
            iata: before.to.to_string(),
            wait: locale.duration(between(before, next).as_mins()),
        })
        .collect()
}

/// `ZA12, ZA440`: a flight of several legs once.
fn flights(legs: &[Leg]) -> String {
    let mut names: Vec<String> = legs.iter().map(|leg| leg.designator.to_string()).collect();
    names.dedup();
    names.join(", ")
}

fn legs(legs: &[Leg], locale: Locale) -> Vec<LegView> {
    let waits = std::iter::once(String::new()).chain(pairs(legs).map(|(before, next)| {
        let time = locale.duration(between(before, next).as_mins());
        let same = before.designator == next.designator;
        let what = if same { "stop, same flight" } else { "to change" };
        format!("{time} {what}, {} ({})", before.to_city, before.to)
    }));
    legs.iter()
        .zip(waits)
        .map(|(leg, wait)| LegView {
            wait,
            flight: leg.designator.to_string(),
            departs: locale.time(leg.departs_local.time()),
            arrives: locale.time(leg.arrives_local.time()),
            from: format!("{} ({})", leg.from_city, leg.from),
            to: format!("{} ({})", leg.to_city, leg.to),
            aircraft: say::aircraft(&leg.aircraft),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use kernel::{Conditions, Currency};

    use super::*;

    fn leg(flight: &str, [from, to]: [&str; 2], [departs, arrives]: [&str; 2]) -> Leg {
        let local = |text: &str| text.parse().unwrap();
        let utc = |text: &str| format!("{text}:00Z").parse().unwrap();
        Leg {
            designator: flight.parse().unwrap(),
            date: "2026-12-01".parse().unwrap(),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            departs: utc(departs),
            arrives: utc(arrives),
            departs_local: local(departs),
            arrives_local: local(arrives),
            from_city: from.to_lowercase(),
            to_city: to.to_lowercase(),
            departs_zone: "UTC".into(),
            arrives_zone: "UTC".into(),
            aircraft: "320".into(),
        }
    }

    fn overnight(price: Option<Money>) -> Itinerary {
        let legs = vec![
            leg("XI1", ["AMS", "VIE"], ["2026-12-01T20:00", "2026-12-01T22:00"]),
            leg("XI2", ["VIE", "CPH"], ["2026-12-01T23:05", "2026-12-02T01:05"]),
        ];
        let family = |total| FamilyPrice {
            family: "Light".into(),
            total,
            conditions: Conditions::default(),
            quote: "q".into(),
            expires_at: legs[1].arrives,
            seats_left: 2,
        };
        Itinerary {
            departs: legs[0].departs,
            arrives: legs[1].arrives,
            duration_minutes: 305,
            pareto: true,
            price,
            families: price.map(family).into_iter().collect(),
            legs,
        }
    }

    fn shown(price: Option<Money>, now: &str) -> Card {
        let so_far = Some(Money::new(10_000, Currency::EUR));
        let setting = Setting {
            locale: Locale::EnGb,
            now: now.parse().unwrap(),
            price_note: "for 1 person, all taxes",
            so_far,
            hidden: &[],
        };
        setting.card(&overnight(price)).unwrap()
    }

    #[test]
    fn a_night_on_the_way_back() {
        let card = shown(Some(Money::new(5_050, Currency::EUR)), "2026-11-20T00:00:00Z");
        assert_eq!((card.departs.as_str(), card.arrives.as_str(), card.days), ("20:00", "01:05", 1));
        assert_eq!((card.stops[0].iata.as_str(), card.stops[0].wait.as_str()), ("VIE", "1 h 05 min"));
        assert_eq!((card.flights.as_str(), card.stops_words.as_str()), ("XI1, XI2", "1 stop"));
        assert_eq!(card.price, "€150.50", "the price is that of the whole trip");
        assert_eq!(card.legs[1].wait, "1 h 05 min to change, vie (VIE)");
        assert!(card.families[0].chosen && card.families[0].words.ends_with("2 seats left at this price"));
    }

    #[test]
    fn what_is_not_sold_says_why() {
        assert_eq!(shown(None, "2026-11-20T00:00:00Z").price_note, "Sold out, or not sold in this cabin");
        assert_eq!(shown(None, "2026-12-03T00:00:00Z").price_note, "It has left");
    }
}
