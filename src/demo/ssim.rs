//! Writes the season as an SSIM chapter 7 file in local time. Each flight is cut into itineraries (period and days of the week)
//! wherever a local time, an offset or the onward flight changes, so that each record's variations are right.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::calendar::{Local, date_of, ddmmmyy, weekday};
use super::timetable::{Flight, Leg, Pair};
use super::{CARRIER, Flown, World};

const WIDTH: usize = 200;

/// Everything about a flight on one date that a record states, with days counted from the flight's first date.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    legs: Vec<(Local, Local)>,
    onward: u16,
    layover: i64,
}

struct Variant {
    shape: Shape,
    from: i64,
    to: i64,
    days: u32,
}

pub(super) fn file(world: &World) -> String {
    let mut lines = Lines::default();
    lines.header(world);
    let mut flights: Vec<(usize, bool)> =
        (0..world.pairs.len()).flat_map(|pair| [(pair, false), (pair, true)]).collect();
    flights.sort_by_key(|(pair, back)| world.flight(*pair, *back).map(|flight| flight.number));
    for (place, back) in flights {
        let Some((pair, flight)) = world.pairs.get(place).zip(world.flight(place, back)) else { continue };
        for (nth, variant) in variants(&dates(world, place, back)).iter().enumerate() {
            for (seq, leg) in flight.legs.iter().enumerate() {
                lines.leg(world, &Record { pair, flight, leg, variant, nth: nth + 1, seq });
            }
        }
    }
    lines.trailer(world);
    lines.text
}

/// The flight as each date of the season shows it, by local date of departure.
fn dates(world: &World, place: usize, back: bool) -> BTreeMap<i64, Shape> {
    let mut dates = BTreeMap::new();
    // A day more on both sides: a return flight may leave on the day after its pair's.
    for day in world.first - 3..=world.last {
        let Some(flown) = world.flown(place, back, day) else { continue };
        let local: Vec<(Local, Local)> =
            flown.legs.iter().map(|leg| (leg.leaves_local, leg.arrives_local)).collect();
        let Some(date) = local.first().map(|(leaves, _)| leaves.day) else { continue };
        if !(world.first..=world.last).contains(&date) {
            continue;
        }
        let (onward, layover) = onward(world, place, back, day, &flown);
        let from = |moment: Local| Local { day: moment.day - date, ..moment };
        let legs = local.into_iter().map(|(leaves, arrives)| (from(leaves), from(arrives))).collect();
        dates.insert(date, Shape { legs, onward, layover });
    }
    dates
}

fn onward(world: &World, place: usize, back: bool, day: i64, flown: &Flown) -> (u16, i64) {
    let (next, next_day) = if back { world.rotation.after(&world.pairs, place, day) } else { (place, day) };
    let arrived = flown.legs.last().map_or(day, |leg| leg.arrives_local.day);
    let following = world.flown(next, !back, next_day);
    let leaves =
        following.as_ref().and_then(|flown| flown.legs.first()).map_or(arrived, |leg| leg.leaves_local.day);
    (world.flight(next, !back).map_or(0, |flight| flight.number), (leaves - arrived).clamp(0, 9))
}

/// Periods in which each weekday looks the same all along, and within them the weekdays that look alike.
fn variants(dates: &BTreeMap<i64, Shape>) -> Vec<Variant> {
    let mut variants = Vec::new();
    let (Some(start), Some(end)) = (dates.keys().next().copied(), dates.keys().next_back().copied()) else {
        return variants;
    };
    let mut from = start;
    while from <= end {
        let changed = |day: &i64| *day - 7 >= from && dates.get(day) != dates.get(&(day - 7));
        let until = (from + 7..=end).find(changed).map_or(end, |day| day - 1);
        let mut alike: Vec<Variant> = Vec::new();
        for (day, shape) in dates.range(from..=until) {
            if let Some(known) = alike.iter_mut().find(|variant| variant.shape == *shape) {
                known.days |= 1 << weekday(*day);
                known.to = *day;
            } else {
                alike.push(Variant { shape: shape.clone(), from: *day, to: *day, days: 1 << weekday(*day) });
            }
        }
        variants.extend(alike);
        from = until + 1;
    }
    variants
}

struct Record<'a> {
    pair: &'a Pair,
    flight: &'a Flight,
    leg: &'a Leg,
    variant: &'a Variant,
    nth: usize,
    seq: usize,
}

#[derive(Default)]
struct Lines {
    text: String,
    serial: usize,
    written: usize,
}

