//! `banyan switch status`: where everything goes, one line per binding, or all there is to say about one.

use clap::Args;
use serde_json::Value;

use super::{
    Desk, Outcome, module_path,
    show::{epoch, list, percent},
};
use crate::cli::server::{ServerArgs, rows, text};

#[derive(Debug, Args)]
pub(in crate::cli) struct Status {
    /// A module, or a group as `module/group`
    module: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

impl Status {
    pub(super) async fn run(self, desk: &Desk<'_>) -> Outcome {
        let path = match &self.module {
            Some(name) => module_path(name, "")?,
            None => "/api/v1/switch/modules".to_owned(),
        };
        let answer = desk.server(&self.server)?.get(&path).await?;
        if desk.json() {
            println!("{:#}", answer.body);
            return Ok(());
        }
        println!("epoch {}", epoch(&answer.body));
        let rows = rows(&answer.body);
        let width = rows.iter().map(|row| text(row, "module").len()).max().unwrap_or(0);
        for row in rows {
            println!("{:width$}  {:13} {}", text(row, "module"), text(row, "state"), shares(row));
            if self.module.is_some() {
                tell(row);
            }
        }
        Ok(())
    }
}

fn shares(row: &Value) -> String {
    let shares = row.get("ranges").and_then(Value::as_object).into_iter().flatten();
    let shares: Vec<_> = shares.map(|(target, share)| format!("{target} {} %", percent(share))).collect();
    shares.join(" · ")
}

fn tell(row: &Value) {
    let hop = row.get("hop").cloned().unwrap_or_default();
    if text(&hop, "from") != text(&hop, "to") {
        println!("hop         from {} to {}", text(&hop, "from"), text(&hop, "to"));
        let steps = list(row, "steps_ahead").into_iter().filter_map(Value::as_f64);
        let steps: Vec<_> = steps.map(|step| format!("{step} %")).collect();
        if !steps.is_empty() && row.get("glide").is_none_or(Value::is_null) {
            println!("ahead       {}", steps.join(", "));
        }
    }
    if let Some(glide) = row.get("glide").filter(|glide| !glide.is_null()) {
        println!("time ramp   {} to {}", text(glide, "begins"), text(glide, "ends"));
    }
    for rule in list(row, "rules") {
        let when = rule.get("when").cloned().unwrap_or_default();
        println!("rule        {when} goes to {} until {}", text(rule, "target"), text(rule, "until"));
    }
    for route in list(row, "routes") {
        println!("route       {} ({})", text(route, "match"), text(route, "kind"));
    }
    for side in list(row, "sides") {
        println!("side        {}: breaker {}", text(side, "target"), text(side, "breaker"));
    }
    if let Some(last) = row.get("last").filter(|last| !last.is_null()) {
        let words = ["at", "by", "action", "reason"].map(|name| text(last, name));
        println!("last change {}", words.join("  "));
    }
}
