//! Draws the existing orders, so that the next days look like an airline that has been open for weeks.

use std::collections::{BTreeMap, BTreeSet};

use super::blocks::sold;
use super::bookings::{Coupon, Line, Order, Segment, Ticket, Total};
use super::calendar::{DAY, date_of, instant};
use super::fares::{FAMILIES, amount, products};
use super::journeys::{Ride, journey};
use super::markets::Market;
use super::network::at;
use super::people::{Party, contact};
use super::random::Random;
use super::{CARRIER, NUMERIC_CODE, World};

const ORDERS: usize = 3000;
/// The first few belong to the demo traveller's account.
const OF_THE_TRAVELLER: usize = 3;
const TRAVELLER_EMAIL: &str = "traveller@example.com";
const LOCATOR_LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
const LOCATOR_DIGITS: &[u8] = b"23456789";

/// Seats taken by leg: pair, way, operating day, place of the leg.
pub(super) type Taken = BTreeMap<(usize, bool, i64, usize), u16>;

/// The trips of the demo traveller.
pub(super) fn of_the_traveller(world: &World) -> Vec<Order> {
    Drawing::of(world).orders(OF_THE_TRAVELLER)
}

pub(super) fn file(world: &World) -> String {
    let mut drawing = Drawing::of(world);
    let orders: Vec<Line> = drawing.orders(ORDERS).into_iter().map(Line::Order).collect();
    let sold = sold(world, &drawing.taken).into_iter().map(Line::Sold);
    let mut text = String::with_capacity(3 << 20);
    for line in orders.into_iter().chain(sold) {
        text.push_str(&serde_json::to_string(&line).unwrap_or_default());
        text.push('\n');
    }
    text
}

struct Drawing<'a> {
    world: &'a World,
    random: Random,
    taken: Taken,
    /// Running sum of the markets' weights.
    demand: Vec<f64>,
}

impl<'a> Drawing<'a> {
    fn of(world: &'a World) -> Self {
        let mut sum = 0.0;
        let direct = |market: &Market| if market.direct { 9.0 } else { 1.0 };
        let demand = world.markets.iter().map(|market| {
            sum += market.weight * direct(market);
            sum
        });
        let demand = demand.collect();
        Self { world, random: Random::topic(world.seed, "orders"), taken: Taken::new(), demand }
    }

    fn orders(&mut self, most: usize) -> Vec<Order> {
        let mut locators = BTreeSet::new();
        let mut orders = Vec::with_capacity(most);
        // Far more tries than needed: a drawn day may have no flight, and the traveller lives in Amsterdam.
        for _ in 0..1000 + most * 20 {
            if orders.len() == most {
                break;
            }
            if let Some(mut order) = self.order(orders.len()) {
                order.locator = self.locator(&mut locators);
                orders.push(order);
            }
        }
        orders
    }

    fn order(&mut self, nth: usize) -> Option<Order> {
        let world = self.world;
        let market = self.market()?;
        let own = nth < OF_THE_TRAVELLER;
        if own && Some(market.from) != at(&world.airports, "AMS") {
            return None;
        }
        let mut day = self.travel_day();
        if own {
            day = world.from + 1 + i64::try_from(nth).ok()? * 6;
        }
        let party = Party::draw(&mut self.random);
        let mut rides = journey(world, market, day, &mut self.random)?;
        let home = world.markets.iter().find(|back| back.from == market.to && back.to == market.from);
        let mut slices = 1;
        if let Some(home) = home.filter(|_| self.random.chance(0.45)) {
            let later = day + i64::from(self.random.between(1, 10));
            if let Some(back) =
                journey(world, home, later, &mut self.random).filter(|_| later <= world.last - 2)
            {
                rides.extend(back);
                slices = 2;
            }
        }
        let (class, family) = self.product(market, &rides)?;
        self.take(&rides, u16::try_from(party.seats()).ok()?)?;
        let mut contact = contact(&mut self.random, nth);
        if own {
            TRAVELLER_EMAIL.clone_into(&mut contact.email);
        }
        let passengers = party.passengers(&mut self.random, date_of(day));
        let one = i64::from(amount(world, market, class, family)) * 100 * slices;
        let cents = one * i64::try_from(party.adults).ok()?
            + one * 3 / 4 * i64::try_from(party.children).ok()?
            + one / 10 * i64::try_from(party.infants).ok()?;
        let tickets = (0..passengers.len()).map(|passenger| self.ticket(nth, passenger, &rides)).collect();
        Some(Order {
            locator: String::new(),
            created_at: self.created(day),
            contact,
            passengers,
            segments: rides.iter().filter_map(|ride| self.segment(ride, class, family)).collect(),
            total: Total {
                amount: format!("{}.{:02}", cents / 100, cents % 100),
                currency: "EUR".to_owned(),
            },
            tickets,
        })
    }

