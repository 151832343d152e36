//! `banyan switch kill`: everything back at once. It asks for no epoch and no approval.

use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Desk, Outcome,
    show::{epoch, list, moves},
};
use crate::cli::server::{ServerArgs, text};

#[derive(Debug, Args)]
pub(in crate::cli) struct Kill {
    /// A module, a group as `module/group`, or `all`
    module: String,
    /// For the audit
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    server: ServerArgs,
}

impl Kill {
    pub(super) async fn run(self, desk: &Desk<'_>) -> Outcome {
        let body = json!({ "scope": self.module, "reason": self.reason });
        let answer =
            desk.server(&self.server)?.send(Method::POST, "/api/v1/switch/kills", body, None).await?;
        let body = &answer.body;
        if desk.json() {
            println!("{body}");
            return Ok(());
        }
        moves(body);
        let took = body.get("effective_ms").and_then(Value::as_f64).unwrap_or(0.0);
        println!("epoch {}, in force after {took:.1} ms", epoch(body));
        for replica in list(body, "replicas") {
            println!("replica {} is at epoch {}", text(replica, "name"), epoch(replica));
        }
        for name in list(body, "left").into_iter().filter_map(Value::as_str) {
            eprintln!("warning: {name} is retired; there is no way back, and it stays where it is");
        }
        Ok(())
    }
}
