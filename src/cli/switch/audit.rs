//! `banyan switch audit`: who changed what; `audit verify` checks that no change was edited afterwards.

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use serde_json::Value;

use super::{Desk, Failure, Outcome};
use crate::cli::server::{Server, ServerArgs, rows, text};

#[derive(Debug, Args)]
pub(in crate::cli) struct Audit {
    /// Check the whole chain of changes instead
    what: Option<What>,
    /// How many changes
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
    /// Go on where a list ended (its `next`)
    #[arg(long, value_name = "PLACE")]
    after: Option<u64>,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    Verify,
}

impl Audit {
    pub(super) async fn run(self, desk: &Desk<'_>) -> Outcome {
        let server = desk.server(&self.server)?;
        if self.what.is_some() {
            return verify(desk, &server).await;
        }
        let after = self.after.map_or(String::new(), |after| format!("&after={after}"));
        let path = format!("/api/v1/switch/audit?limit={}{after}", self.limit);
        let answer = server.get(&path).await?;
        if desk.json() {
            println!("{:#}", answer.body);
            return Ok(());
        }
        for row in rows(&answer.body) {
            let number = row.get("n").map(Value::to_string).unwrap_or_default();
            let words = ["at", "actor", "action", "subject", "reason"].map(|name| text(row, name));
            println!("{number:>5}  {}", words.join("  "));
        }
        if let Some(next) = answer.body.get("next").and_then(Value::as_str) {
            println!("more: banyan switch audit --after {next}");
        }
        Ok(())
    }
}

async fn verify(desk: &Desk<'_>, server: &Server) -> Outcome {
    let answer = server.get("/api/v1/switch/audit/verification").await?;
    let broken = answer.body.get("broken").and_then(Value::as_i64);
    if desk.json() {
        println!("{}", answer.body);
    }
    match broken {
        Some(_) if desk.json() => Err(Failure::told(1)),
        Some(n) => {
            Err(anyhow!("change {n} was edited, or one before it is missing: the chain does not fit").into())
        }
        None => {
            if !desk.json() {
                println!("the chain of changes is whole");
            }
            Ok(())
        }
    }
}
