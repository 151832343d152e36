//! A small portal: one worker that puts every request across, as the real one does after it has decided where to.

use std::{
    net::{IpAddr, SocketAddr, TcpListener},
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::header,
    web::{self, Data},
};
use proxy::{Crossing, HeaderValue, Proxy, ProxyError, ProxyHouse, UpstreamSettings, Upstreams};

use crate::{
    client::{Answer, Client},
    upstream::Upstream,
};

/// The trace that the portal says it is in.
pub(crate) const OUR_TRACE: &str = "00-11111111111111111111111111111111-2222222222222222-01";
/// What the portal calls its own cookies, less the prefix that they have under HTTPS.
pub(crate) const OUR_COOKIES: [&str; 3] = ["session", "subject", "kill"];

/// A door that is open until it is dropped.
pub(crate) struct Door {
    address: SocketAddr,
    server: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

/// How a door is to be.
#[derive(Clone)]
pub(crate) struct Plan {
    settings: UpstreamSettings,
    beside: Option<SocketAddr>,
    itself: bool,
    ways: Ways,
}

#[derive(Clone)]
struct Ways {
    identity: Option<HeaderValue>,
    client: Option<IpAddr>,
    trusted: bool,
    https: bool,
    upgrades: bool,
    repeatable: bool,
    authorization: bool,
}

impl Door {
    pub(crate) fn before(upstream: &Upstream) -> Self {
        Plan::before(upstream).open()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(&self, request: impl AsRef<[u8]>) -> Answer {
        let head_only = request.as_ref().starts_with(b"HEAD ");
        let mut client = self.client();
        client.send(request);
        if head_only { client.answer_without_body() } else { client.answer() }
    }

    /// As `ask`; `None` if the connection ended without a byte.
    pub(crate) fn outcome(&self, request: impl AsRef<[u8]>) -> Option<Answer> {
        let mut client = self.client();
        client.send(request);
        client.outcome()
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.ask(format!("GET {target} HTTP/1.1\r\nHost: portal.test\r\n\r\n"))
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        drop(self.server.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Plan {
    pub(crate) fn before(upstream: &Upstream) -> Self {
        Self::to(upstream.address)
    }

    pub(crate) fn to(address: SocketAddr) -> Self {
        let ways = Ways {
            identity: None,
            client: None,
            trusted: false,
            https: false,
            upgrades: false,
            repeatable: false,
            authorization: false,
        };
        let settings = UpstreamSettings::at(format!("http://{address}"));
        Self { settings, beside: None, itself: false, ways }
    }

    /// A door that leads back to itself.
    pub(crate) fn itself() -> Self {
        Self { itself: true, ..Self::to(([127, 0, 0, 1], 1).into()) }
    }

    /// An upstream by name instead of by number.
    pub(crate) fn named(address: &str, loopback: bool) -> Self {
        let plan = Self::to(([127, 0, 0, 1], 1).into());
        Self { settings: UpstreamSettings { loopback, ..UpstreamSettings::at(address) }, ..plan }
    }

    pub(crate) fn beside(mut self, other: &Upstream) -> Self {
        self.beside = Some(other.address);
        self
    }

    pub(crate) fn prefix(mut self, prefix: &str) -> Self {
        self.settings.address.push_str(prefix);
        self
    }

    pub(crate) fn identity(self, token: &str) -> Self {
        self.maybe_identity(Some(token))
    }

    pub(crate) fn maybe_identity(mut self, token: Option<&str>) -> Self {
        self.ways.identity = token.map(|token| HeaderValue::from_str(token).unwrap());
        self
    }

    pub(crate) fn client(mut self, client: IpAddr) -> Self {
        self.ways.client = Some(client);
        self
    }

    pub(crate) fn trusted(mut self) -> Self {
        self.ways.trusted = true;
        self
    }

    pub(crate) fn https(mut self) -> Self {
        self.ways.https = true;
        self
    }

    pub(crate) fn upgrades(mut self) -> Self {
        self.ways.upgrades = true;
        self
    }

    pub(crate) fn authorization(mut self) -> Self {
        self.ways.authorization = true;
        self
    }

    pub(crate) fn repeatable(mut self, repeatable: bool) -> Self {
        self.ways.repeatable = repeatable;
        self
    }

    pub(crate) fn cookies_out(mut self, names: &[&str]) -> Self {
        self.settings.cookies = names.iter().map(|&name| name.to_owned()).collect();
        self
    }

    pub(crate) fn cookies_in(mut self, names: &[&str]) -> Self {
        self.settings.set_cookies = names.iter().map(|&name| name.to_owned()).collect();
        self
    }

    pub(crate) fn allow_odd_paths(mut self) -> Self {
        self.settings.allow_double_slash = true;
        self.settings.allow_semicolon = true;
        self
    }

    pub(crate) fn at_once(mut self, most: usize) -> Self {
        self.settings.in_flight = most;
        self
    }

    pub(crate) fn cap(mut self, bytes: u64) -> Self {
        self.settings.response_limit = Some(bytes);
        self
    }

    pub(crate) fn connect(mut self, limit: Duration) -> Self {
        self.settings.connect_ms = milliseconds(limit);
        self
    }

    pub(crate) fn head(mut self, limit: Duration) -> Self {
        self.settings.head_ms = milliseconds(limit);
        self
    }

    pub(crate) fn idle(mut self, limit: Duration) -> Self {
        self.settings.idle_ms = milliseconds(limit);
        self
    }

    pub(crate) fn stream_idle(mut self, limit: Duration) -> Self {
        self.settings.stream_idle_ms = milliseconds(limit);
        self
    }

    pub(crate) fn total(mut self, limit: Duration) -> Self {
        self.settings.total_ms = milliseconds(limit);
        self
    }

    pub(crate) fn open(self) -> Door {
        self.try_open().expect("the settings are good")
    }

    /// `None` if the settings are refused.
    pub(crate) fn try_open(mut self) -> Option<Door> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        if self.itself {
            self.settings.address = format!("http://{address}");
        }
        let mut settings = vec![("legacy".to_owned(), self.settings)];
        settings.extend(
            self.beside.map(|other| ("other".to_owned(), UpstreamSettings::at(format!("http://{other}")))),
        );
        let upstreams = Arc::new(Upstreams::new(&settings.into_iter().collect()).ok()?);
        let ways = self.ways;
        let (tell, told) = mpsc::channel();
        let thread = thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = serve(listener, upstreams, ways);
                tell.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        Some(Door { address, server: told.recv().unwrap(), thread: Some(thread) })
    }
}

fn serve(listener: TcpListener, upstreams: Arc<Upstreams>, ways: Ways) -> actix_web::dev::Server {
    let house = Arc::new(ProxyHouse {
        instance: "banyan-test".to_owned(),
        own_cookies: OUR_COOKIES.map(str::to_owned).to_vec(),
    });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(Proxy::new(Arc::clone(&upstreams), Arc::clone(&house))))
            .app_data(Data::new(ways.clone()))
            .default_service(web::to(cross))
    });
    let server = server.workers(1).disable_signals().shutdown_timeout(0);
    server.tcp_nodelay(true).listen(listener).unwrap().run()
}

async fn cross(
    request: HttpRequest,
    payload: web::Payload,
    proxy: Data<Proxy>,
    ways: Data<Ways>,
) -> HttpResponse {
    let peer = request.peer_addr().unwrap().ip();
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let crossing = Crossing {
        repeatable: ways.repeatable,
        upgrade: ways.upgrades,
        identity: ways.identity.clone(),
        peer_trusted: ways.trusted,
        https: ways.https,
        public_host: &host,
        request_id: "request-1",
        traceparent: OUR_TRACE,
        authorization: ways.authorization,
        ..Crossing::to("legacy", ways.client.unwrap_or(peer))
    };
    let outcome = proxy.forward(&request, payload.into_inner(), crossing).await;
    outcome.unwrap_or_else(|trouble| page(&trouble))
}

/// What the portal shows instead of an answer.
fn page(trouble: &ProxyError) -> HttpResponse {
    let mut page =
        HttpResponse::build(actix_web::http::StatusCode::from_u16(trouble.status().as_u16()).unwrap());
    if let Some(seconds) = trouble.retry_after() {
        page.insert_header((header::RETRY_AFTER, seconds));
    }
    page.body(trouble.to_string())
}

fn milliseconds(limit: Duration) -> u64 {
    u64::try_from(limit.as_millis()).unwrap()
}
