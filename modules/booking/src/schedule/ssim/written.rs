//! Writes season files for tests: records as data, columns as the format counts them.

/// A line of 200 bytes, from texts at their 1-based columns.
pub(crate) fn line(cells: &[(usize, &str)]) -> String {
    let mut bytes = vec![b' '; 200];
    for (column, text) in cells {
        for (place, byte) in text.bytes().enumerate() {
            bytes[column - 1 + place] = byte;
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// One leg record with usual values; tests change what they are about.
#[derive(Debug, Clone)]
pub(crate) struct Leg {
    pub(crate) airline: &'static str,
    pub(crate) number: String,
    pub(crate) variation: u32,
    pub(crate) sequence: u32,
    pub(crate) service: char,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) days: String,
    pub(crate) rate: char,
    /// Station, time, variation.
    pub(crate) departs: (String, String, String),
    pub(crate) arrives: (String, String, String),
    pub(crate) aircraft: &'static str,
    pub(crate) classes: &'static str,
    pub(crate) configuration: &'static str,
    /// Bytes 193 and 194.
    pub(crate) shifts: String,
    pub(crate) restrictions: &'static str,
    pub(crate) disclosure: char,
}

impl Leg {
    pub(crate) fn new(number: &str, from: (&str, &str, &str), to: (&str, &str, &str)) -> Self {
        let call = |(station, time, variation): (&str, &str, &str)| {
            (station.to_owned(), time.to_owned(), variation.to_owned())
        };
        Self {
            airline: "XI",
            number: format!("{number:>4}"),
            variation: 1,
            sequence: 1,
            service: 'J',
            from: "01DEC26".to_owned(),
            to: "31DEC26".to_owned(),
            days: "1234567".to_owned(),
            rate: ' ',
            departs: call(from),
            arrives: call(to),
            aircraft: "320",
            classes: "",
            configuration: "Y180",
            shifts: "  ".to_owned(),
            restrictions: "",
            disclosure: ' ',
        }
    }

    pub(crate) fn on(mut self, from: &str, to: &str, days: &str) -> Self {
        (self.from, self.to, self.days) = (from.to_owned(), to.to_owned(), days.to_owned());
        self
    }

    pub(crate) fn line(&self) -> String {
        let (from, leaves, east) = &self.departs;
        let (to, lands, also_east) = &self.arrives;
        line(&[
            (1, "3"),
            (3, self.airline),
            (6, &self.number),
            (10, &format!("{:02}", self.variation % 100)),
            (12, &format!("{:02}{}", self.sequence, self.service)),
            (15, &format!("{}{}{}{}", self.from, self.to, self.days, self.rate)),
            (37, &format!("{from}{leaves}{leaves}{east}")),
            (55, &format!("{to}{lands}{lands}{also_east}")),
            (73, self.aircraft),
            (76, self.classes),
            (149, &self.disclosure.to_string()),
            (150, self.restrictions),
            (173, self.configuration),
            (193, &self.shifts),
        ])
    }
}

/// A whole file of one carrier: header, heading, the given records with serial numbers, trailer.
pub(crate) fn file(mode: char, airline: &str, validity: &str, records: &[String]) -> String {
    let mut lines = vec![
        line(&[(1, "1AIRLINE STANDARD SCHEDULE DATA SET"), (41, "1"), (192, "001")]),
        line(&[(1, &format!("2{mode}{airline}")), (11, "W26"), (15, validity), (29, "20NOV26"), (72, "P")]),
    ];
    lines.extend_from_slice(records);
    let last = lines.len();
    lines.push(line(&[(1, "5"), (3, airline), (188, &format!("{last:06}E"))]));
    let numbered = lines.iter().zip(1..).map(|(line, serial)| format!("{}{serial:06}\n", &line[..194]));
    numbered.collect()
}

/// The season that most tests live in.
pub(crate) const WINTER: &str = "25OCT2627MAR27";
