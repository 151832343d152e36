//! Where a database is: what the settings say, else a file in the data folder.

use std::path::Path;

use kernel::Outside;
use secrecy::{ExposeSecret, SecretString};
use store::{DbOptions, Engine};

use crate::config::Settings;

pub(super) fn url(settings: &Settings, data: &Path, module: &str) -> String {
    let own: &SecretString = match module {
        "accounts" => &settings.accounts.database,
        "booking" => &settings.booking.database,
        "status" => &settings.status.database,
        "notes" => &settings.notes.database,
        _ => &settings.switch.database,
    };
    [own, &settings.database.url]
        .into_iter()
        .map(ExposeSecret::expose_secret)
        .find(|url| !url.is_empty())
        .map_or_else(|| data.join(format!("{module}.db")).display().to_string(), str::to_owned)
}

pub(super) fn options(url: String, module: &'static str, outside: &Outside) -> DbOptions {
    let readers = if Engine::of(&url) == Engine::Sqlite { 4 } else { 8 };
    DbOptions { url, module, readers, outside: outside.clone() }
}
