//! Where an answer's body ends, from the lines that say so; or why two readers could differ about it.

use actix_web::http::{Method, StatusCode};
use httparse::Header;

use crate::{
    chunks::{Chunk, Decoder},
    names::Listed,
};

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Whatever the lines say: an answer to HEAD, 204 or 304. The length is told all the same, if there is one.
    Bodiless(Option<u64>),
    Sized(u64),
    Chunked,
    /// By the end of the connection.
    Closed,
}

/// What the lines say about the message, beside what they say to the client.
#[derive(Default)]
pub(crate) struct Facts {
    /// HTTP/1.0.
    pub(crate) old: bool,
    lengths: Lines<u64>,
    codings: Lines<()>,
    pub(crate) closes: bool,
    pub(crate) listed: Listed,
}

/// Of lines that may stand once: how many there are, and what the last says.
struct Lines<T> {
    count: usize,
    value: Option<T>,
}

impl<T> Default for Lines<T> {
    fn default() -> Self {
        Self { count: 0, value: None }
    }
}

impl<T> Lines<T> {
    fn add(&mut self, value: Option<T>) {
        self.count += 1;
        self.value = value;
    }
}

impl Framing {
    pub(crate) fn decoder(self) -> Decoder {
        match self {
            Self::Bodiless(_) => Decoder::Sized(0),
            Self::Sized(length) => Decoder::Sized(length),
            Self::Chunked => Decoder::Chunked(Chunk::Size),
            Self::Closed => Decoder::Closed,
        }
    }
}

impl Facts {
    pub(crate) fn of(old: bool, lines: &[Header<'_>]) -> Self {
        let mut facts = Self { old, ..Self::default() };
        let named = |line: &&Header<'_>, name: &str| line.name.eq_ignore_ascii_case(name);
        for line in lines {
            if named(&line, "content-length") {
                facts.lengths.add(number(line.value));
            } else if named(&line, "transfer-encoding") {
                facts.codings.add(line.value.eq_ignore_ascii_case(b"chunked").then_some(()));
            } else if named(&line, "connection") {
                let mut options = line.value.split(|byte| *byte == b',');
                facts.closes |= options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"));
            }
        }
        let connection = lines.iter().filter(|line| named(line, "connection"));
        facts.listed = Listed::of(connection.map(|line| line.value));
        facts
    }

    /// How the body ends, or why nobody can tell.
    pub(crate) fn framing(&self, status: StatusCode, method: &Method) -> Result<Framing, &'static str> {
        let Self { lengths, codings, .. } = self;
        if lengths.count + codings.count > 1 {
            return Err("it tells the length of its body in two ways");
        }
        if lengths.count == 1 && lengths.value.is_none() {
            return Err("the length of its body is no number");
        }
        if codings.count == 1 && (codings.value.is_none() || self.old) {
            return Err("its body is encoded for the transfer in an unknown way");
        }
        let bodiless = *method == Method::HEAD || [101, 204, 304].contains(&status.as_u16());
        Ok(match (bodiless, lengths.value, codings.value) {
            (true, length, _) => Framing::Bodiless(length),
            (false, Some(length), _) => Framing::Sized(length),
            (false, None, Some(())) => Framing::Chunked,
            (false, None, None) => Framing::Closed,
        })
    }
}

fn number(value: &[u8]) -> Option<u64> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    digits.then(|| std::str::from_utf8(value).ok()?.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_body_ends() {
        let (length, chunked) = (("content-length", "5"), ("transfer-encoding", "chunked"));
        for (method, status, lines, expected) in [
            ("GET", 200, &[length][..], Some(Framing::Sized(5))),
            ("GET", 200, &[chunked], Some(Framing::Chunked)),
            ("GET", 200, &[("transfer-encoding", "Chunked")], Some(Framing::Chunked)),
            ("GET", 200, &[], Some(Framing::Closed)),
            ("HEAD", 200, &[length], Some(Framing::Bodiless(Some(5)))),
            ("GET", 204, &[], Some(Framing::Bodiless(None))),
            ("GET", 304, &[length], Some(Framing::Bodiless(Some(5)))),
            ("GET", 200, &[length, chunked], None),
            ("GET", 200, &[length, length], None),
            ("GET", 200, &[("content-length", "5, 5")], None),
            ("GET", 200, &[("content-length", "+5")], None),
            ("GET", 200, &[("content-length", "")], None),
            ("GET", 200, &[chunked, chunked], None),
            ("GET", 200, &[("transfer-encoding", "gzip, chunked")], None),
            ("GET", 200, &[("transfer-encoding", "identity")], None),
        ] {
            let method: Method = method.parse().unwrap();
            let lines: Vec<_> =
                lines.iter().map(|(name, value)| Header { name, value: value.as_bytes() }).collect();
            let status = StatusCode::from_u16(status).unwrap();
            let found = Facts::of(false, &lines).framing(status, &method).ok();
            assert_eq!(found, expected, "{method} {status} {lines:?}");
        }
    }
}
