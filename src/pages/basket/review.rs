//! The last look before paying: the journey, the people, every line of the price and its conditions. Paying
//! prices it all once more; another price is shown and needs another yes.

use actix_web::{HttpResponse, http::StatusCode, web::Path};
use askama::Template;
use booking_api::{Basket, BookingError, CheckOut, CheckedOut};
use kernel::Money;
use serde::Deserialize;

use super::{
    access, gone,
    views::{self, BasketView},
};
use crate::{
    edge::{Form, Shell, Stop, Visit},
    pages::{journey::PersonView, trips},
};

#[derive(Template)]
#[template(path = "basket/review.html")]
struct Review {
    shell: Shell,
    basket: BasketView,
    people: Vec<PersonView>,
    email: String,
    phone: String,
    /// What the visitor agrees to by pressing the button.
    agreed: Money,
    /// What it cost when the visitor last saw it, if that was something else; empty otherwise.
    was: String,
    key: String,
}

#[derive(Deserialize)]
pub(super) struct Agreement {
    agreed_amount: String,
    agreed_currency: String,
    #[serde(default)]
    idempotency_key: String,
}

pub(super) async fn show(visit: Visit, id: Path<String>) -> Result<HttpResponse, Stop> {
    let basket = access::basket(&visit, &id).await?;
    if let Some(locator) = basket.order {
        return Ok(visit.redirect(&format!("/trips/{locator}")));
    }
    if basket.contact.is_none() {
        return Ok(visit.redirect(&format!("/baskets/{}/passengers", basket.id)));
    }
    let agreed = basket.offer.total;
    visit.page(&page(&visit, &basket, agreed, None))
}

pub(super) async fn pay(id: Path<String>, form: Form<Agreement>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = form;
    let basket = access::basket(&visit, &id).await?;
    if basket.contact.is_none() {
        return Ok(visit.redirect(&format!("/baskets/{}/passengers", basket.id)));
    }
    let agreed = Money::parse(&fields.agreed_amount, fields.agreed_currency.parse()?)?;
    let ctx = visit.ctx_with_key(&fields.idempotency_key)?;
    let ask = CheckOut { basket: basket.id, agreed };
    match visit.portal.faces.shop.check_out(&ctx, ask).await {
        Ok(done) => Ok(to_payment(&visit, &done)),
        Err(BookingError::PriceChanged(now)) => changed(&visit, &id, agreed, now).await,
        Err(error) => gone::page(&visit, error, &views::search(&basket.offer)),
    }
}

/// The buyer may see the trip from now on, account or not.
fn to_payment(visit: &Visit, done: &CheckedOut) -> HttpResponse {
    let response = visit.redirect(&format!("/sandbox/{}", done.payment.id));
    let family_name = done.order.passengers.first().map(|p| p.person.family_name.clone()).unwrap_or_default();
    trips::grant(visit, response, done.order.locator, family_name)
}

/// The same page with the price of now, which has to be agreed to anew.
async fn changed(visit: &Visit, id: &str, agreed: Money, now: Money) -> Result<HttpResponse, Stop> {
    let basket = access::basket(visit, id).await?;
    visit.page_as(StatusCode::CONFLICT, &page(visit, &basket, now, Some(agreed)))
}

fn page(visit: &Visit, basket: &Basket, agreed: Money, was: Option<Money>) -> Review {
    let locale = visit.locale;
    let contact = basket.contact.as_ref();
    Review {
        shell: visit.shell(),
        basket: BasketView::of(basket, 1, locale).costing(agreed, locale),
        people: basket.passengers.iter().map(|passenger| PersonView::of(passenger, locale)).collect(),
        email: contact.map(|c| c.email.to_string()).unwrap_or_default(),
        phone: contact.map(|c| c.phone.clone()).unwrap_or_default(),
        agreed,
        was: was.map(|was| locale.money(was)).unwrap_or_default(),
        key: visit.new_key(),
    }
}
