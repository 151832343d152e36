//! Finds in the schedule what a line speaks of, and cuts an order's segments into directions.

use std::collections::HashMap;

use booking_api::{
    LegKey, PassengerType, QuotedSegment, Segment, Slice,
    events::{Fare, usual_cabin},
};
use jiff::SignedDuration;
use kernel::{Conditions, Iata, Money};

use super::{
    lines::{Sold, WrittenOrder, WrittenPassenger, WrittenSegment},
    taken::{TakenBlock, TakenCoupon, TakenOrder, TakenTicket},
};
use crate::{
    Booking,
    disruption::news::ByLeg,
    inventory::{GroupBlock, Levels},
    orders::sold::{SoldLeg, SoldSlice},
    schedule::ScheduledLeg,
};

pub(super) type Fares = HashMap<(Iata, Iata), Vec<Fare>>;

/// A stay of a day or more ends a direction.
const STAY: SignedDuration = SignedDuration::from_hours(24);
/// Of a segment that names none.
const USUAL_FAMILY: &str = "Standard";

pub(super) struct Finder<'a> {
    pub(super) booking: &'a Booking,
    pub(super) fares: Fares,
}

/// A segment with its legs.
struct Found<'a> {
    written: &'a WrittenSegment,
    segment: Segment,
    legs: Vec<ScheduledLeg>,
}

/// The pairs whose fares may tell the conditions of an order: any segment's start with any later end.
pub(super) fn pairs(order: &WrittenOrder) -> Vec<(Iata, Iata)> {
    let starts = order.segments.iter().enumerate();
    starts
        .flat_map(|(at, start)| order.segments.iter().skip(at).map(move |end| (start.from, end.to)))
        .filter(|(from, to)| from != to)
        .collect()
}

impl Finder<'_> {
    pub(super) fn order(&self, line: u32, order: WrittenOrder) -> Result<TakenOrder, String> {
        let found = order.segments.iter().map(|segment| self.segment(segment));
        let found = found.collect::<Result<Vec<_>, _>>()?;
        let levels =
            found.iter().flat_map(|found| &found.legs).map(|leg| (leg.key, Levels::of(&leg.leg))).collect();
        let directions = directions(&found);
        let charges = shares(order.total, directions.len());
        let slices =
            directions.into_iter().zip(charges).map(|(found, charged)| self.slice(found, charged)).collect();
        let people = order.passengers.iter().map(WrittenPassenger::person).collect::<Vec<_>>();
        if people.iter().all(|who| who.kind == PassengerType::Infant) {
            return Err("infants do not travel alone".to_owned());
        }
        let tickets = order.tickets.into_iter().map(|ticket| TakenTicket {
            number: ticket.number,
            passenger: ticket.passenger,
            coupons: ticket
                .coupons
                .iter()
                .map(|coupon| TakenCoupon { segment: coupon.segment, status: coupon.status })
                .collect(),
        });
        Ok(TakenOrder {
            line,
            locator: order.locator,
            created_at: order.created_at,
            owner: order.owner,
            contact: order.contact,
            passengers: people,
            slices,
            total: order.total,
            tickets: tickets.collect(),
            levels,
        })
    }

    pub(super) fn block(&self, sold: &Sold) -> Result<TakenBlock, String> {
        let leg = LegKey { designator: sold.designator, date: sold.date, from: sold.from, to: sold.to };
        let scheduled = self.booking.timetable.leg(&leg).ok_or_else(|| {
            format!("{} does not fly {}-{} on {}", sold.designator, sold.from, sold.to, sold.date)
        })?;
        sells(&scheduled, sold.class)?;
        let block = GroupBlock { leg, class: sold.class, seats: u32::from(sold.count) };
        Ok(TakenBlock { block, levels: Levels::of(&scheduled.leg) })
    }

    fn segment<'w>(&self, written: &'w WrittenSegment) -> Result<Found<'w>, String> {
        let WrittenSegment { designator, date, from, to, class, .. } = *written;
        let legs = self.booking.timetable.between(designator, date, from, to);
        let legs = legs.ok_or_else(|| format!("{designator} does not fly {from}-{to} on {date}"))?;
        legs.iter().try_for_each(|leg| sells(leg, class))?;
        let quoted = QuotedSegment { designator, date, from, to, class };
        let segment = self.booking.segment(&quoted, &legs, &ByLeg::new()).ok_or("a flight without legs")?;
        Ok(Found { written, segment, legs })
    }

    fn slice(&self, found: &[Found<'_>], charged: Money) -> SoldSlice {
        let first = found.first().map(|found| found.written);
        let family = first.map(|written| written.family.as_str()).filter(|name| !name.is_empty());
        let family = family.unwrap_or(USUAL_FAMILY).to_owned();
        let legs = found.iter().enumerate().flat_map(|(segment, found)| {
            found.legs.iter().map(move |leg| SoldLeg { segment, leg: leg.key, class: found.written.class })
        });
        SoldSlice {
            legs: legs.collect(),
            charged,
            slice: Slice {
                conditions: self.conditions(found, &family),
                cabin: first.map_or('Y', |written| usual_cabin(written.class)),
                segments: found.iter().map(|found| found.segment.clone()).collect(),
                family,
            },
        }
    }

    /// Those of the published fare; without one, no changes and no refund.
    fn conditions(&self, found: &[Found<'_>], family: &str) -> Conditions {
        let Some((first, last)) = found.first().zip(found.last()) else { return Conditions::default() };
        let published = self.fares.get(&(first.written.from, last.written.to));
        let of_family = |fare: &&Fare| fare.family == family;
        let exact = |fare: &&Fare| {
            let day = first.segment.departs_local.date();
            fare.class == first.written.class && fare.valid_from <= day && day <= fare.valid_to
        };
        let mut fares = published.into_iter().flatten().filter(of_family);
        let known = fares.clone().find(exact).or_else(|| fares.next());
        known.map(|fare| fare.conditions.clone()).unwrap_or_default()
    }
}

fn sells(leg: &ScheduledLeg, class: char) -> Result<(), String> {
    if leg.leg.open.iter().any(|(open, _)| *open == class) {
        return Ok(());
    }
    let LegKey { designator, from, to, .. } = leg.key;
    Err(format!("class {class} is not sold on {designator} {from}-{to}"))
}

/// A new direction begins after a stay, at another place, or on the way back to where this one has been.
fn directions<'f, 'w>(found: &'f [Found<'w>]) -> Vec<&'f [Found<'w>]> {
    let mut directions = Vec::new();
    let mut rest = found;
    while !rest.is_empty() {
        let length = (1..rest.len()).find(|at| begins(rest, *at)).unwrap_or(rest.len());
        let Some((direction, after)) = rest.split_at_checked(length) else { break };
        directions.push(direction);
        rest = after;
    }
    directions
}

fn begins(found: &[Found<'_>], at: usize) -> bool {
    let Some((before, next)) = found.get(..at).zip(found.get(at)) else { return false };
    let Some(last) = before.last() else { return false };
    let stays = next.segment.departs.duration_since(last.segment.arrives) >= STAY;
    let elsewhere = next.segment.from != last.segment.to;
    let returns = before.iter().any(|earlier| earlier.segment.from == next.segment.to);
    stays || elsewhere || returns
}

/// Equal parts of a total; the first takes what does not divide.
fn shares(total: Money, parts: usize) -> Vec<Money> {
    let count = i64::try_from(parts).unwrap_or(1).max(1);
    let (each, rest) = (total.minor / count, total.minor % count);
    (0..count).map(|part| Money::new(if part == 0 { each + rest } else { each }, total.currency)).collect()
}
