//! `banyan switch apply`: puts a binding file in force, or tells who would move.

use std::path::{Path, PathBuf};

use ::switch::BindingFile;
use anyhow::Context;
use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Desk, Failure, Outcome, expected, module_path,
    show::{epoch, moves},
    with_reason,
};
use crate::cli::server::ServerArgs;

#[derive(Debug, Args)]
pub(in crate::cli) struct Apply {
    /// A TOML file: `module`, `ranges`, and what else a binding has
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
}

impl Apply {
    pub(super) async fn run(self, desk: &Desk<'_>) -> Outcome {
        let file = read(&self.file)?;
        let server = desk.server(&self.server)?;
        if self.dry_run {
            let answer = server.send(Method::POST, "/api/v1/switch/simulations", json!(file), None).await?;
            would(desk, &answer.body);
            return Ok(());
        }
        let path = module_path(&file.module, "/binding")?;
        let epoch = expected(&server, self.expect_epoch).await?;
        let path = with_reason(&path, &self.reason);
        desk.changed(&server.send(Method::PUT, &path, json!(file), epoch.as_deref()).await?)
    }
}

/// A binding file, or why it is none (exit 2).
pub(super) fn read(path: &Path) -> Result<BindingFile, Failure> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("reading {}", path.display()))
        .map_err(Failure::input)?;
    BindingFile::parse(&text).with_context(|| path.display().to_string()).map_err(Failure::input)
}

fn would(desk: &Desk<'_>, body: &Value) {
    if desk.json() {
        println!("{body}");
        return;
    }
    moves(body);
    if let Some(people) = body.get("needs_people").and_then(Value::as_u64).filter(|people| *people > 1) {
        println!("{people} people must agree to it");
    }
    println!("nothing was changed; epoch {}", epoch(body));
}
