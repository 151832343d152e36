//! `banyan health`, `version` and `openapi`: short answers for scripts.

use anyhow::{anyhow, bail};
use clap::Args;
use serde_json::json;

use super::{Global, Outcome, house::House};
use crate::{api, serve};

#[derive(Debug, Args)]
pub(super) struct Health {
    /// Address of the ops listener [default: the running server of the data folder]
    #[arg(long, value_name = "URL")]
    ops: Option<String>,
}

impl Health {
    pub(super) fn run(self, global: &Global) -> Outcome {
        let house = House::open(global, Vec::new())?;
        let ops = self.ops.or_else(|| serve::running(&house.data)?.ops);
        let ops = ops.ok_or_else(|| {
            anyhow!("no server runs on {}; start one, or name it with --ops", house.data.display())
        })?;
        House::block_on(async {
            let answer = reqwest::Client::builder()
                .no_proxy()
                .timeout(std::time::Duration::from_secs(3))
                .build()?
                .get(format!("{ops}/readyz"))
                .send()
                .await?;
            let (status, text) = (answer.status(), answer.text().await?);
            if !status.is_success() {
                bail!("{ops} is not ready: {}", text.trim());
            }
            println!(
                "{}",
                if global.json { json!({ "ready": true, "ops": ops }).to_string() } else { "ready".into() }
            );
            Ok(())
        })?;
        Ok(())
    }
}

pub(super) fn version(global: &Global) {
    let version = env!("CARGO_PKG_VERSION");
    if global.json {
        println!("{}", json!({ "version": version }));
    } else {
        println!("banyan {version}");
    }
}

pub(super) fn openapi() {
    println!("{}", api::openapi_json());
}
