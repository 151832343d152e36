//! Search on the real flights of May 2001: how long an exact set takes, how many a second, how much memory, and whether
//! the answers are those of the slow way.

use std::{collections::HashMap, time::Instant};

use anyhow::{Context, Result};
use booking_api::LegKey;
use jiff::{ToSpan, civil};
use kernel::{Ctx, Entropy, Iata, SeededEntropy};
use search::reference::{Ask, Found, Reference, World};
use search_api::{Itineraries, ItinerariesAsk, Search, Set};

use crate::{
    Options,
    clock::{Many, Spent, spent},
    figures::{Better, Figure, Figures},
    house::{House, read},
    memory::megabytes,
};

const FILE: &str = "us-2001-05.ssim.gz";
const DAYS: [civil::Date; 3] = [civil::date(2001, 5, 14), civil::date(2001, 5, 15), civil::date(2001, 5, 16)];
const HUBS: usize = 20;

/// How much is asked.
struct Size {
    questions: usize,
    ranked: usize,
    proofs: usize,
    changes: usize,
}

pub(crate) fn run(options: &Options) -> Result<Figures> {
    let Some(folder) = &options.data else {
        return Ok(not_taken("no data: give --data or BANYAN_TEST_DATA"));
    };
    let size = if options.quick {
        Size { questions: 300, ranked: 100, proofs: 10, changes: 10 }
    } else {
        Size { questions: 5_000, ranked: 1_000, proofs: 60, changes: 100 }
    };
    let text = read(&folder.join(FILE))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(&size, text))
}

fn not_taken(why: &str) -> Figures {
    let mut figures = Figures::default();
    for (name, unit) in [("pareto.p50_ms", "ms"), ("pareto.p99_ms", "ms"), ("load.seconds", "s")] {
        let note = why.to_owned();
        figures.add(Figure { name, value: None, unit, target: None, better: Better::Less, note });
    }
    figures
}

async fn measure(size: &Size, text: String) -> Result<Figures> {
    let mut figures = Figures::default();
    let house = load(text, &mut figures).await?;
    let world = house.world().await?;
    let dice = Dice(SeededEntropy::new(2001));
    cold(&house, &mut figures).await?;
    real(&house, &mut figures).await?;
    let pairs = Pairs::new(&world);
    pareto(&house, size, &pairs, &dice, &mut figures).await?;
    hub(&house, size, &pairs, &dice, &mut figures).await?;
    ranked(&house, size, &pairs, &dice, &mut figures).await?;
    if let Some(megabytes) = megabytes("VmRSS") {
        figures.less(
            "memory.mb",
            "MB",
            megabytes,
            None,
            "this whole process: booking, search, and the proof's world",
        );
    }
    prove(&house, size, &world, &pairs, &dice, &mut figures).await?;
    change(&house, size, &world, &mut figures).await?;
    Ok(figures)
}

async fn load(text: String, figures: &mut Figures) -> Result<House> {
    let house = House::build().await?;
    let lines = text.lines().count();
    let start = Instant::now();
    let report = house.import(FILE, text).await?;
    let imported = start.elapsed();
    let start = Instant::now();
    house.follow().await?;
    let followed = start.elapsed();
    let note = format!("{FILE}, {lines} lines, {} dated flights, SQLite", report.dated);
    figures.less("load.seconds", "s", imported.as_secs_f64(), Some(1.0), &note);
    figures.less("load.follow_seconds", "s", followed.as_secs_f64(), None, "search reads the whole feed");
    if let Some(megabytes) = megabytes("VmHWM") {
        figures.less(
            "load.peak_mb",
            "MB",
            megabytes,
            None,
            "the most memory until then, the file's text included",
        );
    }
    Ok(house)
}

/// The first question about each day, which has its flights drawn from the periods.
async fn cold(house: &House, figures: &mut Figures) -> Result<()> {
    let mut many = Many::default();
    for date in DAYS {
        let ask = ItinerariesAsk::new("BOS".parse()?, "SAN".parse()?, date);
        let (answer, spent) = spent(house.search.itineraries(&Ctx::system("bench"), ask)).await;
        answer?;
        many.add(spent);
    }
    figures.less(
        "cold.ms",
        "ms",
        many.at(1_000, |one| one.cpu),
        None,
        "the first question about a day, the slowest of three",
    );
    Ok(())
}

