//! The stand-in payment provider's own pages. They look like somebody else's on purpose: a card number is typed
//! here, goes to the provider, and is neither kept nor shown again.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::{Path, ServiceConfig, get, post, resource},
};
use askama::Template;
use booking_api::{
    BookingError, ChallengeAnswer, IntentId, IntentOf, IntentState, PaymentIntent, SandboxCard,
};
use kernel::Secret;
use serde::Deserialize;

use crate::{
    edge::{FlashKind, Form, Shell, Stop, Visit},
    pages::{pieces::Troubles, say},
};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource(["/sandbox/{intent}/answer", "/sandbox/{intent}/answer/"]).route(post().to(answer)));
    cfg.service(
        resource(["/sandbox/{intent}", "/sandbox/{intent}/"]).route(get().to(show)).route(post().to(pay)),
    );
}

#[derive(Template)]
#[template(path = "sandbox/card.html")]
struct CardPage {
    shell: Shell,
    bill: Bill,
    /// Why the last try failed; empty for the first.
    trouble: String,
    number: String,
    expiry: String,
    troubles: Troubles,
    key: String,
}

#[derive(Template)]
#[template(path = "sandbox/question.html")]
struct Question {
    shell: Shell,
    bill: Bill,
    key: String,
}

#[derive(Template)]
#[template(path = "sandbox/waiting.html")]
struct Waiting {
    shell: Shell,
    bill: Bill,
}

#[derive(Template)]
#[template(path = "sandbox/ended.html")]
struct Ended {
    shell: Shell,
    bill: Bill,
    words: String,
}

/// What is paid for.
struct Bill {
    intent: String,
    merchant: String,
    amount: String,
    locator: String,
}

#[derive(Deserialize)]
struct Typed {
    #[serde(default)]
    number: String,
    #[serde(default)]
    expiry: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    idempotency_key: String,
}

#[derive(Deserialize)]
struct Said {
    answer: String,
    #[serde(default)]
    idempotency_key: String,
}

async fn show(visit: Visit, id: Path<String>) -> Result<HttpResponse, Stop> {
    let intent = visit.portal.faces.payments.intent(&visit.ctx, of(&id)?).await?;
    page(&visit, &intent)
}

async fn pay(id: Path<String>, form: Form<Typed>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = form;
    let intent = of(&id)?.id;
    let card = SandboxCard {
        intent,
        number: Secret::new(fields.number.clone()),
        expiry: fields.expiry.clone(),
        code: Secret::new(fields.code),
    };
    let ctx = visit.ctx_with_key(&fields.idempotency_key)?;
    match visit.portal.faces.payments.pay(&ctx, card).await {
        Ok(intent) => Ok(onward(&visit, &intent)),
        Err(BookingError::Invalid(errors)) => {
            let intent = visit.portal.faces.payments.intent(&visit.ctx, IntentOf { id: intent }).await?;
            let typed =
                CardPage { number: fields.number, expiry: fields.expiry, ..card_page(&visit, &intent) };
            visit.page_as(StatusCode::UNPROCESSABLE_ENTITY, &CardPage { troubles: errors.into(), ..typed })
        }
        Err(BookingError::NotNow(why)) => ended(&visit, intent, why).await,
        Err(error) => Err(error.into()),
    }
}

async fn answer(id: Path<String>, form: Form<Said>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = form;
    let intent = of(&id)?.id;
    let approve = match fields.answer.as_str() {
        "approve" => true,
        "reject" => false,
        other => return Err(Stop::BadRequest(format!("`{other}` is neither approve nor reject"))),
    };
    let ctx = visit.ctx_with_key(&fields.idempotency_key)?;
    match visit.portal.faces.payments.answer(&ctx, ChallengeAnswer { intent, approve }).await {
        Ok(intent) => Ok(onward(&visit, &intent)),
        Err(BookingError::NotNow(why)) => ended(&visit, intent, why).await,
        Err(error) => Err(error.into()),
    }
}

fn of(id: &str) -> Result<IntentOf, Stop> {
    Ok(IntentOf { id: id.parse::<IntentId>().map_err(|_| Stop::NotFound)? })
}

/// After a POST: to the trip when it is paid, else back here to see how it stands.
fn onward(visit: &Visit, intent: &PaymentIntent) -> HttpResponse {
    match intent.state {
        IntentState::Succeeded => {
            let words = format!("Paid {}. Have a good flight.", visit.locale.money(intent.amount));
            visit.redirect_saying(&format!("/trips/{}", intent.locator), FlashKind::Ok, &words)
        }
        _ => visit.redirect(&format!("/sandbox/{}", intent.id)),
    }
}

fn page(visit: &Visit, intent: &PaymentIntent) -> Result<HttpResponse, Stop> {
    let (shell, bill) = (visit.shell(), bill(visit, intent));
    let page = match intent.state {
        IntentState::Succeeded => return Ok(onward(visit, intent)),
        IntentState::RequiresPaymentMethod => visit.page(&card_page(visit, intent)),
        IntentState::RequiresAction => visit.page(&Question { shell, bill, key: visit.new_key() }),
        IntentState::Processing => visit.page(&Waiting { shell, bill }).map(looking_again),
        IntentState::Canceled => {
            let words = intent.trouble.clone().unwrap_or_else(|| "This payment was called off.".to_owned());
            visit.page(&Ended { shell, bill, words })
        }
    };
    page.map(unkept)
}

/// Comes back by itself, without scripts too.
fn looking_again(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().insert(header::REFRESH, header::HeaderValue::from_static("2"));
    response
}

/// Pages about cards stay out of every cache.
fn unkept(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

/// A payment that cannot go on: too late, or done already.
async fn ended(visit: &Visit, id: IntentId, why: String) -> Result<HttpResponse, Stop> {
    let intent = visit.portal.faces.payments.intent(&visit.ctx, IntentOf { id }).await?;
    if intent.state == IntentState::Succeeded {
        return Ok(onward(visit, &intent));
    }
    let page = Ended { shell: visit.shell(), bill: bill(visit, &intent), words: say::sentence(&why) };
    visit.page_as(StatusCode::CONFLICT, &page)
}

fn card_page(visit: &Visit, intent: &PaymentIntent) -> CardPage {
    CardPage {
        shell: visit.shell(),
        bill: bill(visit, intent),
        trouble: intent.trouble.clone().unwrap_or_default(),
        number: String::new(),
        expiry: String::new(),
        troubles: Troubles::default(),
        key: visit.new_key(),
    }
}

fn bill(visit: &Visit, intent: &PaymentIntent) -> Bill {
    Bill {
        intent: intent.id.to_string(),
        merchant: visit.portal.house.brand.clone(),
        amount: visit.locale.money(intent.amount),
        locator: intent.locator.to_string(),
    }
}
