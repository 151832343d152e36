//! Existing orders and sold counts, as `import bookings` reads them: one JSON object per line, either `{"order":{…}}` or
//! `{"sold":{…}}`. Dates are local; a flight is named by its designator and the local date of departure at its first station.

use serde::{Deserialize, Serialize};

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    Order(Order),
    Sold(Sold),
}

/// A ticketed order. Importing the same locator again does nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Six of `23456789ABCDEFGHJKLMNPQRSTUVWXYZ`.
    pub locator: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    pub contact: Contact,
    pub passengers: Vec<Passenger>,
    /// In order of travel; all passengers fly all of them.
    pub segments: Vec<Segment>,
    /// What was paid for everybody and everything.
    pub total: Total,
    /// One per passenger, infants included.
    pub tickets: Vec<Ticket>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub email: String,
    pub phone: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passenger {
    pub given_name: String,
    pub family_name: String,
    /// `YYYY-MM-DD`.
    pub date_of_birth: String,
    #[serde(rename = "type")]
    pub kind: PassengerKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PassengerKind {
    Adult,
    Child,
    /// On a lap: holds no seat and counts in no class.
    Infant,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    pub designator: String,
    /// Local date of departure at the flight's first station, also for those who board later.
    pub date: String,
    pub from: String,
    pub to: String,
    pub class: String,
    pub family: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// Decimal, such as `431.20`.
    pub amount: String,
    pub currency: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Thirteen digits, the first three the airline's.
    pub number: String,
    /// Place in `passengers`, from 0.
    pub passenger: usize,
    pub coupons: Vec<Coupon>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coupon {
    /// Place in `segments`, from 0.
    pub segment: usize,
    /// `O` open, `F` flown.
    pub status: String,
}

/// Seats sold on one leg besides the orders of this file: a group block without names. The same leg and class again replaces
/// nothing and adds nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sold {
    pub designator: String,
    pub date: String,
    pub from: String,
    pub to: String,
    pub class: String,
    pub count: u16,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::World;
    use std::collections::{BTreeMap, BTreeSet};

    fn lines() -> (World, Vec<Line>) {
        let world = World::build(1, jiff::civil::date(2026, 11, 20), 30);
        let lines = world.bookings_jsonl().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (world, lines)
    }

    #[test]
    fn a_line_looks_as_documented() {
        let text = World::build(1, jiff::civil::date(2026, 11, 20), 2).bookings_jsonl();
        assert!(text.starts_with(r#"{"order":{"locator":""#) && text.contains(r#","type":"adult"}"#));
        assert!(text.contains(r#"{"sold":{"designator":"XI"#));
    }

    #[test]
    fn orders_are_whole() {
        let (_, lines) = lines();
        assert!(lines.len() <= 12_000, "{}", lines.len());
        let mut seen = BTreeSet::new();
        let (mut orders, mut connecting, mut flown) = (0, 0, 0);
        for line in &lines {
            let Line::Order(order) = line else { continue };
            orders += 1;
            assert!(seen.insert(&order.locator) && order.locator.len() == 6);
            assert!(order.tickets.len() == order.passengers.len() && (1..=4).contains(&order.segments.len()));
            assert!(
                order.created_at.as_str() < "2026-11-20" && order.contact.email.ends_with("@example.com")
            );
            for ticket in &order.tickets {
                assert!(
                    ticket.number.len() == 13
                        && ticket.number.starts_with("008")
                        && seen.insert(&ticket.number)
                );
                assert_eq!(ticket.coupons.len(), order.segments.len());
            }
            connecting += usize::from(
                order.segments.windows(2).any(|two| two[0].to == two[1].from && two[0].from != two[1].to),
            );
            flown += usize::from(order.tickets[0].coupons[0].status == "F");
        }
        assert_eq!(orders, 3000);
        assert!(connecting > 300 && flown > 100, "{connecting} {flown}");
    }

    #[test]
    fn everything_sold_flies_has_a_fare_and_fits_on_board() {
        let (world, lines) = lines();
        let (ssim, fares) = (world.ssim(), world.fares_csv());
        let numbers: BTreeMap<&str, u16> = ssim
            .lines()
            .filter(|line| line.starts_with('3'))
            .map(|line| {
                (line[5..9].trim(), line[172..192].rsplit('Y').next().unwrap().trim().parse().unwrap())
            })
            .collect();
        let fares: BTreeSet<String> =
            fares.lines().map(|line| line.split(',').take(4).collect::<Vec<_>>().join(",")).collect();
        let mut sold: BTreeMap<(String, String, String), u16> = BTreeMap::new();
        for line in lines {
            match line {
                Line::Order(order) => {
                    let seats =
                        order.passengers.iter().filter(|one| one.kind != PassengerKind::Infant).count();
                    for segment in order.segments {
                        if order.tickets[0].coupons.len() == 1 {
                            let key = format!(
                                "{},{},{},{}",
                                segment.from, segment.to, segment.class, segment.family
                            );
                            assert!(fares.contains(&key), "{key}");
                        }
                        *sold.entry((segment.designator, segment.date, segment.from)).or_default() +=
                            u16::try_from(seats).unwrap();
                    }
                }
                Line::Sold(block) => {
                    *sold.entry((block.designator, block.date, block.from)).or_default() += block.count;
                }
            }
        }
        let blocks = sold.len();
        assert!(blocks > 4000, "{blocks}");
        for ((designator, date, from), count) in sold {
            let economy = numbers[&designator[2..]];
            assert!(count * 100 <= economy * 90, "{designator} {date} {from}: {count} of {economy}");
        }
    }
}