/// Cancels flights one by one, and asks until each is gone.
async fn change(house: &House, size: &Size, world: &World, figures: &mut Figures) -> Result<()> {
    let flights = world.flights.iter().filter(|flight| flight.from == DAYS[1]).take(size.changes);
    let mut many = Many::default();
    for flight in flights {
        let leg = flight.legs.first().context("a flight has legs")?;
        let key = LegKey { designator: flight.designator, date: DAYS[1], from: leg.from, to: leg.to };
        house.cancel(key).await?;
        many.add(spent(house.until_gone(key)).await.1);
    }
    let note = format!(
        "{} cancelled flights, from the command's answer to the one that lacks the flight",
        many.count()
    );
    figures.less("change.visible_ms", "ms", many.at(500, |one| one.wall), Some(10.0), &note);
    figures.less("change.visible_p95_ms", "ms", many.at(950, |one| one.wall), None, "the same");
    Ok(())
}

/// One question that a person can check: a coast-to-coast day without a nonstop flight.
async fn real(house: &House, figures: &mut Figures) -> Result<()> {
    let ask = ItinerariesAsk::new("BOS".parse()?, "SAN".parse()?, DAYS[1]);
    let answer = house.search.itineraries(&Ctx::system("bench"), ask).await?;
    let [nonstop, one, two] = answer.by_stops;
    let exact = answer.page.items.iter().filter(|item| item.pareto).count();
    let note = format!(
        "BOS to SAN, {}: {nonstop} nonstop, {one} with one stop, {two} with two; {exact} in the exact set",
        DAYS[1]
    );
    let count = u32::try_from(answer.page.items.len())?;
    figures.more("real.journeys", "", f64::from(count), None, &note);
    Ok(())
}

async fn pareto(house: &House, size: &Size, pairs: &Pairs, dice: &Dice, figures: &mut Figures) -> Result<()> {
    let busy = ask_many(house, size.questions, || pairs.busy(dice), Set::Pareto, dice).await?;
    let note = format!(
        "{} questions, ends of random flights, 3 legs, circuity off, CPU of one thread",
        busy.count()
    );
    let cpu = |one: &Spent| one.cpu;
    figures.less("pareto.p50_ms", "ms", busy.at(500, cpu), Some(0.4), &note);
    figures.less("pareto.p95_ms", "ms", busy.at(950, cpu), None, &note);
    figures.less("pareto.p99_ms", "ms", busy.at(990, cpu), Some(20.0), &note);
    figures.less("pareto.p99_wall_ms", "ms", busy.at(990, |one| one.wall), None, "the same, on the wall");
    figures.more(
        "pareto.queries_per_second",
        "1/s",
        busy.per_second(),
        Some(3_000.0),
        "the same, one thread",
    );
    let any = ask_many(house, size.questions, || pairs.any(dice), Set::Pareto, dice).await?;
    let note = format!("{} questions, any two airports", any.count());
    figures.less("any.p50_ms", "ms", any.at(500, cpu), None, &note);
    figures.less("any.p99_ms", "ms", any.at(990, cpu), None, &note);
    Ok(())
}

async fn hub(house: &House, size: &Size, pairs: &Pairs, dice: &Dice, figures: &mut Figures) -> Result<()> {
    let hub = ask_many(house, size.questions / 2, || pairs.hubs(dice), Set::Pareto, dice).await?;
    let note = format!("{} questions between the {HUBS} busiest airports", hub.count());
    let cpu = |one: &Spent| one.cpu;
    figures.less("hub.p50_ms", "ms", hub.at(500, cpu), None, &note);
    figures.less("hub.p99_ms", "ms", hub.at(990, cpu), None, &note);
    figures.more("hub.queries_per_second", "1/s", hub.per_second(), None, "the same, one thread");
    Ok(())
}

async fn ranked(house: &House, size: &Size, pairs: &Pairs, dice: &Dice, figures: &mut Figures) -> Result<()> {
    let ranked = ask_many(house, size.ranked, || pairs.busy(dice), Set::Ranked, dice).await?;
    let note = format!("{} first pages of 50, ends of random flights", ranked.count());
    figures.less("ranked.p50_ms", "ms", ranked.at(500, |one| one.cpu), None, &note);
    figures.less("ranked.p99_ms", "ms", ranked.at(990, |one| one.cpu), Some(20.0), &note);
    Ok(())
}

