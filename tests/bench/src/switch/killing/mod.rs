//! KILL while nothing works: the far side stands still, the store is gone, and people keep asking. From the
//! acknowledgement on every request must be answered from here.

mod gone;

use std::{
    net::SocketAddr,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use reqwest::header;
use serde_json::json;
use tokio::time::timeout;

pub(crate) use gone::Gone;

use super::{
    house::{House, Portal, Visitor, client, free},
    line::{Ask, Line},
};

/// By which door the kill comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// `banyan switch kill`, which signs a token of its own.
    CommandLine,
    /// The board's form, with the cookie from sign-in.
    Cookie,
}

/// What a kill came to.
#[derive(Debug, Default)]
pub(crate) struct Killed {
    /// From its acknowledgement to the end of the first answer to a request that was sent after it.
    pub(crate) effective: Duration,
    /// From the press to the acknowledgement.
    pub(crate) acknowledged: Duration,
    /// Requests after the acknowledgement, one after another.
    pub(crate) asked: usize,
    pub(crate) wrong: Vec<String>,
}

const ASKED: &str = "/api/v1/airports?q=a";
const CROWD: usize = 4;

/// `stop` takes the store away.
pub(crate) async fn run(
    mut house: House,
    way: Way,
    stop: impl FnOnce(&House) -> Result<Gone>,
) -> Result<Killed> {
    let (service, port) = (free()?, free()?);
    house.tell("BANYAN__SERVICE__LISTEN", format!("127.0.0.1:{service}"));
    house.tell("BANYAN__SWITCH__UPSTREAMS__BOOKING", format!("http://127.0.0.1:{service}"));
    house.tell("BANYAN__SWITCH__UPSTREAMS__SEARCH", format!("http://127.0.0.1:{port}"));
    let portal = house.portal("data").await?;
    let far = house.only("search", port, &[]).await?;
    let mut board = house.switchboard("data", &portal)?;
    let migrator = house.staff("data", &portal, "migrator").await?;
    let there = json!({ "module": "search", "ranges": { "remote:search": 100_000 } });
    board.put(&there).await?;
    ensure!(is_answered(portal.public).await, "the far side does not answer");
    let crowd: Vec<_> = (0..CROWD).map(|_| tokio::spawn(keep_asking(portal.public))).collect();

    far.silence()?;
    let gone = stop(&house)?;
    let alone = timeout(Duration::from_millis(200), is_answered(portal.public)).await;
    ensure!(!alone.unwrap_or(false), "the far side is silent, and yet there was an answer");
    let pressed = Instant::now();
    press(&house, &portal, way, &migrator).await?;
    let acknowledged = Instant::now();
    let mut killed = Killed { acknowledged: acknowledged - pressed, ..Killed::default() };
    for number in 0..50 {
        let begun = acknowledged.elapsed();
        let ok = timeout(Duration::from_secs(3), is_answered(portal.public)).await.unwrap_or(false);
        if number == 0 {
            killed.effective = acknowledged.elapsed();
        }
        killed.asked += 1;
        if !ok {
            killed.wrong.push(format!("no answer to a request sent {begun:?} after the acknowledgement"));
        }
    }
    crowd.iter().for_each(tokio::task::JoinHandle::abort);
    drop(gone);
    far.wake()?;
    Ok(killed)
}

async fn press(house: &House, portal: &Portal, way: Way, migrator: &Visitor) -> Result<()> {
    match way {
        Way::CommandLine => {
            let mut command =
                house.command("data", &["switch", "kill", "search", "--reason", "drill", "--json"]);
            let output =
                tokio::task::spawn_blocking(move || command.stderr(Stdio::piped()).output()).await??;
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            ensure!(output.status.success(), "the command line could not kill: {said}");
        }
        Way::Cookie => {
            let form = [("csrf_token", migrator.form_token.as_str()), ("reason", "drill")];
            let url = format!("http://{}/admin/switch/search/kill", portal.public);
            let press = client()?.post(url).header(header::COOKIE, &migrator.cookies).form(&form);
            let answer = press.send().await.context("pressing KILL")?;
            ensure!(
                answer.status().is_success(),
                "KILL was answered {}: {}",
                answer.status(),
                answer.text().await?
            );
        }
    }
    Ok(())
}

/// One request on a fresh connection.
async fn is_answered(portal: SocketAddr) -> bool {
    let ask = Ask { method: "GET", path: ASKED, headers: "", body: b"" };
    let Ok(mut line) = Line::open(portal).await else { return false };
    line.ask(&ask).await.is_ok_and(|answer| answer.status == 200)
}

async fn keep_asking(portal: SocketAddr) {
    loop {
        is_answered(portal).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
