//! What an order or offer holds of a trip: what travellers see, and what inventory and refunds must know besides.

use booking_api::{LegKey, Segment, Slice};
use kernel::Money;
use serde::{Deserialize, Serialize};

use crate::inventory::Want;

/// One direction as sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SoldSlice {
    #[serde(flatten)]
    pub(crate) slice: Slice,
    /// What this direction costs, for everybody, with taxes.
    pub(crate) charged: Money,
    pub(crate) legs: Vec<SoldLeg>,
}

/// One leg under a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SoldLeg {
    /// The segment's place in its slice.
    pub(crate) segment: usize,
    pub(crate) leg: LegKey,
    pub(crate) class: char,
}

/// The seats of a whole trip.
pub(crate) fn wants(slices: &[SoldSlice], seats: i32) -> Vec<Want> {
    let legs = slices.iter().flat_map(|slice| &slice.legs);
    legs.map(|sold| Want { leg: sold.leg, class: sold.class, seats }).collect()
}

pub(crate) fn segments(slices: &[SoldSlice]) -> impl Iterator<Item = &Segment> {
    slices.iter().flat_map(|slice| &slice.slice.segments)
}

/// Such as `Amsterdam to London`.
pub(crate) fn title(slices: &[SoldSlice]) -> String {
    let first = slices.first().map(|slice| &slice.slice.segments);
    let ends = first.and_then(|segments| Some((segments.first()?, segments.last()?)));
    ends.map_or_else(String::new, |(from, to)| format!("{} to {}", from.from_city, to.to_city))
}

impl SoldSlice {
    pub(crate) fn is_cancelled(&self) -> bool {
        self.slice.segments.iter().any(|segment| segment.cancelled)
    }

    /// The segments that use a leg.
    pub(crate) fn segments_on(&mut self, leg: &LegKey) -> impl Iterator<Item = &mut Segment> {
        let places: Vec<usize> =
            self.legs.iter().filter(|sold| sold.leg == *leg).map(|sold| sold.segment).collect();
        let segments = self.slice.segments.iter_mut().enumerate();
        segments.filter(move |(place, _)| places.contains(place)).map(|(_, segment)| segment)
    }
}
