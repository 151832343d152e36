//! The one middleware: what every request passes, in order, before and after its handler.

use std::{panic::AssertUnwindSafe, time::Instant};

use actix_web::{
    Error, HttpMessage,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        ConnectionType, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use futures_util::FutureExt;
use kernel::Pin;
use tracing::Instrument;

use super::{
    Class, Counted, Hosts, Limits, Marks, Patience, Proxies, Rates, Sessions, Stop,
    authorise::{Kind, Row, Who, row_of},
    body,
    crash::Crash,
    csrf, door, enter, explain, headers, kill,
    seam::{self, Edge},
    session::{Principal, SESSION},
    visit::first_ctx,
};
use crate::portal::Portal;

/// What the edge is told by the settings.
pub struct EdgeSettings<'a> {
    pub public_url: &'a str,
    pub trusted_proxies: &'a [String],
    pub rates: Rates,
}

/// The edge's own state, as `web::Data<Gate>`, shared by all workers so that limits count together.
pub struct Gate {
    pub hosts: Hosts,
    pub proxies: Proxies,
    pub limits: Limits,
    pub patience: Patience,
}

impl Gate {
    /// `Err` names the setting that makes no sense.
    pub fn new(settings: &EdgeSettings<'_>) -> Result<Self, String> {
        Ok(Self {
            hosts: Hosts::of(settings.public_url)?,
            proxies: Proxies::of(settings.trusted_proxies.iter().map(String::as_str))?,
            limits: Limits::new(&settings.rates),
            patience: Patience::default(),
        })
    }
}

/// The targets that staff is shown in `Banyan-Decision`.
pub(super) struct StaffPin(pub(super) Pin);

/// For `App::wrap(from_fn(edge::pass))`. The app needs `Data` of [`Portal`], [`Gate`] and [`Sessions`].
pub async fn pass(
    portal: Data<Portal>,
    gate: Data<Gate>,
    sessions: Data<Sessions>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let marks = enter::marks(&portal, &gate, &request);
    request.extensions_mut().insert(marks.clone());
    let mut kind = if request.path().starts_with("/api/") { Kind::PrivateApi } else { Kind::Page };
    let edge = Edge { portal: &portal, gate: &gate, sessions: &sessions, marks: &marks };
    let answered = match seam::cross(&edge, &mut request).await {
        Ok(Some(crossed)) => {
            let mut response = request.into_response(crossed);
            enter::put(&portal, &marks, &mut response);
            seam::put_headers(gate.hosts.is_https(), &marks, &mut response);
            record(started, &marks, &response);
            return Ok(response);
        }
        Ok(None) => handle(&edge, request, &mut kind, next).await?,
        Err(stop) => request.error_response(stop),
    };
    let mut response = explain::explain(answered);
    enter::put(&portal, &marks, &mut response);
    put_headers(&portal, &gate, &marks, kind, &mut response);
    record(started, &marks, &response);
    Ok(response)
}

/// By our own handlers.
async fn handle(
    edge: &Edge<'_>,
    mut request: ServiceRequest,
    kind: &mut Kind,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Edge { portal, gate, sessions, marks } = edge;
    let trouble = match admit(portal, gate, sessions, marks, &mut request, kind).await {
        Ok(trouble) => trouble,
        Err(stop) => return Ok(request.error_response(stop)),
    };
    let span = tracing::info_span!("request", request_id = %marks.request_id, trace_id = %marks.trace_id,
        epoch = marks.look.epoch());
    let handled = AssertUnwindSafe(next.call(request)).catch_unwind().instrument(span).await;
    let response = handled.map_err(|_| Crash::of(marks, *kind))??.map_into_boxed_body();
    Ok(match trouble.stop() {
        Some(stop) => response.error_response(stop),
        None => response,
    })
}