    fn market(&mut self) -> Option<&'a Market> {
        let wish = self.random.unit() * self.demand.last()?;
        self.world.markets.get(self.demand.partition_point(|sum| *sum <= wish))
    }

    /// Most people travel soon, some have just been.
    fn travel_day(&mut self) -> i64 {
        let world = self.world;
        if self.random.chance(0.06) {
            return world.first;
        }
        let ahead = super::airports::whole(self.random.exponential() * 9.0 + self.random.exponential() * 3.0);
        (world.first + i64::from(ahead)).min(world.from + world.days - 1).max(world.first)
    }

    /// Gamma-shaped advance purchase, always before the day the demo begins.
    fn created(&mut self, day: i64) -> String {
        let advance = super::airports::whole((self.random.exponential() + self.random.exponential()) * 9.0);
        let on =
            (day - 1 - i64::from(advance)).min(self.world.from - 1 - i64::from(self.random.between(0, 3)));
        instant(on * DAY + i64::from(self.random.between(300, 1380))).to_string()
    }

    fn product(&mut self, market: &Market, rides: &[Ride]) -> Option<(char, usize)> {
        let business = rides.iter().all(|ride| self.seats(ride, 'J') > 0);
        let wish = match self.random.between(1, 100) {
            ..=4 if business => 'J',
            ..=16 => 'Y',
            17..=38 => 'M',
            39..=74 => 'K',
            _ => 'V',
        };
        let family = [0, 0, 1, 1, 2].get(self.random.index(5)).copied()?;
        let sold = products(market);
        let exact = sold.iter().find(|product| **product == (wish, family));
        exact.or_else(|| sold.iter().find(|product| **product == ('K', family))).copied()
    }

    fn seats(&self, ride: &Ride, cabin: char) -> u16 {
        let aircraft = self.world.pairs.get(ride.hop.pair).map(super::timetable::Pair::aircraft);
        aircraft.map_or(0, |kind| if cabin == 'J' { kind.business } else { kind.economy })
    }

    /// Few per leg, whatever the cabin, so that no cabin is ever oversold.
    fn take(&mut self, rides: &[Ride], seats: u16) -> Option<()> {
        let keys = |ride: &Ride| {
            let (hop, day) = (ride.hop, ride.day);
            (hop.board..=hop.off).map(move |leg| (hop.pair, hop.back, day, leg))
        };
        let room = |ride: &Ride| {
            let most = self.seats(ride, 'J').clamp(6, 8);
            keys(ride).all(|key| self.taken.get(&key).copied().unwrap_or_default() + seats <= most)
        };
        if !rides.iter().all(room) {
            return None;
        }
        for key in rides.iter().flat_map(keys) {
            *self.taken.entry(key).or_default() += seats;
        }
        Some(())
    }

    fn segment(&self, ride: &Ride, class: char, family: usize) -> Option<Segment> {
        Some(Segment {
            designator: format!("{CARRIER}{}", self.world.flight(ride.hop.pair, ride.hop.back)?.number),
            date: date_of(ride.date).to_string(),
            from: self.world.airports.get(ride.from)?.iata.to_owned(),
            to: self.world.airports.get(ride.to)?.iata.to_owned(),
            class: class.to_string(),
            family: FAMILIES.get(family)?.to_string(),
        })
    }

    fn ticket(&self, order: usize, passenger: usize, rides: &[Ride]) -> Ticket {
        let today = self.world.from * DAY;
        let status = |ride: &Ride| if ride.arrives < today { "F" } else { "O" }.to_owned();
        let coupons =
            rides.iter().enumerate().map(|(segment, ride)| Coupon { segment, status: status(ride) });
        Ticket {
            number: format!("{NUMERIC_CODE}24{:06}{passenger:02}", order + 1),
            passenger,
            coupons: coupons.collect(),
        }
    }

    /// Never three letters in a row, so never a word.
    fn locator(&mut self, used: &mut BTreeSet<String>) -> String {
        loop {
            let of = |place: usize| if place % 3 == 2 { LOCATOR_DIGITS } else { LOCATOR_LETTERS };
            let text: String = (0..6)
                .filter_map(|place| self.random.pick(of(place)))
                .map(|letter| char::from(*letter))
                .collect();
            if used.insert(text.clone()) {
                return text;
            }
        }
    }
}
