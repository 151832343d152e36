//! The composition root: the only file that knows where each module lives. It opens the local modules, puts a
//! fork in front of every interface, and says what this process offers to others.

mod deciding;
mod places;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use accounts_api::Accounts;
use anyhow::bail;
use booking_api::{Disruption, Orders, Payments, QuoteKey, Schedule, Shop};
use cockpit::Cockpit;
use kernel::{Clock, Decide, Fork, Outside, Remote, Served};
use notes_api::Notes;
use proxy::{Proxy, ProxyHouse, Upstreams};
use search_api::Search;
use shims::{HttpTransport, ServiceKey, Voucher};
use status_api::Status;
use store::{Db, DbError, Migrations};
use switch::Traffic;
use tokio::{sync::watch, task::JoinHandle};

use self::{
    deciding::decider,
    places::{options, url},
};
use crate::{
    config::{Keys, Settings},
    edge::{Asking, OWN_COOKIES, Seam},
    hex::hex,
    portal::{Faces, OwnTokens},
};

/// Every bounded module, by name.
pub const MODULES: [&str; 5] = ["accounts", "booking", "search", "status", "notes"];

/// What is opened: which modules are in this process, and with what.
pub struct Plan<'a> {
    pub settings: &'a Settings,
    pub data: &'a Path,
    pub keys: &'a Keys,
    pub outside: Outside,
    /// `None`: all modules, and the portal.
    pub only: Option<BTreeSet<String>>,
}

/// A process, put together but not yet listening.
pub struct Wired {
    pub faces: Faces,
    /// Absent with `--only`.
    pub cockpit: Option<Arc<Cockpit>>,
    /// The local modules, by call.
    pub served: Served,
    pub service_key: Arc<ServiceKey>,
    /// The other side of the route seam.
    pub upstreams: Arc<Upstreams>,
    /// The databases of the local modules, for backup and the probes.
    pub databases: Vec<Db>,
    local: Local,
}

/// The implementations that live in this process.
#[derive(Default)]
struct Local {
    accounts: Option<Arc<dyn Accounts>>,
    booking: Option<Arc<booking::Booking>>,
    search: Option<Arc<search::Searching>>,
    status: Option<Arc<status::Operations>>,
    notes: Option<Arc<notes::Running>>,
}

/// Opens the databases and modules of the plan.
pub async fn wire(plan: Plan<'_>) -> anyhow::Result<Wired> {
    let service_key = Arc::new(ServiceKey::new(&plan.keys.derive("services")));
    let clock = plan.outside.clock.clone();
    let traffic = Arc::new(Traffic::new(plan.outside.entropy.clone()));
    let upstreams = Arc::new(Upstreams::new(&plan.settings.switch.upstreams)?);
    let (decide, cockpit, switch_db) = decider(&plan, &upstreams, &traffic).await?;
    let far = Far::new(&plan, service_key.clone(), clock)?;
    let forks = Forks { decide, traffic, far };
    let mut databases = Vec::from_iter(switch_db);
    let mut local = Local::default();
    let quote_key = QuoteKey::new(plan.keys.derive("quotes"));

    if plan.has("booking") {
        let db = plan.open("booking", &booking::migrations())?;
        databases.push(db.clone());
        let parts = booking::Parts { db, outside: plan.outside.clone(), quote_key: quote_key.clone() };
        local.booking = Some(booking::start(parts).await?);
    }
    if plan.has("accounts") {
        let db = plan.open("accounts", &accounts::migrations())?;
        databases.push(db.clone());
        let brand = plan.settings.brand.name.clone();
        local.accounts = Some(accounts::start(accounts::Parts::new(db, plan.keys.derive("links"), brand))?);
    }
    let here = local.booking.clone();
    let schedule = forks.fork("booking", here.clone().map(|b| b as Arc<dyn Schedule>), |r| Arc::new(r));
    let disruption = forks.fork("booking", here.clone().map(|b| b as Arc<dyn Disruption>), |r| Arc::new(r));
    let schedule: Arc<dyn Schedule> = Arc::new(schedule);
    let disruption: Arc<dyn Disruption> = Arc::new(disruption);
    if plan.has("notes") {
        let db = plan.open("notes", &notes::migrations())?;
        databases.push(db.clone());
        let parts = notes::Parts { db, outside: plan.outside.clone(), schedule: Some(schedule.clone()) };
        local.notes = Some(notes::start(parts));
    }
    if plan.has("search") {
        let parts = search::Parts {
            schedule: schedule.clone(),
            outside: plan.outside.clone(),
            quote_key: quote_key.clone(),
        };
        local.search = Some(search::start(parts));
    }
    if plan.has("status") {
        let db = plan.open("status", &status::migrations())?;
        databases.push(db.clone());
        let (schedule, disruption) = (schedule.clone(), disruption.clone());
        let parts = status::Parts { db, outside: plan.outside.clone(), schedule, disruption };
        local.status = Some(status::start(parts).await?);
    }
    let faces = Faces {
        accounts: Arc::new(forks.fork("accounts", local.accounts.clone(), |r| Arc::new(r))),
        shop: Arc::new(forks.fork("booking", here.clone().map(|b| b as Arc<dyn Shop>), |r| Arc::new(r))),
        orders: Arc::new(forks.fork("booking", here.clone().map(|b| b as Arc<dyn Orders>), |r| Arc::new(r))),
        payments: Arc::new(forks.fork("booking", here.map(|b| b as Arc<dyn Payments>), |r| Arc::new(r))),
        search: Arc::new(
            forks.fork("search", local.search.clone().map(|s| s as Arc<dyn Search>), |r| Arc::new(r)),
        ),
        status: Arc::new(
            forks.fork("status", local.status.clone().map(|s| s as Arc<dyn Status>), |r| Arc::new(r)),
        ),
        notes: Arc::new(
            forks.fork("notes", local.notes.clone().map(|n| n as Arc<dyn Notes>), |r| Arc::new(r)),
        ),
        schedule,
        disruption,
    };
    Ok(Wired { faces, cockpit, served: local.served(), service_key, upstreams, databases, local })
}

