//! What a newer season file does to the schedule: inside its carriers' validity it is the whole truth; outside, what was
//! there stays. A period that lies across the border is cut. Days that somebody has booked and that the file no
//! longer has are kept, and told.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use booking_api::{
    LegKey,
    events::{SeasonFlight, SeasonLeg},
};
use jiff::civil;
use kernel::Designator;

use super::{
    dates::Period,
    ssim::{Unread, Window},
};

/// What is to be written.
#[derive(Debug, Default)]
pub(crate) struct Change {
    /// New, changed, and what is left of those that were cut.
    pub(crate) loaded: Vec<SeasonFlight>,
    /// Keys of flights that are no more.
    pub(crate) withdrawn: Vec<String>,
    /// Flights of the file that were there already, to the letter.
    pub(crate) unchanged: u32,
    /// Booked days that stay although the file does not have them, such as `XI42 2026-12-01`.
    pub(crate) kept: Vec<String>,
}

/// The schedule as it is, and the file that replaces parts of it.
pub(crate) struct Replacement<'a> {
    pub(crate) present: &'a [Arc<SeasonFlight>],
    pub(crate) flights: Vec<SeasonFlight>,
    pub(crate) windows: &'a [Window],
    pub(crate) unread: &'a Unread,
    /// Legs with seats sold or held.
    pub(crate) booked: &'a [LegKey],
}

type Spans = Vec<(civil::Date, civil::Date)>;

pub(crate) fn replace(ask: Replacement<'_>) -> Change {
    let mut fates = Fates::default();
    let news = News::of(&ask);
    for old in ask.present {
        fates.decide(old, &news);
    }
    fates.settle(ask.present, ask.flights)
}

/// What becomes of the flights that were there.
#[derive(Default)]
struct Fates<'a> {
    /// Keys of those that the file has just as they are.
    same: HashSet<&'a str>,
    /// Those that the file takes the place of, by key.
    gone: HashMap<&'a str, &'a SeasonFlight>,
    /// What is left of them, with new keys to come.
    left: Vec<SeasonFlight>,
    kept: Vec<String>,
}

impl<'a> Fates<'a> {
    fn decide(&mut self, old: &'a SeasonFlight, news: &News<'_>) {
        if news.by_key.get(old.key.as_str()).is_some_and(|new| **new == *old) {
            self.same.insert(&old.key);
            return;
        }
        let spans = news.spans_of(old);
        if !spans.iter().any(|(from, to)| *from <= old.to && old.from <= *to) {
            return;
        }
        self.gone.insert(&old.key, old);
        self.left.extend(pieces(old, &spans).map(|period| piece(old, period)));
        for (base, date) in news.kept_days(old, &spans) {
            self.kept.push(format!("{} {date}", old.designator));
            self.left
                .push(piece(old, Period { from: base, to: base, fortnightly: false, ..Period::of(old) }));
        }
    }

    fn settle(mut self, present: &[Arc<SeasonFlight>], flights: Vec<SeasonFlight>) -> Change {
        let stay = present.iter().map(|old| old.key.as_str()).filter(|key| !self.gone.contains_key(key));
        let mut taken: HashSet<String> = stay.map(str::to_owned).collect();
        taken.extend(flights.iter().map(|new| new.key.clone()));
        for piece in &mut self.left {
            piece.key = free_key(piece, &mut taken);
        }
        let unchanged = u32::try_from(self.same.len()).unwrap_or(u32::MAX);
        let mut loaded: Vec<_> =
            flights.into_iter().filter(|new| !self.same.contains(new.key.as_str())).collect();
        // A piece may be the whole flight again: kept days that are all it had.
        let whole =
            |piece: &SeasonFlight| self.gone.get(piece.key.as_str()).is_some_and(|old| **old == *piece);
        let (untouched, changed): (Vec<_>, Vec<_>) = self.left.into_iter().partition(whole);
        loaded.extend(changed);
        let written: HashSet<&str> =
            loaded.iter().chain(&untouched).map(|flight| flight.key.as_str()).collect();
        let withdrawn = self.gone.keys().filter(|key| !written.contains(*key)).map(|key| (*key).to_owned());
        let mut withdrawn: Vec<String> = withdrawn.collect();
        withdrawn.sort_unstable();
        self.kept.sort_unstable();
        self.kept.dedup();
        Change { withdrawn, unchanged, kept: self.kept, loaded }
    }
}

/// The file, by the questions that are asked of it.
struct News<'a> {
    by_key: HashMap<&'a str, &'a SeasonFlight>,
    by_designator: HashMap<Designator, Vec<&'a SeasonFlight>>,
    windows: &'a [Window],
    unread: &'a Unread,
    booked: HashMap<Designator, Vec<&'a LegKey>>,
}

