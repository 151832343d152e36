//! Flights of a day with their counters, and one leg whole: levels by class, who is on it, and its cancellation.

use actix_web::{HttpResponse, web};
use askama::Template;
use booking_api::{CancelLeg, ClassCounters, FlightRow, FlightsAsk, LegKey, OnLeg};
use jiff::{civil, tz::TimeZone};
use kernel::{Cursor, PageAsk, Role};
use serde::Deserialize;

use super::{
    bookings::{self, Row},
    page::{Reason, given, next},
};
use crate::{
    api::Query,
    edge::{FlashKind, Form, Shell, Stop, Visit},
};

const MAY_LOOK: [Role; 3] = [Role::Agent, Role::Ops, Role::Auditor];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    date: Option<civil::Date>,
    q: String,
    after: Option<Cursor>,
}

#[derive(Template)]
#[template(path = "admin/flights.html")]
struct List {
    shell: Shell,
    date: String,
    q: String,
    rows: Vec<FlightView>,
    next: String,
    first: String,
}

struct FlightView {
    href: String,
    flight: String,
    route: String,
    departs: String,
    arrives: String,
    aircraft: String,
    seats: u32,
    sold: u32,
    held: u32,
    load: u32,
    cancelled: bool,
}

pub(super) async fn list(visit: Visit, Query(wish): Query<Wish>) -> Result<HttpResponse, Stop> {
    visit.staff(&MAY_LOOK)?;
    let today = visit.portal.outside.now().to_zoned(TimeZone::UTC).date();
    let date = wish.date.unwrap_or(today);
    let first = if wish.after.is_some() { format!("/admin/flights?date={date}") } else { String::new() };
    let page = PageAsk { after: wish.after, limit: 100 };
    let ask = FlightsAsk { date, text: wish.q.trim().to_owned(), page };
    let found = visit.portal.faces.schedule.flights(&visit.ctx, ask).await?;
    let date = date.to_string();
    visit.page(&List {
        shell: visit.shell(),
        next: next("/admin/flights", &[("date", &date), ("q", &wish.q)], found.next.as_ref()),
        date,
        q: wish.q,
        rows: found.items.iter().map(|row| flight(&visit, row)).collect(),
        first,
    })
}

fn flight(visit: &Visit, row: &FlightRow) -> FlightView {
    let (leg, key) = (&row.leg, &row.leg.key);
    let clock = |at: civil::DateTime| visit.locale.time(at.time());
    FlightView {
        href: format!("/admin/flights/{}/{}/{}/{}", key.designator, key.date, key.from, key.to),
        flight: key.designator.to_string(),
        route: format!("{}–{}", key.from, key.to),
        departs: clock(leg.departs_local),
        arrives: clock(leg.arrives_local),
        aircraft: leg.aircraft.clone(),
        seats: row.seats,
        sold: row.sold,
        held: row.held,
        load: (row.sold * 100).checked_div(row.seats).unwrap_or(0),
        cancelled: leg.cancelled,
    }
}

#[derive(Template)]
#[template(path = "admin/flight.html")]
struct Page {
    shell: Shell,
    title: String,
    words: String,
    cancelled: bool,
    action: String,
    live: String,
    cabins: Vec<(char, u32, u32)>,
    classes: Vec<ClassCounters>,
    orders: Vec<Row>,
    may_cancel: bool,
    key: String,
}

type Path = web::Path<(String, String, String, String)>;

pub(super) async fn show(visit: Visit, path: Path) -> Result<HttpResponse, Stop> {
    visit.staff(&MAY_LOOK)?;
    let leg = leg(&path)?;
    let inventory = visit.portal.faces.schedule.inventory(&visit.ctx, leg).await?;
    let page = PageAsk::first(200);
    let orders = visit.portal.faces.disruption.on_leg(&visit.ctx, OnLeg { leg, page }).await?;
    let dated = &inventory.leg;
    visit.page(&Page {
        title: format!("{} {}–{}, {}", leg.designator, leg.from, leg.to, visit.locale.long_date(leg.date)),
        words: format!(
            "{} to {} local, {}",
            visit.locale.time(dated.departs_local.time()),
            visit.locale.time(dated.arrives_local.time()),
            dated.aircraft
        ),
        cancelled: dated.cancelled,
        action: format!("{}/cancellation", address(&leg)),
        live: format!("/status/flights/{}/{}", leg.designator, leg.date),
        cabins: inventory.cabins.iter().map(|c| (c.cabin, c.seats, c.authorised)).collect(),
        classes: inventory.classes.clone(),
        orders: orders.items.iter().map(|order| bookings::row(visit.locale, order)).collect(),
        may_cancel: visit.ctx.actor.may(&[Role::Ops]) && !dated.cancelled,
        key: visit.new_key(),
        shell: visit.shell(),
    })
}

pub(super) async fn cancel(path: Path, form: Form<Reason>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = form;
    visit.staff(&[Role::Ops])?;
    let leg = leg(&path)?;
    let reason = given(&fields.reason)?.to_owned();
    let ctx = visit.ctx_with_key(&fields.idempotency_key)?;
    let affected = visit.portal.faces.disruption.cancel_leg(&ctx, CancelLeg { leg, reason }).await?;
    let said = format!(
        "{} is cancelled. {} passengers in {} bookings are told and asked what to do.",
        leg.designator, affected.passengers, affected.orders
    );
    Ok(visit.redirect_saying(&address(&leg), FlashKind::Ok, &said))
}

fn address(leg: &LegKey) -> String {
    format!("/admin/flights/{}/{}/{}/{}", leg.designator, leg.date, leg.from, leg.to)
}

fn leg((designator, date, from, to): &(String, String, String, String)) -> Result<LegKey, Stop> {
    let missing = |_| Stop::NotFound;
    Ok(LegKey {
        designator: designator.parse().map_err(missing)?,
        date: date.parse().map_err(|_| Stop::NotFound)?,
        from: from.parse().map_err(missing)?,
        to: to.parse().map_err(missing)?,
    })
}
