//! The way to a trip: by reference and family name, for everybody; from a list, for who is signed in.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;
use booking_api::{BookingError, OrderOf, OrderSummary};
use kernel::{Cursor, Locale, Locator, PageAsk};
use serde::Deserialize;

use super::{
    found,
    state::{self, Badge},
};
use crate::{
    edge::{Class, Form, Shell, Stop, Visit},
    pages::{pieces::Troubles, say},
};

#[derive(Template)]
#[template(path = "trips/find.html")]
struct FindPage {
    shell: Shell,
    mine: Mine,
    booking_reference: String,
    family_name: String,
    troubles: Troubles,
}

/// The trips of who is signed in.
enum Mine {
    SignedOut,
    Resting,
    Trips { trips: Vec<TripView>, next: String },
}

struct TripView {
    href: String,
    title: String,
    words: String,
    locator: String,
    badge: Badge,
}

#[derive(Deserialize, Default)]
pub(super) struct Asked {
    #[serde(default)]
    booking_reference: String,
    #[serde(default)]
    family_name: String,
}

pub(super) async fn show(visit: Visit) -> Result<HttpResponse, Stop> {
    let page = page(&visit, Asked::default(), Troubles::default()).await;
    visit.page(&page)
}

pub(super) async fn find(form: Form<Asked>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = form;
    let of = match wanted(&fields) {
        Ok(of) => of,
        Err(troubles) => return again(&visit, fields, troubles).await,
    };
    visit.count(Class::FindBooking, &of.locator.to_string())?;
    match visit.portal.faces.orders.find(&visit.ctx, of).await {
        Ok(order) => {
            let response = visit.redirect(&format!("/trips/{}", order.locator));
            Ok(found::grant(&visit, response, order.locator, fields.family_name.trim().to_owned()))
        }
        Err(BookingError::NotFound) => {
            let words = "No booking has this reference and this family name. Look again at your confirmation";
            again(&visit, fields, Troubles::one("booking_reference", words)).await
        }
        Err(error) => Err(error.into()),
    }
}

fn wanted(typed: &Asked) -> Result<OrderOf, Troubles> {
    let mut troubles = Troubles::default();
    let locator = typed.booking_reference.parse::<Locator>();
    if locator.is_err() {
        troubles
            .push("booking_reference", "Enter the six letters and digits of your booking, such as 7Q4ZK2");
    }
    if typed.family_name.trim().is_empty() {
        troubles.push("family_name", "Enter the family name of one of the passengers");
    }
    match locator {
        Ok(locator) if troubles.is_empty() => {
            Ok(OrderOf { locator, family_name: Some(typed.family_name.trim().to_owned()) })
        }
        _ => Err(troubles),
    }
}

async fn again(visit: &Visit, typed: Asked, troubles: Troubles) -> Result<HttpResponse, Stop> {
    let page = page(visit, typed, troubles).await;
    visit.page_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

async fn page(visit: &Visit, typed: Asked, troubles: Troubles) -> FindPage {
    FindPage {
        shell: visit.shell(),
        mine: mine(visit).await,
        booking_reference: typed.booking_reference,
        family_name: typed.family_name,
        troubles,
    }
}

async fn mine(visit: &Visit) -> Mine {
    if visit.session.is_none() {
        return if visit.resting { Mine::Resting } else { Mine::SignedOut };
    }
    match visit.portal.faces.orders.mine(&visit.ctx, asked_page(visit)).await {
        Ok(page) => Mine::Trips {
            next: page.next.map(|cursor| next(&cursor)).unwrap_or_default(),
            trips: page.items.iter().map(|summary| view(summary, visit.locale)).collect(),
        },
        Err(_) => Mine::Resting,
    }
}

#[derive(Deserialize, serde::Serialize)]
struct After {
    after: String,
}

fn asked_page(visit: &Visit) -> PageAsk {
    let after = serde_html_form::from_str::<After>(visit.request().query_string()).ok();
    PageAsk { after: after.map(|query| Cursor(query.after)), ..PageAsk::default() }
}

fn next(cursor: &Cursor) -> String {
    let query = serde_html_form::to_string(After { after: cursor.0.clone() });
    format!("/trips?{}", query.unwrap_or_default())
}

fn view(summary: &OrderSummary, locale: Locale) -> TripView {
    let people = say::people(usize::try_from(summary.passengers).unwrap_or_default());
    let leaves = locale.long_date(summary.departs_local.date());
    let time = locale.time(summary.departs_local.time());
    TripView {
        href: format!("/trips/{}", summary.locator),
        title: format!("{} to {}", summary.from_city, summary.to_city),
        words: format!(
            "{leaves}, {time} {} time, {}, {people}",
            summary.from_city,
            summary.flights.join(", ")
        ),
        locator: summary.locator.to_string(),
        badge: state::badge(summary.state),
    }
}
