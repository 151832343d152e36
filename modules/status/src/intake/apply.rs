//! One intake inside its transaction: legs as they are stored, facts laid on them in order, and what comes of it.

use std::collections::{HashMap, HashSet};

use booking_api::{FlightNews, LegKey, News};
use jiff::Timestamp;
use kernel::{Iata, NewEvent};
use status_api::{IntakeReport, LegStatus, RawMessage, Remark, StatusChange, Times};
use store::{DbError, Expected, JsonText, Micros, Tx};

use super::{World, diversion};
use crate::{
    boards::STATUS_CHANGED,
    digest::{Digested, Fact},
    facts::{Heard, stream, utc_day},
    matching::flight_name,
    rows::{self, LegRow, StrayRow, TellingRow},
    rules::{self, Known},
    show::leg_status,
};

/// A leg while messages are applied to it.
struct Leg {
    published: Times,
    heard: Vec<Heard>,
    status: Option<LegStatus>,
    version: i64,
    changed: bool,
}

pub(super) struct Intake<'a> {
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

impl<'a> Intake<'a> {
    pub(super) fn new(world: &'a World, tells: bool, now: Timestamp) -> Self {
        Self {
            now,
            world,
            tells,
            seen: HashSet::new(),
            legs: HashMap::new(),
            fresh: Vec::new(),
            found: Vec::new(),
            diversions: Vec::new(),
            tellings: HashMap::new(),
            report: IntakeReport::default(),
        }
    }

    /// What is stored of the legs and messages that come.
    pub(super) fn load<'f>(
        &mut self,
        tx: &mut Tx<'_>,
        messages: impl Iterator<Item = &'f Digested>,
    ) -> Result<(), DbError> {
        let (mut ids, mut keys): (Vec<&str>, Vec<LegKey>) = (Vec::new(), Vec::new());
        for digested in messages {
            ids.push(&digested.id);
            ids.extend(digested.facts.iter().map(|fact| fact.heard.id.as_str()));
            keys.extend(digested.facts.iter().map(|fact| fact.leg.key));
        }
        self.seen.extend(rows::taken(tx.conn(), &ids)?);
        for row in rows::legs(tx.conn(), &keys)? {
            let leg = Leg {
                published: row.published(),
                version: row.version,
                heard: row.heard.0.clone(),
                status: Some(row.status.0.clone()),
                changed: false,
            };
            self.legs.entry(row.key()).or_insert(leg);
        }
        Ok(())
    }

    pub(super) fn message(
        &mut self,
        tx: &mut Tx<'_>,
        raw: &RawMessage,
        digested: &Digested,
    ) -> Result<(), DbError> {
        let mut new = false;
        for fact in &digested.facts {
            if self.seen.insert(fact.heard.id.clone()) {
                new = true;
                self.hear(tx, fact)?;
            }
        }
        if let Some(why) = &digested.refused {
            self.report.refused.push(Remark { line: raw.line, reason: why.reason.clone() });
            rows::save_stray(tx.conn(), &stray(raw, digested))?;
        } else {
            self.found.push(digested.id.clone());
            // A message with nothing to apply is known again by its text.
            if digested.facts.is_empty() && self.seen.insert(digested.id.clone()) {
                new = true;
                self.fresh.push((digested.id.clone(), self.now));
            }
            let count = if new { &mut self.report.accepted } else { &mut self.report.duplicates };
            *count += 1;
        }
        let warnings = digested.warnings.iter().filter(|_| new);
        self.report.warnings.extend(warnings.map(|reason| Remark { line: raw.line, reason: reason.clone() }));
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
    pub(super) fn strays_of_diversions(&mut self, tx: &mut Tx<'_>) -> Result<(), DbError> {
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
                    self.load(tx, std::iter::once(&digested))?;
                    for fact in &digested.facts {
                        if self.seen.insert(fact.heard.id.clone()) {
                            self.hear(tx, fact)?;
                        }
                    }
                    self.found.push(row.id);
                }
            }
        }
        Ok(())
    }

    pub(super) fn store(self, tx: &mut Tx<'_>) -> Result<IntakeReport, DbError> {
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
        Self { published, heard: Vec::new(), status: None, version: 0, changed: false }
    }
}

fn stray(raw: &RawMessage, digested: &Digested) -> StrayRow {
    let why = digested.refused.as_ref();
    StrayRow {
        id: digested.id.clone(),
        received_at: Micros(raw.received_at),
        text: raw.text.chars().take(MOST_CHARACTERS).collect(),
        reason: why.map_or(String::new(), |why| why.reason.clone()),
        flight: why.and_then(|why| why.waits_for.clone()),
    }
}

/// Nothing that anybody could see is different. The phase is the clock's, and not told.
fn same(old: &LegStatus, new: &LegStatus) -> bool {
    LegStatus { version: new.version, phase: new.phase, ..old.clone() } == *new
}

/// As much of a stray as is kept for people to read.
const MOST_CHARACTERS: usize = 4000;
