//! A stand-in for the system that Banyan replaces: a small application with pages and sessions of its own, that owns
//! booking's public addresses. It knows nothing of Banyan, and calls itself by its own address.

use std::{
    net::SocketAddr,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    cookie::Cookie,
    dev::ServerHandle,
    http::header,
    web::{self, Bytes, Data, Path},
};
use futures_util::stream;

use super::talk;

/// The name of its session cookie.
pub(crate) const SESSION: &str = "LEGACYID";

/// Stops when it is dropped.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) books: Data<Books>,
    handle: ServerHandle,
}

/// What it remembers.
#[derive(Default)]
pub(crate) struct Books {
    sessions: AtomicU32,
    baskets: AtomicU32,
    /// The cookies and addresses of every request, in order.
    seen: Mutex<Vec<Request>>,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) cookies: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Books {
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    fn write(&self, request: &HttpRequest) {
        let text = |value: &header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers: Vec<_> =
            request.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let cookies = headers.iter().filter(|(name, _)| name == "cookie").map(|(_, value)| value.clone());
        let seen = Request {
            method: request.method().to_string(),
            path: request.path().to_owned(),
            cookies: cookies.collect::<Vec<_>>().join("; "),
            headers,
        };
        self.seen.lock().unwrap().push(seen);
    }
}

impl Site {
    pub(crate) fn open() -> Self {
        let books = Data::new(Books::default());
        let (tell, told) = mpsc::channel();
        let kept = books.clone();
        let make = move || {
            App::new()
                .app_data(kept.clone())
                .route("/baskets", web::post().to(open_basket))
                .route("/baskets/{id}/passengers", web::get().to(passengers))
                .route("/baskets/{id}/passengers", web::post().to(name_passengers))
                .route("/baskets/{id}/review", web::get().to(review))
                .route("/baskets/{id}/payment", web::post().to(pay))
                .route("/trips", web::get().to(find))
                .route("/trips", web::post().to(found))
                .route("/trips/{locator}", web::get().to(trip))
                .route("/trips/{locator}/events", web::get().to(events))
                .route("/trips/{locator}/talk", web::get().to(talk::talk))
        };
        thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = HttpServer::new(make).workers(1).tcp_nodelay(true).bind("127.0.0.1:0")?;
                let addresses = server.addrs();
                let running = server.disable_signals().run();
                for address in addresses {
                    tell.send((address, running.handle())).unwrap();
                }
                running.await
            })
        });
        let (address, handle) = told.recv().unwrap();
        Self { address, books, handle }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // Not awaited: the stop begins with the call.
        drop(self.handle.stop(false));
    }
}

/// Answers with an absolute address of its own, as old applications do.
async fn open_basket(request: HttpRequest, books: Data<Books>, _: Bytes) -> HttpResponse {
    books.write(&request);
    let number = books.baskets.fetch_add(1, Ordering::Relaxed) + 1;
    let own = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((header::LOCATION, format!("http://{own}/baskets/{number}/passengers")));
    with_session(&request, &books, &mut answer);
    answer.finish()
}

async fn passengers(request: HttpRequest, books: Data<Books>, id: Path<String>) -> HttpResponse {
    let form = format!(
        "<form method=\"post\" action=\"/baskets/{id}/passengers\"><label for=\"name\">Family name</label>\
         <input id=\"name\" name=\"family_name\"><button>Continue</button></form>"
    );
    page(&request, &books, "Who travels", &form)
}

async fn name_passengers(
    request: HttpRequest,
    books: Data<Books>,
    id: Path<String>,
    _: Bytes,
) -> HttpResponse {
    books.write(&request);
    HttpResponse::SeeOther().insert_header((header::LOCATION, format!("/baskets/{id}/review"))).finish()
}

async fn review(request: HttpRequest, books: Data<Books>, id: Path<String>) -> HttpResponse {
    let form = format!(
        "<form method=\"post\" action=\"/baskets/{id}/payment\"><button>Pay at the desk</button></form>"
    );
    page(&request, &books, "Your basket", &form)
}

async fn pay(request: HttpRequest, books: Data<Books>, id: Path<String>, _: Bytes) -> HttpResponse {
    books.write(&request);
    HttpResponse::SeeOther().insert_header((header::LOCATION, format!("/trips/LEG{id:0>3}"))).finish()
}

async fn find(request: HttpRequest, books: Data<Books>) -> HttpResponse {
    let form = "<form method=\"post\" action=\"/trips\"><label for=\"ref\">Reservation</label>\
                <input id=\"ref\" name=\"reference\"><button>Look up</button></form>";
    page(&request, &books, "Find your reservation", form)
}

async fn found(request: HttpRequest, books: Data<Books>, body: Bytes) -> HttpResponse {
    books.write(&request);
    let body = String::from_utf8_lossy(&body);
    let reference = body.split('=').nth(1).unwrap_or_default();
    HttpResponse::SeeOther().insert_header((header::LOCATION, format!("/trips/{reference}"))).finish()
}

async fn trip(request: HttpRequest, books: Data<Books>, locator: Path<String>) -> HttpResponse {
    page(&request, &books, &format!("Reservation {locator}"), "<p>Two seats by the window.</p>")
}

/// Three events, slowly enough that a proxy which gathers them would be seen.
async fn events(request: HttpRequest, books: Data<Books>) -> HttpResponse {
    books.write(&request);
    let events = stream::unfold(0u32, |sent| async move {
        if sent == 3 {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        let event = Bytes::from(format!("id: {sent}\ndata: gate {sent}\n\n"));
        Some((Ok::<_, actix_web::Error>(event), sent + 1))
    });
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/event-stream")).streaming(events)
}

fn page(request: &HttpRequest, books: &Books, title: &str, body: &str) -> HttpResponse {
    books.write(request);
    let mut answer = HttpResponse::Ok();
    with_session(request, books, &mut answer);
    answer.content_type("text/html; charset=utf-8").body(format!(
        "<!doctype html><html lang=\"en\"><title>{title}</title><body><main><h1>{title}</h1>{body}\
         <p>Legacy reservations</p></main></body></html>"
    ))
}

fn with_session(request: &HttpRequest, books: &Books, answer: &mut actix_web::HttpResponseBuilder) {
    if request.cookie(SESSION).is_none() {
        let number = books.sessions.fetch_add(1, Ordering::Relaxed) + 1;
        let session = Cookie::build(SESSION, format!("session-{number}")).path("/").http_only(true).finish();
        answer.cookie(session);
    }
}
