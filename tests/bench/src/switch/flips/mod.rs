//! Everybody is asked to move, many times a second, while a crowd uses both seams. Afterwards three ledgers must
//! agree: the clients', and those of both sides.

mod crowd;
mod side;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use kernel::{Ctx, FeedAfter, Outside};
use notes_api::Notes;
use serde_json::{Value, json};
use store::{Db, DbOptions};

use super::house::{House, Portal, Switchboard, Visitor, free};
use crowd::{Client, Deed, Log};
use side::Side;

/// How hard it is tried.
pub(crate) struct Plan {
    /// Each moves everybody, at both seams.
    pub(crate) flips: u32,
    pub(crate) time: Duration,
    pub(crate) routes: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) flips: u32,
    pub(crate) took: Duration,
    pub(crate) connections: usize,
    pub(crate) answered: usize,
    /// Answered, and in no side's ledger.
    pub(crate) lost: usize,
    /// More often in the sides' ledgers than asked.
    pub(crate) doubled: usize,
    pub(crate) resets: u32,
    pub(crate) failed: u32,
    pub(crate) slowest: Duration,
    pub(crate) slowest_flip: Duration,
    /// Of the entries in the sides' ledgers, by seam: those of the far side.
    pub(crate) far: Vec<(&'static str, usize, usize)>,
    pub(crate) kinds: BTreeMap<String, usize>,
    pub(crate) wrong: Vec<String>,
}

const TWICE: &str = "BANYAN__NOTES__DATABASE";

pub(crate) async fn run(mut house: House, plan: Plan) -> Result<Outcome> {
    let (old, new) = (Side::start()?, Side::start()?);
    let port = free()?;
    house.tell("BANYAN__SWITCH__UPSTREAMS__NOTES", format!("http://127.0.0.1:{port}"));
    house.tell("BANYAN__SWITCH__UPSTREAMS__OLD", format!("http://{}", old.address));
    house.tell("BANYAN__SWITCH__UPSTREAMS__NEW", format!("http://{}", new.address));
    let portal = house.portal("data").await?;
    // A database of its own, so that each side has a ledger of its own.
    let far_notes = house.folder().join("far-notes.db").display().to_string();
    let far = house.only("notes", port, &[(TWICE, far_notes)]).await?;
    let mut board = house.switchboard("data", &portal)?;
    let lists = lists(&portal).await?;
    let visitors = visitors(&portal).await?;
    flip(&mut board, 0, &plan).await?;

    let begun = Instant::now();
    let ends = begun + plan.time;
    let deeds = Deed::CROWD.into_iter().flat_map(|(deed, count)| std::iter::repeat_n(deed, count));
    let deeds = deeds.filter(|deed| plan.routes || deed.is_call()).enumerate();
    let clients: Vec<_> = deeds
        .zip(visitors.iter().cycle())
        .map(|((number, deed), visitor)| {
            let visitor = visitor.clone();
            tokio::spawn(Client { deed, number, portal: portal.public, visitor, ends }.work())
        })
        .collect();
    let mut outcome = Outcome { connections: clients.len(), ..Outcome::default() };
    for number in 1..=plan.flips {
        let due = begun + plan.time * number / (plan.flips + 1);
        tokio::time::sleep_until(due.into()).await;
        let asked = Instant::now();
        flip(&mut board, number, &plan).await?;
        outcome.slowest_flip = outcome.slowest_flip.max(asked.elapsed());
        outcome.flips += 1;
    }
    outcome.took = begun.elapsed();
    let mut logs = Vec::new();
    for client in clients {
        logs.push(client.await?);
    }
    let lists = self::lists(&portal).await?.since(&lists);
    drop((portal, far));
    let (here, there) = (house.folder().join("data/notes.db"), house.folder().join("far-notes.db"));
    let notes = (written(&here).await?, written(&there).await?);
    outcome.take(logs, lists, &notes, (&old, &new));
    Ok(outcome)
}

/// Even numbers go to one side, odd ones to the other.
async fn flip(board: &mut Switchboard, number: u32, plan: &Plan) -> Result<()> {
    let (one, other) = if number.is_multiple_of(2) { (100_000, 0) } else { (0, 100_000) };
    board
        .put(&json!({
            "module": "notes",
            "hop": { "from": "here", "to": "remote:notes" },
            "ranges": { "remote:notes": one, "here": other },
        }))
        .await?;
    if plan.routes {
        board.put(&site(one, other)).await?;
    }
    Ok(())
}

