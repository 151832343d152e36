//! `banyan serve`: the portal with all modules, or some modules for other processes.

use std::collections::BTreeSet;

use clap::Args;

use super::{Failure, Global, Outcome, house::House, house::start_metrics};
use crate::{serve, wire::MODULES};

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Public address [default: http.listen, 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    pub(super) listen: Option<String>,
    /// Address for probes and metrics [default: ops.listen, 127.0.0.1:9090]
    #[arg(long, value_name = "ADDR")]
    pub(super) ops: Option<String>,
    /// Open no public pages; offer these modules on service.listen
    #[arg(long, value_name = "MODULE", value_delimiter = ',')]
    only: Option<Vec<String>>,
}

impl Serve {
    pub(super) fn run(self, global: &Global) -> Outcome {
        let only = self.only.map(|names| names.into_iter().collect::<BTreeSet<_>>());
        if let Some(unknown) = only.iter().flatten().find(|name| !MODULES.contains(&name.as_str())) {
            let known = MODULES.join(", ");
            return Err(Failure::input(anyhow::anyhow!(
                "there is no module `{unknown}`; modules are {known}"
            )));
        }
        let house = House::open(global, flags(self.listen, self.ops))?;
        house.serve(only, None, |running| {
            for (what, url) in
                [("portal", &running.url), ("ops", &running.ops), ("service", &running.service)]
            {
                if let Some(url) = url {
                    tracing::info!("{what} listens on {url}");
                }
            }
        })
    }
}

pub(super) fn flags(listen: Option<String>, ops: Option<String>) -> Vec<(&'static str, String)> {
    let listen = listen.map(|address| ("http.listen", address));
    listen.into_iter().chain(ops.map(|address| ("ops.listen", address))).collect()
}

impl House {
    /// Serves until a signal comes.
    pub(super) fn serve(
        &self,
        only: Option<BTreeSet<String>>,
        demo: Option<serve::Beside>,
        ready: impl FnOnce(&serve::Running),
    ) -> Outcome {
        let keys = self.keys()?;
        let metrics = start_metrics()?;
        let serve = serve::Serve {
            settings: &self.loaded.settings,
            data: &self.data,
            keys: &keys,
            outside: self.outside.clone(),
            only,
            demo: demo.is_some() || self.data.join("demo.json").exists(),
            metrics,
            beside: demo,
        };
        Ok(Self::block_on(serve::serve(serve, ready))?)
    }
}
