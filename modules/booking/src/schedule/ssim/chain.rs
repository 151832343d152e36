//! Legs become flights: by designator, itinerary variation and leg sequence.

use std::collections::HashMap;

use kernel::Designator;

use super::{leg::Leg, notes::Notes, record::Read, segment::Segment};

/// The legs of one flight over one period, in order, with what type 4 records say about it.
#[derive(Debug)]
pub(super) struct Chain {
    /// The place of its carrier record.
    pub(super) heading: usize,
    pub(super) legs: Vec<Leg>,
    pub(super) segments: Vec<Segment>,
}

type Key = (Designator, u32);

/// All chains of a file. The same key may begin again: then it is another period of the flight.
#[derive(Debug, Default)]
pub(super) struct Chains {
    all: Vec<Chain>,
    /// The chain that a key was last used for.
    latest: HashMap<Key, usize>,
    /// Later legs that came before the legs they follow.
    early: Vec<(Leg, usize)>,
}

impl Chains {
    pub(super) fn add(&mut self, leg: Leg, heading: usize) -> Read<()> {
        if leg.sequence == 1 {
            self.latest.insert((leg.designator, leg.variation), self.all.len());
            self.all.push(Chain { heading, legs: vec![leg], segments: Vec::new() });
            return Ok(());
        }
        let latest = self.latest.get(&(leg.designator, leg.variation)).copied();
        match latest.and_then(|place| self.all.get_mut(place)) {
            Some(chain) if chain.follows(&leg) => chain.legs.push(leg),
            Some(chain) if chain.has(&leg) => {
                return Err(format!("leg {:02} is there already", leg.sequence));
            }
            _ => self.early.push((leg, heading)),
        }
        Ok(())
    }

    pub(super) fn describe(&mut self, segment: Segment) -> Read<()> {
        let key = (segment.designator, segment.variation);
        let place = self.latest.get(&key).copied();
        let chain = place.and_then(|place| self.all.get_mut(place));
        let chain = chain.ok_or_else(|| format!("no leg of {} stands before it", segment.designator))?;
        chain.segments.push(segment);
        Ok(())
    }

    /// Finds a place for legs that came too early; those without one are refused.
    pub(super) fn finish(mut self, notes: &mut Notes) -> Vec<Chain> {
        let mut early = std::mem::take(&mut self.early);
        early.sort_by_key(|(leg, _)| leg.sequence);
        for (leg, heading) in early {
            let of_key = |chain: &&mut Chain| chain.heading == heading && chain.is_of(&leg);
            let chain =
                self.all.iter_mut().filter(of_key).find(|chain| chain.follows(&leg) && chain.fits(&leg));
            if let Some(chain) = chain {
                chain.legs.push(leg);
                continue;
            }
            let reason = format!("leg {:02} without leg {:02} before it", leg.sequence, leg.sequence - 1);
            notes.refuse(&leg, reason);
        }
        self.all
    }
}

impl Chain {
    fn follows(&self, leg: &Leg) -> bool {
        self.legs.last().is_some_and(|last| last.sequence + 1 == leg.sequence)
    }

    fn has(&self, leg: &Leg) -> bool {
        self.legs.iter().any(|known| known.sequence == leg.sequence)
    }

    fn is_of(&self, leg: &Leg) -> bool {
        self.legs
            .first()
            .is_some_and(|own| own.designator == leg.designator && own.variation == leg.variation)
    }

    fn fits(&self, leg: &Leg) -> bool {
        self.legs.first().is_some_and(|own| (own.from, own.to, own.days) == (leg.from, leg.to, leg.days))
    }
}