/// The checks, cheapest first.
async fn admit(
    portal: &Portal,
    gate: &Gate,
    sessions: &Sessions,
    marks: &Marks,
    request: &mut ServiceRequest,
    kind: &mut Kind,
) -> Result<body::Trouble, Stop> {
    door::open(request, &gate.hosts)?;
    let row = row(request)?;
    // A KILL waits for no turn among others from the same address.
    let pass = kill::pass_of(request.request(), portal, sessions);
    if let Some(row) = row {
        *kind = row.kind;
        if pass.is_none() {
            count(gate, marks, row)?;
        }
    }
    csrf::check(request.request(), portal, &gate.hosts)?;
    if let Some(pass) = pass {
        // Nobody else is asked: a KILL must not wait for a database.
        request.extensions_mut().insert(pass);
    } else if let Some(row) = row.filter(|row| row.who != Who::Anyone) {
        let ctx = first_ctx(request.request(), marks)?;
        let principal = Principal::of(request.request(), portal, sessions, &ctx).await?;
        row.judge(&principal.actor(), principal.resting)?;
    }
    body::watch(request, gate.patience)
}

/// The row of the matched route; none where nothing matched, which will be a 404.
pub(super) fn row(request: &ServiceRequest) -> Result<Option<&'static Row>, Stop> {
    let Some(pattern) = request.match_pattern() else { return Ok(None) };
    match row_of(&pattern, request.method()) {
        Some(row) => Ok(Some(row)),
        // A known address with a method that it does not have is told so by the router.
        None if super::authorise::TABLE.iter().any(|row| row.speaks_of(&pattern)) => Ok(None),
        None => {
            tracing::error!(route = pattern, "a route has no row in the table of rights and stays shut");
            Err(Stop::NotFound)
        }
    }
}

pub(super) fn count(gate: &Gate, marks: &Marks, row: &Row) -> Result<(), Stop> {
    let Some(class) = row.counted else { return Ok(()) };
    gate.limits.count(class, &Counted::address(marks.client))?;
    if class == Class::FindBooking {
        gate.limits.count(class, &Counted::All)?;
    }
    Ok(())
}

fn put_headers(
    portal: &Portal,
    gate: &Gate,
    marks: &Marks,
    kind: Kind,
    response: &mut ServiceResponse<BoxBody>,
) {
    let known = response.request().cookie(&portal.seal.name(SESSION)).is_some();
    let frame = headers::Frame { kind, nonce: &marks.nonce, https: gate.hosts.is_https(), known };
    headers::put(response, &frame);
    put_decision(response);
    // What is left of a refused request must not be taken for the next one.
    let unread = [
        StatusCode::BAD_REQUEST,
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::PAYLOAD_TOO_LARGE,
        StatusCode::MISDIRECTED_REQUEST,
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    ];
    // An ignored upgrade would be confirmed by the framework's own `Connection: upgrade`.
    let upgrades = response.request().headers().contains_key(header::UPGRADE);
    if upgrades || unread.contains(&response.status()) {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
}

fn put_decision(response: &mut ServiceResponse<BoxBody>) {
    let mut lines: Vec<String> =
        response.request().extensions().get::<StaffPin>().map_or_else(Vec::new, |StaffPin(pin)| {
            pin.modules()
                .map(|(module, target)| format!("module={module}; target={target}; epoch={}", pin.epoch))
                .collect()
        });
    if let Some(seam::Decided(line)) = response.request().extensions().get() {
        lines.push(line.clone());
    }
    for value in lines.iter().filter_map(|line| HeaderValue::from_str(line).ok()) {
        response.headers_mut().append(HeaderName::from_static("banyan-decision"), value);
    }
}

/// One line a request, without its query: that may be private.
fn record(started: Instant, marks: &Marks, response: &ServiceResponse<BoxBody>) {
    let request = response.request();
    let (method, status) = (request.method().as_str(), response.status().as_u16());
    let route = request.match_pattern().unwrap_or_else(|| "none".to_owned());
    let took = started.elapsed();
    metrics::histogram!("banyan_http_request_seconds", "route" => route.clone(), "method" => method.to_owned(),
        "status" => status.to_string())
    .record(took);
    let took_ms = took.as_millis();
    let (Marks { request_id, trace_id, .. }, epoch) = (marks, marks.look.epoch());
    tracing::debug!(%request_id, %trace_id, epoch, method, route, status, took_ms, "a request was answered");
}
