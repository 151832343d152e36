//! The same person at the same side: asked of a portal, of the same one after it was killed, and of a second one that
//! has the same store.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::house::{House, Switchboard, until};

/// How many people were looked up, and for how many not all answers agreed.
#[derive(Debug, Default)]
pub(crate) struct Agreed {
    pub(crate) asked: usize,
    pub(crate) strayed: usize,
    /// How many of them are at the far side.
    pub(crate) there: usize,
}

pub(crate) async fn run(mut house: House, people: usize) -> Result<Agreed> {
    house.tell("BANYAN__SWITCH__UPSTREAMS__NOTES", "http://127.0.0.1:9");
    let store = house.folder().join("data/switch.db").display().to_string();
    house.tell("BANYAN__SWITCH__DATABASE", store);
    house.tell("BANYAN__KEYS__FILE", house.folder().join("data/keys").display().to_string());
    let first = house.portal("data").await?;
    let mut board = house.switchboard("data", &first)?;
    board.put(&json!({ "module": "notes", "ranges": { "remote:notes": 30_000, "here": 70_000 } })).await?;
    let subjects: Vec<_> = (0..people).map(|number| format!("s-{number}")).collect();
    let before = sides(&board, &subjects).await?;
    let second = house.portal("other").await?;
    let other = house.switchboard("other", &second)?;
    until("the second portal has the table", Duration::from_secs(5), async || {
        (sides(&other, subjects.get(..1)?).await.ok()? == before.get(..1)?).then_some(())
    })
    .await?;
    let beside = sides(&other, &subjects).await?;
    drop(first);
    let again = house.portal("data").await?;
    let after = sides(&house.switchboard("data", &again)?, &subjects).await?;
    let mut agreed = Agreed { asked: people, ..Agreed::default() };
    for ((before, beside), after) in before.iter().zip(&beside).zip(&after) {
        agreed.strayed += usize::from(before != beside || before != after);
        agreed.there += usize::from(before.target != "here");
    }
    Ok(agreed)
}

/// Where somebody goes, and by which table.
#[derive(Debug, PartialEq, Eq)]
struct Sent {
    target: String,
    epoch: u64,
}

async fn sides(board: &Switchboard, subjects: &[String]) -> Result<Vec<Sent>> {
    let mut sides = Vec::new();
    for subject in subjects {
        let explained = board.explain(subject, "notes.list").await?;
        let target = explained.get("target").and_then(Value::as_str).context("a target")?.to_owned();
        let epoch = explained.get("epoch").and_then(Value::as_u64).context("an epoch")?;
        sides.push(Sent { target, epoch });
    }
    Ok(sides)
}
