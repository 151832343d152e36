//! What is measured of a module: its gates, which nobody judges yet, and the last ten minutes of each side.

use ::switch::{Binding, Gate, Point};
use actix_web::{HttpResponse, http::StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{MAY_LOOK, known, name::Name, tagged};
use crate::edge::{Stop, Visit};

pub(super) async fn gates(visit: Visit, name: Name) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_LOOK)?;
    let table = known(&visit, &name.0)?;
    let binding = table.bindings.get(name.0.as_str()).ok_or(Stop::NotFound)?;
    let theta = theta(binding, visit.portal.outside.now());
    let data: Vec<_> = binding.gates.iter().map(|gate| gate_json(gate, theta)).collect();
    Ok(tagged(StatusCode::OK, table.epoch, &json!({ "epoch": table.epoch, "data": data })))
}

pub(super) async fn series(visit: Visit, name: Name) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_LOOK)?;
    let table = known(&visit, &name.0)?;
    let now = visit.portal.outside.now();
    let traffic = visit.portal.cockpit.traffic();
    let side = |(target, points): (kernel::Target, Vec<Point>)| {
        let points: Vec<_> = points.iter().map(|point| point_json(point, Some(now))).collect();
        json!({ "target": target, "breaker": traffic.breaker(&name.0, &target), "points": points })
    };
    let data: Vec<_> = traffic.series(&name.0).into_iter().map(side).collect();
    Ok(tagged(StatusCode::OK, table.epoch, &json!({ "epoch": table.epoch, "data": data })))
}

/// `now` gives the point a time of day.
pub(super) fn point_json(point: &Point, now: Option<Timestamp>) -> Value {
    let ms = |took: Option<std::time::Duration>| took.map(|took| took.as_secs_f64() * 1_000.0);
    let at = now.and_then(|now| now.checked_sub(SignedDuration::try_from(point.ago).ok()?).ok());
    json!({
        "at": at,
        "span_seconds": point.span.as_secs_f64(),
        "requests_per_second": point.per_second(),
        "answered": point.answered,
        "failed": point.failed,
        "errors": point.failed_share(),
        "p50_ms": ms(point.p50),
        "p99_ms": ms(point.p99),
    })
}

/// The candidate's share of the two compared sides; `None` without a hop.
fn theta(binding: &Binding, now: Timestamp) -> Option<f64> {
    let ranges = binding.ranges_at(now);
    let (to, from) = (ranges.share(&binding.hop.to), ranges.share(&binding.hop.from));
    (binding.is_hopping() && to + from > 0).then(|| f64::from(to) / f64::from(to + from))
}

/// No counts are no evidence, so they are absent rather than zero.
fn gate_json(gate: &Gate, theta: Option<f64>) -> Value {
    json!({
        "gate": gate.metric,
        "max": gate.max,
        "plus": gate.plus,
        "alpha": gate.alpha,
        "beta": gate.beta,
        "n": null,
        "x": null,
        "theta": theta,
        "e_bad": null,
        "e_good": null,
        "verdict": "not proven",
    })
}
