//! KILL with both stores and by both doors, told as figures.

use anyhow::Result;
use kernel::Outside;

use super::{
    binary,
    house::House,
    killing::{self, Gone, Killed, Way},
};
use crate::{
    Options,
    figures::{Better, Figure, Figures},
};

const MOST_MS: f64 = 50.0;
const NAMES: [[&str; 2]; 4] = [
    ["kill.sqlite_token_ms", "kill.sqlite_token_ack_ms"],
    ["kill.sqlite_cookie_ms", "kill.sqlite_cookie_ack_ms"],
    ["kill.postgres_token_ms", "kill.postgres_token_ack_ms"],
    ["kill.postgres_cookie_ms", "kill.postgres_cookie_ack_ms"],
];

pub(super) fn run(_: &Options) -> Result<Figures> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut figures = Figures::default();
        let [sqlite_token, sqlite_cookie, postgres_token, postgres_cookie] = NAMES;
        for (names, way) in [(sqlite_token, Way::CommandLine), (sqlite_cookie, Way::Cookie)] {
            let house = House::new(binary::banyan()?)?;
            let killed = killing::run(house, way, |house| Gone::lock(&house.folder().join("data"))).await?;
            tell(&mut figures, names, killed, "switch.db and accounts.db locked from outside");
        }
        for (names, way) in [(postgres_token, Way::CommandLine), (postgres_cookie, Way::Cookie)] {
            match on_postgres(way).await? {
                Some(killed) => tell(&mut figures, names, killed, "every process of PostgreSQL stopped"),
                None => figures.add(not_taken(names)),
            }
        }
        Ok(figures)
    })
}

/// `None` where there is no PostgreSQL of our own.
async fn on_postgres(way: Way) -> Result<Option<Killed>> {
    let Some(db) = store::testing::postgres("switch", &cockpit::migrations(), &Outside::system()) else {
        return Ok(None);
    };
    let url = db.url().to_owned();
    let mut house = House::new(binary::banyan()?)?;
    house.move_to(&url)?;
    Ok(Some(killing::run(house, way, |_| Gone::stop(&url)).await?))
}

fn tell(figures: &mut Figures, [name, ack]: [&'static str; 2], killed: Killed, how: &str) {
    let on = format!(
        "remote by SIGSTOP, {how}; to the end of the first of {} answers after the acknowledgement",
        killed.asked
    );
    figures.less(name, "ms", killed.effective.as_secs_f64() * 1e3, Some(MOST_MS), &on);
    let on = "from the press to the acknowledgement; by token a process starts first";
    figures.less(ack, "ms", killed.acknowledged.as_secs_f64() * 1e3, None, on);
    figures.wrong.extend(killed.wrong);
}

fn not_taken([name, _]: [&'static str; 2]) -> Figure {
    let note = "no PostgreSQL here: apt-get install postgresql".to_owned();
    Figure { name, value: None, unit: "ms", target: Some(MOST_MS), better: Better::Less, note }
}
