//! All pages behind the real edge in one process, with a clock that can be moved, and accounts that can be made to
//! hang: its calls cross a wire that stops answering.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use accounts_api::{Accounts, CreateAccount};
use actix_http::Request;
use actix_web::{
    App,
    body::BoxBody,
    cookie::Cookie,
    dev::{Service, ServiceResponse},
    http::header,
    middleware::from_fn,
    test,
    web::Data,
};
use async_trait::async_trait;
use banyan::{
    edge::{self, Assets, EdgeSettings, Gate, Rates, Seal, Sessions},
    portal::{Faces, House as Facts, Portal},
};
use cockpit::{Cockpit, CockpitParts, Database};
use jiff::{SignedDuration, Timestamp};
use kernel::{
    Always, Clock, Ctx, Decide, Fault, Fork, Loopback, Op, Outcome, Outside, Remote, Role, Secret, Served,
    Target, Transport,
};
use store::{
    DbError,
    testing::{Folder, sqlite},
};
use switch::{Binding, Hop, Known, Route, RouteKind, State, Switch, Table, Traffic};

/// The whole app, as one type.
type Front = Box<
    dyn Service<
            Request,
            Response = ServiceResponse<BoxBody>,
            Error = actix_web::Error,
            Future = std::pin::Pin<
                Box<dyn Future<Output = Result<ServiceResponse<BoxBody>, actix_web::Error>>>,
            >,
        >,
>;

/// Whether the switch's database answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    There,
    Gone,
}

pub(crate) struct House {
    app: Front,
    accounts: Arc<dyn Accounts>,
    cockpit: Arc<Cockpit>,
    sessions: Data<Sessions>,
    hangs: Arc<AtomicBool>,
    clock: Arc<Moved>,
    _folder: Folder,
}

const PASSWORD: &str = "a boat of paper";

impl House {
    pub(crate) async fn open(store: Store) -> Self {
        Self::start(store, Table::here(&["accounts", "notes"]).with("notes", moving())).await
    }

    /// Two modules and so many groups, all on the way and all asked a lot.
    pub(crate) async fn with_groups(count: usize) -> Self {
        let mut table = Table::here(&["accounts", "notes"]).with("notes", moving());
        for at in 0..count {
            let pattern = format!("GET /notes/{at}").try_into().unwrap();
            let route = Route { pattern, kind: RouteKind::Query, key: None, upgrade: false };
            table.bindings.insert(format!("notes/{at}").into(), Binding { routes: vec![route], ..moving() });
        }
        let house = Self::start(Store::There, table.clone()).await;
        for name in table.bindings.keys() {
            for target in [Target::Here, Target::Remote("notes".into())] {
                for _ in 1..200 {
                    house.cockpit.traffic().cross(name, "query", &target).unwrap().done(Outcome::Answered);
                }
            }
        }
        house
    }

    async fn start(store: Store, table: Table) -> Self {
        let real = Outside::system();
        let clock = Arc::new(Moved { real: real.clone(), hours: AtomicI64::new(0) });
        let outside = Outside { clock: clock.clone(), ..real };
        let db = sqlite("accounts", &accounts::migrations(), &outside);
        let cost = accounts::Cost { memory_kib: 64, passes: 1, lanes: 1 };
        let parts = accounts::Parts { cost, ..accounts::Parts::new(db, [3; 32], "Banyan Air") };
        let accounts = accounts::start(parts).unwrap();
        let hangs = Arc::new(AtomicBool::new(false));
        let served = Served::default().with::<dyn Accounts>(accounts.clone());
        let wire = Wire { inner: Loopback::new(served), hangs: hangs.clone() };

        let folder = Folder::new("cockpit-screens");
        let cockpit = cockpit(store, table, &outside, folder.path()).await;
        let portal = portal(Arc::new(Remote::new(wire)), cockpit.clone(), outside);
        let sessions = Data::new(Sessions::new());
        Self {
            app: app(portal, sessions.clone()).await,
            accounts,
            cockpit,
            sessions,
            hangs,
            clock,
            _folder: folder,
        }
    }

