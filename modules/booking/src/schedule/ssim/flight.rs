//! A chain of legs becomes season flights: times from [`super::dating`], seats from [`super::cabins`], marks from type 4 records.

use std::collections::{HashMap, HashSet};

use booking_api::events::{SeasonFlight, SeasonLeg, usual_cabin};

use super::{
    cabins::{self, Cabins, Fitted},
    carrier::Mode,
    chain::Chain,
    dating::{Dated, Dating, Times},
    leg::Leg,
    notes::Notes,
    record::Read,
    segment::Segment,
};
use crate::schedule::{aircraft, dates::Period, places::Places};

const SOLD: &str = "JSGBCQRLU";
const NOT_SOLD: &str = "PTKDFVMAH";
/// Type 4 elements: the operating flight behind ours, a restriction for Z, a status override.
const OPERATED_AS: u32 = 50;
const PASSENGER_RESTRICTION: u32 = 170;
const OTHER_RESTRICTIONS: std::ops::RangeInclusive<u32> = 171..=173;
const STATUS_OVERRIDE: u32 = 220;

/// What is wrong or odd about one leg's values, apart from its times.
pub(super) fn check(leg: &Leg, notes: &mut Notes) -> Read<()> {
    if !SOLD.contains(leg.service) && !NOT_SOLD.contains(leg.service) {
        notes
            .warn(leg.line, format!("service type `{}` is not known; loaded, and not for sale", leg.service));
    }
    if !aircraft::is_known(&leg.aircraft) {
        notes.warn(leg.line, format!("aircraft type `{}` is not known; kept as text", leg.aircraft));
    }
    if cabins::cabins(&fitted(leg)).is_none() {
        return Err("it has neither booking classes nor a configuration".to_owned());
    }
    Ok(())
}

fn fitted(leg: &Leg) -> Fitted {
    Fitted {
        aircraft: leg.aircraft.clone(),
        classes: leg.classes.clone(),
        configuration: leg.configuration.clone(),
    }
}

/// Makes season flights and sees to it that their keys are unique.
pub(super) struct Builder<'a> {
    places: &'a Places,
    cabins: HashMap<Fitted, Cabins>,
    keys: HashSet<String>,
    flights: Vec<SeasonFlight>,
    dated: u32,
}

impl<'a> Builder<'a> {
    pub(super) fn new(places: &'a Places) -> Self {
        Self { places, cabins: HashMap::new(), keys: HashSet::new(), flights: Vec::new(), dated: 0 }
    }

    /// A chain that makes no sense is refused with the line of its first leg.
    pub(super) fn add(&mut self, chain: &Chain, period: Period, mode: Mode, notes: &mut Notes) {
        let Some(first) = chain.legs.first() else { return };
        warn_about_joints(chain, notes);
        if period.first().is_none() {
            notes.warn(first.line, "none of its days of operation lies in its period".to_owned());
        }
        let dating = Dating { places: self.places, mode };
        match dating.date(&chain.legs, period, notes) {
            Ok(stretches) => stretches.into_iter().for_each(|dated| self.push(chain, first, &dated)),
            Err(reason) => notes.refuse(first, reason),
        }
    }

    pub(super) fn finish(self) -> (Vec<SeasonFlight>, u32) {
        (self.flights, self.dated)
    }

    fn push(&mut self, chain: &Chain, first: &Leg, dated: &Dated) {
        let codeshare = is_codeshare(chain);
        let for_sale = SOLD.contains(first.service) && !codeshare;
        let legs = chain.legs.iter().zip(&dated.legs);
        let legs = legs.map(|(leg, times)| self.leg(chain, leg, *times, dated.shift, for_sale)).collect();
        let Period { from, to, days, fortnightly } = dated.period;
        self.dated = self.dated.saturating_add(dated.period.count());
        let key = self.key(first, dated.period);
        self.flights.push(SeasonFlight {
            key,
            designator: first.designator,
            from,
            to,
            days,
            fortnightly,
            service: first.service,
            legs,
            codeshare,
        });
    }

