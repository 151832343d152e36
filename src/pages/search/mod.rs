//! Finding flights: the home page with its search card, and the results with filters, sorting and pages in the
//! address. Choosing is a POST to the baskets.

mod card;
mod days;
mod filters;
mod form;
mod outbound;
mod places;
mod results;
mod typed;
mod wish;

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::{ServiceConfig, get, resource},
};
use askama::Template;
use search_api::SearchError;

pub use typed::Typed;

use self::{form::SearchForm, results::Results, wish::Wish};
use crate::{
    edge::{Shell, Stop, Visit},
    pages::pieces::Troubles,
};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/").route(get().to(home)));
    cfg.service(resource(["/flights", "/flights/"]).route(get().to(flights)));
}

#[derive(Template)]
#[template(path = "search/home.html")]
struct Home {
    shell: Shell,
    form: SearchForm,
}

/// The search card alone: with messages, or while search is resting.
#[derive(Template)]
#[template(path = "search/ask.html")]
struct Ask {
    shell: Shell,
    form: SearchForm,
    resting: bool,
}

async fn home(visit: Visit) -> Result<HttpResponse, Stop> {
    let typed = Typed::of(visit.request().query_string());
    let form = search_form(&visit, typed, Troubles::default());
    visit.page(&Home { shell: visit.shell(), form })
}

async fn flights(visit: Visit) -> Result<HttpResponse, Stop> {
    let typed = Typed::of(visit.request().query_string());
    if typed.is_blank() {
        return Ok(visit.redirect("/"));
    }
    let found = match Wish::read(&visit, &typed).await {
        Ok(Ok(wish)) => Results::find(&visit, &typed, &wish).await,
        Ok(Err(troubles)) => return unclear(&visit, typed, troubles),
        Err(error) => Err(error),
    };
    match found {
        Ok(page) => visit.page(&page),
        Err(SearchError::Fault(fault)) => resting(&visit, typed, &fault),
        // A page that cannot be turned to: the list from its start.
        Err(SearchError::Invalid(errors)) if errors.of("after").next().is_some() => {
            Ok(visit.redirect(&typed.with(|_| {}).href()))
        }
        Err(error) => unclear(&visit, typed.clone(), refused(&typed, error)?),
    }
}

fn search_form(visit: &Visit, typed: Typed, troubles: Troubles) -> SearchForm {
    SearchForm::new(typed, troubles, wish::earliest_today(visit.portal.outside.now()))
}

/// The form again, with what was typed and what to mend.
fn unclear(visit: &Visit, typed: Typed, troubles: Troubles) -> Result<HttpResponse, Stop> {
    let form = search_form(visit, typed, troubles);
    visit.page_as(StatusCode::UNPROCESSABLE_ENTITY, &Ask { shell: visit.shell(), form, resting: false })
}

/// Search has no answer: the question is kept, and can be asked again.
fn resting(visit: &Visit, typed: Typed, fault: &kernel::Fault) -> Result<HttpResponse, Stop> {
    tracing::warn!(request_id = %visit.ctx.request_id, %fault, "search gave no answer");
    let form = search_form(visit, typed, Troubles::default());
    let page = Ask { shell: visit.shell(), form, resting: true };
    let mut response = visit.page_as(StatusCode::SERVICE_UNAVAILABLE, &page)?;
    response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("5"));
    Ok(response)
}

/// What search itself says about a question, beside the field that it is about.
fn refused(typed: &Typed, error: SearchError) -> Result<Troubles, Stop> {
    match error {
        SearchError::UnknownAirport(code) => {
            let field = if typed.from.eq_ignore_ascii_case(code.as_str()) { "from" } else { "to" };
            Ok(Troubles::one(field, places::unknown(code.as_str())))
        }
        SearchError::Invalid(errors) => Ok(errors.into()),
        other => Err(other.into()),
    }
}
