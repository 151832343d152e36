//! What must hold for the demo airline as a whole, read back from the texts it writes.

use super::*;
use jiff::civil::date;
use std::collections::BTreeMap;

fn world() -> World {
    World::build(1, date(2026, 11, 20), 30)
}

/// A leg record as a reader finds it.
struct Line<'a>(&'a str);

impl Line<'_> {
    fn at(&self, from: usize, to: usize) -> &str {
        &self.0[from - 1..to]
    }

    fn flies_on(&self, day: i64) -> bool {
        let name = (b'1' + u8::try_from(calendar::weekday(day)).unwrap()) as char;
        let period = |text: &str| calendar::day_of(jiff::civil::Date::strptime("%d%b%y", text).unwrap());
        self.at(29, 35).contains(name) && (period(self.at(15, 21))..=period(self.at(22, 28))).contains(&day)
    }
}

fn legs(text: &str) -> Vec<Line<'_>> {
    text.lines().filter(|line| line.starts_with('3')).map(Line).collect()
}

#[test]
fn the_season_file_is_well_formed() {
    let text = world().ssim();
    assert!(text.lines().all(|line| line.len() == 200 && line.is_ascii()));
    let serials: Vec<usize> =
        text.lines().filter(|line| !line.starts_with('0')).map(|line| line[194..].parse().unwrap()).collect();
    assert!(serials.iter().enumerate().all(|(at, serial)| *serial == at + 1));
    let trailer = text.lines().find(|line| line.starts_with('5')).unwrap();
    assert_eq!(trailer[187..].to_owned(), format!("{:06}E{:06}", serials.len() - 1, serials.len()));
    assert!(legs(&text).len() <= 6000, "{}", legs(&text).len());
    assert!(text.contains("DEMO") && text.contains("J30Y264"));
}

#[test]
fn about_two_thousand_flights_leave_each_day() {
    let world = world();
    let text = world.ssim();
    let legs = legs(&text);
    for day in world.from..world.from + 14 {
        let flights = legs.iter().filter(|leg| leg.flies_on(day)).count();
        assert!((1900..=2100).contains(&flights), "{} has {flights}", calendar::ddmmmyy(day));
    }
    assert!((300..=600).contains(&world.fleet_size()), "{}", world.fleet_size());
}

#[test]
fn rotations_close_overnight() {
    let world = world();
    let mut places: BTreeMap<i64, Vec<(i64, i64, usize, usize)>> = BTreeMap::new();
    for day in world.from..world.from + 9 {
        for place in 0..world.pairs.len() {
            for back in [false, true] {
                let Some(flown) = world.flown(place, back, day) else { continue };
                for leg in flown.legs {
                    places.entry(world.rotation.aircraft(place, day)).or_default().push((
                        leg.leaves,
                        leg.arrives,
                        leg.from,
                        leg.to,
                    ));
                }
            }
        }
    }
    for (aircraft, mut legs) in places {
        legs.sort_unstable();
        for (before, after) in legs.iter().zip(legs.iter().skip(1)) {
            assert!(before.3 == after.2, "aircraft {aircraft} leaves from where it is not");
            assert!(before.1 + 35 <= after.0, "aircraft {aircraft} has no time to turn");
        }
    }
}

/// Follows bytes 138–145 from leg to leg, as a reader would.
#[test]
fn onward_flights_leave_from_where_the_aircraft_is() {
    let world = world();
    let text = world.ssim();
    let legs = legs(&text);
    let mut starts: BTreeMap<&str, Vec<&Line<'_>>> = BTreeMap::new();
    for leg in legs.iter().filter(|leg| leg.at(12, 13) == "01") {
        starts.entry(leg.at(6, 9)).or_default().push(leg);
    }
    let mut followed = 0;
    for leg in legs.iter().filter(|leg| !leg.at(141, 144).trim().is_empty()) {
        let day = (world.from..world.from + 7).find(|day| leg.flies_on(*day));
        let Some(day) = day else { continue };
        let days: i64 = leg.at(194, 194).parse::<i64>().unwrap() + leg.at(145, 145).parse::<i64>().unwrap();
        let next =
            starts.get(leg.at(141, 144)).and_then(|next| next.iter().find(|next| next.flies_on(day + days)));
        let next = next.unwrap_or_else(|| panic!("nothing follows {}", leg.0));
        assert_eq!(next.at(37, 39), leg.at(55, 57), "{}", leg.0);
        followed += 1;
    }
    assert!(followed > 1800, "{followed}");
}

