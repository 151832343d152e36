//! `banyan feed`: how far every reader is, and rebuilding one. Asks the running server, where the readers live.

use clap::Subcommand;
use reqwest::Method;
use serde_json::json;

use super::{
    Global, Outcome,
    house::House,
    server::{Server, ServerArgs, rows, text},
};

#[derive(Debug, Subcommand)]
pub(super) enum Feed {
    /// Position and lag of every reader
    Status {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Rebuild a reader from the beginning of its log
    Replay {
        /// Such as search.timetable
        reader: String,
        #[arg(long, default_value = "command line")]
        reason: String,
        #[command(flatten)]
        server: ServerArgs,
    },
}

impl Feed {
    pub(super) fn run(self, global: &Global) -> Outcome {
        let house = House::open(global, Vec::new())?;
        House::block_on(async {
            match self {
                Self::Status { server } => {
                    let answer = Server::find(&house, &server)?.get("/api/v1/feeds").await?;
                    if global.json {
                        println!("{:#}", answer.body);
                        return Ok(());
                    }
                    for reader in rows(&answer.body) {
                        let number = |name: &str| reader.get(name).cloned().unwrap_or_default().to_string();
                        println!(
                            "{:20} reads {:10} at {:>9}  lag {:>6}  {}",
                            text(reader, "name"),
                            text(reader, "source"),
                            number("position"),
                            number("lag"),
                            text(reader, "state")
                        );
                    }
                    Ok(())
                }
                Self::Replay { reader, reason, server } => {
                    let path = format!("/api/v1/feeds/{reader}/replays");
                    Server::find(&house, &server)?
                        .send(Method::POST, &path, json!({ "reason": reason }), None)
                        .await?;
                    println!("{reader} is being rebuilt; `banyan feed status` tells how far it is");
                    Ok(())
                }
            }
        })
    }
}
