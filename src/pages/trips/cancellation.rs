//! Giving a trip back: what would be refunded and why is shown first, and the button says the amount. Other
//! terms in the meantime need another yes.

use actix_web::{HttpResponse, http::StatusCode, web::Path};
use askama::Template;
use booking_api::{BookingError, Cancel, CancellationQuote, Order, OrderOf};
use kernel::Money;
use serde::Deserialize;

use crate::{
    edge::{FlashKind, Form, Shell, Stop, Visit},
    pages::{journey, say},
};

#[derive(Template)]
#[template(path = "trips/cancellation.html")]
struct CancellationPage {
    shell: Shell,
    locator: String,
    title: String,
    terms: Option<Terms>,
    /// Why it cannot be cancelled, or what has changed; empty for neither.
    notice: String,
    key: String,
}

struct Terms {
    paid: String,
    fee: String,
    refund: String,
    because: String,
    agreed: Money,
    /// `Cancel and refund €180.00`.
    button: String,
}

#[derive(Deserialize)]
pub(super) struct Agreement {
    agreed_amount: String,
    agreed_currency: String,
    #[serde(default)]
    idempotency_key: String,
}

pub(super) async fn show(visit: Visit, locator: Path<String>) -> Result<HttpResponse, Stop> {
    let (of, order) = super::order(&visit, &locator).await?;
    let (status, page) = page(&visit, of, &order, String::new()).await?;
    visit.page_as(status, &page)
}

pub(super) async fn cancel(locator: Path<String>, form: Form<Agreement>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = form;
    let (of, order) = super::order(&visit, &locator).await?;
    let agreed_refund = Money::parse(&fields.agreed_amount, fields.agreed_currency.parse()?)?;
    let ctx = visit.ctx_with_key(&fields.idempotency_key)?;
    let ask = Cancel { of: of.clone(), agreed_refund };
    match visit.portal.faces.orders.cancel(&ctx, ask).await {
        Ok(order) => Ok(done(&visit, &order)),
        Err(BookingError::PriceChanged(now)) => {
            let notice = format!("The refund is now {}. Nothing was cancelled.", visit.locale.money(now));
            let (_, page) = page(&visit, of, &order, notice).await?;
            visit.page_as(StatusCode::CONFLICT, &page)
        }
        Err(error) => Err(error.into()),
    }
}

fn done(visit: &Visit, order: &Order) -> HttpResponse {
    let words = if order.refunded.minor > 0 {
        format!("Cancelled. {} goes back to the card that paid.", visit.locale.money(order.refunded))
    } else {
        "Cancelled.".to_owned()
    };
    visit.redirect_saying(&format!("/trips/{}", order.locator), FlashKind::Ok, &words)
}

/// The terms of now; a page without them where it cannot be cancelled.
async fn page(
    visit: &Visit,
    of: OrderOf,
    order: &Order,
    notice: String,
) -> Result<(StatusCode, CancellationPage), Stop> {
    let (terms, notice) = match visit.portal.faces.orders.quote_cancellation(&visit.ctx, of).await {
        Ok(quote) => (Some(terms(visit, &quote)), notice),
        Err(BookingError::NotNow(why)) => (None, say::sentence(&why)),
        Err(error) => return Err(error.into()),
    };
    let status = if terms.is_some() { StatusCode::OK } else { StatusCode::CONFLICT };
    let page = CancellationPage {
        shell: visit.shell(),
        locator: order.locator.to_string(),
        title: journey::trip_title(&order.slices),
        terms,
        notice,
        key: visit.new_key(),
    };
    Ok((status, page))
}

fn terms(visit: &Visit, quote: &CancellationQuote) -> Terms {
    let refund = visit.locale.money(quote.refund);
    let button = match (quote.refund.minor, quote.paid.minor) {
        (0, 0) => "Cancel the booking".to_owned(),
        (0, _) => "Cancel without a refund".to_owned(),
        _ => format!("Cancel and refund {refund}"),
    };
    Terms {
        paid: visit.locale.money(quote.paid),
        fee: visit.locale.money(quote.fee),
        refund,
        because: say::sentence(&quote.because),
        agreed: quote.refund,
        button,
    }
}
