//! The intake: messages in, facts kept, one event for each visible change, all in one transaction; and what booking
//! must be told, kept beside it until it is.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use booking_api::{FlightNews, LegKey, News};
use jiff::Timestamp;
use kernel::{Iata, NewEvent};
use status_api::{IntakeReport, LegState, LegStatus, RawMessage, Remark, StatusChange, Times};
use store::{DbError, Expected, JsonText, Micros, Tx};

use crate::{
    boards::{STATUS_CHANGED, SharedBoards},
    digest::{Digested, Fact, digest},
    facts::What,
    facts::{Heard, Planned, stream, utc_day},
    matching::{Scene, flight_name},
    messages::Report,
    places::Places,
    rows::{self, LegRow, StrayRow, TellingRow},
    rules::{self, Known},
    schedule::BookingNews,
    show::leg_status,
    timetable::Timetable,
};

/// Everything that reading a message needs to know of the world.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) timetable: Arc<Timetable>,
    pub(crate) places: Arc<Places>,
    /// What was heard before: legs' times now, and where they go instead.
    pub(crate) boards: SharedBoards,
}

impl World {
    fn digest(&self, raw: &RawMessage, diverted: &HashMap<LegKey, Iata>) -> Digested {
        let scene = Scene {
            timetable: &self.timetable,
            retimed: &|leg: &Planned| self.boards.read().leg(&leg.key).map(|heard| heard.status.scheduled),
            diverted: &|leg: &Planned| {
                let before = || self.boards.read().leg(&leg.key).and_then(|heard| heard.status.diverted_to);
                diverted.get(&leg.key).copied().or_else(before)
            },
        };
        digest(&scene, &self.places, raw)
    }
}

/// A batch of messages, read and matched, but not yet compared with what is stored.
pub(crate) struct Batch {
    pub(crate) world: World,
    messages: Vec<(RawMessage, Digested)>,
}

impl Batch {
    /// Diversions are found first, so that a landing elsewhere may come before the message that explains it.
    pub(crate) fn read(world: World, messages: Vec<RawMessage>) -> Self {
        let mut diverted = HashMap::new();
        let mut read: Vec<_> = messages
            .into_iter()
            .map(|raw| {
                let digested = world.digest(&raw, &diverted);
                diverted.extend(digested.facts.iter().filter_map(diversion));
                (raw, digested)
            })
            .collect();
        for (raw, digested) in &mut read {
            let waits = digested.refused.as_ref().is_some_and(|why| why.waits_for.is_some());
            if waits && !diverted.is_empty() {
                *digested = world.digest(raw, &diverted);
            }
        }
        Self { world, messages: read }
    }

    /// What booking did of its own accord, as facts.
    pub(crate) fn of_booking(world: World, news: &[BookingNews]) -> Self {
        let raw = |news: &BookingNews| RawMessage { received_at: news.at, text: String::new(), line: 0 };
        let messages = news
            .iter()
            .map(|news| (raw(news), Digested { facts: world.fact_of(news), ..Digested::default() }));
        Self { messages: messages.collect(), world }
    }

    /// Compares with what is stored and writes what is new.
    pub(crate) fn apply(&self, tx: &mut Tx<'_>, tells: bool) -> Result<IntakeReport, DbError> {
        rows::lock_intake(tx.conn())?;
        let facts = || self.messages.iter().flat_map(|(_, digested)| &digested.facts);
        let mut intake = Intake {
            now: tx.now(),
            world: &self.world,
            tells,
            seen: HashSet::new(),
            legs: HashMap::new(),
            fresh: Vec::new(),
            found: Vec::new(),
            diversions: Vec::new(),
            tellings: HashMap::new(),
            report: IntakeReport::default(),
        };
        intake.load(tx, facts())?;
        for (raw, digested) in &self.messages {
            intake.message(tx, raw, digested)?;
        }
        intake.strays_of_diversions(tx)?;
        intake.store(tx)
    }
}