impl Wired {
    /// Starts what runs beside the requests; each ends when `stop` says so.
    pub fn background(&self, stop: &watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
        let mut tasks = Vec::new();
        if let Some(cockpit) = self.cockpit.clone() {
            tasks.push(tokio::spawn(cockpit.follow(stop.clone())));
        }
        if let Some(booking) = self.local.booking.clone() {
            let stop = stop.clone();
            tasks.push(tokio::spawn(async move { booking::sweep_until(&booking, stop).await }));
        }
        if let Some(search) = self.local.search.clone() {
            tasks.push(tokio::spawn(search.follow(stop.clone())));
        }
        if let Some(status) = self.local.status.clone() {
            tasks.push(tokio::spawn(status.clone().follow(stop.clone())));
            tasks.push(tokio::spawn(status.tell(stop.clone())));
        }
        if let Some(notes) = self.local.notes.clone() {
            tasks.push(tokio::spawn(notes.follow(stop.clone())));
        }
        tasks
    }

    /// For importers beside a server: tells booking at once what status has understood.
    pub async fn tell_booking(&self) -> anyhow::Result<()> {
        if let Some(status) = &self.local.status {
            while status.tell_now().await? > 0 {}
        }
        Ok(())
    }

    /// The names of the modules in this process.
    pub fn modules(&self) -> Vec<&'static str> {
        self.served.modules()
    }
}

/// Each module's database URL or path, with its migrations; the switch's is the last.
pub fn databases(settings: &Settings, data: &Path) -> Vec<(&'static str, String, Migrations)> {
    vec![
        ("accounts", url(settings, data, "accounts"), accounts::migrations()),
        ("booking", url(settings, data, "booking"), booking::migrations()),
        ("status", url(settings, data, "status"), status::migrations()),
        ("notes", url(settings, data, "notes"), notes::migrations()),
        ("switch", url(settings, data, "switch"), cockpit::migrations()),
    ]
}

impl Plan<'_> {
    fn has(&self, module: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(module))
    }

    fn open(&self, module: &'static str, migrations: &Migrations) -> Result<Db, DbError> {
        let url = url(self.settings, self.data, module);
        Db::open(options(url, module, &self.outside), migrations)
    }
}

/// A way to each upstream of the configuration; no other address is ever called.
struct Far {
    /// Name to address.
    ways: BTreeMap<String, String>,
    key: Arc<ServiceKey>,
    clock: Arc<dyn Clock>,
    /// Modules that are not here, and are reached at the upstream of their name.
    only: Option<BTreeSet<String>>,
}

impl Far {
    fn new(plan: &Plan<'_>, key: Arc<ServiceKey>, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        if let Some(unknown) = plan.only.iter().flatten().find(|name| !MODULES.contains(&name.as_str())) {
            bail!("there is no module `{unknown}`; modules are {}", MODULES.join(", "));
        }
        let upstreams = plan.settings.switch.upstreams.iter();
        let ways = upstreams.map(|(name, upstream)| (name.clone(), upstream.address.clone())).collect();
        Ok(Self { ways, key, clock, only: plan.only.clone() })
    }

    fn transport(&self, name: &str) -> Option<HttpTransport> {
        let base = self.ways.get(name)?;
        HttpTransport::new(base, "banyan", self.key.clone(), self.clock.clone())
            .inspect_err(|error| tracing::error!(upstream = name, %error, "an upstream cannot be used"))
            .ok()
    }
}

