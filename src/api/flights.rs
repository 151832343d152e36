//! `GET /api/v1/flights/{designator}/{date}` and the boards: schedule and live state, with validators for those
//! who poll.

use actix_web::{HttpResponse, http::header, web};
use jiff::civil;
use kernel::{Cursor, Designator, Iata};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use status_api::{Board, BoardAsk, BoardRow, Direction, FlightOf, FlightStatus, LegStatus};

use super::query::Query;
use crate::edge::{Stop, Visit};
use crate::hex::hex;

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/flights/{designator}/{date}", web::get().to(flight))
        .route("/airports/{iata}/departures", web::get().to(departures))
        .route("/airports/{iata}/arrivals", web::get().to(arrivals));
}

async fn flight(visit: Visit, path: web::Path<(String, String)>) -> Result<HttpResponse, Stop> {
    let of = flight_of(&path)?;
    let found = visit.portal.faces.status.flight(&visit.ctx, of).await?.ok_or(Stop::NotFound)?;
    Ok(conditional(&visit, &json!({ "data": flight_json(&found) })))
}

/// Reads designator and date from a path.
pub(crate) fn flight_of((designator, date): &(String, String)) -> Result<FlightOf, Stop> {
    let designator: Designator = designator.parse()?;
    let date = date.parse::<civil::Date>();
    let date = date.map_err(|_| Stop::BadRequest("The date must be written as 2026-11-20.".into()))?;
    Ok(FlightOf { designator, date })
}

#[derive(Deserialize)]
struct BoardQuery {
    date: Option<civil::Date>,
    after: Option<Cursor>,
    limit: Option<u32>,
}

async fn departures(
    visit: Visit,
    iata: web::Path<String>,
    query: Query<BoardQuery>,
) -> Result<HttpResponse, Stop> {
    board(&visit, &iata, Direction::Departures, query.0).await
}

async fn arrivals(
    visit: Visit,
    iata: web::Path<String>,
    query: Query<BoardQuery>,
) -> Result<HttpResponse, Stop> {
    board(&visit, &iata, Direction::Arrivals, query.0).await
}

async fn board(
    visit: &Visit,
    iata: &str,
    direction: Direction,
    query: BoardQuery,
) -> Result<HttpResponse, Stop> {
    let airport: Iata = iata.parse()?;
    let limit = query.limit.unwrap_or(100).clamp(1, 500);
    let ask = BoardAsk { airport, direction, date: query.date, limit, after: query.after };
    let board = visit.portal.faces.status.board(&visit.ctx, ask).await?;
    Ok(conditional(visit, &board_json(&board)))
}

/// A board as scripts read it.
fn board_json(board: &Board) -> Value {
    json!({
        "data": rows_json(board),
        "next": board.rows.next,
        "airport": board.airport.iata,
        "version": board.version,
    })
}

/// Its rows alone.
pub(super) fn rows_json(board: &Board) -> Vec<Value> {
    board.rows.items.iter().map(row_json).collect()
}

fn row_json(row: &BoardRow) -> Value {
    json!({ "designator": row.designator, "date": row.date, "leg": leg_json(&row.leg) })
}

/// A dated flight as scripts read it.
pub(super) fn flight_json(flight: &FlightStatus) -> Value {
    let legs: Vec<_> = flight.legs.iter().map(leg_json).collect();
    json!({ "designator": flight.designator, "date": flight.date, "legs": legs })
}

/// One leg: stations by code, and all times in UTC.
pub(super) fn leg_json(leg: &LegStatus) -> Value {
    json!({
        "from": leg.from.iata,
        "to": leg.to.iata,
        "registration": leg.registration,
        "aircraft": leg.aircraft,
        "phase": leg.phase,
        "state": leg.state,
        "scheduled": leg.scheduled,
        "estimated": leg.estimated,
        "actual": leg.actual,
        "delay_codes": leg.delay_codes,
        "reasons": leg.reasons,
        "gate": leg.gate,
        "diverted_to": leg.diverted_to,
        "next_information": leg.next_information,
        "on_board": leg.on_board,
        "version": leg.version,
    })
}

/// 304 for a poller that has this body already.
fn conditional(visit: &Visit, body: &Value) -> HttpResponse {
    let text = body.to_string();
    let hash: String = hex(&Sha256::digest(text.as_bytes())).chars().take(24).collect();
    let tag = format!("\"{hash}\"");
    let known = visit.request().headers().get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    let same = known.is_some_and(|known| known.split(',').any(|k| k.trim().trim_start_matches("W/") == tag));
    let mut response = if same { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((header::ETAG, tag)).insert_header((header::CACHE_CONTROL, "no-cache"));
    if same { response.finish() } else { response.content_type("application/json").body(text) }
}
