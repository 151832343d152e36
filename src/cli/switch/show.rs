//! How answers of the cockpit are told to people.

use serde_json::{Value, json};

use super::{Desk, Failure, Outcome};
use crate::cli::server::{Answer, text};

impl Desk<'_> {
    /// A change that is in force, or one that waits for people (exit 4).
    pub(super) fn changed(&self, answer: &Answer) -> Outcome {
        let body = &answer.body;
        if self.json() {
            println!("{body}");
        }
        if let Some(id) = body.get("change_id").and_then(Value::as_str) {
            let needs = body.get("needs_approvals").and_then(Value::as_u64).unwrap_or(1);
            let people =
                if needs == 1 { "somebody else agrees".to_owned() } else { format!("{needs} others agree") };
            if !self.json() {
                println!(
                    "change {id} waits until {people}; nothing has moved. They run: banyan switch approve {id}"
                );
            }
            return Err(Failure::told(4));
        }
        if !self.json() {
            moves(body);
            println!("epoch {}", epoch(body));
        }
        Ok(())
    }
}

/// Who moved, or would.
pub(super) fn moves(body: &Value) {
    if body.get("stored") == Some(&json!(false)) {
        eprintln!("warning: the switch's database did not take it; it is in force in this replica only");
    }
    let moves = list(body, "moves");
    for step in &moves {
        let share = step.get("buckets").map_or(0.0, percent);
        println!("{share} % move from {} to {}", text(step, "from"), text(step, "to"));
    }
    if moves.is_empty() && body.get("moves").is_some() {
        println!("nobody moves");
    }
}

pub(super) fn epoch(body: &Value) -> u64 {
    body.get("epoch").and_then(Value::as_u64).unwrap_or(0)
}

/// Buckets as percent.
pub(super) fn percent(buckets: &Value) -> f64 {
    buckets.as_f64().unwrap_or(0.0) / 1_000.0
}

pub(super) fn list<'a>(body: &'a Value, name: &str) -> Vec<&'a Value> {
    body.get(name).and_then(Value::as_array).into_iter().flatten().collect()
}
