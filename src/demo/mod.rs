//! The demo airline "Banyan Air" (XI), drawn from a seed: airports, network, rotations, season file, fares, orders and a live day.
//! Pure: it makes texts in the formats that users import, and reads no clock, file or database.

mod airports;
mod blocks;
pub mod bookings;
mod calendar;
mod fares;
mod fleet;
mod journeys;
mod markets;
mod movements;
mod network;
mod notes;
mod operation;
mod orders;
mod people;
mod random;
mod rotation;
mod ssim;
mod timetable;

use jiff::civil::Date;
use jiff::tz::TimeZoneDatabase;

use airports::Airport;
use calendar::{Clock, Local};
pub use fleet::{TYPES as AIRCRAFT_TYPES, Type as AircraftType};
use markets::{Hops, Market};
pub use movements::TimedMessage;
pub use notes::NoteSeed;
use rotation::Rotation;
use timetable::{Flight, Pair, Planner};

/// The carrier of every demo flight; unassigned in open lists.
pub const CARRIER: &str = "XI";
/// What the pages call it.
pub const AIRLINE: &str = "Banyan Air";
/// The airline code at the head of every demo ticket number.
pub const NUMERIC_CODE: &str = "008";

/// How far the timetable goes past the days asked for.
const BEFORE: i64 = 2;
const AFTER: i64 = 30;

/// The demo airline: the same seed, date and days make the same world and the same bytes.
pub struct World {
    seed: u64,
    from: i64,
    days: i64,
    first: i64,
    last: i64,
    airports: Vec<Airport>,
    clocks: Vec<Clock>,
    pairs: Vec<Pair>,
    rotation: Rotation,
    hops: Hops,
    markets: Vec<Market>,
}

/// One flight on one operating day.
struct Flown {
    legs: Vec<FlownLeg>,
}

/// Instants are minutes since 1970, in UTC.
struct FlownLeg {
    from: usize,
    to: usize,
    leaves: i64,
    arrives: i64,
    leaves_local: Local,
    arrives_local: Local,
}

impl World {
    /// Flights run from two days before `from` to thirty days after the `days` asked for.
    pub fn build(seed: u64, from: Date, days: u16) -> Self {
        let (from, days) = (calendar::day_of(from), i64::from(days));
        let (first, last) = (from - BEFORE, from + days + AFTER);
        let airports = airports::table();
        let zones = TimeZoneDatabase::bundled();
        let clocks: Vec<Clock> =
            airports.iter().map(|airport| Clock::new(&zones, airport.zone, first - 5, last + 15)).collect();
        let routes = network::routes(seed, &airports);
        let offsets: Vec<i64> = clocks.iter().map(|clock| clock.offset(first * calendar::DAY)).collect();
        let random = random::Random::topic(seed, "timetable");
        let pairs = Planner { airports: &airports, offsets: &offsets, random }.pairs(&routes);
        let rotation = Rotation::of(&pairs);
        let (hops, markets) = (Hops::new(), Vec::new());
        let mut world =
            Self { seed, from, days, first, last, airports, clocks, pairs, rotation, hops, markets };
        world.hops = markets::hops(&world);
        world.markets = markets::markets(&world, &world.hops);
        world
    }

    /// SSIM chapter 7, for `import schedule`.
    pub fn ssim(&self) -> String {
        ssim::file(self)
    }

    /// For `import fares`; the `conditions` column is described in `fares`.
    pub fn fares_csv(&self) -> String {
        fares::file(self)
    }

    /// For `import connecting-times`.
    pub fn connecting_times_csv(&self) -> String {
        fares::connecting_times(self)
    }

    /// For `import bookings`; each line is a `bookings::Line`.
    pub fn bookings_jsonl(&self) -> String {
        orders::file(self)
    }

    /// The messages about the flights with this local date, in order of arrival: send those up to now, and play the rest live.
    pub fn movements(&self, date: Date) -> Vec<TimedMessage> {
        movements::of_date(self, calendar::day_of(date))
    }

    /// Notes for the demo accounts.
    pub fn notes(&self) -> Vec<NoteSeed> {
        notes::all(self)
    }

    /// How many aircraft the rotations need.
    pub fn fleet_size(&self) -> i64 {
        self.rotation.fleet_size()
    }

    fn flight(&self, pair: usize, back: bool) -> Option<&Flight> {
        self.pairs.get(pair).map(|pair| if back { &pair.back } else { &pair.out })
    }

    /// The flight on the base's operating day, if it flies then.
    fn flown(&self, place: usize, back: bool, day: i64) -> Option<Flown> {
        let pair = self.pairs.get(place).filter(|pair| pair.flies_on(day))?;
        let start = self.clocks.get(pair.base)?.start_of(day);
        let legs = self.flight(place, back)?.legs.iter();
        let legs = legs.map(|leg| {
            let (leaves, arrives) = (start + i64::from(leg.leaves), start + i64::from(leg.arrives));
            Some(FlownLeg {
                from: leg.from,
                to: leg.to,
                leaves,
                arrives,
                leaves_local: self.clocks.get(leg.from)?.local(leaves),
                arrives_local: self.clocks.get(leg.to)?.local(arrives),
            })
        });
        Some(Flown { legs: legs.collect::<Option<_>>()? })
    }
}

#[cfg(test)]
mod tests;