impl<'a> News<'a> {
    fn of(ask: &'a Replacement<'_>) -> Self {
        let mut by_designator: HashMap<_, Vec<_>> = HashMap::new();
        for flight in &ask.flights {
            by_designator.entry(flight.designator).or_default().push(flight);
        }
        let mut booked: HashMap<_, Vec<_>> = HashMap::new();
        for leg in ask.booked {
            booked.entry(leg.designator).or_default().push(leg);
        }
        let by_key = ask.flights.iter().map(|flight| (flight.key.as_str(), flight)).collect();
        Self { by_key, by_designator, windows: ask.windows, unread: ask.unread, booked }
    }

    /// The base dates on which the file replaces this flight: its carrier's validity, and the periods that the file gives the
    /// same designator beyond that.
    fn spans_of(&self, old: &SeasonFlight) -> Spans {
        let silent = self.is_silent_about(old.designator);
        let windows =
            self.windows.iter().filter(|window| !silent && window.carrier == old.designator.carrier);
        let mut spans: Spans = windows.map(|window| (window.from, window.to)).collect();
        for new in self.by_designator.get(&old.designator).into_iter().flatten() {
            let inside = spans.iter().any(|(from, to)| *from <= new.from && new.to <= *to);
            if !inside {
                spans.push((new.from, new.to));
            }
        }
        spans
    }

    /// The file has something about the flight, or may have, that could not be read.
    fn is_silent_about(&self, flight: Designator) -> bool {
        let unheard = !self.by_designator.contains_key(&flight);
        self.unread.flights.contains(&flight) || (unheard && self.unread.carriers.contains(&flight.carrier))
    }

    /// (Base date, flight's date) of booked legs that the file takes away.
    fn kept_days(&self, old: &SeasonFlight, spans: &Spans) -> Vec<(civil::Date, civil::Date)> {
        let mut days: Vec<_> = self
            .booked
            .get(&old.designator)
            .into_iter()
            .flatten()
            .filter_map(|leg| Some((base_of(old, leg.date)?, *leg)))
            .filter(|(base, leg)| {
                old.flies_on(*base) && has_leg(old, leg) && covers(spans, *base) && !self.has(leg)
            })
            .map(|(base, leg)| (base, leg.date))
            .collect();
        days.sort_unstable();
        days.dedup();
        days
    }

    fn has(&self, leg: &LegKey) -> bool {
        let same_name = self.by_designator.get(&leg.designator).into_iter().flatten();
        same_name
            .into_iter()
            .any(|new| has_leg(new, leg) && base_of(new, leg.date).is_some_and(|base| new.flies_on(base)))
    }
}

fn covers(spans: &Spans, date: civil::Date) -> bool {
    spans.iter().any(|(from, to)| *from <= date && date <= *to)
}

fn has_leg(flight: &SeasonFlight, key: &LegKey) -> bool {
    flight.legs.iter().any(|leg: &SeasonLeg| (leg.from, leg.to) == (key.from, key.to))
}

/// The base date of a flight's date.
pub(super) fn base_of(flight: &SeasonFlight, date: civil::Date) -> Option<civil::Date> {
    let shift = flight.legs.first()?.date_shift;
    date.checked_sub(jiff::Span::new().days(i64::from(shift))).ok()
}

fn pieces(old: &SeasonFlight, spans: &Spans) -> impl Iterator<Item = Period> {
    let whole = vec![Period::of(old)];
    let cut = |left: Vec<Period>, span: &(civil::Date, civil::Date)| {
        left.into_iter().flat_map(|period| period.without(span.0, span.1)).collect()
    };
    spans.iter().fold(whole, cut).into_iter()
}

fn piece(old: &SeasonFlight, period: Period) -> SeasonFlight {
    let Period { from, to, days, fortnightly } = period;
    SeasonFlight { from, to, days, fortnightly, ..old.clone() }
}

