//! How staff finds orders: one box, in which a locator, ticket number, flight, e-mail address or family name may stand.

use booking_api::{OrderId, OrderSearch, OrderState, OrderSummary};
use diesel::prelude::*;
use jiff::civil;
use kernel::{Designator, Email, Locator, Page, PageAsk, PersonId};
use store::{AsText, Conn, DateText, DbError, Micros};

use super::{
    paging::{self, Place},
    rows::OrderRow,
    rules::{family_key, word},
    schema::{booking_order, order_leg, passenger},
    view::summary,
};
use crate::tickets;

/// What a text may mean. Several may fit: `ABC123` is a locator, and flight `ABC123` too.
#[derive(Debug, Default, PartialEq, Eq)]
struct Meaning {
    locator: Option<Locator>,
    ticket: Option<String>,
    flight: Option<(Designator, Option<civil::Date>)>,
    email: Option<Email>,
    family: Option<String>,
}

fn meaning(text: &str) -> Option<Meaning> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let ticket = (digits.len() == 13 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits);
    Some(Meaning {
        locator: text.parse().ok(),
        ticket,
        flight: flight(text),
        email: text.parse().ok(),
        family: Some(family_key(text)).filter(|key| !key.is_empty()),
    })
}

fn flight(text: &str) -> Option<(Designator, Option<civil::Date>)> {
    match text.split_once('/') {
        None => Some((text.parse().ok()?, None)),
        Some((designator, date)) => Some((designator.parse().ok()?, Some(date.trim().parse().ok()?))),
    }
}

/// Newest first.
pub(crate) fn find(conn: &mut Conn, ask: &OrderSearch) -> Result<Page<OrderSummary>, DbError> {
    let ids = match meaning(&ask.text) {
        None => None,
        Some(meaning) => Some(meant(conn, &meaning)?),
    };
    list(conn, ids.as_deref(), ask.state, &ask.page)
}

/// Orders that a text means. Bounded: whoever searches for a common name narrows it down.
fn meant(conn: &mut Conn, meaning: &Meaning) -> Result<Vec<String>, DbError> {
    const MOST: i64 = 5_000;
    let mut ids: Vec<String> = Vec::new();
    if let Some(locator) = meaning.locator {
        let found = booking_order::table.filter(booking_order::locator.eq(AsText(locator)));
        ids.extend(found.select(booking_order::id).load::<String>(conn)?);
    }
    if let Some(number) = &meaning.ticket {
        ids.extend(tickets::rows::order_of(conn, number)?.map(|id: OrderId| id.to_string()));
    }
    if let Some((designator, date)) = meaning.flight {
        let mut on = order_leg::table.filter(order_leg::designator.eq(designator.to_string())).into_boxed();
        if let Some(date) = date {
            on = on.filter(order_leg::date.eq(DateText(date)));
        }
        let found = on.order(order_leg::order_id.desc()).limit(MOST).select(order_leg::order_id);
        ids.extend(found.load::<String>(conn)?);
    }
    if let Some(email) = &meaning.email {
        let found = booking_order::table.filter(booking_order::email.eq(AsText(email.clone())));
        ids.extend(found.limit(MOST).select(booking_order::id).load::<String>(conn)?);
    }
    if let Some(key) = &meaning.family {
        let found = passenger::table.filter(passenger::family_key.eq(key)).limit(MOST);
        ids.extend(found.select(passenger::order_id).load::<String>(conn)?);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

fn list(
    conn: &mut Conn,
    ids: Option<&[String]>,
    state: Option<OrderState>,
    page: &PageAsk,
) -> Result<Page<OrderSummary>, DbError> {
    let limit = page.bounded();
    let mut query = booking_order::table.into_boxed();
    if let Some(ids) = ids {
        query = query.filter(booking_order::id.eq_any(ids.to_vec()));
    }
    if let Some(state) = state {
        query = query.filter(booking_order::state.eq(word(state)));
    }
    if let Some(Place { at, id }) = page.after.as_ref().and_then(Place::read) {
        let at = Micros(at);
        let earlier = booking_order::created_at.eq(at).and(booking_order::id.lt(id));
        query = query.filter(booking_order::created_at.lt(at).or(earlier));
    }
    let newest = (booking_order::created_at.desc(), booking_order::id.desc());
    let mut rows: Vec<OrderRow> = query.order(newest).limit(i64::from(limit) + 1).load(conn)?;
    let next = paging::cut(&mut rows, limit, |row| (row.created_at.0, row.id.0.to_string()));
    Ok(Page { items: rows.into_iter().filter_map(summary).collect(), next })
}

/// A person's orders. Nobody has more than a few hundred, so they are sorted here: what comes next first, then what was last.
pub(crate) fn of_person(
    conn: &mut Conn,
    person: PersonId,
    now: jiff::Timestamp,
    page: &PageAsk,
) -> Result<Page<OrderSummary>, DbError> {
    let mut rows: Vec<OrderRow> = booking_order::table
        .filter(booking_order::owner.eq(AsText(person)))
        .order(booking_order::created_at.desc())
        .limit(500)
        .load(conn)?;
    rows.sort_by_key(|row| {
        let (departs, past) = (row.departs.0, row.departs.0 < now);
        let distance = if past { now.duration_since(departs) } else { departs.duration_since(now) };
        (past, distance, row.id)
    });
    if let Some(Place { id, .. }) = page.after.as_ref().and_then(Place::read) {
        let seen = rows.iter().position(|row| row.id.0.to_string() == id).map_or(0, |place| place + 1);
        rows.drain(..seen);
    }
    let next = paging::cut(&mut rows, page.bounded(), |row| (row.departs.0, row.id.0.to_string()));
    Ok(Page { items: rows.into_iter().filter_map(summary).collect(), next })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_text_may_mean() {
        let flight = |text: &str| meaning(text).and_then(|meaning| meaning.flight);
        assert_eq!(meaning("  "), None);
        assert_eq!(meaning("7q4zk2").and_then(|m| m.locator), "7Q4ZK2".parse().ok());
        assert_eq!(meaning("008-1000000001").and_then(|m| m.ticket).as_deref(), Some("0081000000001"));
        assert_eq!(flight("XI 0042"), Some(("XI42".parse().unwrap(), None)));
        assert_eq!(
            flight("XI42/2026-12-01"),
            Some(("XI42".parse().unwrap(), Some(civil::date(2026, 12, 1))))
        );
        assert_eq!(flight("XI42/tomorrow"), None);
        assert_eq!(meaning("Ada@Example.com").and_then(|m| m.email), "ada@example.com".parse().ok());
        assert_eq!(meaning("Müller").and_then(|m| m.family).as_deref(), Some("muller"));
    }
}
