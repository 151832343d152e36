//! How soon a page that lies open tells what a movement message says.

use std::{
    process::{Command, Stdio},
    time::{Duration, UNIX_EPOCH},
};

use jiff::Timestamp;
use serde_json::Value;

use super::{
    browser::Browser,
    house::{House, now},
};

/// The promise of the pages: news within a second of the commit.
const PROMISE: Duration = Duration::from_secs(1);

/// A flight that has not left, as the boards tell it.
pub(crate) struct Waiting {
    pub(crate) designator: String,
    pub(crate) date: String,
    pub(crate) airport: String,
    registration: String,
    departs: Timestamp,
}

/// One of those on a live board that leave late enough for nothing else to be said about them meanwhile.
pub(crate) async fn waiting(house: &House, nth: usize) -> Waiting {
    let mut found = Vec::new();
    for airport in ["AMS", "BCN", "LHR", "CDG", "JFK", "HND"] {
        let board = house.ask(&format!("/api/v1/airports/{airport}/departures?limit=60")).await;
        found.extend(board["data"].as_array().unwrap().iter().filter_map(read));
    }
    let calm = now() + jiff::Span::new().minutes(75);
    let mut calm = found.into_iter().filter(|flight| flight.departs > calm);
    calm.nth(nth).expect("no flight on any board leaves in more than an hour")
}

fn read(row: &Value) -> Option<Waiting> {
    let leg = &row["leg"];
    let text = |value: &Value| Some(value.as_str()?.to_owned());
    let calm = leg["state"] == "scheduled" && leg["estimated"]["departure"].is_null();
    calm.then_some(())?;
    Some(Waiting {
        designator: text(&row["designator"])?,
        date: text(&row["date"])?,
        airport: text(&leg["from"])?,
        registration: text(&leg["registration"]).unwrap_or_else(|| "QBAAA".to_owned()),
        departs: leg["scheduled"]["departure"].as_str()?.parse().ok()?,
    })
}

/// Says that it will be late, and measures from the commit to the change in the page that is open.
pub(crate) async fn late(browser: &Browser, flight: &Waiting, minutes: i64) -> Duration {
    browser.run(WATCH, vec![flight.designator.clone().into()]).await;
    let house = browser.house.clone();
    let message = flight.delayed(minutes);
    let committed = tokio::task::spawn_blocking(move || import(&house, &message)).await.unwrap();
    let changed = browser.driver.execute_async(CHANGED, Vec::new()).await.unwrap().json().as_f64().unwrap();
    let lag = Duration::from_secs_f64((changed / 1000.0 - committed).max(0.0));
    println!("{}: changed {} ms after the commit", browser.path().await, lag.as_millis());
    assert!(lag <= PROMISE, "{} took {} ms", browser.path().await, lag.as_millis());
    lag
}

impl Waiting {
    fn delayed(&self, minutes: i64) -> String {
        let at = now().strftime("%Y-%m-%dT%H:%MZ");
        let late = self.departs + jiff::Span::new().minutes(minutes);
        let (day, late) = (self.departs.strftime("%d"), late.strftime("%d%H%M"));
        let (flight, plane, from) = (&self.designator, &self.registration, &self.airport);
        format!("@{at}\nMVT\n{flight}/{day}.{plane}.{from}\nED{late}\nDL81\n=\n")
    }
}

/// Imports on the side, and answers when it was committed: the moment the module's file was last written, read as
/// soon as the command speaks.
fn import(house: &House, message: &str) -> f64 {
    let room = house.room();
    let file = room.path().join("movements.txt");
    std::fs::write(&file, message).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_banyan"));
    command.args(["import", "movements", "--json", "--data"]).arg(house.data()).arg(&file);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let written = std::fs::metadata(house.data().join("status.db-wal")).unwrap().modified().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    written.duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// Notes the moment at which the line of a flight is another one.
const WATCH: &str = r"
    const flight = arguments[0];
    const lines = () => [...document.querySelectorAll('[data-key]')]
      .filter(line => document.querySelector('.board') ? line.textContent.includes(flight) : true)
      .map(line => line.textContent.replace(/\s+/g, ' ')).join('|');
    const before = lines();
    window.changedAt = new Promise(done => new MutationObserver(() => {
      const now = lines();
      if (now && now !== before) done(Date.now());
    }).observe(document.body, { childList: true, subtree: true, characterData: true }));
";

const CHANGED: &str = "const done = arguments[arguments.length - 1]; window.changedAt.then(done);";
