//! Reads a season file (SSIM chapter 7), leniently: what can be read is loaded, what is odd is a warning with its line, and
//! what cannot be read is refused alone. Pure: text in, season flights out.

mod cabins;
mod carrier;
mod chain;
mod dating;
mod flight;
mod leg;
mod notes;
mod record;
mod segment;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod written;

use booking_api::{Remark, events::SeasonFlight};
use jiff::civil;
use kernel::Carrier;

use super::{dates::Period, places::Places};
use carrier::Heading;
use chain::Chains;
use notes::Notes;
use record::{Read, Record, WIDTH};

pub(crate) use notes::Unread;

/// Everything that a file says.
#[derive(Debug, Default)]
pub(crate) struct Season {
    /// Whether this is a season file at all.
    pub(crate) recognised: bool,
    pub(crate) flights: Vec<SeasonFlight>,
    /// What the file replaces.
    pub(crate) windows: Vec<Window>,
    /// Leg records.
    pub(crate) read: u32,
    /// Dated flights that the season flights stand for.
    pub(crate) dated: u32,
    pub(crate) refused: Vec<Remark>,
    pub(crate) warnings: Vec<Remark>,
    pub(crate) unread: Unread,
}

/// A carrier's validity: base dates on which this file is the whole truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) carrier: Carrier,
    pub(crate) from: civil::Date,
    pub(crate) to: civil::Date,
}

const OPENING: &str = "1AIRLINE STANDARD SCHEDULE DATA SET";
/// An open end that nothing else limits is taken as a year.
const HORIZON_DAYS: i32 = 365;

/// Reads a whole file. `today` limits periods without an end.
pub(crate) fn read(text: &str, places: &Places, today: civil::Date) -> Season {
    let records = || lines(text).filter(|record| !record.is_filler());
    if let Some(reason) = not_a_season(records().next()) {
        return Season { refused: vec![Remark { line: 1, reason }], ..Season::default() };
    }
    let mut reader = Reader::new(today);
    for record in records() {
        reader.take(&record);
    }
    reader.finish(places)
}

fn lines(text: &str) -> impl Iterator<Item = Record<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    (1..).zip(text.lines()).map(|(line, text)| Record::new(line, text))
}

fn not_a_season(first: Option<Record<'_>>) -> Option<String> {
    let Some(first) = first else { return Some("the file is empty".to_owned()) };
    let opens = first.raw(1, OPENING.len()).eq_ignore_ascii_case(OPENING);
    let headless = first.letter(1) == '2' && carrier::read(&first).is_ok();
    let reason = || format!("this is not an SSIM chapter 7 file: it does not begin with `{OPENING}`");
    (!opens && !headless).then(reason)
}

/// Where the reader stands in a file.
struct Reader {
    today: civil::Date,
    notes: Notes,
    chains: Chains,
    /// Headings so far; legs name theirs by place.
    headings: Vec<Heading>,
    /// Why the legs that follow cannot be read, if their heading could not.
    headless: Option<String>,
    windows: Vec<Window>,
    serial: Option<u32>,
    read: u32,
    /// The line of the last trailer, and the last line of all.
    ended: Option<u32>,
    last: u32,
}

impl Reader {
    fn new(today: civil::Date) -> Self {
        Self {
            today,
            notes: Notes::default(),
            chains: Chains::default(),
            headings: Vec::new(),
            headless: Some("no carrier record (type 2) stands before it".to_owned()),
            windows: Vec::new(),
            serial: None,
            read: 0,
            ended: None,
            last: 0,
        }
    }

    fn take(&mut self, record: &Record<'_>) {
        let previous = self.serial;
        self.check_shape(record);
        self.last = record.line;
        let outcome = match record.letter(1) {
            '1' => Ok(()),
            '2' => self.heading(record),
            '3' => self.leg(record),
            '4' => self.segment(record),
            '5' => {
                self.trailer(record, previous);
                Ok(())
            }
            other => Err(format!("record type `{other}` is not 1 to 5")),
        };
        if let Err(reason) = outcome {
            self.mark_unread(record);
            self.notes.refused.push(Remark { line: record.line, reason });
        }
    }

    fn mark_unread(&mut self, record: &Record<'_>) {
        let heading = self.headings.last().map(|heading| heading.airline);
        match leg::designator(record, &mut |_| ()) {
            Ok(designator) => self.notes.unread.flights.extend([designator]),
            Err(_) => self.notes.unread.carriers.extend(record.text(3, 5).parse().ok().or(heading)),
        }
    }