    pub(crate) fn hang_accounts(&self) {
        // What was asked a moment ago is remembered for a second; this is about what is not.
        self.sessions.forget();
        self.hangs.store(true, Ordering::SeqCst);
    }

    pub(crate) fn wake_accounts(&self) {
        self.hangs.store(false, Ordering::SeqCst);
    }

    pub(crate) fn later(&self, hours: i64) {
        self.clock.hours.fetch_add(hours, Ordering::SeqCst);
    }

    pub(crate) fn state(&self, name: &str) -> State {
        self.cockpit.table().bindings[name].state
    }

    /// Somebody new of that role, through the front door.
    pub(crate) async fn sign_in(&self, role: Role) -> Visitor {
        let email = format!("{role}{}@example.com", Outside::system().uuid().simple());
        let new = CreateAccount { email: email.clone(), password: Secret::new(PASSWORD), role };
        let account = self.accounts.create(&Ctx::system("test"), new).await.unwrap();
        let mut visitor = Visitor { id: account.id.to_string(), ..Visitor::default() };
        visitor.get(self, "/signin/").await;
        let page = visitor.post(self, "/signin/", &[("email", &email), ("password", PASSWORD)]).await;
        assert_eq!(page.status, 303, "{}", page.text);
        visitor
    }
}

/// A browser: cookies, and the token of the last form.
#[derive(Clone, Default)]
pub(crate) struct Visitor {
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) token: String,
    /// Of the account.
    pub(crate) id: String,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Visitor {
    pub(crate) async fn get(&mut self, house: &House, path: &str) -> Page {
        let request = self.dressed(test::TestRequest::get().uri(path));
        self.send(house, request).await
    }

    pub(crate) async fn post(&mut self, house: &House, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut all = fields.to_vec();
        let token = self.token.clone();
        all.push(("csrf_token", &token));
        let request = self.dressed(test::TestRequest::post().uri(path)).set_form(all);
        self.send(house, request).await
    }

    /// None when there is no answer in that time.
    pub(crate) async fn get_within(&mut self, house: &House, path: &str, patience: Duration) -> Option<Page> {
        house.sessions.forget();
        tokio::time::timeout(patience, self.get(house, path)).await.ok()
    }

    /// None when there is no answer in that time.
    pub(crate) async fn post_within(
        &mut self,
        house: &House,
        path: &str,
        patience: Duration,
    ) -> Option<Page> {
        house.sessions.forget();
        tokio::time::timeout(patience, self.post(house, path, &[])).await.ok()
    }

    fn dressed(&self, request: test::TestRequest) -> test::TestRequest {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        request.insert_header((header::HOST, "127.0.0.1")).insert_header((header::COOKIE, pairs.join("; ")))
    }

    async fn send(&mut self, house: &House, request: test::TestRequest) -> Page {
        let answer = test::call_service(&house.app, request.to_request()).await;
        for line in answer.headers().get_all(header::SET_COOKIE) {
            let cookie = Cookie::parse(line.to_str().unwrap().to_owned()).unwrap();
            self.cookies.insert(cookie.name().to_owned(), cookie.value().to_owned());
        }
        self.cookies.retain(|_, value| !value.is_empty());
        let status = answer.status().as_u16();
        let text = String::from_utf8(test::read_body(answer).await.to_vec()).unwrap();
        if let Some((_, rest)) = text.split_once("name=\"csrf_token\" value=\"") {
            rest.split('"').next().unwrap().clone_into(&mut self.token);
        }
        Page { status, text }
    }
}

/// The machine's clock, some hours on.
struct Moved {
    real: Outside,
    hours: AtomicI64,
}

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        self.real.now() + SignedDuration::from_hours(self.hours.load(Ordering::SeqCst))
    }
}