/// A group that two sites take turns to answer; nothing of it is here.
fn site(one: u32, other: u32) -> Value {
    json!({
        "module": "ledger/all",
        "hop": { "from": "legacy:old", "to": "remote:new" },
        "ranges": { "remote:new": one, "legacy:old": other },
        "routes": [
            { "match": "GET /ledger/things/{id}", "kind": "query" },
            { "match": "POST /ledger/things/{id}", "kind": "unkeyed" },
            { "match": "POST /ledger/keyed/{id}", "kind": "command", "key": "Idempotency-Key" },
            { "match": "GET /ledger/live/{id}", "kind": "query" },
        ],
    })
}

async fn visitors(portal: &Portal) -> Result<Vec<Visitor>> {
    let mut visitors = Vec::new();
    for number in 0..8 {
        visitors.push(Visitor::new(portal, number).await?);
    }
    Ok(visitors)
}

/// How many lists each side has answered, by the portal's own count: a list leaves no trace in a database.
struct Lists {
    here: usize,
    there: usize,
}

impl Lists {
    fn since(&self, before: &Self) -> Self {
        Self { here: self.here - before.here, there: self.there - before.there }
    }
}

async fn lists(portal: &Portal) -> Result<Lists> {
    let text = reqwest::get(format!("http://{}/metrics", portal.ops)).await?.text().await?;
    let of = |target: &str| {
        let target = format!("target=\"{target}\"");
        let wanted = text.lines().filter(|line| line.starts_with("banyan_switch_requests_total{"));
        let wanted = wanted.filter(|line| line.contains("op=\"notes.list\"") && line.contains(&target));
        wanted.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum()
    };
    Ok(Lists { here: of("here"), there: of("remote:notes") })
}

/// The ids of all notes that were made in a database, by its event log.
async fn written(file: &Path) -> Result<Vec<String>> {
    let outside = Outside::system();
    let url = file.display().to_string();
    let db = Db::open(
        DbOptions { url, module: "notes", readers: 1, outside: outside.clone() },
        &notes::migrations(),
    )?;
    let notes: Arc<dyn Notes> = notes::start(notes::Parts { db, outside, schedule: None });
    let (ctx, mut ask, mut made) = (Ctx::system("bench"), FeedAfter::start(), Vec::new());
    loop {
        let batch = notes.feed(&ctx, ask.clone()).await?;
        for event in batch.events.iter().filter(|event| event.kind == "note.created") {
            let id = event.payload.get("id").and_then(Value::as_str);
            made.push(id.context("a note's id")?.to_owned());
        }
        ask.after = batch.next;
        if batch.next >= batch.head {
            return Ok(made);
        }
    }
}

impl Outcome {
    fn take(
        &mut self,
        logs: Vec<Log>,
        lists: Lists,
        notes: &(Vec<String>, Vec<String>),
        site: (&Side, &Side),
    ) {
        let mut ran: BTreeMap<String, u32> = BTreeMap::new();
        for id in notes.0.iter().chain(&notes.1) {
            *ran.entry(id.clone()).or_default() += 1;
        }
        site.0.ledger.count_into(&mut ran);
        site.1.ledger.count_into(&mut ran);
        self.doubled = ran.values().filter(|count| **count > 1).count();
        let mut listed = 0;
        let mut asked = 0;
        for log in logs {
            self.resets += log.resets;
            self.failed += log.failed;
            self.slowest = self.slowest.max(log.slowest);
            self.wrong.extend(log.wrong);
            for (deed, id) in log.answered {
                self.answered += 1;
                *self.kinds.entry(deed.to_string()).or_default() += 1;
                match deed {
                    Deed::List => listed += 1,
                    _ if ran.contains_key(&id) => asked += 1,
                    _ => {
                        self.lost += 1;
                        self.wrong.push(format!("{id} is in no ledger"));
                    }
                }
            }
        }
        // What ran and was asked by nobody who got an answer: a second run of something, under a new id.
        self.doubled += ran.len().saturating_sub(asked);
        let counted = lists.here + lists.there;
        self.lost += usize::saturating_sub(listed, counted);
        self.doubled += counted.saturating_sub(listed);
        self.far = vec![
            ("lists", lists.there, counted),
            ("notes", notes.1.len(), notes.0.len() + notes.1.len()),
            ("site", site.1.ledger.len(), site.0.ledger.len() + site.1.ledger.len()),
        ];
    }
}
