//! `banyan switch explain`: where one subject goes, and why.

use std::collections::BTreeMap;

use anyhow::anyhow;
use clap::{ArgGroup, Args};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Desk, Failure, Outcome,
    show::{epoch, list},
};
use crate::cli::server::{ServerArgs, text};

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).args(["route", "op"]))]
pub(in crate::cli) struct Explain {
    #[arg(long)]
    subject: String,
    /// A request, such as 'GET /trips/ABC123'
    #[arg(long, value_name = "'METHOD PATH'")]
    route: Option<String>,
    /// A call, such as booking.find
    #[arg(long, value_name = "MODULE.OP")]
    op: Option<String>,
    /// What the request carries, such as 'X-Beta: 1' (as often as needed)
    #[arg(long, value_name = "'NAME: VALUE'")]
    header: Vec<String>,
    /// Whose session it would be, for rules by role
    #[arg(long)]
    role: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

impl Explain {
    pub(super) async fn run(self, desk: &Desk<'_>) -> Outcome {
        let ask = self.ask()?;
        let server = desk.server(&self.server)?;
        let answer = server.send(Method::POST, "/api/v1/switch/explanations", ask, None).await?;
        if desk.json() {
            println!("{}", answer.body);
        } else {
            tell(&answer.body);
        }
        Ok(())
    }

    fn ask(&self) -> Result<Value, Failure> {
        let mut ask = json!({ "subject": self.subject, "headers": headers(&self.header)? });
        let more = match (&self.route, &self.op) {
            (Some(route), _) => {
                let (method, path) = route.trim().split_once(' ').ok_or_else(|| {
                    Failure::input(anyhow!("`{route}` is not a request: write 'GET /trips/ABC123'"))
                })?;
                json!({ "method": method, "path": path.trim() })
            }
            (None, op) => json!({ "op": op }),
        };
        if let (Some(ask), Value::Object(more)) = (ask.as_object_mut(), more) {
            ask.extend(more);
            ask.extend(self.role.iter().map(|role| ("role".to_owned(), json!(role))));
        }
        Ok(ask)
    }
}

fn headers(lines: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let parsed = lines.iter().map(|line| {
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| Failure::input(anyhow!("`{line}` is not a header: write 'X-Beta: 1'")))?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    });
    parsed.collect()
}

fn tell(body: &Value) {
    let binding =
        body.get("binding").and_then(Value::as_str).map_or(String::new(), |name| format!("  ({name})"));
    println!("{}{binding}", text(body, "target"));
    println!("{}", text(body, "why"));
    if let Some(fallback) = body.get("fallback").and_then(Value::as_str) {
        println!("without an answer there: {fallback}");
    }
    for call in list(body, "calls") {
        println!("  calls to {:10} {:16} {}", text(call, "binding"), text(call, "target"), text(call, "why"));
    }
    println!("epoch {}", epoch(body));
}
