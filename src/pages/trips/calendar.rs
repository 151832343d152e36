//! The calendar file of a trip (iCalendar, RFC 5545): one event per flight, at UTC instants, so that every
//! calendar shows it in its own time.

use actix_web::{HttpResponse, http::header, web::Path};
use booking_api::{Order, Segment};
use jiff::{Timestamp, tz::TimeZone};

use crate::edge::{Stop, Visit};

pub(super) async fn file(visit: Visit, locator: Path<String>) -> Result<HttpResponse, Stop> {
    let (_, order) = super::order(&visit, &locator).await?;
    let name = format!("attachment; filename=\"trip-{}.ics\"", order.locator);
    Ok(HttpResponse::Ok()
        .content_type("text/calendar; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(calendar(&order, visit.portal.outside.now())))
}

fn calendar(order: &Order, now: Timestamp) -> String {
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//Banyan//Trips//EN".to_owned(),
    ];
    for segment in order.slices.iter().flat_map(|slice| &slice.segments) {
        lines.extend(event(order, segment, now));
    }
    lines.push("END:VCALENDAR".to_owned());
    lines.iter().map(|line| folded(line)).collect()
}

fn event(order: &Order, segment: &Segment, now: Timestamp) -> [String; 9] {
    let route = format!("{} ({}) to {} ({})", segment.from_city, segment.from, segment.to_city, segment.to);
    let status = if segment.cancelled { "CANCELLED" } else { "CONFIRMED" };
    [
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}-{}-{}@banyan", order.locator, segment.designator, segment.date),
        format!("DTSTAMP:{}", instant(now)),
        format!("DTSTART:{}", instant(segment.departs)),
        format!("DTEND:{}", instant(segment.arrives)),
        format!("SUMMARY:{}", escaped(&format!("{}, {route}", segment.designator))),
        format!("DESCRIPTION:{}", escaped(&format!("Booking {}", order.locator))),
        format!("STATUS:{status}"),
        "END:VEVENT".to_owned(),
    ]
}

fn instant(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}

/// Lines end in CRLF and are at most 75 bytes; the rest goes on after a blank.
fn folded(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    let mut used = 0;
    for letter in line.chars() {
        if used + letter.len_utf8() > 75 {
            out.push_str("\r\n ");
            used = 1;
        }
        out.push(letter);
        used += letter.len_utf8();
    }
    out + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_folded_by_bytes_and_unfold_to_the_same() {
        let line = format!("SUMMARY:{}", "é".repeat(60));
        let folded = folded(&line);
        assert!(folded.split("\r\n").all(|part| part.len() <= 75));
        assert_eq!(folded.replace("\r\n ", "").trim_end(), line);
        assert_eq!(escaped("a,b;c\\d\n"), "a\\,b\\;c\\\\d\\n");
    }
}