struct Forks {
    decide: Arc<dyn Decide>,
    traffic: Arc<Traffic>,
    far: Far,
}

impl Forks {
    /// A fork with its local side and one far side per upstream. Where the module is not in this process, `here` means
    /// the upstream that is named after it.
    fn fork<I: ?Sized>(
        &self,
        module: &str,
        here: Option<Arc<I>>,
        make: impl Fn(Remote<HttpTransport>) -> Arc<I>,
    ) -> Fork<I> {
        let far = |name: &str| self.far.transport(name).map(|t| make(Remote::new(t)));
        let elsewhere = || self.far.only.as_ref().and_then(|_| far(module));
        let fork = Fork::new(self.decide.clone(), here.or_else(elsewhere)).watched(self.traffic.clone());
        self.far.ways.keys().fold(fork, |fork, name| match far(name) {
            Some(side) => fork.with(name.as_str(), side),
            None => fork,
        })
    }
}

impl Local {
    fn served(&self) -> Served {
        let mut served = Served::default();
        if let Some(accounts) = self.accounts.clone() {
            served = served.with::<dyn Accounts>(accounts);
        }
        if let Some(booking) = self.booking.clone() {
            served = served
                .with::<dyn Schedule>(booking.clone())
                .with::<dyn Shop>(booking.clone())
                .with::<dyn Orders>(booking.clone())
                .with::<dyn Payments>(booking.clone())
                .with::<dyn Disruption>(booking);
        }
        if let Some(search) = self.search.clone() {
            served = served.with::<dyn Search>(search);
        }
        if let Some(status) = self.status.clone() {
            served = served.with::<dyn Status>(status);
        }
        if let Some(notes) = self.notes.clone() {
            served = served.with::<dyn Notes>(notes);
        }
        served
    }
}

/// The audience of tokens that the command line signs for the server of its own data folder.
const OWN_AUDIENCE: &str = "portal";

/// What must be set once in a process, before anything opens a connection.
pub fn prepare_process() {
    shims::install_tls_provider();
}

/// A token by which the server of the same installation knows its own command line.
pub fn own_token(keys: &Keys, outside: &Outside) -> String {
    ServiceKey::new(&keys.derive("services")).token("command-line", OWN_AUDIENCE, outside.now())
}

impl Wired {
    /// Judges such a token: the caller's name, if it is ours and fresh.
    pub fn own_tokens(&self, outside: &Outside) -> OwnTokens {
        let (key, clock) = (self.service_key.clone(), outside.clock.clone());
        Arc::new(move |token| key.verify(token, OWN_AUDIENCE, clock.now()).ok())
    }

    /// Makes one worker's side of the route seam.
    pub fn seam(&self, keys: &Keys, outside: &Outside) -> impl Fn() -> Seam + Clone + Send + 'static {
        let house = Arc::new(ProxyHouse {
            instance: format!("banyan-{}", hex(&keys.derive("instance")[..8])),
            own_cookies: OWN_COOKIES.map(str::to_owned).to_vec(),
        });
        let (upstreams, clock) = (self.upstreams.clone(), outside.clock.clone());
        let voucher = Arc::new(Voucher::new(&keys.derive("identity")));
        move || {
            let (voucher, clock) = (voucher.clone(), clock.clone());
            let vouch = move |asking: &Asking, upstream: &str| {
                let asking = shims::Asking {
                    subject: asking.subject.as_deref().map(str::to_owned),
                    person: asking.person.map(|person| person.to_string()),
                    machine: asking.machine.clone(),
                    role: asking.role,
                };
                voucher.token(&asking, upstream, clock.now())
            };
            Seam::new(Proxy::new(upstreams.clone(), house.clone()), Arc::new(vouch))
        }
    }

    /// The key by which upstreams check what they are told of who asks, as a JWK Set.
    pub fn jwks(keys: &Keys) -> String {
        Voucher::new(&keys.derive("identity")).jwks()
    }

    /// The service listener's routes: every local module, by call.
    pub fn offer(
        &self,
        outside: &Outside,
    ) -> impl Fn(&mut actix_web::web::ServiceConfig) + Clone + Send + 'static {
        let offered = actix_web::web::Data::new(shims::Offered {
            served: self.served.clone(),
            key: self.service_key.clone(),
            clock: outside.clock.clone(),
        });
        move |config| shims::offer(config, offered.clone())
    }
}
