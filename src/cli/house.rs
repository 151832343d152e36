//! What every command needs of the house: settings, keys, logs, and the modules opened in this process.

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::Context;
use kernel::Outside;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use secrecy::ExposeSecret;
use tracing_subscriber::EnvFilter;

use super::{Failure, Global};
use crate::{
    config::{Keys, Loaded, Sources, load},
    wire::{self, Plan, Wired},
};

/// A command's surroundings.
pub(super) struct House {
    pub(super) loaded: Loaded,
    pub(super) data: PathBuf,
    pub(super) outside: Outside,
}

impl House {
    /// Reads the settings and starts logging.
    pub(super) fn open(global: &Global, flags: Vec<(&'static str, String)>) -> Result<Self, Failure> {
        wire::prepare_process();
        let sources = Sources { file: global.config.clone(), environment: None, flags };
        let loaded = load(&sources).map_err(Failure::input)?;
        start_logging(global, &loaded);
        Ok(Self { loaded, data: global.data.clone(), outside: Outside::system() })
    }

    /// The keys; made at first use. Replicas on one PostgreSQL must be given the same file.
    pub(super) fn keys(&self) -> anyhow::Result<Keys> {
        let settings = &self.loaded.settings;
        let path = match settings.keys.file.as_str() {
            "" => self.data.join("keys"),
            file => file.into(),
        };
        if !settings.database.url.expose_secret().is_empty() && !path.exists() {
            tracing::warn!(
                path = %path.display(),
                "this process makes a key file of its own: give every replica of this database a copy (keys.file)"
            );
        }
        Keys::open(&path, true, &self.outside)
    }

    /// Opens modules in this process, without listeners: importers and account commands beside a running server.
    pub(super) async fn modules(&self, only: Option<&[&str]>) -> anyhow::Result<Wired> {
        let keys = self.keys()?;
        let only = only.map(|names| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>());
        let plan = Plan {
            settings: &self.loaded.settings,
            data: &self.data,
            keys: &keys,
            outside: self.outside.clone(),
            only,
        };
        wire::wire(plan).await
    }

    /// Runs async work to its end.
    pub(super) fn block_on<T>(work: impl Future<Output = T>) -> T {
        actix_web::rt::System::new().block_on(work)
    }
}

fn start_logging(global: &Global, loaded: &Loaded) {
    let telemetry = &loaded.settings.telemetry;
    let filter = match (global.quiet, global.verbose) {
        (true, _) => "error".to_owned(),
        (_, 0) => telemetry.log_filter.clone(),
        (_, 1) => "info,banyan=debug".to_owned(),
        _ => "debug".to_owned(),
    };
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let plain =
        std::env::var_os("NO_COLOR").is_some() || !std::io::IsTerminal::is_terminal(&std::io::stderr());
    // Only fails where logging was started before, which then goes on.
    let _ = if telemetry.log_format == "json" {
        logs.json().flatten_event(true).try_init()
    } else {
        logs.with_ansi(!plain).with_target(false).try_init()
    };
}

/// Installs the metrics recorder of the process.
pub(super) fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    PrometheusBuilder::new().install_recorder().context("starting metrics")
}
