//! A small house behind the real edge: accounts on a throw-away file, every other module away, a handful of routes.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use accounts_api::{Accounts, CreateAccount, SignIn};
use actix_web::{
    App, HttpResponse, HttpServer,
    dev::ServerHandle,
    middleware::from_fn,
    web::{self, Bytes, Data},
};
use banyan::{
    edge::{
        self, Asking, Assets, EdgeSettings, Form, Gate, Patience, Rates, Seal, Seam, Sessions, Stop, Visit,
    },
    portal::{Faces, House as Facts, Portal},
};
use cockpit::{Cockpit, CockpitParts};
use kernel::{Always, Ctx, Decide, Fork, Outside, Role, Secret, Target};
use proxy::{Proxy, ProxyHouse, UpstreamSettings, Upstreams};
use serde::Deserialize;
use store::testing::{Folder, sqlite};
use switch::{BindingFile, Known, Switch, Table, Traffic};

/// A running server. Ends when it is dropped.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    /// The token of an open session of a traveller.
    pub(crate) session: String,
    /// A bearer token of a machine with the role `ops`.
    pub(crate) machine: String,
    /// Of a member of staff.
    pub(crate) staff: String,
    handle: ServerHandle,
}

/// Other servers by name, and the groups of routes that may go to them, as config as code.
#[derive(Clone, Default)]
pub(crate) struct Beside {
    pub(crate) upstreams: Vec<(&'static str, UpstreamSettings)>,
    pub(crate) groups: Vec<String>,
}

pub(crate) const PASSWORD: &str = "a boat of paper";

impl House {
    /// `limits` by minute for forms of sign-in; 0 for none at all.
    pub(crate) fn open(limit: u32) -> Self {
        Self::start(limit, routes, Beside::default())
    }

    /// With other servers beside it.
    pub(crate) fn beside(beside: Beside) -> Self {
        Self::start(0, routes, beside)
    }

    /// With all routes that the portal has, though no module but accounts answers.
    pub(crate) fn whole() -> Self {
        let routes: fn(&mut web::ServiceConfig) = |cfg| {
            cfg.configure(banyan::pages::routes)
                .configure(banyan::api::routes)
                .configure(banyan::admin::routes);
        };
        Self::start(0, routes, Beside::default())
    }

    fn start(limit: u32, routes: fn(&mut web::ServiceConfig), beside: Beside) -> Self {
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || actix_web::rt::System::new().block_on(serve(limit, routes, beside, tell)));
        told.recv().unwrap()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        // Tells the server to stop; nobody needs to wait for it.
        drop(self.handle.stop(false));
    }
}

async fn serve(
    limit: u32,
    routes: fn(&mut web::ServiceConfig),
    beside: Beside,
    tell: std::sync::mpsc::Sender<House>,
) {
    let outside = Outside::system();
    let db = sqlite("accounts", &accounts::migrations(), &outside);
    let cost = accounts::Cost { memory_kib: 64, passes: 1, lanes: 1 };
    let parts = accounts::Parts { cost, ..accounts::Parts::new(db, [3; 32], "Banyan Air") };
    let accounts = accounts::start(parts).unwrap();
    let (session, machine) = tokens(&*accounts).await;
    let staff = session_of(&*accounts, "grace@example.com", Role::Agent).await;

    let folder = Folder::new("front-door");
    let portal = Data::new(portal(accounts, outside, folder.path()).await);
    let upstreams = beside.upstreams.iter().map(|(name, settings)| ((*name).to_owned(), settings.clone()));
    let upstreams = Arc::new(Upstreams::new(&upstreams.collect()).unwrap());
    decide(&portal, &upstreams, &beside.groups);
    let own_cookies = edge::OWN_COOKIES.map(str::to_owned).to_vec();
    let house = Arc::new(ProxyHouse { instance: "banyan-test".to_owned(), own_cookies });
    let rates = Rates { enabled: limit > 0, pages: 1000, sign_in: limit, find_booking: 1000 };
    let settings = EdgeSettings { public_url: "http://127.0.0.1", trusted_proxies: &[], rates };
    let patience = Patience { whole: Duration::from_millis(1200), pause: Duration::from_millis(400) };
    let gate = Data::new(Gate { patience, ..Gate::new(&settings).unwrap() });
    let sessions = Data::new(Sessions::new());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(portal.clone())
            .app_data(gate.clone())
            .app_data(sessions.clone())
            .app_data(Data::new(Seam::new(Proxy::new(upstreams.clone(), house.clone()), Arc::new(vouch))))
            .wrap(from_fn(edge::pass))
            .configure(routes)
    })
    .workers(1)
    .client_request_timeout(Duration::from_millis(600))
    .disable_signals()
    .bind("127.0.0.1:0")
    .unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    tell.send(House { address, session, machine, staff, handle: server.handle() }).unwrap();
    server.await.unwrap();
}

/// Readable, for tests: what would be signed, and for whom.
fn vouch(asking: &Asking, upstream: &str) -> String {
    format!("{asking:?}@{upstream}")
}

