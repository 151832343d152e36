//! `banyan switch override`: "show it to me as remote", for one subject and a while.

use ::switch::Lasts;
use clap::{ArgGroup, Args};
use kernel::Target;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Desk, Outcome, id, show::epoch};
use crate::cli::server::{ServerArgs, text};

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whom").required(true).args(["me", "subject", "end"]))]
pub(in crate::cli) struct Override {
    /// For the one whose token this is
    #[arg(long, requires = "module", requires = "target")]
    me: bool,
    /// For a subject, such as a tester's
    #[arg(long, requires = "module", requires = "target")]
    subject: Option<String>,
    /// A module, or a group as `module/group`
    #[arg(long)]
    module: Option<String>,
    /// Where to: here, remote:NAME or legacy:NAME
    #[arg(long, value_parser = target)]
    target: Option<Target>,
    /// For how long, at most a day
    #[arg(long, default_value = "1h", value_name = "1h")]
    ttl: Lasts,
    /// End this one instead
    #[arg(long, value_name = "ID", conflicts_with_all = ["module", "target"])]
    end: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

fn target(text: &str) -> Result<Target, String> {
    text.parse().map_err(|error: kernel::NotParsed| error.to_string())
}

impl Override {
    pub(super) async fn run(self, desk: &Desk<'_>) -> Outcome {
        let server = desk.server(&self.server)?;
        if let Some(end) = &self.end {
            let path = format!("/api/v1/switch/overrides/{}", id(end)?);
            return desk.changed(&server.send(Method::DELETE, &path, Value::Null, None).await?);
        }
        let ask =
            json!({ "module": self.module, "target": self.target, "ttl": self.ttl, "subject": self.subject });
        let answer = server.send(Method::POST, "/api/v1/switch/overrides", ask, None).await?;
        let body = &answer.body;
        if desk.json() {
            println!("{body}");
            return Ok(());
        }
        let [module, target, subject, until, id] =
            ["module", "target", "subject", "until", "id"].map(|name| text(body, name));
        println!("{subject} is shown {module} at {target} until {until}");
        println!("end it with: banyan switch override --end {id}");
        println!("epoch {}", epoch(body));
        Ok(())
    }
}