async fn ask_many(
    house: &House,
    count: usize,
    pair: impl Fn() -> (Iata, Iata),
    set: Set,
    dice: &Dice,
) -> Result<Many> {
    let ctx = Ctx::system("bench");
    let mut many = Many::default();
    for _ in 0..count {
        let ask = question(pair(), dice.pick(&DAYS).unwrap_or(DAYS[0]), set);
        let (answer, spent) = spent(house.search.itineraries(&ctx, ask)).await;
        answer?;
        many.add(spent);
    }
    Ok(many)
}

fn question((from, to): (Iata, Iata), date: civil::Date, set: Set) -> ItinerariesAsk {
    ItinerariesAsk { set, circuity: set == Set::Ranked, ..ItinerariesAsk::new(from, to, date) }
}

/// Every answer against the slow way, with and without the limit on detours.
async fn prove(
    house: &House,
    size: &Size,
    world: &World,
    pairs: &Pairs,
    dice: &Dice,
    figures: &mut Figures,
) -> Result<()> {
    let [first, .., last] = DAYS;
    let reference = Reference::new(world, first - 2.days(), last + 3.days());
    let mut same = 0_u32;
    let mut journeys = 0;
    for number in 0..size.proofs {
        let (from, to) = if number % 2 == 0 { pairs.busy(dice) } else { pairs.any(dice) };
        let (date, circuity) = (dice.pick(&DAYS).context("days")?, number % 4 < 2);
        let ask = ItinerariesAsk { circuity, ..question((from, to), date, Set::Pareto) };
        let answer = house.search.itineraries(&Ctx::system("bench"), ask).await?;
        let slow = reference.pareto(&Ask { from, to, date, circuity, cabin: 'Y', seats: 1 });
        journeys += slow.len();
        if found(&answer) == slow {
            same += 1;
        } else {
            figures.wrong.push(format!("{from} to {to} on {date}, circuity {circuity}: the sets differ"));
        }
    }
    let share = f64::from(same) / f64::from(u32::try_from(size.proofs).unwrap_or(1)) * 100.0;
    let note = format!("{} sets of {journeys} journeys in all, made again by trying everything", size.proofs);
    figures.more("exact.percent", "%", share, Some(100.0), &note);
    Ok(())
}

fn found(answer: &Itineraries) -> Vec<Found> {
    let key = |leg: &search_api::Leg| LegKey {
        designator: leg.designator,
        date: leg.date,
        from: leg.from,
        to: leg.to,
    };
    let found = answer.page.items.iter().map(|item| Found {
        departs: item.departs,
        arrives: item.arrives,
        legs: item.legs.iter().map(key).collect(),
    });
    found.collect()
}

/// Pairs of airports to ask for.
struct Pairs {
    /// Both ends of every flight: busy airports come often.
    departures: Vec<Iata>,
    arrivals: Vec<Iata>,
    /// Each airport once, the busiest first.
    airports: Vec<Iata>,
}

impl Pairs {
    fn new(world: &World) -> Self {
        let legs = || world.flights.iter().flat_map(|flight| &flight.legs);
        let departures: Vec<Iata> = legs().map(|leg| leg.from).collect();
        let mut counts: HashMap<Iata, usize> = HashMap::new();
        for airport in &departures {
            *counts.entry(*airport).or_default() += 1;
        }
        let mut airports: Vec<Iata> = counts.keys().copied().collect();
        airports.sort_by_key(|airport| (std::cmp::Reverse(counts.get(airport)), *airport));
        Self { departures, arrivals: legs().map(|leg| leg.to).collect(), airports }
    }

    fn busy(&self, dice: &Dice) -> (Iata, Iata) {
        dice.two(&self.departures, &self.arrivals)
    }

    fn any(&self, dice: &Dice) -> (Iata, Iata) {
        dice.two(&self.airports, &self.airports)
    }

    fn hubs(&self, dice: &Dice) -> (Iata, Iata) {
        let hubs = self.airports.get(..HUBS).unwrap_or(&self.airports);
        dice.two(hubs, hubs)
    }
}

/// The same throws in every run.
struct Dice(std::sync::Arc<SeededEntropy>);

impl Dice {
    fn pick<T: Copy>(&self, from: &[T]) -> Option<T> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        let sides = u64::try_from(from.len()).ok().filter(|sides| *sides > 0)?;
        from.get(usize::try_from(u64::from_le_bytes(bytes) % sides).ok()?).copied()
    }

    /// Two that differ.
    fn two(&self, from: &[Iata], to: &[Iata]) -> (Iata, Iata) {
        loop {
            if let Some((from, to)) = self.pick(from).zip(self.pick(to))
                && from != to
            {
                return (from, to);
            }
        }
    }
}
