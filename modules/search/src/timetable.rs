//! Everything that booking's feed has told so far, as one value that the follower changes and windows are drawn from.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use booking_api::{
    Airport, LegKey,
    events::{ConnectingTimes, SeasonFlight, SeasonLeg},
};
use kernel::{Carrier, Designator, Iata};

use crate::{
    classes::{Classes, Copies},
    connecting::{CarrierId, Connecting},
    days::{Day, MINUTES, Minute, day},
    directory::Directory,
    flights::{Flight, FlightLeg, Period},
    prices::Prices,
    stations::{StationId, Stations},
};

/// SSIM service types that passengers may buy.
const SOLD: &str = "JSGBCQRLU";
/// A leg departs within so many minutes of its base date's midnight, and is over within two days.
const FURTHEST: i32 = 14 * MINUTES;
const LONGEST_LEG: i32 = 2 * MINUTES;
/// Periods longer than this are looked at for every week, instead of being listed in each.
const LONG_WEEKS: i32 = 110;

#[derive(Debug, Default)]
pub(crate) struct Timetable {
    pub(crate) directory: Arc<Directory>,
    pub(crate) stations: Arc<Stations>,
    pub(crate) prices: Arc<Prices>,
    pub(crate) times: ConnectingTimes,
    pub(crate) copies: Copies,
    carriers: HashMap<Carrier, CarrierId>,
    flights: HashMap<Box<str>, Arc<Flight>>,
    weeks: HashMap<i32, Vec<Arc<Flight>>>,
    always: Vec<Arc<Flight>>,
    dated: HashMap<Day, HashMap<(Designator, Iata, Iata), Dated>>,
    /// The least and the most minutes from a base date's midnight to any departure.
    reach: (i32, i32),
    /// Withdrawn flights that are still listed.
    gone: usize,
}

/// What is different about one dated leg.
#[derive(Debug, Default, Clone)]
pub(crate) struct Dated {
    pub(crate) cancelled: bool,
    /// Departure and arrival, when they moved.
    pub(crate) times: Option<(Minute, Minute)>,
    pub(crate) open: Option<Classes>,
}

impl Timetable {
    pub(crate) fn new(airports: Vec<Airport>) -> Self {
        Self { directory: Arc::new(Directory::new(airports)), ..Self::default() }
    }

    /// Takes in a season flight, in place of the one with the same key. Answers the base dates that changed.
    pub(crate) fn load(&mut self, season: &SeasonFlight) -> Vec<(Day, Day)> {
        let mut touched: Vec<_> = self.withdraw(&season.key).into_iter().collect();
        if !SOLD.contains(season.service) {
            return touched;
        }
        if let Some(flight) = self.flight(season).map(Arc::new) {
            touched.push((flight.period.from, flight.period.to));
            self.list(&flight);
            self.flights.insert(season.key.as_str().into(), flight);
        }
        touched
    }

    pub(crate) fn withdraw(&mut self, key: &str) -> Option<(Day, Day)> {
        let gone = self.flights.remove(key)?;
        gone.withdraw();
        self.gone += 1;
        if self.gone > 1_000 && self.gone > self.flights.len() {
            self.sweep();
        }
        Some((gone.period.from, gone.period.to))
    }

    /// Withdrawn flights stay listed until they are many: taking each out at once would cost a walk of its weeks.
    fn sweep(&mut self) {
        self.weeks.values_mut().chain([&mut self.always]).for_each(|list| list.retain(|f| !f.is_withdrawn()));
        self.weeks.retain(|_, list| !list.is_empty());
        self.gone = 0;
    }

    /// Flights that may have one of these base dates, each once.
    pub(crate) fn flights_between(&self, from: Day, to: Day) -> impl Iterator<Item = &Arc<Flight>> {
        let weeks: HashSet<i32> = (from..=to).map(|base| base.div_euclid(7)).collect();
        let first = weeks.iter().copied().min().unwrap_or(0);
        let listed = weeks.into_iter().filter_map(|week| Some((week, self.weeks.get(&week)?)));
        let once = listed.flat_map(move |(week, list)| {
            list.iter().filter(move |flight| week == first.max(flight.period.from.div_euclid(7)))
        });
        once.chain(&self.always).filter(|flight| !flight.is_withdrawn())
    }

