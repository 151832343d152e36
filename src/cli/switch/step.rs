//! `banyan switch advance`, `hold`, `back` and `remove`: one step of a hop.

use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Desk, Outcome, expected, module_path, with_reason};
use crate::cli::server::ServerArgs;

#[derive(Debug, Args)]
pub(in crate::cli) struct Advance {
    /// A module, or a group as `module/group`
    module: String,
    /// For the audit; without one the way forward is refused
    #[arg(long, default_value = "")]
    reason: String,
    /// A state to go to instead, such as PRIMARY
    #[arg(long, value_name = "STATE", default_value = "next")]
    to: String,
    /// Refuse (exit 5) unless the table is at this epoch
    #[arg(long, value_name = "N")]
    expect_epoch: Option<u64>,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Step {
    /// A module, or a group as `module/group`
    module: String,
    /// For the audit
    #[arg(long, default_value = "")]
    reason: String,
    /// Refuse (exit 5) unless the table is at this epoch
    #[arg(long, value_name = "N")]
    expect_epoch: Option<u64>,
    #[command(flatten)]
    server: ServerArgs,
}

impl Advance {
    pub(super) async fn run(self, desk: &Desk<'_>) -> Outcome {
        let Self { module, reason, to, expect_epoch, server } = self;
        Step { module, reason, expect_epoch, server }.run(desk, &to).await
    }
}

impl Step {
    pub(super) async fn run(self, desk: &Desk<'_>, to: &str) -> Outcome {
        let path = module_path(&self.module, "/transitions")?;
        let server = desk.server(&self.server)?;
        let epoch = expected(&server, self.expect_epoch).await?;
        let body = json!({ "to": to, "reason": self.reason });
        desk.changed(&server.send(Method::POST, &path, body, epoch.as_deref()).await?)
    }

    pub(super) async fn remove(self, desk: &Desk<'_>) -> Outcome {
        let path = with_reason(&module_path(&self.module, "/binding")?, &self.reason);
        let server = desk.server(&self.server)?;
        let epoch = expected(&server, self.expect_epoch).await?;
        desk.changed(&server.send(Method::DELETE, &path, Value::Null, epoch.as_deref()).await?)
    }
}