impl World {
    fn fact_of(&self, news: &BookingNews) -> Vec<Fact> {
        let legs = self.timetable.flight(news.leg.designator, news.leg.date);
        let heard = Heard {
            id: news.id.clone(),
            at: news.at,
            sent: false,
            correction: false,
            automatic: false,
            station: None,
            registration: None,
            what: news.what.clone(),
        };
        legs.into_iter()
            .filter(|leg| leg.key == news.leg)
            .map(|leg| Fact { leg, heard: heard.clone() })
            .collect()
    }
}

fn diversion(fact: &Fact) -> Option<(LegKey, Iata)> {
    let What::Reports(reports) = &fact.heard.what else { return None };
    reports.iter().find_map(|report| match report {
        Report::Diversion(airport) => Some((fact.leg.key, *airport)),
        _ => None,
    })
}

/// A leg while messages are applied to it.
struct Leg {
    published: Times,
    heard: Vec<Heard>,
    status: Option<LegStatus>,
    state: LegState,
    version: i64,
    changed: bool,
}

struct Intake<'a> {
    now: Timestamp,
    world: &'a World,
    tells: bool,
    seen: HashSet<String>,
    legs: HashMap<LegKey, Leg>,
    /// Taken now for the first time.
    fresh: Vec<(String, Timestamp)>,
    /// Messages with a leg: no strays any more.
    found: Vec<String>,
    diversions: Vec<(String, LegKey, Iata)>,
    tellings: HashMap<(LegKey, &'static str), TellingRow>,
    report: IntakeReport,
}