    /// The base dates from which a leg may depart in this span of minutes.
    pub(crate) fn bases(&self, from: Minute, until: Minute) -> (Day, Day) {
        ((from - self.reach.1).div_euclid(MINUTES) - 1, (until - self.reach.0).div_euclid(MINUTES) + 1)
    }

    pub(crate) fn dated(
        &self,
        date: Day,
        designator: Designator,
        from: StationId,
        to: StationId,
    ) -> Option<&Dated> {
        let legs = (!self.dated.is_empty()).then(|| self.dated.get(&date)).flatten()?;
        let code = |id| self.stations.get(id).map(|station| station.place.iata);
        legs.get(&(designator, code(from)?, code(to)?))
    }

    pub(crate) fn dated_mut(&mut self, leg: &LegKey) -> &mut Dated {
        let legs = self.dated.entry(day(leg.date)).or_default();
        legs.entry((leg.designator, leg.from, leg.to)).or_default()
    }

    pub(crate) fn carrier(&self, carrier: Carrier) -> Option<CarrierId> {
        self.carriers.get(&carrier).copied()
    }

    pub(crate) fn connecting(&self) -> Connecting {
        Connecting::new(&self.times, &self.stations, &self.carriers)
    }

    fn list(&mut self, flight: &Arc<Flight>) {
        let departures = flight.legs.iter().map(|leg| leg.departs);
        self.reach = departures.fold(self.reach, |(least, most), at| (least.min(at), most.max(at)));
        if is_long(&flight.period) {
            self.always.push(flight.clone());
        }
        for week in lists(&flight.period) {
            self.weeks.entry(week).or_default().push(flight.clone());
        }
    }

    fn flight(&mut self, season: &SeasonFlight) -> Option<Flight> {
        let legs: Option<Box<[_]>> = season.legs.iter().map(|leg| self.leg(leg)).collect();
        let period = Period {
            from: day(season.from),
            to: day(season.to),
            days: season.days,
            fortnightly: season.fortnightly,
        };
        let carrier = self.carrier_id(season.designator.carrier)?;
        Some(Flight::new(season.designator, carrier, period, legs?))
    }

    fn leg(&mut self, leg: &SeasonLeg) -> Option<FlightLeg> {
        let is_leg = (-FURTHEST..=FURTHEST).contains(&leg.departs)
            && (leg.departs..=leg.departs + LONGEST_LEG).contains(&leg.arrives);
        if !is_leg {
            return None;
        }
        let (from, to) = (self.station(leg.from)?, self.station(leg.to)?);
        let abroad = self.stations.abroad(from, to);
        let international = |status: Option<char>| match status {
            Some('I') => true,
            Some('D') => false,
            _ => abroad,
        };
        let variation = |minutes: i32| i16::try_from(minutes).unwrap_or(0);
        Some(FlightLeg {
            from,
            to,
            departs: leg.departs,
            arrives: leg.arrives,
            variations: (variation(leg.departs_offset), variation(leg.arrives_offset)),
            date_shift: leg.date_shift,
            international: (international(leg.from_status), international(leg.to_status)),
            aircraft: self.copies.text(&leg.aircraft),
            restrictions: self.copies.text(&leg.restrictions),
            open: self.copies.classes(&leg.open),
        })
    }

    fn station(&mut self, code: Iata) -> Option<StationId> {
        self.stations
            .id(code)
            .or_else(|| Arc::make_mut(&mut self.stations).add(code, self.directory.airport(code)))
    }

    fn carrier_id(&mut self, carrier: Carrier) -> Option<CarrierId> {
        let next = CarrierId::try_from(self.carriers.len()).ok()?;
        Some(*self.carriers.entry(carrier).or_insert(next))
    }
}

fn is_long(period: &Period) -> bool {
    period.to.saturating_sub(period.from) > LONG_WEEKS * 7
}

/// The weeks in which a period is listed.
fn lists(period: &Period) -> impl Iterator<Item = i32> + use<> {
    let (from, to) = (period.from.div_euclid(7), period.to.div_euclid(7));
    let to = if is_long(period) { from - 1 } else { to };
    from..=to
}