    fn heading(&mut self, record: &Record<'_>) -> Read<()> {
        if !record.text(6, 10).is_empty() {
            self.notes
                .warn(record.line, format!("text `{}` in bytes 6 to 10 is ignored", record.text(6, 10)));
        }
        match carrier::read(record) {
            Ok(heading) => {
                self.headless = None;
                self.cover(&heading, heading.airline);
                self.headings.push(heading);
                Ok(())
            }
            Err(reason) => {
                self.headless = Some(format!("its carrier record in line {} cannot be read", record.line));
                Err(reason)
            }
        }
    }

    fn leg(&mut self, record: &Record<'_>) -> Read<()> {
        self.read += 1;
        if let Some(reason) = &self.headless {
            return Err(reason.clone());
        }
        let leg = leg::read(record, &mut self.notes.warnings)?;
        flight::check(&leg, &mut self.notes)?;
        let place = self.headings.len().saturating_sub(1);
        if let Some(heading) =
            self.headings.get(place).filter(|heading| heading.airline != leg.designator.carrier)
        {
            let (heading, airline) = (heading.clone(), leg.designator.carrier);
            if self.cover(&heading, airline) {
                let reason = format!("{airline} flies under the carrier record of {}", heading.airline);
                self.notes.warn(record.line, reason);
            }
        }
        self.chains.add(leg, place)
    }

    fn segment(&mut self, record: &Record<'_>) -> Read<()> {
        let segment = segment::read(record, &mut self.notes.warnings)?;
        self.chains.describe(segment)
    }

    fn trailer(&mut self, record: &Record<'_>, previous: Option<u32>) {
        self.ended = Some(record.line);
        let airline = record.text(3, 5);
        if let Some(heading) = self.headings.last().filter(|heading| heading.airline.as_str() != airline) {
            let reason = format!("the trailer names `{airline}`, the carrier record {}", heading.airline);
            self.notes.warn(record.line, reason);
        }
        let reference = record.number("check reference", 188, 193).ok().flatten();
        if reference.is_none() || reference != previous {
            let reason =
                format!("check reference `{}` is not the serial number before it", record.text(188, 193));
            self.notes.warn(record.line, reason);
        }
    }

    /// The first time that an airline stands under a heading, that validity becomes a window of its own.
    fn cover(&mut self, heading: &Heading, carrier: Carrier) -> bool {
        let Some(from) = heading.from else { return false };
        let window = Window { carrier, from, to: heading.to.unwrap_or_else(|| horizon(from, self.today)) };
        let new = !self.windows.contains(&window);
        if new {
            self.windows.push(window);
        }
        new
    }

    /// Serial numbers may be wrong; length may be too.
    fn check_shape(&mut self, record: &Record<'_>) {
        if record.length() > WIDTH {
            self.notes.warn(
                record.line,
                format!("{} bytes instead of {WIDTH}; the rest is ignored", record.length()),
            );
        }
        let written = record.text(195, WIDTH);
        let expected = self.serial.map_or(1, |serial| serial % 999_999 + 1);
        if written.is_empty() && record.length() < 195 {
            self.serial = Some(expected);
            return;
        }
        let serial = written.parse::<u32>().ok();
        if serial != Some(expected) || written.len() != 6 {
            self.notes.warn(record.line, format!("serial number `{written}` where {expected:06} follows"));
        }
        self.serial = Some(serial.unwrap_or(expected));
    }

    fn finish(mut self, places: &Places) -> Season {
        if self.ended.is_none_or(|line| line < self.last) {
            let reason =
                "the file ends without a trailer (type 5) and may be cut off: what it lacks stays as it was";
            self.notes.warn(self.last, reason.to_owned());
            self.notes.unread.carriers.extend(self.windows.iter().map(|window| window.carrier));
        }
        let chains = std::mem::take(&mut self.chains).finish(&mut self.notes);
        let mut flights = flight::Builder::new(places);
        for chain in chains {
            let Some((heading, first)) = self.headings.get(chain.heading).zip(chain.legs.first()) else {
                continue;
            };
            let period = Period {
                from: first.from,
                to: first.to.or(heading.to).unwrap_or_else(|| horizon(first.from, self.today)),
                days: first.days,
                fortnightly: first.fortnightly,
            };
            flights.add(&chain, period, heading.mode, &mut self.notes);
        }
        let Notes { mut refused, mut warnings, unread, .. } = self.notes;
        refused.sort_by_key(|remark| remark.line);
        warnings.sort_by_key(|remark| remark.line);
        let (flights, dated) = flights.finish();
        Season {
            recognised: true,
            flights,
            windows: self.windows,
            read: self.read,
            dated,
            refused,
            warnings,
            unread,
        }
    }
}

fn horizon(from: civil::Date, today: civil::Date) -> civil::Date {
    from.max(today).checked_add(jiff::Span::new().days(HORIZON_DAYS)).unwrap_or(civil::Date::MAX)
}