/// Both sides of a clock change: UTC times, block times and one flight per number and date must hold.
#[test]
fn clock_changes_split_the_periods() {
    for from in [date(2027, 3, 1), date(2026, 10, 1)] {
        let world = World::build(3, from, 30);
        let text = world.ssim();
        let legs = legs(&text);
        assert!(legs.len() <= 6000, "{}", legs.len());
        let minutes = |text: &str| text[..2].parse::<i64>().unwrap() * 60 + text[2..].parse::<i64>().unwrap();
        let signed = |text: &str| minutes(&text[1..]) * if text.starts_with('-') { -1 } else { 1 };
        for leg in &legs {
            let station = |iata: &str| network::at(&world.airports, iata).unwrap();
            let (a, b) = (station(leg.at(37, 39)), station(leg.at(55, 57)));
            let day = (world.first..=world.last).find(|day| leg.flies_on(*day)).unwrap();
            let shift = |text: &str| text.parse::<i64>().unwrap() * calendar::DAY;
            let leaves = day * calendar::DAY + shift(leg.at(193, 193)) + minutes(leg.at(40, 43))
                - signed(leg.at(48, 52));
            let arrives = day * calendar::DAY + shift(leg.at(194, 194)) + minutes(leg.at(58, 61))
                - signed(leg.at(66, 70));
            assert_eq!(world.clocks[a].offset(leaves), signed(leg.at(48, 52)), "{}", leg.0);
            assert_eq!(world.clocks[b].offset(arrives), signed(leg.at(66, 70)), "{}", leg.0);
            let block = world.airports[a].block_minutes(&world.airports[b]);
            assert_eq!(arrives - leaves, i64::from(block), "{}", leg.0);
        }
        for day in [world.from + 23, world.from + 27, world.from + 28] {
            let mut seen = std::collections::BTreeSet::new();
            for leg in legs.iter().filter(|leg| leg.flies_on(day)) {
                assert!(seen.insert((leg.at(6, 9), leg.at(12, 13))), "twice on one date: {}", leg.0);
            }
        }
    }
}

/// FNV-1a: enough to tell that two long texts are the same.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn prints(seed: u64) -> Vec<u64> {
    let world = World::build(seed, date(2026, 11, 20), 30);
    let movements: String = world.movements(date(2026, 11, 20)).iter().map(ToString::to_string).collect();
    let texts =
        [world.ssim(), world.fares_csv(), world.connecting_times_csv(), world.bookings_jsonl(), movements];
    texts.iter().map(|text| hash(text)).chain([hash(&format!("{:?}", world.notes()))]).collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_does_not() {
    let first = prints(1);
    assert_eq!(first, prints(1));
    let other = prints(2);
    // Connecting times are facts.
    for text in [0, 1, 3, 4, 5] {
        assert_ne!(first[text], other[text], "text {text}");
    }
}

#[test]
fn any_date_and_length_makes_a_world() {
    for (from, days) in [(date(2024, 2, 28), 1), (date(2026, 3, 27), 60)] {
        let world = World::build(9, from, days);
        assert!(legs(&world.ssim()).len() > 2000);
        assert!(world.bookings_jsonl().lines().count() > 8000);
        assert_eq!(world.notes().iter().filter(|note| note.trip.is_some()).count(), 3, "{from}");
    }
}
