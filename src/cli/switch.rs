//! `banyan switch`: the decision table from the command line, with the same effects and audit rows as the screens.

use std::path::PathBuf;

use ::switch::BindingFile;
use anyhow::Context;
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Failure, Global, Outcome,
    house::House,
    server::{Server, ServerArgs, rows, text},
};

#[derive(Debug, Subcommand)]
pub(super) enum Switch {
    /// Where each module's calls go
    Status {
        module: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Put a module's binding file in force
    Apply {
        file: PathBuf,
        /// Show who would move, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// Refuse (exit 5) unless the table is at this epoch
        #[arg(long, value_name = "N")]
        expect_epoch: Option<u64>,
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Send a module back to where its hop began
    Back {
        module: String,
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Send a module (or `all`) back at once, and freeze it
    Kill {
        module: String,
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Who changed what, newest first
    Audit {
        #[command(flatten)]
        server: ServerArgs,
    },
}

impl Switch {
    pub(super) fn run(self, global: &Global) -> Outcome {
        let house = House::open(global, Vec::new())?;
        House::block_on(async {
            match self {
                Self::Status { module, server } => {
                    let path = module.map_or_else(
                        || "/api/v1/switch/modules".to_owned(),
                        |m| format!("/api/v1/switch/modules/{m}"),
                    );
                    let answer = Server::find(&house, &server)?.get(&path).await?;
                    show(global, &answer.body);
                    Ok(())
                }
                Self::Apply { file, dry_run, expect_epoch, reason, server } => {
                    let server = Server::find(&house, &server)?;
                    apply(global, &server, &file, dry_run, expect_epoch, &reason).await
                }
                Self::Back { module, reason, server } => {
                    let path = format!("/api/v1/switch/modules/{module}/transitions");
                    let server = Server::find(&house, &server)?;
                    let epoch = server.get("/api/v1/switch/modules").await?.epoch;
                    let body = json!({ "to": "back", "reason": reason });
                    let answer = server.send(Method::POST, &path, body, epoch.as_deref()).await?;
                    changed(global, &answer.body);
                    Ok(())
                }
                Self::Kill { module, reason, server } => {
                    let body = json!({ "scope": module, "reason": reason });
                    let server = Server::find(&house, &server)?;
                    let answer = server.send(Method::POST, "/api/v1/switch/kills", body, None).await?;
                    changed(global, &answer.body);
                    Ok(())
                }
                Self::Audit { server } => {
                    let answer = Server::find(&house, &server)?.get("/api/v1/switch/audit").await?;
                    audit(global, &answer.body);
                    Ok(())
                }
            }
        })
    }
}

async fn apply(
    global: &Global,
    server: &Server,
    file: &PathBuf,
    dry_run: bool,
    expect_epoch: Option<u64>,
    reason: &str,
) -> Outcome {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("reading {}", file.display()))
        .map_err(Failure::input)?;
    let binding =
        BindingFile::parse(&text).with_context(|| file.display().to_string()).map_err(Failure::input)?;
    let module = binding.module.clone();
    let binding = json!(binding);
    if dry_run {
        let answer = server.send(Method::POST, "/api/v1/switch/simulations", binding, None).await?;
        changed(global, &answer.body);
        return Ok(());
    }
    let epoch = match expect_epoch {
        Some(epoch) => Some(format!("\"{epoch}\"")),
        None => server.get("/api/v1/switch/modules").await?.epoch,
    };
    let path = format!("/api/v1/switch/modules/{module}/binding?reason={}", reason.replace(' ', "+"));
    let answer = server.send(Method::PUT, &path, binding, epoch.as_deref()).await?;
    changed(global, &answer.body);
    Ok(())
}

fn show(global: &Global, body: &Value) {
    if global.json {
        println!("{body:#}");
        return;
    }
    println!("epoch {}", epoch(body));
    for row in rows(body) {
        let shares = row.get("ranges").and_then(Value::as_object).into_iter().flatten();
        let shares: Vec<_> = shares.map(|(target, share)| format!("{target} {} %", percent(share))).collect();
        println!("{:10} {:8} {}", text(row, "module"), text(row, "state"), shares.join(" · "));
    }
}

fn changed(global: &Global, body: &Value) {
    if global.json {
        println!("{body}");
        return;
    }
    if body.get("stored") == Some(&json!(false)) {
        eprintln!("warning: the switch's database did not take it; it is in force in this replica only");
    }
    for step in body.get("moves").and_then(Value::as_array).into_iter().flatten() {
        let share = step.get("buckets").map_or(0.0, percent);
        println!("{share} % move from {} to {}", text(step, "from"), text(step, "to"));
    }
    println!("epoch {}", epoch(body));
}

fn audit(global: &Global, body: &Value) {
    if global.json {
        println!("{body:#}");
        return;
    }
    for row in rows(body) {
        let words = ["at", "actor", "action", "subject", "reason"].map(|name| text(row, name));
        println!("{}", words.join("  "));
    }
}

fn epoch(body: &Value) -> u64 {
    body.get("epoch").and_then(Value::as_u64).unwrap_or(0)
}

/// Buckets as percent.
fn percent(buckets: &Value) -> f64 {
    buckets.as_f64().unwrap_or(0.0) / 1_000.0
}
