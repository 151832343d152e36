//! From what was typed to what is asked of search: places are looked up, dates and the party are checked, and
//! everything that does not fit becomes a message beside its field.

use booking_api::Quote;
use futures_util::future::join;
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use kernel::{Cursor, Iata, Party};
use search_api::{ItinerariesAsk, Place, SearchError, Sort};

use super::{places, typed::Typed};
use crate::{edge::Visit, pages::pieces::Troubles};

/// A search that can be asked.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    pub(super) from: Iata,
    pub(super) to: Iata,
    pub(super) depart: Date,
    pub(super) back: Option<Date>,
    pub(super) party: Party,
    pub(super) cabin: char,
    /// 0, 1 or 2.
    pub(super) max_stops: u8,
    pub(super) sort: Sort,
    pub(super) after: Option<Cursor>,
    /// The way there has been chosen, and this is the way back.
    pub(super) outbound: Option<Quote>,
}

/// How many itineraries a page shows.
const ON_A_PAGE: u32 = 20;

impl Wish {
    /// `Ok(Err(…))` is a form with messages; `Err` is search being away.
    pub(super) async fn read(visit: &Visit, typed: &Typed) -> Result<Result<Self, Troubles>, SearchError> {
        let (from, to) =
            join(places::resolve(visit, "from", &typed.from), places::resolve(visit, "to", &typed.to)).await;
        let mut troubles = Troubles::default();
        let from = keep(&mut troubles, from?);
        let to = keep(&mut troubles, to?);
        if from.is_some() && from == to {
            troubles.push("to", "Choose a place other than the one you leave from");
        }
        let today = earliest_today(visit.portal.outside.now());
        let depart = date(&mut troubles, "depart", &typed.depart, today);
        let back = match typed.back.as_str() {
            "" => None,
            text => date(&mut troubles, "return", text, depart.unwrap_or(today)),
        };
        let party = party(&mut troubles, typed);
        let cabin = cabin(&mut troubles, &typed.cabin);
        let (Some(from), Some(to), Some(depart), true) = (from, to, depart, troubles.is_empty()) else {
            return Ok(Err(troubles));
        };
        Ok(Ok(Self {
            from,
            to,
            depart,
            back,
            party,
            cabin,
            max_stops: typed.max_stops.parse().unwrap_or(2).min(2),
            sort: sort(&typed.sort),
            after: Some(typed.after.clone()).filter(|text| !text.is_empty()).map(Cursor),
            outbound: back.and_then(|_| Quote::peek(&typed.outbound)),
        }))
    }

    /// Which way this page shows: from, to and the day.
    pub(super) fn way(&self) -> (Iata, Iata, Date) {
        match (self.back, &self.outbound) {
            (Some(back), Some(_)) => (self.to, self.from, back),
            _ => (self.from, self.to, self.depart),
        }
    }

    /// Something is still to be chosen after this page.
    pub(super) fn return_follows(&self) -> bool {
        self.back.is_some() && self.outbound.is_none()
    }

    /// The question for the way that this page shows.
    pub(super) fn ask(&self, not_before: Option<Timestamp>) -> ItinerariesAsk {
        let (from, to, date) = self.way();
        ItinerariesAsk {
            max_legs: self.max_stops + 1,
            party: self.party,
            cabin: Some(self.cabin),
            sort: self.sort,
            not_before,
            limit: Some(ON_A_PAGE),
            after: self.after.clone(),
            ..ItinerariesAsk::new(from, to, date)
        }
    }
}

fn keep<T>(troubles: &mut Troubles, found: Result<T, Troubles>) -> Option<T> {
    found.map_err(|wrong| wrong.iter().for_each(|t| troubles.push(&t.field, t.text.clone()))).ok()
}

/// The day that it is where days begin last: nobody can leave before it from anywhere.
pub(super) fn earliest_today(now: Timestamp) -> Date {
    now.checked_sub(12.hours()).unwrap_or(now).to_zoned(TimeZone::UTC).date()
}

/// The day that it is at a place.
pub(super) fn today_at(place: &Place, now: Timestamp) -> Date {
    now.to_zoned(kernel::zone(&place.zone).unwrap_or(TimeZone::UTC)).date()
}

fn date(troubles: &mut Troubles, field: &str, text: &str, not_before: Date) -> Option<Date> {
    match text.parse::<Date>() {
        Ok(date) if date >= not_before => Some(date),
        Ok(_) if field == "return" => {
            troubles.push(field, "Choose a day on or after the day you leave");
            None
        }
        Ok(_) => {
            troubles.push(field, "This day has passed; choose today or later");
            None
        }
        Err(_) => {
            troubles.push(field, "Choose a day, such as 2026-12-01");
            None
        }
    }
}

fn party(troubles: &mut Troubles, typed: &Typed) -> Party {
    let mut readable = true;
    let mut count = |field: &str, text: &str, usual: u8| match text {
        "" => usual,
        text => text.parse().unwrap_or_else(|_| {
            troubles.push(field, "Choose a number from 0 to 9");
            readable = false;
            usual
        }),
    };
    let party = Party {
        adults: count("adults", &typed.adults, 1),
        children: count("children", &typed.children, 0),
        infants: count("infants", &typed.infants, 0),
    };
    if let (true, Err(errors)) = (readable, party.check()) {
        errors.0.into_iter().for_each(|e| troubles.push(&e.field, e.message));
    }
    party
}

fn cabin(troubles: &mut Troubles, text: &str) -> char {
    match text.to_ascii_lowercase().as_str() {
        "" | "y" | "economy" => 'Y',
        "w" | "premium" | "premium_economy" => 'W',
        "j" | "business" => 'J',
        _ => {
            troubles.push("cabin", "Choose economy, premium economy or business");
            'Y'
        }
    }
}

fn sort(word: &str) -> Sort {
    match word {
        "price" => Sort::Price,
        "duration" => Sort::Duration,
        "departure" => Sort::Departure,
        "arrival" => Sort::Arrival,
        _ => Sort::Best,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_refused_only_when_it_has_passed_everywhere() {
        let now: Timestamp = "2026-12-01T06:00:00Z".parse().unwrap();
        let today = earliest_today(now);
        assert_eq!(today.to_string(), "2026-11-30");
        for (text, fits) in
            [("2026-11-29", false), ("2026-11-30", true), ("2026-12-01", true), ("soon", false)]
        {
            let mut troubles = Troubles::default();
            assert_eq!(date(&mut troubles, "depart", text, today).is_some(), fits, "{text}");
            assert_eq!(troubles.of("depart").is_empty(), fits, "{text}");
        }
    }

    #[test]
    fn parties_that_cannot_travel() {
        for (adults, children, infants, field) in [
            ("0", "1", "0", "adults"),
            ("1", "0", "2", "infants"),
            ("5", "5", "0", "adults"),
            ("x", "", "", "adults"),
        ] {
            let typed = Typed {
                adults: adults.into(),
                children: children.into(),
                infants: infants.into(),
                ..Typed::default()
            };
            let mut troubles = Troubles::default();
            party(&mut troubles, &typed);
            assert!(!troubles.of(field).is_empty(), "{adults} {children} {infants}");
        }
    }
}
