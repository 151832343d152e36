//! A dead side that has one percent: how many calls it costs, and what people see of it.

mod sick;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use serde_json::json;

pub(crate) use sick::{Illness, Sick};

use super::{
    house::{House, Portal, Visitor, free},
    line::{Ask, Line},
};

/// A house with people in it, some of whom are in the share of the far side.
pub(crate) struct Town {
    house: House,
    visitors: Vec<Visitor>,
    port: u16,
    /// How many of the visitors belong to the far side.
    pub(crate) there: usize,
}

/// What an illness came to.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Calls to the far side that failed before its breaker opened.
    pub(crate) failed: usize,
    /// Whether it did open.
    pub(crate) opened: bool,
    pub(crate) pages: usize,
    /// Pages that were not as they should be.
    pub(crate) errors: usize,
    pub(crate) slowest: Duration,
    pub(crate) wrong: Vec<String>,
}

const VISITORS: usize = 64;
const SHARE: u32 = 1_000;
/// Enough of them that it is worth a look.
const THERE: usize = 2;

impl Town {
    /// People sign up until the share of the far side has some of them.
    pub(crate) async fn build(mut house: House) -> Result<Self> {
        let port = free()?;
        house.tell("BANYAN__SWITCH__UPSTREAMS__NOTES", format!("http://127.0.0.1:{port}"));
        let portal = house.portal("data").await?;
        let far = house.only("notes", port, &[]).await?;
        let mut board = house.switchboard("data", &portal)?;
        let shares = json!({ "remote:notes": SHARE, "here": 100_000 - SHARE });
        board.put(&json!({ "module": "notes", "ranges": shares })).await?;
        let (mut here, mut there) = (Vec::new(), Vec::new());
        for number in 0..2_000 {
            let before = calls(&portal, |_| true).await?;
            let visitor = Visitor::new(&portal, number).await?;
            let is_there = calls(&portal, |_| true).await? > before;
            if is_there { &mut there } else { &mut here }.push(visitor);
            if there.len() >= THERE && here.len() + there.len() >= VISITORS {
                break;
            }
        }
        ensure!(there.len() >= THERE, "nobody of two thousand is in the share of the far side");
        drop((portal, far));
        let found = there.len();
        here.truncate(VISITORS - found);
        there.extend(here);
        Ok(Self { house, visitors: there, port, there: found })
    }

    /// Everybody reads their notes for a while; the far side is ill from the first page on.
    pub(crate) async fn suffer(&self, illness: Illness, time: Duration) -> Result<Seen> {
        let portal = self.house.portal("data").await?;
        let sick = match illness {
            Illness::Reset | Illness::Half => Some(Sick::start(self.port, illness)?),
            Illness::Refused | Illness::Silent => None,
        };
        let silent = match illness {
            Illness::Silent => Some(self.house.only("notes", self.port, &[]).await?),
            _ => None,
        };
        silent.iter().try_for_each(super::house::Process::silence)?;
        let ends = Instant::now() + time;
        let readers: Vec<_> =
            self.visitors.iter().cloned().map(|v| tokio::spawn(read(portal.public, v, ends))).collect();
        let mut seen = Seen::default();
        while Instant::now() < ends && !seen.opened {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let metrics = metrics(&portal).await?;
            seen.opened = is_open(&metrics);
            seen.failed = count(&metrics, |line| !line.contains("outcome=\"answered\""));
        }
        for reader in readers {
            seen.take(reader.await?);
        }
        silent.iter().try_for_each(super::house::Process::wake)?;
        drop((sick, silent));
        Ok(seen)
    }
}

impl Seen {
    fn take(&mut self, other: Self) {
        self.pages += other.pages;
        self.errors += other.errors;
        self.slowest = self.slowest.max(other.slowest);
        self.wrong.extend(other.wrong);
    }
}

/// One person, again and again at their list of notes.
async fn read(portal: SocketAddr, visitor: Visitor, ends: Instant) -> Seen {
    let mut seen = Seen::default();
    let headers = format!("Cookie: {}\r\n", visitor.cookies);
    let ask = Ask { method: "GET", path: "/notes/", headers: &headers, body: b"" };
    let mut line = None;
    while Instant::now() < ends {
        let begun = Instant::now();
        let answer = match line.take() {
            Some(held) => Ok(held),
            None => Line::open(portal).await,
        };
        let answer = match answer {
            Ok(mut held) => held.ask(&ask).await.inspect(|_| line = (!held.is_spent()).then_some(held)),
            Err(why) => Err(why),
        };
        seen.pages += 1;
        seen.slowest = seen.slowest.max(begun.elapsed());
        let trouble = match answer {
            Ok(answer) if answer.status == 200 => None,
            Ok(answer) => Some(answer.head),
            Err(why) => Some(why.to_string()),
        };
        seen.errors += usize::from(trouble.is_some());
        seen.wrong.extend(trouble);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    seen
}

async fn calls(portal: &Portal, wanted: impl Fn(&str) -> bool) -> Result<usize> {
    Ok(count(&metrics(portal).await?, wanted))
}

async fn metrics(portal: &Portal) -> Result<String> {
    Ok(super::house::client()?.get(format!("http://{}/metrics", portal.ops)).send().await?.text().await?)
}

/// The calls to the far side, by the portal's own count.
fn count(metrics: &str, wanted: impl Fn(&str) -> bool) -> usize {
    let all =
        metrics.lines().filter(|line| line.starts_with("banyan_switch_requests_total{module=\"notes\""));
    let far = all.filter(|line| line.contains("target=\"remote:notes\"") && wanted(line));
    far.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum()
}

fn is_open(metrics: &str) -> bool {
    let state = metrics.lines().find(|line| {
        line.starts_with("banyan_switch_breaker_state{") && line.contains("target=\"remote:notes\"")
    });
    state.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).is_some_and(|state| state > 0.0)
}
