//! The page of one trip, put together from orders, status and notes: the last two are asked at the same time, and
//! either may be away without taking the page along.

use actix_web::{HttpResponse, web::Path};
use askama::Template;
use booking_api::{Order, OrderState};
use futures_util::future::join;
use jiff::tz::TimeZone;
use kernel::Locale;

use super::{
    live::{self, Live, LiveBadge},
    notes::{self, NotesPanel},
    state::{self, Badge},
};
use crate::{
    edge::{Shell, Stop, Visit},
    pages::{
        journey::{self, PersonView, SegmentView},
        say,
    },
};

#[derive(Template)]
#[template(path = "trips/trip.html")]
struct TripPage {
    shell: Shell,
    locator: String,
    title: String,
    badge: Badge,
    sentence: String,
    ways: Vec<Way>,
    live_resting: bool,
    people: Vec<PersonView>,
    email: String,
    total: String,
    /// Empty while nothing went back.
    refunded: String,
    /// Where it can be paid; empty when there is nothing to pay.
    pay: String,
    may_cancel: bool,
    has_receipt: bool,
    notes: NotesPanel,
    history: Vec<Line>,
}

/// One direction with its flights.
struct Way {
    title: String,
    fare: String,
    words: String,
    segments: Vec<LiveSegment>,
}

struct LiveSegment {
    flight: SegmentView,
    live: Option<LiveBadge>,
}

struct Line {
    at: String,
    text: String,
}

pub(super) async fn show(visit: Visit, locator: Path<String>) -> Result<HttpResponse, Stop> {
    let (_, order) = super::order(&visit, &locator).await?;
    let (live, notes) = join(live::ask(&visit, &order), notes::ask(&visit, order.locator)).await;
    visit.page(&page(&visit, &order, live, notes))
}

fn page(visit: &Visit, order: &Order, live: Live, notes: NotesPanel) -> TripPage {
    let locale = visit.locale;
    TripPage {
        shell: visit.shell(),
        locator: order.locator.to_string(),
        title: journey::trip_title(&order.slices),
        badge: state::badge(order.state),
        sentence: state::sentence(order, locale),
        live_resting: live.resting,
        ways: ways(order, live.badges, locale),
        people: order.passengers.iter().map(|p| PersonView::ticketed(p, locale)).collect(),
        email: order.contact.email.to_string(),
        total: locale.money(order.total),
        refunded: if order.refunded.minor > 0 { locale.money(order.refunded) } else { String::new() },
        pay: pay(order),
        may_cancel: state::may_cancel(order.state),
        has_receipt: order.paid.minor > 0,
        notes,
        history: history(order, locale),
    }
}

fn pay(order: &Order) -> String {
    let waits = matches!(order.state, OrderState::PendingPayment | OrderState::Held);
    order.payment.filter(|_| waits).map(|intent| format!("/sandbox/{intent}")).unwrap_or_default()
}

fn ways(order: &Order, badges: Vec<Option<LiveBadge>>, locale: Locale) -> Vec<Way> {
    let mut badges = badges.into_iter();
    order
        .slices
        .iter()
        .map(|slice| {
            let view = journey::SliceView::of(slice, locale);
            let segments = view
                .segments
                .into_iter()
                .map(|flight| LiveSegment { flight, live: badges.next().flatten() })
                .collect();
            Way { title: view.title, fare: view.fare, words: view.words, segments }
        })
        .collect()
}

fn history(order: &Order, locale: Locale) -> Vec<Line> {
    order
        .history
        .iter()
        .map(|line| Line {
            at: format!("{} UTC", locale.moment(&line.at.to_zoned(TimeZone::UTC))),
            text: say::sentence(&line.text),
        })
        .collect()
}
