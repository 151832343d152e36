//! `banyan migrate`: going up by itself is for the embedded default; elsewhere somebody says so here.

use clap::Subcommand;
use serde_json::json;
use store::Db;

use super::{Global, Outcome, house::House};
use crate::wire;

#[derive(Debug, Subcommand)]
pub(super) enum Migrate {
    /// What each module's database has and lacks
    Status,
    /// Apply what is missing
    Up,
    /// Name what `up` would apply
    Plan,
}

impl Migrate {
    pub(super) fn run(self, global: &Global) -> Outcome {
        let house = House::open(global, Vec::new())?;
        for (module, url, migrations) in wire::databases(&house.loaded.settings, &house.data) {
            let (word, names) = match self {
                Self::Up => ("applied", Db::migrate_up(&url, module, &migrations)),
                Self::Status | Self::Plan => ("pending", Db::pending(&url, module, &migrations)),
            };
            let names = names.map_err(anyhow::Error::from)?;
            if global.json {
                println!("{}", json!({ "module": module, word: names }));
            } else if names.is_empty() {
                println!("{module}: up to date");
            } else {
                println!("{module}: {word} {}", names.join(", "));
            }
        }
        Ok(())
    }
}
