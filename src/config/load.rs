//! Putting the layers together, and telling where each value came from.

use std::{collections::BTreeMap, path::PathBuf};

use config::{Config, Environment, File, FileFormat, Map, Value, ValueKind};
use secrecy::SecretString;

use super::{Settings, nearest::nearest};

/// Keys whose values are secret; each may also be given as a file, by the key with `_file`.
const SECRETS: [&str; 7] = [
    "database.url",
    "accounts.database",
    "booking.database",
    "status.database",
    "notes.database",
    "switch.database",
    "mail.smtp_url",
];
/// Below these, people choose the keys.
const OPEN: [&str; 1] = ["switch.upstreams."];

/// Where settings come from, beside the defaults.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// `--config`; else `banyan.toml` in the working folder, if there is one.
    pub file: Option<PathBuf>,
    /// `BANYAN__…` variables; the process's own if absent.
    pub environment: Option<BTreeMap<String, String>>,
    /// What flags say, by key.
    pub flags: Vec<(&'static str, String)>,
}

/// Where one value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Default,
    File(String),
    Environment(String),
    Flag,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => f.write_str(path),
            Self::Environment(name) => f.write_str(name),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// Settings, and the origin of each key that is not a default.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub settings: Settings,
    pub origins: BTreeMap<String, Origin>,
}

/// Why settings were refused. Nothing has started.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("{origin}: there is no setting `{key}`{}", meant(.nearest.as_deref()))]
    Unknown { key: String, origin: String, nearest: Option<String> },
    #[error("{0}")]
    Unreadable(#[from] config::ConfigError),
    #[error("{key}: the file {path} cannot be read: {cause}")]
    SecretFile { key: String, path: String, cause: std::io::Error },
    #[error("{key}: `{value}` is not {rule}")]
    Rule { key: &'static str, value: String, rule: &'static str },
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |key| format!("; did you mean `{key}`?"))
}

/// Reads all layers and checks them whole.
pub fn load(sources: &Sources) -> Result<Loaded, SettingsError> {
    let known = known_keys();
    let mut builder = Config::builder();
    let file =
        sources.file.clone().or_else(|| Some(PathBuf::from("banyan.toml")).filter(|path| path.exists()));
    if let Some(path) = &file {
        builder = builder.add_source(File::new(&path.display().to_string(), FileFormat::Toml));
    }
    let environment = Environment::with_prefix("BANYAN")
        .prefix_separator("__")
        .separator("__")
        .try_parsing(true)
        .list_separator(",")
        .with_list_parse_key("http.trusted_proxies")
        .source(sources.environment.clone().map(|map| map.into_iter().collect()));
    builder = builder.add_source(environment);
    for (key, value) in &sources.flags {
        builder = builder.set_override(*key, value.as_str())?;
    }
    let built = builder.build()?;
    let mut flat = BTreeMap::new();
    flatten("", &built.cache, &mut flat);
    let mut origins = origins(&flat, &known, sources)?;
    let mut settings: Settings = without_file_twins(built.clone())?.try_deserialize()?;
    read_secret_files(&flat, &mut settings, &mut origins)?;
    check(&settings)?;
    Ok(Loaded { settings, origins })
}

/// Every key that can be set, from the defaults themselves.
pub(crate) fn known_keys() -> BTreeMap<String, serde_json::Value> {
    fn walk(path: &str, value: serde_json::Value, into: &mut BTreeMap<String, serde_json::Value>) {
        match value {
            serde_json::Value::Object(map) if !map.is_empty() || path.is_empty() => {
                for (key, value) in map {
                    let path = if path.is_empty() { key } else { format!("{path}.{key}") };
                    walk(&path, value, into);
                }
            }
            leaf => drop(into.insert(path.to_owned(), leaf)),
        }
    }
    let mut keys = BTreeMap::new();
    walk("", serde_json::to_value(Settings::default()).unwrap_or_default(), &mut keys);
    keys
}

fn flatten<'a>(path: &str, value: &'a Value, into: &mut BTreeMap<String, &'a Value>) {
    match &value.kind {
        ValueKind::Table(table) => {
            for (key, value) in table {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, value, into);
            }
        }
        _ => drop(into.insert(path.to_owned(), value)),
    }
}

fn origins(
    flat: &BTreeMap<String, &Value>,
    known: &BTreeMap<String, serde_json::Value>,
    sources: &Sources,
) -> Result<BTreeMap<String, Origin>, SettingsError> {
    let mut origins = BTreeMap::new();
    for (key, value) in flat {
        let is_twin = key.strip_suffix("_file").is_some_and(|base| SECRETS.contains(&base));
        let is_open = OPEN.iter().any(|open| key.starts_with(open));
        let origin = match value.origin() {
            Some("the environment") => {
                Origin::Environment(format!("BANYAN__{}", key.replace('.', "__").to_uppercase()))
            }
            Some(path) => Origin::File(path.to_owned()),
            None if sources.flags.iter().any(|(flag, _)| flag == key) => Origin::Flag,
            None => Origin::Default,
        };
        if !(known.contains_key(key) || is_twin || is_open) {
            let nearest = nearest(key, known.keys().map(String::as_str)).map(str::to_owned);
            return Err(SettingsError::Unknown { key: key.clone(), origin: origin.to_string(), nearest });
        }
        origins.insert(key.clone(), origin);
    }
    Ok(origins)
}