/// Puts every group in force.
fn decide(portal: &Portal, upstreams: &Upstreams, groups: &[String]) {
    let known = Known {
        modules: vec!["accounts".to_owned()],
        upstreams: upstreams.names().map(str::to_owned).collect(),
        sites: Vec::new(),
    };
    for group in groups {
        let file = BindingFile::parse(group).unwrap();
        let binding = file.binding(&known, portal.outside.now()).unwrap();
        let switch = portal.cockpit.switch();
        assert!(switch.put(switch.table().with(&file.module, binding)));
    }
}

fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/").route(web::get().to(|| async { "home" })))
        // Reads a body and asks for nothing else.
        .route("/trips", web::post().to(|body: Bytes| async move { format!("{} bytes", body.len()) }))
        .route("/signin/", web::get().to(form))
        .route("/signin/", web::post().to(posted))
        .route("/signout/", web::post().to(|_: Form<()>| async { "gone" }))
        .route("/notes/", web::get().to(|| async { "notes" }))
        .route("/notes/create/", web::post().to(posted))
        .route("/status", web::get().to(panics))
        .route("/api/v1/itineraries", web::get().to(panics))
        .route("/admin", web::get().to(|| async { "admin" }))
        .route("/api/v1/notes", web::post().to(|| async { HttpResponse::Created().finish() }))
        .route("/api/v1/feeds", web::get().to(|| async { "feeds" }))
        .route("/api/air/orders", web::get().to(|| async { "orders" }))
        .route("/nobody/thought/of/it", web::get().to(|| async { "open" }));
}

#[derive(Deserialize)]
struct Fields {
    name: String,
}

async fn form(visit: Visit) -> Result<HttpResponse, Stop> {
    visit.page(&Page { token: visit.form_token() })
}

/// Only the form's token.
#[derive(askama::Template)]
#[template(source = "{{ token }}", ext = "txt")]
struct Page {
    token: String,
}

#[expect(clippy::panic, reason = "to see what becomes of it")]
async fn panics() -> String {
    panic!("a secret cause")
}

async fn posted(form: Form<Fields>) -> String {
    form.fields.name
}

async fn tokens(accounts: &dyn Accounts) -> (String, String) {
    let (ctx, email) = (Ctx::system("test"), "ada@example.com".to_owned());
    let password = Secret::new(PASSWORD);
    let new = CreateAccount { email: email.clone(), password: password.clone(), role: Role::Traveller };
    accounts.create(&ctx, new).await.unwrap();
    let with = SignIn { email, password, device: "test".to_owned() };
    let opened = accounts.sign_in(&ctx, with).await.unwrap();
    let new = accounts_api::NewMachineToken { name: "test".to_owned(), role: Role::Ops };
    let issued = accounts.issue_token(&ctx, new).await.unwrap();
    (opened.token.expose().to_owned(), issued.token.expose().to_owned())
}

async fn session_of(accounts: &dyn Accounts, email: &str, role: Role) -> String {
    let (ctx, password) = (Ctx::system("test"), Secret::new(PASSWORD));
    let new = CreateAccount { email: email.to_owned(), password: password.clone(), role };
    accounts.create(&ctx, new).await.unwrap();
    let with = SignIn { email: email.to_owned(), password, device: "test".to_owned() };
    accounts.sign_in(&ctx, with).await.unwrap().token.expose().to_owned()
}

async fn portal(accounts: Arc<dyn Accounts>, outside: Outside, folder: &std::path::Path) -> Portal {
    let decide: Arc<dyn Decide> = Arc::new(Always(Target::Here));
    macro_rules! away {
        ($Trait:path) => {
            Arc::new(Fork::<dyn $Trait>::new(decide.clone(), None))
        };
    }
    let switch = Arc::new(Switch::new(Table::here(&["accounts"]), outside.clock.clone()));
    let known = Known { modules: vec!["accounts".to_owned()], ..Known::default() };
    let db = sqlite("switch", &cockpit::migrations(), &outside);
    let parts = CockpitParts {
        database: db.into(),
        switch,
        traffic: Arc::new(Traffic::new(outside.entropy.clone())),
        last_good: folder.join("last-good"),
        known,
        replica: "test:1".to_owned(),
    };
    let cockpit = Arc::new(Cockpit::open(parts).await);
    let faces = Faces {
        accounts,
        schedule: away!(booking_api::Schedule),
        shop: away!(booking_api::Shop),
        orders: away!(booking_api::Orders),
        payments: away!(booking_api::Payments),
        disruption: away!(booking_api::Disruption),
        search: away!(search_api::Search),
        status: away!(status_api::Status),
        notes: away!(notes_api::Notes),
    };
    Portal {
        faces,
        cockpit,
        own_tokens: Arc::new(|_| None),
        seal: Seal::new(&[5; 32], outside.clone(), false),
        assets: Assets::new(),
        house: Facts { brand: "Banyan Air".into(), demo: false, public_url: "http://127.0.0.1".into() },
        outside,
    }
}
