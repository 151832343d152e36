//! `banyan config show`: every setting in force, and with `--origin` where it came from. Secrets are stars.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Global, Outcome, house::House};

#[derive(Debug, Subcommand)]
pub(super) enum Config {
    /// Print every setting
    Show {
        /// Say where each value came from
        #[arg(long)]
        origin: bool,
    },
}

impl Config {
    pub(super) fn run(self, global: &Global) -> Outcome {
        let Self::Show { origin } = self;
        let house = House::open(global, Vec::new())?;
        let settings = serde_json::to_value(&house.loaded.settings).map_err(anyhow::Error::from)?;
        if global.json && !origin {
            println!("{settings:#}");
            return Ok(());
        }
        let mut lines = Vec::new();
        walk("", &settings, &mut lines);
        for (key, value) in lines {
            let from =
                house.loaded.origins.get(&key).map_or_else(|| "default".to_owned(), ToString::to_string);
            match (global.json, origin) {
                (true, _) => println!("{}", json!({ "key": key, "value": value, "origin": from })),
                (false, true) => println!("{key} = {value}  # {from}"),
                (false, false) => println!("{key} = {value}"),
            }
        }
        Ok(())
    }
}

fn walk(path: &str, value: &Value, into: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                walk(&path, value, into);
            }
        }
        leaf => into.push((path.to_owned(), leaf.clone())),
    }
}