/// The typed settings know nothing of `_file` twins.
fn without_file_twins(config: Config) -> Result<Config, SettingsError> {
    let mut root = config.cache;
    if let ValueKind::Table(sections) = &mut root.kind {
        for (section, value) in sections.iter_mut() {
            if let ValueKind::Table(table) = &mut value.kind {
                table.retain(|key, _| !is_twin(section, key));
            }
        }
    }
    let table: Map<String, Value> = root.into_table()?;
    let mut builder = Config::builder();
    for (key, value) in table {
        builder = builder.set_override(&key, value)?;
    }
    Ok(builder.build()?)
}

fn is_twin(section: &str, key: &str) -> bool {
    key.strip_suffix("_file").is_some_and(|base| SECRETS.contains(&format!("{section}.{base}").as_str()))
}

fn read_secret_files(
    flat: &BTreeMap<String, &Value>,
    settings: &mut Settings,
    origins: &mut BTreeMap<String, Origin>,
) -> Result<(), SettingsError> {
    for key in SECRETS {
        let Some(path) = flat.get(&format!("{key}_file")) else { continue };
        let path = path.to_string();
        let text = std::fs::read_to_string(&path).map_err(|cause| SettingsError::SecretFile {
            key: format!("{key}_file"),
            path: path.clone(),
            cause,
        })?;
        let secret = SecretString::from(text.trim_end().to_owned());
        match key {
            "database.url" => settings.database.url = secret,
            "accounts.database" => settings.accounts.database = secret,
            "booking.database" => settings.booking.database = secret,
            "status.database" => settings.status.database = secret,
            "notes.database" => settings.notes.database = secret,
            "switch.database" => settings.switch.database = secret,
            _ => settings.mail.smtp_url = secret,
        }
        origins.insert(key.to_owned(), Origin::File(path));
    }
    Ok(())
}

fn check(settings: &Settings) -> Result<(), SettingsError> {
    let rule = |ok: bool, key, value: &str, rule| {
        if ok { Ok(()) } else { Err(SettingsError::Rule { key, value: value.to_owned(), rule }) }
    };
    let url = settings.http.public_url.as_str();
    rule(
        url.is_empty() || url.starts_with("http://") || url.starts_with("https://"),
        "http.public_url",
        url,
        "an http:// or https:// address",
    )?;
    for address in &settings.http.trusted_proxies {
        rule(
            address.parse::<std::net::IpAddr>().is_ok(),
            "http.trusted_proxies",
            address,
            "a list of IP addresses",
        )?;
    }
    let format = settings.telemetry.log_format.as_str();
    rule(matches!(format, "text" | "json"), "telemetry.log_format", format, "`text` or `json`")?;
    for upstream in settings.switch.upstreams.values() {
        let address = upstream.address.as_str();
        let plain = address.split_once("://").is_some_and(|(scheme, rest)| {
            matches!(scheme, "http" | "https") && !rest.is_empty() && !rest.contains(['@', ' '])
        });
        rule(plain, "switch.upstreams", address, "an http:// or https:// address without user or password")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn with(file: &str, environment: &[(&str, &str)]) -> Result<Loaded, SettingsError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("banyan.toml");
        std::fs::write(&path, file).unwrap();
        load(&Sources {
            file: Some(path),
            environment: Some(environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()),
            flags: vec![("ops.listen", "127.0.0.1:0".into())],
        })
    }

    #[test]
    fn later_layers_win_and_are_named() {
        let loaded = with(
            "[http]\nlisten = \"127.0.0.1:1\"\n[switch.upstreams]\nnotes = \"http://127.0.0.1:7001\"",
            &[("BANYAN__HTTP__LISTEN", "127.0.0.1:2"), ("BANYAN__LIMITS__ENABLED", "false")],
        )
        .unwrap();
        assert_eq!(loaded.settings.http.listen, "127.0.0.1:2");
        assert!(!loaded.settings.limits.enabled);
        assert_eq!(loaded.settings.ops.listen, "127.0.0.1:0");
        assert_eq!(loaded.settings.switch.upstreams["notes"].address, "http://127.0.0.1:7001");
        assert_eq!(loaded.origins["http.listen"], Origin::Environment("BANYAN__HTTP__LISTEN".into()));
        assert_eq!(loaded.origins["ops.listen"], Origin::Flag);
    }

    #[test]
    fn secrets_come_from_files_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("url");
        std::fs::write(&path, "postgres://x:secret@y/z\n").unwrap();
        let loaded = with("", &[("BANYAN__DATABASE__URL_FILE", path.to_str().unwrap())]).unwrap();
        assert_eq!(loaded.settings.database.url.expose_secret(), "postgres://x:secret@y/z");
        assert!(!serde_json::to_string(&loaded.settings).unwrap().contains("secret"));
    }

    #[test]
    fn refusals_name_the_key() {
        for (file, names) in [
            ("[http]\nlisten_on = \"x\"", "http.listen"),
            ("[htp]\nlisten = \"x\"", "http.listen"),
            ("[http]\npublic_url = \"ftp://x\"", "public_url"),
            ("[telemetry]\nlog_format = \"xml\"", "xml"),
            ("[switch.upstreams]\nx = \"http://a@b\"", "a@b"),
            ("[http]\nworkers = \"many\"", "workers"),
            ("[http", "TOML"),
        ] {
            let refused = with(file, &[]).unwrap_err().to_string();
            assert!(refused.contains(names), "{file}: {refused}");
        }
    }
}
