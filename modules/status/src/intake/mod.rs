//! The intake: messages in, facts kept, one event for each visible change, all in one transaction; and what booking
//! must be told, kept beside it until it is.

mod apply;

use std::{collections::HashMap, sync::Arc};

use booking_api::LegKey;
use kernel::Iata;
use status_api::{IntakeReport, RawMessage};
use store::{DbError, Tx};

use crate::{
    boards::SharedBoards,
    digest::{Digested, Fact, digest},
    facts::{Heard, Planned, What},
    matching::Scene,
    messages::Report,
    places::Places,
    rows,
    schedule::BookingNews,
    timetable::Timetable,
};
use apply::Intake;

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
        let mut intake = Intake::new(&self.world, tells, tx.now());
        intake.load(tx, self.messages.iter().map(|(_, digested)| digested))?;
        for (raw, digested) in &self.messages {
            intake.message(tx, raw, digested)?;
        }
        intake.strays_of_diversions(tx)?;
        intake.store(tx)
    }
}

fn diversion(fact: &Fact) -> Option<(LegKey, Iata)> {
    let What::Reports(reports) = &fact.heard.what else { return None };
    reports.iter().find_map(|report| match report {
        Report::Diversion(airport) => Some((fact.leg.key, *airport)),
        _ => None,
    })
}
