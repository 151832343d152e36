//! Tickets: documents that exist only after payment, one coupon per segment and at most four to a document.

pub(crate) mod rows;
mod schema;

use std::collections::{BTreeMap, BTreeSet};

use booking_api::{OrderId, Segment, Ticket};
use store::{AsText, Conn, DbError, Tx};

use rows::{CouponRow, TicketRow};

/// The numeric code of the demo airline, which nobody has.
const AIRLINE: &str = "008";
const COUPONS: usize = 4;

/// Issues the tickets of all travellers and answers their numbers.
pub(crate) fn issue(
    tx: &mut Tx<'_>,
    order: OrderId,
    people: i32,
    segments: usize,
) -> Result<Vec<String>, DbError> {
    let each = i64::try_from(segments.div_ceil(COUPONS)).map_err(|why| DbError::Encoding(why.to_string()))?;
    let serials = rows::reserve(tx.conn(), each * i64::from(people))?;
    let (tickets, coupons) = documents(order, people, segments, serials);
    let numbers = tickets.iter().map(|ticket| ticket.number.clone()).collect();
    rows::insert(tx.conn(), &tickets, &coupons)?;
    Ok(numbers)
}

/// One document after the other: a traveller with more than four segments has conjunction tickets, numbered in a row.
fn documents(
    order: OrderId,
    people: i32,
    segments: usize,
    serials: impl Iterator<Item = i64>,
) -> (Vec<TicketRow>, Vec<CouponRow>) {
    let places: Vec<usize> = (0..segments).collect();
    let papers = (0..people).flat_map(|passenger| places.chunks(COUPONS).map(move |part| (passenger, part)));
    let mut tickets = Vec::new();
    let mut coupons = Vec::new();
    for ((passenger, part), serial) in papers.zip(serials) {
        let number = format!("{AIRLINE}{serial:010}");
        coupons.extend((1..).zip(part).map(|(nth, segment)| CouponRow {
            ticket: number.clone(),
            number: nth,
            order_id: AsText(order),
            segment: i32::try_from(*segment).unwrap_or(i32::MAX),
            status: "O".to_owned(),
        }));
        tickets.push(TicketRow { number, order_id: AsText(order), passenger });
    }
    (tickets, coupons)
}

/// The tickets of an order by passenger, with what each coupon is for.
pub(crate) fn of_order(
    conn: &mut Conn,
    order: OrderId,
    segments: &[Segment],
) -> Result<BTreeMap<i32, Vec<Ticket>>, DbError> {
    let mut coupons: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for row in rows::coupons(conn, order)? {
        let segment = usize::try_from(row.segment).ok().and_then(|place| segments.get(place));
        coupons
            .entry(row.ticket.clone())
            .or_default()
            .extend(segment.and_then(|for_what| row.shown(for_what)));
    }
    let mut papers: BTreeMap<i32, Vec<Ticket>> = BTreeMap::new();
    for row in rows::tickets(conn, order)? {
        let coupons = coupons.remove(&row.number).unwrap_or_default();
        papers.entry(row.passenger).or_default().push(Ticket { number: row.number, coupons });
    }
    Ok(papers)
}

/// Segments of which somebody has flown the coupon.
pub(crate) fn flown(conn: &mut Conn, order: OrderId) -> Result<BTreeSet<usize>, DbError> {
    let coupons = rows::coupons(conn, order)?;
    let flown = coupons.iter().filter(|coupon| coupon.status == "F");
    Ok(flown.filter_map(|coupon| usize::try_from(coupon.segment).ok()).collect())
}

/// Ends all open coupons: refunded if money went back, else void. What is flown, exchanged, refunded or void stays.
pub(crate) fn end_coupons(conn: &mut Conn, order: OrderId, refunded: bool) -> Result<(), DbError> {
    rows::end_coupons(conn, order, if refunded { "R" } else { "V" })
}

#[cfg(test)]
mod tests {
    use kernel::Outside;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_traveller_has_one_coupon_for_every_segment(people in 1i32..10, segments in 1usize..12) {
            let order = OrderId::new(&Outside::system());
            let (tickets, coupons) = documents(order, people, segments, 1_000_000_001..);
            for passenger in 0..people {
                let own: Vec<_> = tickets.iter().filter(|t| t.passenger == passenger).map(|t| &t.number).collect();
                prop_assert!(own.iter().all(|number| number.len() == 13 && number.starts_with("008")));
                prop_assert!(own.windows(2).all(|two| two[0].parse::<u64>().unwrap() + 1 == two[1].parse::<u64>().unwrap()));
                let covered: Vec<_> = coupons.iter().filter(|c| own.contains(&&c.ticket)).map(|c| c.segment).collect();
                prop_assert_eq!(covered, (0..i32::try_from(segments).unwrap()).collect::<Vec<_>>());
            }
            prop_assert!(coupons.iter().all(|coupon| (1..=4).contains(&coupon.number)));
        }
    }
}
