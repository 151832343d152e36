//! Who decides where calls go: the cockpit's table in a whole process.

use std::sync::Arc;

use anyhow::Context;
use cockpit::{Cockpit, CockpitParts, Database};
use kernel::{Decide, Target};
use proxy::Upstreams;
use store::{Db, DbError};
use switch::{Known, Switch, Table, Traffic};

use super::{
    MODULES, Plan,
    places::{options, url},
};

pub(super) type Decider = (Arc<dyn Decide>, Option<Arc<Cockpit>>, Option<Db>);

/// The cockpit's table in a whole process; with `--only` there is nothing to decide: local is here, the rest is there.
pub(super) async fn decider(
    plan: &Plan<'_>,
    upstreams: &Upstreams,
    traffic: &Arc<Traffic>,
) -> anyhow::Result<Decider> {
    if plan.only.is_some() {
        return Ok((Arc::new(kernel::Always(Target::Here)), None, None));
    }
    let switch = Arc::new(Switch::new(Table::here(&MODULES), plan.outside.clock.clone()));
    let known = Known {
        modules: MODULES.map(str::to_owned).to_vec(),
        upstreams: upstreams.names().map(str::to_owned).collect(),
        sites: upstreams.sites().map(str::to_owned).collect(),
    };
    let database = plan.switch_database().await.context("opening the switch's database")?;
    let db = database.db().ok().cloned();
    let parts = CockpitParts {
        database,
        switch: switch.clone(),
        traffic: traffic.clone(),
        last_good: plan.data.join("switch.last-good.json"),
        known,
        replica: replica(),
    };
    let cockpit = Cockpit::open(parts).await;
    Ok((switch, Some(Arc::new(cockpit)), db))
}

/// How this process is called among its replicas.
fn replica() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = Some(host.trim()).filter(|host| !host.is_empty()).unwrap_or("localhost");
    format!("{host}:{}", std::process::id())
}

impl Plan<'_> {
    /// The portal starts without it, too: the last good table serves until it is found.
    async fn switch_database(&self) -> Result<Database, DbError> {
        let (url, outside) = (url(self.settings, self.data, "switch"), self.outside.clone());
        let open = move || Db::open(options(url.clone(), "switch", &outside), &cockpit::migrations());
        Database::open(self.outside.clone(), open).await
    }
}
