//! Connecting times: a file of either form becomes part of one table, which is told as a whole.

use booking_api::{
    BookingError, ImportReport, ImportText, Remark,
    events::{CarrierConnectingTime, ConnectingTimes},
};
use kernel::{Carrier, Ctx, Iata, NewEvent};
use store::{DbError, Expected, Tx, TxError};

use super::rows;
use crate::{Booking, csv};

const BY_AIRPORT: &str = "airport,minutes";
const BY_CARRIER: &str = "airport,from_carrier,to_carrier,minutes";
/// Longer than a day is a mistake, not a connection.
const MOST_MINUTES: u16 = 24 * 60;

/// What a file says. By airport it replaces the airports and defaults, by carrier the carriers' own times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct File {
    by_carrier: bool,
    default: Option<u16>,
    airports: Vec<(Iata, u16)>,
    carriers: Vec<CarrierConnectingTime>,
}

pub(crate) async fn import(
    booking: &Booking,
    ctx: &Ctx,
    text: ImportText,
) -> Result<ImportReport, BookingError> {
    let (file, report) = read(&text.text);
    if !report.recognised {
        return Ok(report);
    }
    let changed =
        booking.db.change::<_, BookingError>(ctx, move |tx| put(tx, &file).map_err(TxError::Db)).await?;
    let accepted = report.accepted;
    Ok(if changed { report } else { ImportReport { accepted: 0, unchanged: accepted, ..report } })
}

fn put(tx: &mut Tx<'_>, file: &File) -> Result<bool, DbError> {
    let before = rows::connecting_times(tx.conn())?;
    let after = file.applied_to(before.clone());
    if after == before {
        return Ok(false);
    }
    let now = tx.now();
    rows::put_connecting_times(tx.conn(), &after, now)?;
    tx.append("connecting-times", Expected::Any, NewEvent::new("connecting_times.changed", now, &after))?;
    Ok(true)
}

impl File {
    fn applied_to(&self, mut times: ConnectingTimes) -> ConnectingTimes {
        if self.by_carrier {
            times.carriers.clone_from(&self.carriers);
            times.airports.retain(|(at, _)| !self.airports.iter().any(|(own, _)| own == at));
            times.airports.extend(&self.airports);
        } else {
            times.airports.clone_from(&self.airports);
            times.defaults = ConnectingTimes::default().defaults;
        }
        if let Some(minutes) = self.default {
            times.defaults = [minutes; 4];
        }
        times.airports.sort_unstable();
        times
    }
}

fn read(text: &str) -> (File, ImportReport) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let mut report = ImportReport::default();
    let header = lines.next().map_or("", |(_, header)| header.trim());
    let mut file = File { by_carrier: header == BY_CARRIER, ..File::default() };
    if header != BY_AIRPORT && header != BY_CARRIER {
        let reason = format!(
            "this is not a file of connecting times: its first line is neither `{BY_AIRPORT}` nor `{BY_CARRIER}`"
        );
        report.refused.push(Remark { line: 1, reason });
        return (file, report);
    }
    report.recognised = true;
    for (line, text) in lines {
        report.read += 1;
        match file.take(text) {
            Ok(()) => report.accepted += 1,
            Err(reason) => report.refused.push(Remark { line, reason }),
        }
    }
    (file, report)
}

impl File {
    fn take(&mut self, line: &str) -> Result<(), String> {
        let fields: Vec<String> =
            csv::fields(line).into_iter().map(|field| field.trim().to_owned()).collect();
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        match (self.by_carrier, fields.as_slice()) {
            (false, [at, minutes]) | (true, [at, "*", "*", minutes]) => {
                self.at_airport(airport(at)?, count(minutes)?);
            }
            (true, [_, "*", _, _] | [_, _, "*", _]) => {
                return Err("both carriers are named, or neither".to_owned());
            }
            (true, [at, from, to, minutes]) => {
                let time = CarrierConnectingTime {
                    airport: airport(at)?,
                    from: carrier(from)?,
                    to: carrier(to)?,
                    minutes: count(minutes)?,
                };
                self.carriers.retain(|known| {
                    (known.airport, known.from, known.to) != (time.airport, time.from, time.to)
                });
                self.carriers.push(time);
            }
            (_, fields) => {
                return Err(format!(
                    "{} fields instead of {}",
                    fields.len(),
                    if self.by_carrier { 4 } else { 2 }
                ));
            }
        }
        Ok(())
    }

    fn at_airport(&mut self, at: Option<Iata>, minutes: u16) {
        let Some(at) = at else {
            self.default = Some(minutes);
            return;
        };
        self.airports.retain(|(known, _)| *known != at);
        self.airports.push((at, minutes));
    }
}

/// `None` is `*`: everywhere.
fn airport(text: &str) -> Result<Option<Iata>, String> {
    if text == "*" {
        Ok(None)
    } else {
        text.parse().map(Some).map_err(|error: kernel::NotParsed| error.to_string())
    }
}

fn carrier(text: &str) -> Result<Carrier, String> {
    text.parse().map_err(|error: kernel::NotParsed| error.to_string())
}

fn count(text: &str) -> Result<u16, String> {
    let minutes = text.parse().ok().filter(|minutes| *minutes <= MOST_MINUTES);
    minutes.ok_or_else(|| format!("`{text}` is not a number of minutes up to {MOST_MINUTES}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms() {
        let (plain, report) = read("airport,minutes\nAMS,50\n*,45\nLHR,75\nAMS,40\n");
        assert_eq!((report.accepted, report.refused.len()), (4, 0));
        let times = plain.applied_to(ConnectingTimes::default());
        assert_eq!(times.defaults, [45; 4]);
        assert_eq!(times.airports, [("AMS".parse().unwrap(), 40), ("LHR".parse().unwrap(), 75)]);

        let (own, report) =
            read("airport,from_carrier,to_carrier,minutes\nAMS,XI,XI,35\n*,XI,X2,80\nLHR,*,*,90\n");
        assert_eq!((report.accepted, report.refused.len()), (3, 0));
        let both = own.applied_to(times);
        assert_eq!((both.carriers.len(), both.carriers[1].airport), (2, None));
        assert_eq!(both.airports[1].1, 90);
        assert_eq!(both.defaults, [45; 4]);
    }

    #[test]
    fn wrong_lines_are_refused_alone() {
        let (file, report) = read("airport,minutes\nAMS,soon\nA,30\nAMS,9999\nAMS,30,1\nAMS,30\n");
        assert_eq!(report.refused.iter().map(|r| r.line).collect::<Vec<_>>(), [2, 3, 4, 5]);
        assert_eq!(file.airports.len(), 1);
        assert!(!read("iata,minutes\nAMS,30\n").1.recognised);
        let (_, report) = read("airport,from_carrier,to_carrier,minutes\nAMS,XI,*,30\n");
        assert!(report.refused[0].reason.contains("both carriers"));
    }
}
