//! Boards: what is shown around now and on a day, in which order, and what the clock adds.

use kernel::{Actor, Ctx, Iata};
use status_api::{Board, BoardAsk, Direction, LegState, Phase, Status, StatusError};

use super::{at, hear, today};

pub(super) async fn all(module: &dyn Status) {
    around_now(module).await;
    of_a_day(module).await;
    pages(module).await;
    unknown(module).await;
    late_ones_stay(module).await;
}

fn ask(airport: &str, direction: Direction) -> BoardAsk {
    BoardAsk { airport: airport.parse().unwrap(), direction, date: None, limit: 100, after: None }
}

async fn show(module: &dyn Status, ask: BoardAsk) -> Board {
    module.board(&Ctx::new(Actor::Anonymous, "suite"), ask).await.unwrap()
}

fn names(board: &Board) -> Vec<String> {
    board.rows.items.iter().map(|row| row.designator.to_string()).collect()
}

async fn around_now(module: &dyn Status) {
    let board = show(module, ask("ZRH", Direction::Departures)).await;
    assert_eq!(names(&board), ["XI400", "XI401", "XI402", "XI403", "XI404", "XI405"]);
    let phases: Vec<_> = board.rows.items.iter().map(|row| row.leg.phase).collect();
    let expected = [Phase::GateClosed, Phase::FinalCall, Phase::Boarding, Phase::CheckIn].map(Some);
    assert_eq!(phases, [&expected[..], &[None, None]].concat());
    assert_eq!(
        (board.airport.city.as_str(), board.rows.items[5].date),
        ("Zurich", today().tomorrow().unwrap())
    );
    let arrivals = show(module, ask("ZRH", Direction::Arrivals)).await;
    assert_eq!(names(&arrivals), [""; 0]);
}

/// The local day: at New York the flight at half past midnight UTC belongs to the day before.
async fn of_a_day(module: &dyn Status) {
    let board = show(module, BoardAsk { date: Some(today()), ..ask("JFK", Direction::Departures) }).await;
    assert_eq!(board.rows.items.len(), 10);
    assert!(board.rows.items.iter().all(|row| row.date == today()));
    let none = BoardAsk { date: Some(jiff::civil::date(2026, 8, 1)), ..ask("JFK", Direction::Departures) };
    assert_eq!(show(module, none).await.rows.items, []);
}

async fn pages(module: &dyn Status) {
    let whole = show(module, BoardAsk { limit: 500, ..ask("LHR", Direction::Arrivals) }).await.rows;
    assert!(whole.items.len() > 100 && whole.next.is_none());
    let mut paged = Vec::new();
    let mut question = BoardAsk { limit: 30, ..ask("LHR", Direction::Arrivals) };
    loop {
        let page = show(module, question.clone()).await.rows;
        assert!(page.items.len() <= 30);
        paged.extend(page.items);
        match page.next {
            Some(next) => question.after = Some(next),
            None => break,
        }
    }
    assert_eq!(paged, whole.items);
    assert!(paged.is_sorted_by_key(|row| row.leg.scheduled.arrival));
}

async fn unknown(module: &dyn Status) {
    let iata: Iata = "XQX".parse().unwrap();
    let answer = module.board(&Ctx::new(Actor::Anonymous, "suite"), ask("XQX", Direction::Departures)).await;
    assert_eq!(answer.unwrap_err(), StatusError::UnknownAirport(iata));
    assert_eq!(show(module, ask("GLA", Direction::Departures)).await.rows.items, []);
}

/// A flight that should have left long ago is on the board until it has, and its changes move the board's version.
async fn late_ones_stay(module: &dyn Status) {
    let before = show(module, ask("ZRH", Direction::Departures)).await;
    hear(module, &["MVT\nXI405/15.HBXI1.ZRH\nED151400\nDL41"]).await;
    let board = show(module, ask("ZRH", Direction::Departures)).await;
    assert_eq!(names(&board)[0], "XI405");
    let late = &board.rows.items[0].leg;
    assert_eq!((late.phase, late.estimated.departure), (Some(Phase::Delayed), Some(at("14:00"))));
    assert_ne!(board.version, before.version);
    hear(module, &["ASM\nUTC\nTIM\nXI404/15JUN26\nZRH0900 LHR1040"]).await;
    assert!(!names(&show(module, ask("ZRH", Direction::Departures)).await).contains(&"XI404".to_owned()));
    let day = show(module, BoardAsk { date: Some(today()), ..ask("ZRH", Direction::Departures) }).await;
    assert_eq!(names(&day), ["XI405", "XI404", "XI400", "XI401", "XI402", "XI403"]);
    assert!(day.rows.items.iter().all(|row| row.leg.state == LegState::Scheduled));
}
