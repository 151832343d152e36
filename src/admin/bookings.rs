//! Bookings: found by what a caller on the phone can say, shown whole, refunded with a reason.

use actix_web::{HttpResponse, web};
use askama::Template;
use booking_api::{Order, OrderOf, OrderSearch, OrderState, OrderSummary, Refund};
use kernel::{Cursor, Locale, Locator, Money, PageAsk, Role};
use serde::Deserialize;

use super::page::{given, moment, next};
use crate::{
    api::Query,
    edge::{FlashKind, Form, Shell, Stop, Visit},
    pages::pieces::Choice,
};

const MAY_LOOK: [Role; 3] = [Role::Agent, Role::Ops, Role::Auditor];
const MAY_REFUND: [Role; 2] = [Role::Agent, Role::Ops];

/// Every state, with its word for staff.
const STATES: [(OrderState, &str, &str); 9] = [
    (OrderState::PendingPayment, "Awaiting payment", "delay"),
    (OrderState::Held, "Held", "note"),
    (OrderState::Confirmed, "Confirmed", "note"),
    (OrderState::Ticketed, "Ticketed", "ok"),
    (OrderState::TicketingFailed, "No ticket", "trouble"),
    (OrderState::ActionRequired, "Action required", "delay"),
    (OrderState::Cancelled, "Cancelled", ""),
    (OrderState::Expired, "Expired", ""),
    (OrderState::Completed, "Flown", ""),
];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    q: String,
    state: String,
    after: Option<Cursor>,
}

#[derive(Template)]
#[template(path = "admin/bookings.html")]
struct List {
    shell: Shell,
    q: String,
    states: Vec<Choice>,
    rows: Vec<Row>,
    next: String,
    first: String,
}

pub(super) struct Row {
    pub(super) href: String,
    pub(super) locator: String,
    pub(super) state: &'static str,
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) route: String,
    pub(super) flights: String,
    pub(super) departs: String,
    pub(super) total: String,
    pub(super) created: String,
}

pub(super) async fn list(visit: Visit, Query(wish): Query<Wish>) -> Result<HttpResponse, Stop> {
    visit.staff(&MAY_LOOK)?;
    let state = STATES.iter().map(|(state, ..)| *state).find(|state| word(*state) == wish.state);
    let first = if wish.after.is_some() { "/admin/bookings".to_owned() } else { String::new() };
    let page = PageAsk { after: wish.after, limit: 50 };
    let ask = OrderSearch { text: wish.q.trim().to_owned(), state, page };
    let found = visit.portal.faces.orders.search(&visit.ctx, ask).await?;
    let mut states = vec![Choice::new("", "Any state", wish.state.is_empty())];
    states.extend(STATES.map(|(state, words, _)| Choice::new(word(state), words, word(state) == wish.state)));
    visit.page(&List {
        shell: visit.shell(),
        next: next("/admin/bookings", &[("q", &wish.q), ("state", &wish.state)], found.next.as_ref()),
        q: wish.q,
        states,
        rows: found.items.iter().map(|order| row(visit.locale, order)).collect(),
        first,
    })
}

pub(super) fn row(locale: Locale, order: &OrderSummary) -> Row {
    let (state, kind) = words(order.state);
    let others =
        if order.passengers > 1 { format!(" and {} more", order.passengers - 1) } else { String::new() };
    Row {
        href: format!("/admin/bookings/{}", order.locator),
        locator: order.locator.to_string(),
        state,
        kind,
        name: format!("{}{others}", order.name),
        route: format!("{}–{}", order.from, order.to),
        flights: order.flights.join(", "),
        departs: format!(
            "{}, {}",
            locale.long_date(order.departs_local.date()),
            locale.time(order.departs_local.time())
        ),
        total: locale.money(order.total),
        created: moment(locale, order.created_at),
    }
}

