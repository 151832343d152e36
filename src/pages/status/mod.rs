//! What flights are really doing: the door to it, a board for an airport, a page for a flight. The parts that
//! change carry the address of their live stream; without scripts they are as fresh as the page.

mod board;
mod flight;
pub(crate) mod words;

use actix_web::{HttpResponse, web};
use askama::Template;
use jiff::civil;
use kernel::{Designator, Iata};
use serde::Deserialize;

use super::pieces::Troubles;
use crate::{
    api::Query,
    edge::{Shell, Stop, Visit},
};

pub fn routes(cfg: &mut web::ServiceConfig) {
    for address in ["/status", "/status/"] {
        cfg.route(address, web::get().to(door));
    }
    for address in ["/status/airports/{iata}", "/status/airports/{iata}/"] {
        cfg.route(address, web::get().to(board::show));
    }
    for address in ["/status/flights/{designator}/{date}", "/status/flights/{designator}/{date}/"] {
        cfg.route(address, web::get().to(flight::show));
    }
}

/// What was typed at the door: a flight and a day, or an airport.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Typed {
    flight: String,
    date: String,
    airport: String,
}

#[derive(Template)]
#[template(path = "status/door.html")]
struct Door {
    shell: Shell,
    typed: Typed,
    troubles: Troubles,
}

async fn door(visit: Visit, Query(typed): Query<Typed>) -> Result<HttpResponse, Stop> {
    let mut troubles = Troubles::default();
    if let Some(to) = way(&visit, &typed, &mut troubles).await? {
        return Ok(visit.redirect(&to));
    }
    visit.page(&Door { shell: visit.shell(), typed, troubles })
}

/// Where to go from what was typed; nothing was typed, or it is in `troubles`.
async fn way(visit: &Visit, typed: &Typed, troubles: &mut Troubles) -> Result<Option<String>, Stop> {
    let (flight, airport) = (typed.flight.trim(), typed.airport.trim());
    if !flight.is_empty() {
        let designator = flight.parse::<Designator>();
        let date = if typed.date.trim().is_empty() {
            Ok(today(visit))
        } else {
            typed.date.trim().parse::<civil::Date>()
        };
        return Ok(match (designator, date) {
            (Ok(designator), Ok(date)) => Some(format!("/status/flights/{designator}/{date}")),
            (designator, date) => {
                if designator.is_err() {
                    troubles.push("flight", "Write the flight as on the ticket, such as XI123");
                }
                if date.is_err() {
                    troubles.push("date", "Choose the day of departure");
                }
                None
            }
        });
    }
    if airport.is_empty() {
        return Ok(None);
    }
    let found = match airport.parse::<Iata>() {
        Ok(iata) => Some(iata),
        Err(_) => named(visit, airport).await?,
    };
    if found.is_none() {
        troubles.push("airport", "No airport of that name; try its city or its three letters");
    }
    Ok(found.map(|iata| format!("/status/airports/{iata}?board=departures")))
}

async fn named(visit: &Visit, text: &str) -> Result<Option<Iata>, Stop> {
    let ask = search_api::AirportsAsk { q: text.to_owned(), limit: 1 };
    let hits = visit.portal.faces.search.airports(&visit.ctx, ask).await?;
    Ok(hits.first().map(|hit| hit.place.iata))
}

fn today(visit: &Visit) -> civil::Date {
    visit.portal.outside.now().to_zoned(jiff::tz::TimeZone::UTC).date()
}
