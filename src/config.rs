//! Settings: defaults, then `banyan.toml`, then `BANYAN__SECTION__KEY`, then flags. Read once, checked whole,
//! split by owner and passed down. An unknown key is refused with the nearest known one.

mod keys;
mod load;
mod nearest;

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};

pub use keys::Keys;
pub use load::{Loaded, Origin, SettingsError, Sources, load};

/// Everything that can be set. Each field's path is its key, and `BANYAN__` + the path its environment name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub http: Http,
    pub ops: Ops,
    pub service: Service,
    pub keys: KeyFile,
    pub brand: Brand,
    pub database: Database,
    pub accounts: Module,
    pub booking: Module,
    pub status: Module,
    pub notes: Module,
    pub switch: SwitchSettings,
    pub mail: Mail,
    pub telemetry: Telemetry,
    pub limits: Limits,
}

/// The public listener.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    pub listen: String,
    /// As people type it. Empty: the listening address.
    pub public_url: String,
    /// Addresses whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<String>,
    /// Worker threads; 0 takes one per core.
    pub workers: usize,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".into(),
            public_url: String::new(),
            trusted_proxies: Vec::new(),
            workers: 0,
        }
    }
}

/// Probes and metrics.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ops {
    pub listen: String,
}

impl Default for Ops {
    fn default() -> Self {
        Self { listen: "127.0.0.1:9090".into() }
    }
}

/// Where this process offers its modules to others. Empty: nowhere.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Service {
    pub listen: String,
}

/// The one file that all keys are derived from. Empty: `keys` in the data folder, made at first start.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeyFile {
    pub file: String,
}

/// What travellers see.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Brand {
    pub name: String,
}

impl Default for Brand {
    fn default() -> Self {
        Self { name: "Banyan Air".into() }
    }
}

/// Where modules keep their data, unless they say otherwise. Empty: `<module>.db` in the data folder.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `postgres://…`; each module then has a schema of its own there.
    #[serde(serialize_with = "hidden")]
    pub url: SecretString,
}

/// One module's own settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Module {
    /// A SQLite path or a `postgres://` URL. Empty: as `database.url` says.
    #[serde(serialize_with = "hidden")]
    pub database: SecretString,
}

/// The switch: its own database, and the only addresses that calls may ever be sent to.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SwitchSettings {
    #[serde(serialize_with = "hidden")]
    pub database: SecretString,
    /// Name to address, such as `notes = "http://127.0.0.1:7001"`; or to a table with the key `address` and what the
    /// upstream may do beyond the defaults.
    pub upstreams: BTreeMap<String, proxy::UpstreamSettings>,
}

/// How mail leaves.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    pub from: String,
    /// `smtp://` or `smtps://` with user and password. Empty: mails become files.
    #[serde(serialize_with = "hidden")]
    pub smtp_url: SecretString,
    /// The folder for mails that become files. Empty: `mail` in the data folder.
    pub folder: String,
}

impl Default for Mail {
    fn default() -> Self {
        Self { from: "no-reply@example.com".into(), smtp_url: SecretString::default(), folder: String::new() }
    }
}

/// What is told about running.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// `text` or `json`.
    pub log_format: String,
    /// Such as `info` or `warn,banyan=debug`.
    pub log_filter: String,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { log_format: "text".into(), log_filter: "info,actix_server=warn".into() }
    }
}

/// Rates per minute and client address.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    pub enabled: bool,
    /// Ordinary pages and API requests.
    pub pages: u32,
    /// Sign-in, sign-up, password reset.
    pub sign_in: u32,
    /// Find booking.
    pub find_booking: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { enabled: true, pages: 6_000, sign_in: 20, find_booking: 20 }
    }
}

/// Secrets are shown as stars, or as nothing when they are empty.
fn hidden<S: Serializer>(secret: &SecretString, to: S) -> Result<S::Ok, S::Error> {
    use secrecy::ExposeSecret;
    to.serialize_str(if secret.expose_secret().is_empty() { "" } else { "********" })
}
