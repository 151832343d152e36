//! One dated flight: where it is between A and B, what was planned, why it is late, and when more will be said.

use actix_web::{HttpResponse, web};
use askama::Template;
use jiff::Timestamp;
use kernel::Locale;
use status_api::{FlightStatus, LegState, LegStatus, Station};

use super::words;
use crate::{
    api::flight_of,
    edge::{Shell, Stop, Visit},
    pages::say,
};

#[derive(Template)]
#[template(path = "status/flight.html")]
struct Page {
    shell: Shell,
    title: String,
    words: String,
    live: String,
    as_of: String,
    legs: Vec<LegView>,
}

struct LegView {
    key: String,
    heading: String,
    badge: &'static str,
    kind: &'static str,
    progress: Progress,
    facts: Vec<(&'static str, String)>,
}

struct Progress {
    percent: i64,
    kind: &'static str,
    from: String,
    from_name: String,
    departs: String,
    departs_was: String,
    departs_words: String,
    to: String,
    to_name: String,
    arrives: String,
    arrives_was: String,
    arrives_words: String,
    state: String,
    reason: String,
}

pub(super) async fn show(visit: Visit, path: web::Path<(String, String)>) -> Result<HttpResponse, Stop> {
    let of = flight_of(&path).map_err(|_| Stop::NotFound)?;
    let found = visit.portal.faces.status.flight(&visit.ctx, of).await?.ok_or(Stop::NotFound)?;
    visit.page(&page(&visit, &found))
}

fn page(visit: &Visit, flight: &FlightStatus) -> Page {
    let now = visit.portal.outside.now();
    let route = match (flight.legs.first(), flight.legs.last()) {
        (Some(first), Some(last)) => format!("{} to {}", first.from.city, last.to.city),
        _ => String::new(),
    };
    let zone = flight.legs.first().map(|leg| &leg.from);
    Page {
        shell: visit.shell(),
        title: format!("{}, {}", flight.designator, visit.locale.long_date(flight.date)),
        words: route,
        live: format!("/api/v1/flights/{}/{}/live", flight.designator, flight.date),
        as_of: zone.map_or_else(String::new, |station| visit.locale.time(words::at(now, station).time())),
        legs: flight.legs.iter().map(|leg| view(visit.locale, leg, now)).collect(),
    }
}

fn view(locale: Locale, leg: &LegStatus, now: Timestamp) -> LegView {
    let (badge, kind) = words::state(leg);
    LegView {
        key: format!("{}-{}", leg.from.iata, leg.to.iata),
        heading: format!("{} to {}", leg.from.city, leg.to.city),
        badge,
        kind,
        progress: progress(locale, leg, now),
        facts: facts(locale, leg),
    }
}

fn progress(locale: Locale, leg: &LegStatus, now: Timestamp) -> Progress {
    let (departs, departs_was) = pair(locale, words::departure(leg), &leg.from);
    let (arrives, arrives_was) = pair(locale, words::arrival(leg), &leg.to);
    let (_, kind) = words::state(leg);
    Progress {
        percent: words::percent(leg, now),
        kind: if matches!(kind, "delay" | "trouble") { kind } else { "" },
        from: leg.from.iata.to_string(),
        from_name: leg.from.name.clone(),
        departs,
        departs_was,
        departs_words: format!("{} time", leg.from.city),
        to: leg.to.iata.to_string(),
        to_name: leg.to.name.clone(),
        arrives,
        arrives_was,
        arrives_words: format!("{} time", leg.to.city),
        state: sentence(locale, leg, now),
        reason: leg.reasons.join(". "),
    }
}

/// The time to go by, and the planned one where it differs.
fn pair(
    locale: Locale,
    (planned, better): (Timestamp, Option<Timestamp>),
    station: &Station,
) -> (String, String) {
    let clock = |time| locale.time(words::at(time, station).time());
    match better {
        Some(better) if clock(better) != clock(planned) => (clock(better), clock(planned)),
        _ => (clock(planned), String::new()),
    }
}

fn sentence(locale: Locale, leg: &LegStatus, now: Timestamp) -> String {
    let (words, _) = words::state(leg);
    let minutes_to = |time: Timestamp| (time.as_second() - now.as_second()) / 60;
    match leg.state {
        LegState::Airborne | LegState::OffBlock => {
            let left = minutes_to(words::expected_arrival(leg));
            if left > 0 {
                format!("{words}, {} to go", locale.duration(left))
            } else {
                format!("{words}, about to arrive")
            }
        }
        LegState::Diverted => match leg.diverted_to {
            Some(airport) => format!("Diverted to {airport}"),
            None => words.to_owned(),
        },
        LegState::Cancelled => "Cancelled: this flight does not operate".to_owned(),
        _ => words.to_owned(),
    }
}

fn facts(locale: Locale, leg: &LegStatus) -> Vec<(&'static str, String)> {
    let moment =
        |time: Timestamp, at: &Station| format!("{} {} time", locale.moment(&words::at(time, at)), at.city);
    let mut facts = vec![
        ("Planned departure", moment(leg.scheduled.departure, &leg.from)),
        ("Planned arrival", moment(leg.scheduled.arrival, &leg.to)),
    ];
    let known = [
        ("Left the stand", leg.actual.off_block, &leg.from),
        ("Took off", leg.actual.airborne, &leg.from),
        ("Landed", leg.actual.landed, &leg.to),
        ("At the gate", leg.actual.on_block, &leg.to),
        ("Next information", leg.next_information, &leg.from),
    ];
    facts.extend(known.into_iter().filter_map(|(word, time, station)| Some((word, moment(time?, station)))));
    facts.extend(leg.gate.clone().map(|gate| ("Gate", gate)));
    facts.extend(leg.aircraft.as_deref().map(|code| ("Aircraft", say::aircraft(code))));
    facts.extend(leg.registration.clone().map(|registration| ("Registration", registration)));
    facts
}