/// A wire that can stop answering.
struct Wire {
    inner: Loopback,
    hangs: Arc<AtomicBool>,
}

#[async_trait]
impl Transport for Wire {
    async fn carry(&self, ctx: &Ctx, op: &'static Op, body: Vec<u8>) -> Result<Vec<u8>, Fault> {
        if self.hangs.load(Ordering::SeqCst) {
            return pending().await;
        }
        self.inner.carry(ctx, op, body).await
    }
}

fn moving() -> Binding {
    let (from, to) = (Target::Here, Target::Remote("notes".into()));
    let here = Binding::here();
    let ranges = here.ranges.shifted(&from, &to, 1_000);
    Binding { ranges, hop: Hop { from, to }, state: State::ReadRamp, ..here }
}

async fn cockpit(store: Store, table: Table, outside: &Outside, folder: &std::path::Path) -> Arc<Cockpit> {
    let database = match store {
        Store::There => sqlite("switch", &cockpit::migrations(), outside).into(),
        Store::Gone => {
            let away = || Err(DbError::Unreachable("gone".to_owned()));
            Database::open(outside.clone(), away).await.unwrap()
        }
    };
    let parts = CockpitParts {
        database,
        switch: Arc::new(Switch::new(table, outside.clock.clone())),
        traffic: Arc::new(Traffic::new(outside.entropy.clone())),
        last_good: folder.join("last-good"),
        known: Known {
            modules: vec!["accounts".to_owned(), "notes".to_owned()],
            upstreams: vec!["notes".to_owned()],
            ..Known::default()
        },
        replica: "test:1".to_owned(),
    };
    Arc::new(Cockpit::open(parts).await)
}

fn portal(accounts: Arc<dyn Accounts>, cockpit: Arc<Cockpit>, outside: Outside) -> Portal {
    let decide: Arc<dyn Decide> = Arc::new(Always(Target::Here));
    macro_rules! away {
        ($Trait:path) => {
            Arc::new(Fork::<dyn $Trait>::new(decide.clone(), None))
        };
    }
    Portal {
        faces: Faces {
            accounts,
            schedule: away!(booking_api::Schedule),
            shop: away!(booking_api::Shop),
            orders: away!(booking_api::Orders),
            payments: away!(booking_api::Payments),
            disruption: away!(booking_api::Disruption),
            search: away!(search_api::Search),
            status: away!(status_api::Status),
            notes: away!(notes_api::Notes),
        },
        cockpit,
        own_tokens: Arc::new(|_| None),
        seal: Seal::new(&[5; 32], outside.clone(), false),
        assets: Assets::new(),
        house: Facts { brand: "Banyan Air".into(), demo: false, public_url: "http://127.0.0.1".into() },
        outside,
    }
}

async fn app(portal: Portal, sessions: Data<Sessions>) -> Front {
    let rates = Rates { enabled: false, pages: 1000, sign_in: 1000, find_booking: 1000 };
    let settings = EdgeSettings { public_url: "http://127.0.0.1", trusted_proxies: &[], rates };
    let app = App::new()
        .app_data(Data::new(portal))
        .app_data(Data::new(Gate::new(&settings).unwrap()))
        .app_data(sessions)
        .wrap(from_fn(edge::pass))
        .configure(banyan::pages::routes)
        .configure(banyan::admin::routes);
    let app = test::init_service(app).await;
    Box::new(Boxed(std::rc::Rc::new(app)))
}

/// One type for whatever the framework made of the app.
struct Boxed<S>(std::rc::Rc<S>);

impl<S> Service<Request> for Boxed<S>
where
    S: Service<Request, Response = ServiceResponse<BoxBody>, Error = actix_web::Error> + 'static,
    S::Future: 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = actix_web::Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>>>>;

    fn poll_ready(&self, ctx: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        self.0.poll_ready(ctx)
    }

    fn call(&self, request: Request) -> Self::Future {
        Box::pin(self.0.call(request))
    }
}
