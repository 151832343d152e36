//! Movement and schedule messages as they are written: pure readers that know nothing of flights. They read by the
//! shape of a line, keep what they do not understand, and never panic.

mod asm;
mod clock;
mod load;
mod mvt;
#[cfg(test)]
mod tests;

pub(crate) use asm::{Action, Change, Dates, ScheduleMessage, Scope};
pub(crate) use clock::{Clock, DayOf, shifted};
pub(crate) use load::Load;
pub(crate) use mvt::{Movement, Report};

/// One telex: what its header said, and what it tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Telex {
    /// When it was sent, as the line `.ORIGIN 121015` says.
    pub(crate) sent: Option<Clock>,
    pub(crate) body: Body,
    /// Lines that were kept but not understood.
    pub(crate) unread: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    Movement(Movement),
    Schedule(ScheduleMessage),
    Load(Load),
}

/// Reads one message. The error says what is wrong and quotes it.
pub(crate) fn read(text: &str) -> Result<Telex, String> {
    let lines: Vec<String> = text.lines().map(tidy).filter(|line| !line.is_empty()).collect();
    let start = lines
        .iter()
        .position(|line| identifier(line).is_some())
        .ok_or_else(|| unknown(lines.first().map_or("", String::as_str)))?;
    let (header, rest) = lines.split_at(start);
    let (kind, rest) = kind_of(rest);
    let mut unread = Vec::new();
    let body = match kind {
        Kind { word: "LDM", .. } => Body::Load(load::read(&rest, &mut unread)?),
        Kind { word: "ASM" | "SSM", .. } => {
            Body::Schedule(asm::read(kind.word == "SSM", &rest, &mut unread)?)
        }
        Kind { word, correction } => {
            Body::Movement(mvt::read(word == "MVA", correction, &rest, &mut unread)?)
        }
    };
    Ok(Telex { sent: header.iter().find_map(|line| origin(line)), body, unread })
}

/// The text without what differs between two copies of one message: case, blanks, control characters, hyphens in
/// the header's priority.
pub(crate) fn normal(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(tidy).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// The text from its identifier on.
pub(crate) fn without_header(text: &str) -> String {
    let lines: Vec<&str> = text.lines().skip_while(|line| identifier(&tidy(line)).is_none()).collect();
    lines.join("\n")
}

struct Kind {
    word: &'static str,
    correction: bool,
}

const WORDS: [&str; 6] = ["MVT", "MVA", "LDM", "ASM", "SSM", "COR"];

/// `COR` may stand before the identifier, behind it, or on a line of its own.
fn kind_of(lines: &[String]) -> (Kind, Vec<String>) {
    let mut kind = Kind { word: "MVT", correction: false };
    let mut lines = lines.iter().peekable();
    while let Some(words) = lines.peek().and_then(|line| identifier(line)) {
        for word in words {
            if word == "COR" {
                kind.correction = true;
            } else {
                kind.word = word;
            }
        }
        lines.next();
    }
    (kind, lines.cloned().collect())
}

/// The words of a line that says what kind of message this is.
fn identifier(line: &str) -> Option<Vec<&'static str>> {
    if line.is_empty() {
        return None;
    }
    line.split_whitespace().map(|word| WORDS.into_iter().find(|known| *known == word)).collect()
}

/// The sender's line of a teletype header: its address behind a full stop, then day, hour and minute.
fn origin(line: &str) -> Option<Clock> {
    let (_, time) = line.strip_prefix('.')?.split_once(' ')?;
    let time = time.split_whitespace().next()?;
    let digits = time.get(..6)?;
    digits.parse::<Clock>().ok().filter(|clock| clock.day.is_some())
}

/// Capitals, single blanks, no control characters.
fn tidy(line: &str) -> String {
    let clean: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_uppercase()
}

fn unknown(line: &str) -> String {
    if line.is_empty() {
        return "the message is empty".to_owned();
    }
    format!("{} begins no message that is read here: MVT, MVA, COR, LDM, ASM or SSM", quoted(line))
}

/// A piece of a message for a person to read, cut so that it cannot flood a page.
pub(crate) fn quoted(text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    format!("`{short}`")
}