/// The flight's own key with the piece's first date in it, and a number if that is taken.
fn free_key(piece: &SeasonFlight, taken: &mut HashSet<String>) -> String {
    let mut parts: Vec<String> = piece.key.split('.').map(str::to_owned).collect();
    if let Some(date) = parts.get_mut(2) {
        *date = piece.from.to_string();
    }
    parts.truncate(4);
    let plain = parts.join(".");
    let numbered = (2..u32::MAX).map(|n| format!("{plain}.{n}"));
    let free = std::iter::once(plain.clone()).chain(numbered).find(|key| !taken.contains(key));
    let key = free.unwrap_or(plain);
    taken.insert(key.clone());
    key
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn flight(key: &str, from: civil::Date, to: civil::Date) -> SeasonFlight {
        let [name, ..] = key.split('.').collect::<Vec<_>>()[..] else { panic!("a key has parts") };
        SeasonFlight {
            key: key.to_owned(),
            designator: name.parse().unwrap(),
            from,
            to,
            days: 0x7f,
            fortnightly: false,
            service: 'J',
            legs: vec![leg("AMS", "LHR", 600)],
            codeshare: false,
        }
    }

    fn leg(from: &str, to: &str, departs: i32) -> SeasonLeg {
        SeasonLeg {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            departs,
            arrives: departs + 80,
            departs_offset: 60,
            arrives_offset: 0,
            date_shift: 0,
            aircraft: "320".to_owned(),
            from_terminal: String::new(),
            to_terminal: String::new(),
            from_status: None,
            to_status: None,
            restrictions: String::new(),
            seats: vec![('Y', 180)],
            open: vec![('Y', 180)],
        }
    }

    fn december(day: i8) -> civil::Date {
        date(2026, 12, day)
    }

    fn window(from: civil::Date, to: civil::Date) -> Window {
        Window { carrier: "XI".parse().unwrap(), from, to }
    }

    fn run(
        present: &[SeasonFlight],
        flights: Vec<SeasonFlight>,
        window: Window,
        booked: &[LegKey],
    ) -> Change {
        let present: Vec<_> = present.iter().cloned().map(Arc::new).collect();
        replace(Replacement {
            present: &present,
            flights,
            windows: &[window],
            unread: &Unread::default(),
            booked,
        })
    }

    fn keys(flights: &[SeasonFlight]) -> Vec<&str> {
        flights.iter().map(|flight| flight.key.as_str()).collect()
    }

    #[test]
    fn the_same_file_again_changes_nothing() {
        let season = [flight("XI1.1.2026-12-01.1234567", december(1), december(31))];
        let change = run(&season, season.to_vec(), window(december(1), december(31)), &[]);
        assert_eq!((change.loaded.len(), change.withdrawn.len(), change.unchanged), (0, 0, 1));
    }

    #[test]
    fn missing_flights_are_withdrawn_and_others_left_alone() {
        let old = flight("XI1.1.2026-12-01.1234567", december(1), december(31));
        let other = flight("X21.1.2026-12-01.1234567", december(1), december(31));
        let change = run(&[old, other], Vec::new(), window(december(1), december(31)), &[]);
        assert_eq!(change.withdrawn, ["XI1.1.2026-12-01.1234567"]);
        assert!(change.loaded.is_empty());
    }

    #[test]
    fn a_period_across_the_border_is_cut() {
        let old = flight("XI1.1.2026-12-01.1234567", december(1), december(31));
        let change = run(&[old], Vec::new(), window(december(10), december(20)), &[]);
        let periods: Vec<_> = change.loaded.iter().map(|f| (f.from.day(), f.to.day())).collect();
        assert_eq!(periods, [(1, 9), (21, 31)]);
        assert_eq!(keys(&change.loaded), ["XI1.1.2026-12-01.1234567", "XI1.1.2026-12-21.1234567"]);
        assert!(change.withdrawn.is_empty(), "its key lives on with the first piece");
    }

    #[test]
    fn a_changed_flight_takes_the_place_of_the_old_one() {
        let old = flight("XI1.1.2026-12-01.1234567", december(1), december(31));
        let new = SeasonFlight { legs: vec![leg("AMS", "LHR", 700)], ..old.clone() };
        let booked = LegKey {
            designator: old.designator,
            date: december(5),
            from: old.legs[0].from,
            to: old.legs[0].to,
        };
        let change = run(&[old], vec![new.clone()], window(december(1), december(31)), &[booked]);
        assert_eq!(change.loaded, [new]);
        assert!(change.withdrawn.is_empty() && change.kept.is_empty());
    }

    #[test]
    fn booked_days_are_kept_and_told() {
        let old = flight("XI1.1.2026-12-01.1234567", december(1), december(31));
        let booked = LegKey {
            designator: old.designator,
            date: december(5),
            from: old.legs[0].from,
            to: old.legs[0].to,
        };
        let change =
            run(std::slice::from_ref(&old), Vec::new(), window(december(1), december(31)), &[booked]);
        assert_eq!(change.kept, ["XI1 2026-12-05"]);
        assert_eq!(
            change.loaded.iter().map(|f| (f.from, f.to)).collect::<Vec<_>>(),
            [(december(5), december(5))]
        );
        assert_eq!(change.withdrawn, [old.key]);
        let again = run(&change.loaded, Vec::new(), window(december(1), december(31)), &[booked]);
        assert!(again.loaded.is_empty() && again.withdrawn.is_empty() && again.kept.len() == 1, "{again:?}");
    }
}