fn word(state: OrderState) -> String {
    serde_json::to_value(state).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn words(state: OrderState) -> (&'static str, &'static str) {
    STATES.iter().find(|(s, ..)| *s == state).map_or(("", ""), |(_, words, kind)| (words, kind))
}

#[derive(Template)]
#[template(path = "admin/booking.html")]
struct Page {
    shell: Shell,
    order: OrderView,
    may_refund: bool,
    key: String,
}

struct OrderView {
    locator: String,
    state: &'static str,
    kind: &'static str,
    contact: String,
    phone: String,
    created: String,
    total: String,
    paid: String,
    refunded: String,
    /// What can still be given back, as typed into an amount field; empty for nothing.
    left: String,
    left_words: String,
    currency: String,
    segments: Vec<SegmentView>,
    passengers: Vec<PassengerView>,
    items: Vec<(String, String)>,
    history: Vec<(String, String, String)>,
}

struct SegmentView {
    href: String,
    flight: String,
    route: String,
    departs: String,
    class: String,
    family: String,
    cancelled: bool,
}

struct PassengerView {
    name: String,
    kind: &'static str,
    tickets: String,
    coupons: String,
}

pub(super) async fn show(visit: Visit, locator: web::Path<String>) -> Result<HttpResponse, Stop> {
    visit.staff(&MAY_LOOK)?;
    let order = visit.portal.faces.orders.find(&visit.ctx, of(&locator)?).await?;
    let may_refund = visit.ctx.actor.may(&MAY_REFUND);
    let key = visit.new_key();
    visit.page(&Page { shell: visit.shell(), order: view(visit.locale, &order)?, may_refund, key })
}

#[derive(Debug, Deserialize)]
pub(super) struct RefundForm {
    amount: String,
    currency: String,
    reason: String,
    idempotency_key: String,
}

pub(super) async fn refund(locator: web::Path<String>, form: Form<RefundForm>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = form;
    visit.staff(&MAY_REFUND)?;
    let amount = Money::parse(fields.amount.trim(), fields.currency.parse()?)?;
    let reason = given(&fields.reason)?.to_owned();
    let locator: Locator = locator.parse().map_err(|_| Stop::NotFound)?;
    let ctx = visit.ctx_with_key(&fields.idempotency_key)?;
    visit.portal.faces.orders.refund(&ctx, Refund { locator, amount, reason }).await?;
    let said = format!("{} refunded.", visit.locale.money(amount));
    Ok(visit.redirect_saying(&format!("/admin/bookings/{locator}"), FlashKind::Ok, &said))
}

fn of(locator: &str) -> Result<OrderOf, Stop> {
    Ok(OrderOf { locator: locator.parse().map_err(|_| Stop::NotFound)?, family_name: None })
}

fn view(locale: Locale, order: &Order) -> Result<OrderView, Stop> {
    let (state, kind) = words(order.state);
    let left = order.paid.minus(order.refunded).map_err(|e| Stop::Broken(e.to_string()))?;
    let money = |amount: Money| locale.money(amount);
    let segments =
        order.slices.iter().flat_map(|slice| slice.segments.iter().map(move |segment| (slice, segment)));
    Ok(OrderView {
        locator: order.locator.to_string(),
        state,
        kind,
        contact: order.contact.email.to_string(),
        phone: order.contact.phone.clone(),
        created: moment(locale, order.created_at),
        total: money(order.total),
        paid: money(order.paid),
        refunded: money(order.refunded),
        left: if left.minor > 0 { left.amount() } else { String::new() },
        left_words: money(left),
        currency: left.currency.to_string(),
        segments: segments
            .map(|(slice, s)| SegmentView {
                href: format!("/admin/flights/{}/{}/{}/{}", s.designator, s.date, s.from, s.to),
                flight: s.designator.to_string(),
                route: format!("{} {} – {} {}", s.from, s.from_city, s.to, s.to_city),
                departs: format!(
                    "{}, {}",
                    locale.long_date(s.departs_local.date()),
                    locale.time(s.departs_local.time())
                ),
                class: s.class.to_string(),
                family: slice.family.clone(),
                cancelled: s.cancelled,
            })
            .collect(),
        passengers: order.passengers.iter().map(passenger).collect(),
        items: order.items.iter().map(|item| (item.title.clone(), money(item.amount))).collect(),
        history: order
            .history
            .iter()
            .rev()
            .map(|h| (moment(locale, h.at), h.text.clone(), h.actor.clone()))
            .collect(),
    })
}

fn passenger(passenger: &booking_api::OrderPassenger) -> PassengerView {
    let person = &passenger.person;
    let coupons = passenger.tickets.iter().flat_map(|ticket| &ticket.coupons);
    PassengerView {
        name: format!("{} {}", person.given_name, person.family_name),
        kind: match person.kind {
            booking_api::PassengerType::Adult => "Adult",
            booking_api::PassengerType::Child => "Child",
            booking_api::PassengerType::Infant => "Infant",
        },
        tickets: passenger.tickets.iter().map(|t| t.number.clone()).collect::<Vec<_>>().join(", "),
        coupons: coupons.map(|c| format!("{}–{} {}", c.from, c.to, c.status)).collect::<Vec<_>>().join(", "),
    }
}
