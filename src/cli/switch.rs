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
    server::{Server, ServerArgs},
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
    let data = &body["data"];
    let rows = data.as_array().cloned().unwrap_or_else(|| vec![data.clone()]);
    println!("epoch {}", body["epoch"]);
    for row in rows {
        let shares = row["ranges"].as_object().into_iter().flatten();
        let shares: Vec<_> = shares
            .map(|(target, share)| format!("{target} {} %", share.as_f64().unwrap_or(0.0) / 1_000.0))
            .collect();
        println!(
            "{:10} {:8} {}",
            row["module"].as_str().unwrap_or(""),
            row["state"].as_str().unwrap_or(""),
            shares.join(" · ")
        );
    }
}

fn changed(global: &Global, body: &Value) {
    if global.json {
        println!("{body}");
        return;
    }
    if body["stored"] == json!(false) {
        eprintln!("warning: the switch's database did not take it; it is in force in this replica only");
    }
    for step in body["moves"].as_array().into_iter().flatten() {
        let percent = step["buckets"].as_f64().unwrap_or(0.0) / 1_000.0;
        println!(
            "{percent} % move from {} to {}",
            step["from"].as_str().unwrap_or(""),
            step["to"].as_str().unwrap_or("")
        );
    }
    println!("epoch {}", body["epoch"]);
}

fn audit(global: &Global, body: &Value) {
    if global.json {
        println!("{body:#}");
        return;
    }
    for row in body["data"].as_array().into_iter().flatten() {
        let text = |name: &str| row[name].as_str().unwrap_or("").to_owned();
        println!(
            "{}  {}  {}  {}  {}",
            text("at"),
            text("actor"),
            text("action"),
            text("subject"),
            text("reason")
        );
    }
}
