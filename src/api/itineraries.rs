//! `GET /api/v1/itineraries` and `/airports`: what can be flown, and where from.

use actix_web::{HttpResponse, web};
use jiff::{Timestamp, civil};
use kernel::{Cursor, Iata, Money, Party};
use search_api::{AirportsAsk, FamilyPrice, ItinerariesAsk, Itinerary, Leg, Set, Sort};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{local, query::Query};
use crate::edge::{Stop, Visit};

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/itineraries", web::get().to(itineraries)).route("/airports", web::get().to(airports));
}

#[derive(Deserialize)]
struct Ask {
    from: Iata,
    to: Iata,
    date: civil::Date,
    max_legs: Option<u8>,
    set: Option<Set>,
    circuity: Option<Switch>,
    adults: Option<u8>,
    children: Option<u8>,
    infants: Option<u8>,
    cabin: Option<char>,
    sort: Option<Sort>,
    limit: Option<u32>,
    after: Option<Cursor>,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Switch {
    On,
    Off,
}

async fn itineraries(visit: Visit, Query(ask): Query<Ask>) -> Result<HttpResponse, Stop> {
    let found = visit.portal.faces.search.itineraries(&visit.ctx, question(ask)?).await?;
    let data: Vec<_> = found.page.items.iter().map(ItineraryView::from).collect();
    Ok(HttpResponse::Ok().json(json!({ "data": data, "next": found.page.next })))
}

fn question(ask: Ask) -> Result<ItinerariesAsk, Stop> {
    let max_legs = ask.max_legs.unwrap_or(3);
    if !(1..=3).contains(&max_legs) {
        return Err(Stop::BadRequest(format!("max_legs is {max_legs}: it may be 1, 2 or 3")));
    }
    if let Some(limit) = ask.limit.filter(|limit| !(1..=500).contains(limit)) {
        return Err(Stop::BadRequest(format!("limit is {limit}: it may be 1 to 500")));
    }
    let party = Party {
        adults: ask.adults.unwrap_or(1),
        children: ask.children.unwrap_or(0),
        infants: ask.infants.unwrap_or(0),
    };
    party.check().map_err(|errors| Stop::BadRequest(errors.to_string()))?;
    Ok(ItinerariesAsk {
        max_legs,
        set: ask.set.unwrap_or_default(),
        circuity: ask.circuity != Some(Switch::Off),
        party,
        cabin: ask.cabin,
        sort: ask.sort.unwrap_or_default(),
        limit: ask.limit,
        after: ask.after,
        ..ItinerariesAsk::new(ask.from, ask.to, ask.date)
    })
}

#[derive(Deserialize)]
struct AirportsQuery {
    q: String,
    limit: Option<u32>,
}

async fn airports(visit: Visit, Query(ask): Query<AirportsQuery>) -> Result<HttpResponse, Stop> {
    let ask = AirportsAsk { q: ask.q, limit: ask.limit.unwrap_or(8).clamp(1, 50) };
    let hits = visit.portal.faces.search.airports(&visit.ctx, ask).await?;
    let data: Vec<_> = hits
        .iter()
        .map(|hit| {
            let place = &hit.place;
            json!({ "iata": place.iata, "name": place.name, "city": place.city, "country": place.country })
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({ "data": data })))
}

/// An itinerary as scripts read it.
#[derive(Serialize)]
struct ItineraryView<'a> {
    departs: Timestamp,
    arrives: Timestamp,
    duration_minutes: i64,
    pareto: bool,
    price: Option<Money>,
    legs: Vec<LegView<'a>>,
    families: &'a [FamilyPrice],
}

#[derive(Serialize)]
struct LegView<'a> {
    designator: String,
    date: civil::Date,
    from: Iata,
    to: Iata,
    departs: Timestamp,
    arrives: Timestamp,
    departs_local: String,
    arrives_local: String,
    aircraft: &'a str,
}

impl<'a> From<&'a Itinerary> for ItineraryView<'a> {
    fn from(itinerary: &'a Itinerary) -> Self {
        Self {
            departs: itinerary.departs,
            arrives: itinerary.arrives,
            duration_minutes: itinerary.duration_minutes,
            pareto: itinerary.pareto,
            price: itinerary.price,
            legs: itinerary.legs.iter().map(LegView::from).collect(),
            families: &itinerary.families,
        }
    }
}

impl<'a> From<&'a Leg> for LegView<'a> {
    fn from(leg: &'a Leg) -> Self {
        Self {
            designator: leg.designator.to_string(),
            date: leg.date,
            from: leg.from,
            to: leg.to,
            departs: leg.departs,
            arrives: leg.arrives,
            departs_local: local(leg.departs_local),
            arrives_local: local(leg.arrives_local),
            aircraft: &leg.aircraft,
        }
    }
}