    fn leg(&mut self, chain: &Chain, leg: &Leg, times: Times, shift: i8, for_sale: bool) -> SeasonLeg {
        let Cabins { seats, open } = self.cabins_of(leg);
        let place = chain.legs.iter().position(|own| own.sequence == leg.sequence).unwrap_or(0);
        let status = status_override(chain, place);
        SeasonLeg {
            from: leg.departure.station,
            to: leg.arrival.station,
            departs: times.departs,
            arrives: times.arrives,
            departs_offset: times.departs_offset,
            arrives_offset: times.arrives_offset,
            date_shift: shift,
            aircraft: leg.aircraft.clone(),
            from_terminal: leg.departure.terminal.clone(),
            to_terminal: leg.arrival.terminal.clone(),
            from_status: status.0.or(leg.departure.status),
            to_status: status.1.or(leg.arrival.status),
            restrictions: restrictions(chain, place, &leg.restrictions),
            seats,
            open: if for_sale { open } else { Vec::new() },
        }
    }

    fn cabins_of(&mut self, leg: &Leg) -> Cabins {
        let fitted = fitted(leg);
        if let Some(known) = self.cabins.get(&fitted) {
            return known.clone();
        }
        let cabins = cabins::cabins(&fitted).unwrap_or_default();
        self.cabins.insert(fitted, cabins.clone());
        cabins
    }

    /// Such as `XI42.1.2026-03-29.1234567`; the same file gives the same keys.
    fn key(&mut self, first: &Leg, period: Period) -> String {
        let days: String =
            (0..7).filter(|day| period.days & (1 << day) != 0).map(|day| char::from(b'1' + day)).collect();
        let plain = format!("{}.{}.{}.{days}", first.designator, first.variation, period.from);
        if self.keys.insert(plain.clone()) {
            return plain;
        }
        let numbered = (2..u32::MAX).map(|n| format!("{plain}.{n}")).find(|key| !self.keys.contains(key));
        let key = numbered.unwrap_or(plain);
        self.keys.insert(key.clone());
        key
    }
}

fn warn_about_joints(chain: &Chain, notes: &mut Notes) {
    for (leg, next) in chain.legs.iter().zip(chain.legs.iter().skip(1)) {
        if leg.arrival.station != next.departure.station {
            let (lands, leaves) = (leg.arrival.station, next.departure.station);
            notes.warn(next.line, format!("it leaves {leaves}, but the leg before it lands at {lands}"));
        }
        if (leg.from, leg.to, leg.days, leg.fortnightly) != (next.from, next.to, next.days, next.fortnightly)
        {
            notes
                .warn(next.line, "its period or days differ from the first leg's, which are used".to_owned());
        }
    }
    for leg in &chain.legs {
        let sold = |class: &char| cabins::cabins(&fitted(leg)).is_some_and(|known| has_cabin(&known, *class));
        if let Some(class) = leg.classes.chars().filter(char::is_ascii_uppercase).find(|class| !sold(class)) {
            notes.warn(
                leg.line,
                format!("class {class} has no cabin in configuration `{}`", leg.configuration),
            );
        }
    }
}

fn has_cabin(cabins: &Cabins, class: char) -> bool {
    cabins.seats.iter().any(|(cabin, _)| *cabin == usual_cabin(class))
}

/// The operating flight is another one: its carrier keeps the seats.
fn is_codeshare(chain: &Chain) -> bool {
    chain.segments.iter().any(|segment| segment.element == OPERATED_AS)
        || chain.legs.iter().any(|leg| matches!(leg.disclosure, Some('L' | 'Z')))
}

/// Z says that type 4 records hold the restriction, one for each pair of stations.
fn restrictions(chain: &Chain, place: usize, written: &str) -> String {
    if !written.contains('Z') {
        return written.to_owned();
    }
    let resolved = (place + 1..).zip(written.chars()).map(|(off, code)| match code {
        'Z' => elsewhere(chain, place, off),
        other => other,
    });
    resolved.collect::<String>().trim_end().to_owned()
}

fn elsewhere(chain: &Chain, board: usize, off: usize) -> char {
    let here = |segment: &&Segment| segment.board == board && segment.off == off;
    let of_pair = || chain.segments.iter().filter(here);
    let for_passengers = of_pair().find(|segment| segment.element == PASSENGER_RESTRICTION);
    match for_passengers.and_then(|segment| segment.data.chars().next()) {
        Some(code) => code,
        None if of_pair().any(|segment| OTHER_RESTRICTIONS.contains(&segment.element)) => ' ',
        None => 'Z',
    }
}

fn status_override(chain: &Chain, place: usize) -> (Option<char>, Option<char>) {
    let here = |segment: &&Segment| segment.element == STATUS_OVERRIDE && segment.board == place;
    let Some(segment) = chain.segments.iter().find(here) else { return (None, None) };
    let mut marks = segment.data.chars().filter(|mark| matches!(mark, 'D' | 'I'));
    let from = marks.next();
    (from, marks.next().or(from))
}
