//! The receipt: who paid what for which tickets, on one sheet that prints.

use actix_web::{HttpResponse, web::Path};
use askama::Template;
use booking_api::Order;
use jiff::tz::TimeZone;

use crate::{
    edge::{Shell, Stop, Visit},
    pages::journey::{self, ItemView, PersonView, SliceView},
};

#[derive(Template)]
#[template(path = "trips/receipt.html")]
struct Receipt {
    shell: Shell,
    locator: String,
    title: String,
    bought: String,
    slices: Vec<SliceView>,
    people: Vec<PersonView>,
    email: String,
    items: Vec<ItemView>,
    total: String,
    paid: String,
    refunded: String,
}

pub(super) async fn show(visit: Visit, locator: Path<String>) -> Result<HttpResponse, Stop> {
    let (_, order) = super::order(&visit, &locator).await?;
    if order.paid.minor == 0 {
        return Err(Stop::NotFound);
    }
    visit.page(&receipt(&visit, &order))
}

fn receipt(visit: &Visit, order: &Order) -> Receipt {
    let locale = visit.locale;
    Receipt {
        shell: visit.shell(),
        locator: order.locator.to_string(),
        title: journey::trip_title(&order.slices),
        bought: locale.long_date(order.created_at.to_zoned(TimeZone::UTC).date()),
        slices: order.slices.iter().map(|slice| SliceView::of(slice, locale)).collect(),
        people: order.passengers.iter().map(|p| PersonView::ticketed(p, locale)).collect(),
        email: order.contact.email.to_string(),
        items: order.items.iter().map(|item| ItemView::of(item, locale)).collect(),
        total: locale.money(order.total),
        paid: locale.money(order.paid),
        refunded: if order.refunded.minor > 0 { locale.money(order.refunded) } else { String::new() },
    }
}
