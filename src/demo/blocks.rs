//! Seats sold besides the named orders: group blocks that fill the hub flights of the next days to 70–88 % of economy.

use super::airports::whole;
use super::bookings::Sold;
use super::calendar::date_of;
use super::orders::Taken;
use super::random::Random;
use super::{CARRIER, World};

const DAYS: i64 = 3;

/// Two classes a leg, the dearer with the smaller part; on the last day one class and the largest hub only, which keeps the
/// file short.
pub(super) fn sold(world: &World, taken: &Taken) -> Vec<Sold> {
    let mut blocks = Blocks { world, taken, random: Random::topic(world.seed, "blocks"), sold: Vec::new() };
    for date in world.from..world.from + DAYS {
        let short = date + 1 == world.from + DAYS;
        for (place, pair) in world.pairs.iter().enumerate() {
            let wanted = pair.hub.is_some_and(|hub| !short || hub == 0);
            for back in [false, true].into_iter().filter(|_| wanted) {
                for day in date - 2..=date {
                    blocks.flight(place, back, day, (date, short));
                }
            }
        }
    }
    blocks.sold
}

struct Blocks<'a> {
    world: &'a World,
    taken: &'a Taken,
    random: Random,
    sold: Vec<Sold>,
}

impl Blocks<'_> {
    fn flight(&mut self, place: usize, back: bool, day: i64, (date, short): (i64, bool)) {
        let world = self.world;
        let Some((flown, flight)) = world.flown(place, back, day).zip(world.flight(place, back)) else {
            return;
        };
        if flown.legs.first().is_none_or(|leg| leg.leaves_local.day != date) {
            return;
        }
        let economy = world.pairs.get(place).map_or(0, |pair| pair.aircraft().economy);
        for (nth, leg) in flown.legs.iter().enumerate() {
            let own = self.taken.get(&(place, back, day, nth)).copied().unwrap_or_default();
            let load = 0.70 + 0.18 * self.random.unit();
            let all = u16::try_from(whole(f64::from(economy) * load)).unwrap_or_default().saturating_sub(own);
            let dear = if short { all } else { all * 2 / 5 };
            for (class, count) in [("M", dear), ("K", all - dear)].into_iter().filter(|(_, count)| *count > 0)
            {
                let iata = |at: usize| world.airports.get(at).map_or("", |airport| airport.iata).to_owned();
                self.sold.push(Sold {
                    designator: format!("{CARRIER}{}", flight.number),
                    date: date_of(date).to_string(),
                    from: iata(leg.from),
                    to: iata(leg.to),
                    class: class.to_owned(),
                    count,
                });
            }
        }
    }
}
