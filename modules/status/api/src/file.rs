//! Files of messages: a line `@` with the time of arrival, the message, a line `=`. Splitting is a pure function
//! here, so that whoever holds a file can send its messages wherever status lives.

use jiff::Timestamp;

use crate::{RawMessage, Remark};

/// What a file of messages holds. A message with a broken envelope is refused alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MovementFile {
    pub messages: Vec<RawMessage>,
    pub refused: Vec<Remark>,
}

impl MovementFile {
    /// Splits a file. `None`: nothing in it looks like an envelope, so it is a file of another kind.
    pub fn split(text: &str) -> Option<Self> {
        let mut splitter = Splitter::default();
        for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            splitter.line(number, line.trim_end());
        }
        splitter.end();
        splitter.seen.then_some(splitter.file)
    }
}

#[derive(Default)]
struct Splitter {
    file: MovementFile,
    /// Whether there was an envelope at all.
    seen: bool,
    open: Option<Open>,
    /// Where text outside of any envelope began, so that it is told once.
    stray: Option<u32>,
}

struct Open {
    line: u32,
    received_at: Option<Timestamp>,
    text: Vec<String>,
}

impl Splitter {
    fn line(&mut self, number: u32, line: &str) {
        if let Some(time) = line.strip_prefix('@') {
            self.close("the message is not ended by a line `=`");
            self.begin(number, time.trim());
        } else if line == "=" {
            self.finish(number);
        } else if let Some(open) = &mut self.open {
            open.text.push(line.to_owned());
        } else if !line.trim().is_empty() && self.stray.is_none() {
            self.stray = Some(number);
            self.refuse(
                number,
                "this is outside of a message: a message begins with a line `@` and its time",
            );
        }
    }

    fn begin(&mut self, line: u32, time: &str) {
        self.seen = true;
        self.stray = None;
        let received_at = time.parse().ok();
        if received_at.is_none() {
            self.refuse(line, &format!("`{}` is not a time such as 2026-05-12T08:30Z", cut(time)));
        }
        self.open = Some(Open { line, received_at, text: Vec::new() });
    }

    fn finish(&mut self, number: u32) {
        match self.open.take() {
            Some(Open { line, received_at: Some(received_at), text }) => {
                if text.iter().all(|line| line.trim().is_empty()) {
                    self.refuse(line, "the message is empty");
                } else {
                    self.file.messages.push(RawMessage { received_at, text: text.join("\n"), line });
                }
            }
            None if self.stray.is_none() => self.refuse(number, "this `=` ends no message"),
            // Its beginning was refused already.
            _ => {}
        }
        self.stray = None;
    }

    fn close(&mut self, why: &str) {
        if let Some(open) = self.open.take()
            && open.received_at.is_some()
        {
            self.refuse(open.line, why);
        }
    }

    fn end(&mut self) {
        self.close("the file ends before the message does: a line `=` is missing");
    }

    fn refuse(&mut self, line: u32, reason: &str) {
        self.file.refused.push(Remark { line, reason: reason.to_owned() });
    }
}

fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusals(text: &str) -> Vec<(u32, String)> {
        let file = MovementFile::split(text).unwrap();
        file.refused.into_iter().map(|remark| (remark.line, remark.reason)).collect()
    }

    #[test]
    fn a_good_file_is_its_messages() {
        let text = "\u{feff}@2026-05-12T08:30Z\r\nMVT\r\nXI1/12.PHBAA.AMS\r\nAD0830\r\n=\r\n\r\n@2026-05-12T08:31:05+02:00\nASM\n=\n";
        let file = MovementFile::split(text).unwrap();
        assert_eq!(file.refused, []);
        let shape: Vec<_> =
            file.messages.iter().map(|m| (m.line, m.received_at.to_string(), m.text.as_str())).collect();
        assert_eq!(
            shape,
            [
                (1, "2026-05-12T08:30:00Z".to_owned(), "MVT\nXI1/12.PHBAA.AMS\nAD0830"),
                (7, "2026-05-12T06:31:05Z".to_owned(), "ASM")
            ]
        );
    }

    #[test]
    fn broken_envelopes_are_told_with_their_line() {
        for (text, lines) in [
            ("@2026-05-12T08:30Z\nMVT\n@2026-05-12T08:31Z\nASM\n=\n", vec![1]),
            ("@2026-05-12T08:30Z\nMVT\n", vec![1]),
            ("@yesterday\nMVT\n=\n", vec![1]),
            ("@2026-05-12T08:30Z\n\n=\n", vec![1]),
            ("@2026-05-12T08:30Z\nMVT\n=\nMVT\nmore\n=\n", vec![4]),
            ("@2026-05-12T08:30Z\nMVT\n=\n=\n", vec![4]),
        ] {
            let found: Vec<_> = refusals(text).into_iter().map(|(line, _)| line).collect();
            assert_eq!(found, lines, "{text}");
        }
    }

    #[test]
    fn other_files_are_of_another_kind() {
        for text in ["", "from,to,class\nAMS,LHR,Y\n", "MVT\nXI1/12.PHBAA.AMS\nAD0830\n"] {
            assert_eq!(MovementFile::split(text), None, "{text}");
        }
    }
}