impl Intake<'_> {
    fn load<'f>(&mut self, tx: &mut Tx<'_>, facts: impl Iterator<Item = &'f Fact>) -> Result<(), DbError> {
        let (ids, keys): (Vec<&str>, Vec<LegKey>) =
            facts.map(|fact| (fact.heard.id.as_str(), fact.leg.key)).unzip();
        self.seen.extend(rows::taken(tx.conn(), &ids)?);
        for row in rows::legs(tx.conn(), &keys)? {
            let leg = Leg {
                published: row.published(),
                state: row.status.0.state,
                version: row.version,
                heard: row.heard.0.clone(),
                status: Some(row.status.0.clone()),
                changed: false,
            };
            self.legs.entry(row.key()).or_insert(leg);
        }
        Ok(())
    }

    fn message(&mut self, tx: &mut Tx<'_>, raw: &RawMessage, digested: &Digested) -> Result<(), DbError> {
        let mut new = false;
        for fact in &digested.facts {
            if self.seen.insert(fact.heard.id.clone()) {
                new = true;
                self.hear(tx, fact)?;
            }
        }
        let warnings = digested.warnings.iter().filter(|_| new || digested.facts.is_empty());
        self.report.warnings.extend(warnings.map(|reason| Remark { line: raw.line, reason: reason.clone() }));
        if let Some(why) = &digested.refused {
            self.report.refused.push(Remark { line: raw.line, reason: why.reason.clone() });
            let row = StrayRow {
                id: digested.id.clone(),
                received_at: Micros(raw.received_at),
                text: raw.text.chars().take(MOST_CHARACTERS).collect(),
                reason: why.reason.clone(),
                flight: why.waits_for.clone(),
            };
            return rows::save_stray(tx.conn(), &row);
        }
        self.found.push(digested.id.clone());
        if new || digested.facts.is_empty() {
            self.report.accepted += 1;
        } else {
            self.report.duplicates += 1;
        }
        Ok(())
    }

    fn hear(&mut self, tx: &mut Tx<'_>, fact: &Fact) -> Result<(), DbError> {
        let key = fact.leg.key;
        self.fresh.push((fact.heard.id.clone(), self.now));
        if let Some((_, airport)) = diversion(fact) {
            let flights = [utc_day(fact.leg.published.departure), utc_day(fact.leg.flight_departs)];
            self.diversions.extend(flights.map(|day| (flight_name(key.designator, day), key, airport)));
        }
        let published = fact.leg.published;
        let leg = self.legs.entry(key).or_insert_with(|| Leg::untouched(published));
        leg.published = published;
        leg.changed = true;
        let before = rules::work_out(&key, published, &leg.heard);
        leg.heard.push(fact.heard.clone());
        let known = rules::work_out(&key, published, &leg.heard);
        let status = leg_status(&fact.leg, &known, &self.world.places, leg.version + 1, self.now);
        if leg.status.as_ref().map_or(before == known, |old| same(old, &status)) {
            leg.status.get_or_insert(LegStatus { version: leg.version, ..status });
            return Ok(());
        }
        leg.version += 1;
        leg.state = status.state;
        leg.status = Some(status.clone());
        if self.tells {
            self.tell(key, &fact.heard, &before, &known);
        }
        let change = StatusChange { designator: key.designator, date: key.date, leg: status };
        tx.append(&stream(&key), Expected::Any, NewEvent::new(STATUS_CHANGED, fact.heard.at, &change))?;
        Ok(())
    }

    fn tell(&mut self, key: LegKey, heard: &Heard, before: &Known, known: &Known) {
        let mut tell = |kind: &'static str, what: News| {
            let row = TellingRow {
                leg: stream(&key),
                kind: kind.to_owned(),
                key: format!("status-{}-{kind}", heard.id),
                news: JsonText(FlightNews { leg: key, what }),
                since: Micros(self.now),
            };
            self.tellings.insert((key, kind), row);
        };
        match (&before.cancelled, &known.cancelled) {
            (None, Some(reason)) => tell("operation", News::Cancelled { reason: reason.clone() }),
            (Some(_), None) => tell("operation", News::Reinstated),
            _ => {}
        }
        if before.scheduled != known.scheduled {
            let Times { departure, arrival } = known.scheduled;
            tell("times", News::Retimed { departure, arrival });
        }
        let some = known.estimated.departure.is_some() || known.estimated.arrival.is_some();
        if before.estimated != known.estimated && some {
            let (departure, arrival) = (known.estimated.departure, known.estimated.arrival);
            tell("estimate", News::Estimated { departure, arrival });
        }
    }

    /// Messages that waited as strays for the diversion that explains them.
    fn strays_of_diversions(&mut self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        let diversions = std::mem::take(&mut self.diversions);
        let diverted: HashMap<LegKey, Iata> =
            diversions.iter().map(|(_, key, airport)| (*key, *airport)).collect();
        let mut flights: Vec<String> = diversions.into_iter().map(|(flight, ..)| flight).collect();
        flights.sort_unstable();
        flights.dedup();
        for flight in flights {
            for row in rows::strays_of(tx.conn(), &flight)? {
                let raw = RawMessage { received_at: row.received_at.0, text: row.text, line: 0 };
                let digested = self.world.digest(&raw, &diverted);
                if digested.refused.is_none() {
                    for fact in digested
                        .facts
                        .iter()
                        .filter(|fact| self.seen.insert(fact.heard.id.clone()))
                        .cloned()
                        .collect::<Vec<_>>()
                    {
                        self.hear(tx, &fact)?;
                    }
                    self.found.push(row.id);
                }
            }
        }
        Ok(())
    }

    fn store(self, tx: &mut Tx<'_>) -> Result<IntakeReport, DbError> {
        let Self { legs, fresh, found, tellings, report, now, .. } = self;
        for (key, leg) in legs {
            if let (true, Some(status)) = (leg.changed, leg.status) {
                rows::save(tx.conn(), &LegRow::new(&key, leg.published, leg.heard, status, now))?;
            }
        }
        rows::remember(tx.conn(), &fresh)?;
        rows::drop_strays(tx.conn(), &found.iter().map(String::as_str).collect::<Vec<_>>())?;
        for row in tellings.values() {
            rows::save_telling(tx.conn(), row)?;
        }
        Ok(report)
    }
}

impl Leg {
    fn untouched(published: Times) -> Self {
        Self {
            published,
            heard: Vec::new(),
            status: None,
            state: LegState::Scheduled,
            version: 0,
            changed: false,
        }
    }
}

/// Nothing that anybody could see is different. The phase is the clock's, and not told.
fn same(old: &LegStatus, new: &LegStatus) -> bool {
    LegStatus { version: new.version, phase: new.phase, ..old.clone() } == *new
}

/// As much of a stray as is kept for people to read.
const MOST_CHARACTERS: usize = 4000;
