//! A board of departures or arrivals: large, calm, times in the airport's own zone.

use actix_web::{HttpResponse, web};
use askama::Template;
use jiff::civil;
use kernel::{Cursor, Iata, Locale};
use serde::Deserialize;
use status_api::{Board, BoardAsk, BoardRow, Direction, LegState};

use super::words;
use crate::{
    api::Query,
    edge::{Shell, Stop, Visit},
};

#[derive(Debug, Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    board: Direction,
    date: Option<civil::Date>,
    after: Option<Cursor>,
}

#[derive(Template)]
#[template(path = "status/board.html")]
struct Page {
    shell: Shell,
    title: String,
    iata: Iata,
    arrivals: bool,
    date: String,
    board: BoardView,
    next: String,
    first: String,
}

struct BoardView {
    id: &'static str,
    live: String,
    title: String,
    place_head: &'static str,
    as_of: String,
    rows: Vec<RowView>,
}

struct RowView {
    key: String,
    href: String,
    time: String,
    time_words: String,
    was: String,
    place: String,
    iata: String,
    flight: String,
    gate: String,
    status: String,
    kind: &'static str,
    changed: bool,
    cancelled: bool,
}

pub(super) async fn show(
    visit: Visit,
    iata: web::Path<String>,
    Query(wish): Query<Wish>,
) -> Result<HttpResponse, Stop> {
    let airport: Iata = iata.parse()?;
    let ask =
        BoardAsk { airport, direction: wish.board, date: wish.date, limit: 60, after: wish.after.clone() };
    let board = visit.portal.faces.status.board(&visit.ctx, ask).await.map_err(|error| match error {
        status_api::StatusError::UnknownAirport(_) => Stop::NotFound,
        other => other.into(),
    })?;
    visit.page(&page(&visit, &wish, &board))
}

fn page(visit: &Visit, wish: &Wish, board: &Board) -> Page {
    let arrivals = board.direction == Direction::Arrivals;
    let word = if arrivals { "arrivals" } else { "departures" };
    let station = &board.airport;
    let now = visit.portal.outside.now();
    let here = format!("/status/airports/{}?board={word}", station.iata);
    let day = wish.date.map_or_else(String::new, |date| format!("&date={date}"));
    let next =
        board.rows.next.as_ref().map_or_else(String::new, |cursor| format!("{here}{day}&after={}", cursor.0));
    // A page further down, or of another day, is no live board.
    let live = if wish.after.is_none() && wish.date.is_none_or(|date| date == words::today(now, station)) {
        format!("/api/v1/airports/{}/live", station.iata)
    } else {
        String::new()
    };
    let title = format!("{} {word}", station.city);
    Page {
        shell: visit.shell(),
        iata: station.iata,
        arrivals,
        date: wish.date.map_or_else(String::new, |date| date.to_string()),
        first: if wish.after.is_some() { format!("{here}{day}") } else { String::new() },
        next,
        board: BoardView {
            id: "board",
            live,
            title: format!("{} ({}), {word}", station.name, station.iata),
            place_head: if arrivals { "From" } else { "To" },
            as_of: visit.locale.time(words::at(now, station).time()),
            rows: board.rows.items.iter().map(|r| row(visit.locale, board, r)).collect(),
        },
        title,
    }
}

fn row(locale: Locale, board: &Board, row: &BoardRow) -> RowView {
    let leg = &row.leg;
    let arrivals = board.direction == Direction::Arrivals;
    let (planned, better) = if arrivals { words::arrival(leg) } else { words::departure(leg) };
    let other = if arrivals { &leg.from } else { &leg.to };
    let clock = |time| locale.time(words::at(time, &board.airport).time());
    let shown = better.filter(|_| leg.state != LegState::Cancelled).unwrap_or(planned);
    let (mut status, kind) = words::state(leg);
    if !arrivals && leg.state == LegState::OnBlock {
        status = "Departed";
    }
    let was = clock(planned);
    RowView {
        key: format!("{}-{}-{}", row.designator, row.date, leg.from.iata),
        href: format!("/status/flights/{}/{}", row.designator, row.date),
        time: clock(shown),
        time_words: format!(
            "{} {} time",
            locale.moment(&words::at(shown, &board.airport)),
            board.airport.city
        ),
        was: if clock(shown) == was { String::new() } else { was },
        place: other.city.clone(),
        iata: other.iata.to_string(),
        flight: row.designator.to_string(),
        gate: leg.gate.clone().unwrap_or_default(),
        status: status.to_owned(),
        kind,
        changed: false,
        cancelled: leg.state == LegState::Cancelled,
    }
}
