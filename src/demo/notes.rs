//! A few notes for the demo accounts, so that no first page is empty.

use super::World;
use super::bookings::Order;
use super::orders::of_the_traveller;

/// A note to be written for the demo account of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSeed {
    /// As in the contract: `traveller`, `agent`, `ops` …
    pub role: &'static str,
    pub pad: Option<&'static str>,
    pub name: String,
    pub text: String,
    /// The locator of a demo order, if it is a note about a trip.
    pub trip: Option<String>,
}

pub(super) fn all(world: &World) -> Vec<NoteSeed> {
    let mut notes = of_trips(world);
    let plain = [
        (
            "traveller",
            Some("Packing"),
            "Hand luggage",
            "Passport\nCharger and adapter\nA book for the wait\nScarf, it will be windy",
        ),
        (
            "traveller",
            Some("Packing"),
            "Left at home last time",
            "Toothbrush. Sunglasses. The good umbrella.",
        ),
        ("traveller", None, "Seats we liked", "Row 4 by the window; not over the wing."),
        (
            "agent",
            Some("Handover"),
            "Group of 18 to Vienna",
            "Two want aisle seats; the school pays by invoice. Ask again on Thursday.",
        ),
        (
            "agent",
            None,
            "Words for a late flight",
            "Say what happened, what happens next, and when they will hear from us.",
        ),
        (
            "ops",
            Some("Day"),
            "Stand changes",
            "Stand B17 is closed until noon. Remote stands for the small types.",
        ),
        (
            "ops",
            Some("Day"),
            "De-icing",
            "Two trucks at the second runway. Add ten minutes to the first wave.",
        ),
        (
            "migrator",
            None,
            "Before moving notes",
            "Shadow for an hour, look at the differences, then ten in a hundred.",
        ),
        (
            "admin",
            None,
            "Demo airline",
            "Everything here is made up. Start again with another seed for another airline.",
        ),
        ("auditor", None, "To look at", "Who changed a decision table last week, and with what reason."),
    ];
    notes.extend(plain.into_iter().map(|(role, pad, name, text)| NoteSeed {
        role,
        pad,
        name: name.to_owned(),
        text: text.to_owned(),
        trip: None,
    }));
    notes
}

fn of_trips(world: &World) -> Vec<NoteSeed> {
    of_the_traveller(world).iter().filter_map(of_trip).collect()
}

fn of_trip(order: &Order) -> Option<NoteSeed> {
    let first = order.segments.first()?;
    Some(NoteSeed {
        role: "traveller",
        pad: None,
        name: format!("{} on {}", first.designator, first.date),
        text: format!("From {} to {}. Check in the day before, and print nothing.", first.from, first.to),
        trip: Some(order.locator.clone()),
    })
}
