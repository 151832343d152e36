//! `banyan switch changes`, `approve` and `reject`: changes that wait for more people than their author.

use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Desk, Outcome, id, show::list, with_reason};
use crate::cli::server::{ServerArgs, rows, text};

#[derive(Debug, Args)]
pub(in crate::cli) struct Changes {
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Approve {
    /// As `banyan switch changes` names it
    change: String,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Reject {
    /// As `banyan switch changes` names it
    change: String,
    /// For the audit
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    server: ServerArgs,
}

impl Changes {
    pub(super) async fn run(self, desk: &Desk<'_>) -> Outcome {
        let answer = desk.server(&self.server)?.get("/api/v1/switch/changes").await?;
        if desk.json() {
            println!("{:#}", answer.body);
            return Ok(());
        }
        let rows = rows(&answer.body);
        for row in &rows {
            let needs = row.get("needs_people").and_then(Value::as_u64).unwrap_or(2);
            let agreed = 1 + list(row, "approved_by").len();
            let stale = if row.get("is_stale") == Some(&json!(true)) {
                "; stale: it can only be rejected"
            } else {
                ""
            };
            let words = ["change_id", "at", "author", "module", "what", "reason"].map(|name| text(row, name));
            println!("{}  ({agreed} of {needs} agree{stale})", words.join("  "));
        }
        if rows.is_empty() {
            println!("no change waits");
        }
        Ok(())
    }
}

impl Approve {
    pub(super) async fn run(self, desk: &Desk<'_>) -> Outcome {
        let path = format!("/api/v1/switch/changes/{}/approvals", id(&self.change)?);
        desk.changed(&desk.server(&self.server)?.send(Method::POST, &path, json!({}), None).await?)
    }
}

impl Reject {
    pub(super) async fn run(self, desk: &Desk<'_>) -> Outcome {
        let path = with_reason(&format!("/api/v1/switch/changes/{}", id(&self.change)?), &self.reason);
        desk.server(&self.server)?.send(Method::DELETE, &path, Value::Null, None).await?;
        if !desk.json() {
            println!("change {} is turned down", self.change);
        }
        Ok(())
    }
}