impl Lines {
    fn header(&mut self, world: &World) {
        self.push(&[(1, "1AIRLINE STANDARD SCHEDULE DATA SET"), (41, "1"), (192, "001")]);
        self.fill();
        let (from, to, made) = (ddmmmyy(world.first), ddmmmyy(world.last), ddmmmyy(world.from));
        let carrier = [
            (1, "2L"),
            (3, CARRIER),
            (11, &season(world.from)),
            (15, &from),
            (22, &to),
            (29, &made),
            (36, "BANYAN AIR DEMO"),
            (65, &made),
            (72, "CBANYAN DEMO"),
            (109, "DEMO DATA, NO REAL FLIGHTS"),
            (189, "ET"),
            (191, "0900"),
        ];
        self.push(&carrier);
        self.fill();
    }

    fn leg(&mut self, world: &World, record: &Record<'_>) {
        let Record { pair, flight, leg, variant, .. } = record;
        let (Some((leaves, arrives)), Some((from, to))) = (
            variant.shape.legs.get(record.seq),
            world.airports.get(leg.from).zip(world.airports.get(leg.to)),
        ) else {
            return;
        };
        let aircraft = pair.aircraft();
        let last = record.seq + 1 == flight.legs.len();
        let domestic = if from.country == to.country { "DD" } else { "II" };
        let onward = if last {
            format!("{CARRIER:<3}{:>4}{}", variant.shape.onward, variant.shape.layover)
        } else {
            String::new()
        };
        let place = [
            format!("3 {CARRIER:<3}{:>4}{:02}{:02}J", flight.number, record.nth % 100, record.seq + 1),
            format!("{}{}{}", ddmmmyy(variant.from), ddmmmyy(variant.to), days(variant.days)),
            format!("{}{1}{1}{2}{3:<2}", from.iata, leaves.hhmm(), leaves.variation_text(), from.terminal),
            format!("{}{1}{1}{2}{3:<2}", to.iata, arrives.hhmm(), arrives.variation_text(), to.terminal),
        ];
        let [key, period, departure, arrival] = &place;
        let overflow = if record.nth > 99 { (record.nth / 100).to_string() } else { String::new() };
        self.push(&[
            (1, key),
            (15, period),
            (37, departure),
            (55, arrival),
            (73, aircraft.code),
            (76, &aircraft.classes()),
            (120, domestic),
            (128, &overflow),
            (138, &onward),
            (173, &aircraft.configuration()),
            (193, &format!("{}{}", offset(leaves.day), offset(arrives.day))),
        ]);
    }

    fn trailer(&mut self, world: &World) {
        self.fill();
        let check = format!("{:06}E", self.serial);
        self.push(&[(1, "5"), (3, CARRIER), (6, &ddmmmyy(world.from)), (188, &check)]);
        self.fill();
    }

    /// One record: texts at their 1-based columns, and the serial number at the end.
    fn push(&mut self, cells: &[(usize, &str)]) {
        self.serial += 1;
        let mut line = String::with_capacity(WIDTH + 1);
        for (column, text) in cells {
            line.extend(std::iter::repeat_n(' ', (column - 1).saturating_sub(line.len())));
            line.push_str(text);
        }
        line.extend(std::iter::repeat_n(' ', (WIDTH - 6).saturating_sub(line.len())));
        self.text.push_str(&line);
        let end = writeln!(self.text, "{:06}", self.serial);
        debug_assert!(end.is_ok());
        self.written += 1;
    }

    /// Zero lines up to a block of five.
    fn fill(&mut self) {
        while !self.written.is_multiple_of(5) {
            self.text.extend(std::iter::repeat_n('0', WIDTH));
            self.text.push('\n');
            self.written += 1;
        }
    }
}

fn days(mask: u32) -> String {
    (0..7)
        .map(|day| if mask >> day & 1 == 1 { char::from_digit(day + 1, 10).unwrap_or(' ') } else { ' ' })
        .collect()
}

fn offset(days: i64) -> char {
    u32::try_from(days).ok().and_then(|days| char::from_digit(days, 10)).unwrap_or('A')
}

/// Summer from April to October by the month, close enough for a name.
fn season(day: i64) -> String {
    let date = date_of(day);
    let year = if date.month() < 4 { date.year() - 1 } else { date.year() };
    let half = if (4..=10).contains(&date.month()) { 'S' } else { 'W' };
    format!("{half}{:02}", year.rem_euclid(100))
}
