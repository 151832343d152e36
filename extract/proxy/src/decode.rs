//! HTTP/1.1 as upstreams write it, read strictly: where a head ends, and where a body does. Whatever could be read in
//! two ways is an error.

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, response::Parts};

/// The most lines of a head.
const MOST_LINES: usize = 100;
/// The longest head, interim ones included.
pub(crate) const MOST_HEAD: usize = 128 * 1024;
/// The longest line between chunks, and all trailers together.
const MOST_LINE: usize = 8 * 1024;

/// What an upstream wrote is not HTTP as we read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Nonsense(&'static str);

/// Where the first head in these bytes ends, looking from `start` on.
pub(crate) fn end_of_head(bytes: &[u8], start: usize) -> Option<usize> {
    let from = start.saturating_sub(3);
    let rest = bytes.get(from..)?;
    let mut at = 0;
    while let Some(found) = rest.get(at..)?.iter().position(|byte| *byte == b'\n') {
        at += found + 1;
        match rest.get(at..)? {
            [b'\n', ..] => return Some(from + at + 1),
            [b'\r', b'\n', ..] => return Some(from + at + 2),
            _ => {}
        }
    }
    None
}

/// A whole head, to its empty line.
pub(crate) fn head(bytes: &Bytes) -> Result<Parts, Nonsense> {
    let mut lines = [httparse::EMPTY_HEADER; MOST_LINES];
    let mut found = httparse::Response::new(&mut lines);
    match found.parse(bytes) {
        Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
        Ok(_) => return Err(Nonsense("its head ends in an odd place")),
        Err(httparse::Error::TooManyHeaders) => return Err(Nonsense("its head has too many lines")),
        Err(_) => return Err(Nonsense("its head is no head of HTTP/1")),
    }
    let mut head = http::Response::new(()).into_parts().0;
    head.status =
        found.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(Nonsense("its status is none"))?;
    head.version = if found.version == Some(1) { Version::HTTP_11 } else { Version::HTTP_10 };
    head.headers = HeaderMap::with_capacity(found.headers.len());
    for line in found.headers.iter() {
        let name =
            HeaderName::from_bytes(line.name.as_bytes()).map_err(|_| Nonsense("a header has no name"))?;
        let value = HeaderValue::from_maybe_shared(bytes.slice_ref(line.value));
        let value = value.map_err(|_| Nonsense("a header has characters that no header may have"))?;
        head.headers.append(name, value);
    }
    Ok(head)
}

/// What is left of a body.
#[derive(Debug)]
pub(crate) enum Decoder {
    Sized(u64),
    Chunked(Chunks),
    /// Until the connection ends.
    Closed,
}

/// One step through a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Piece(Bytes),
    End,
    /// It takes more bytes.
    More,
}

impl Decoder {
    pub(crate) fn chunked() -> Self {
        Self::Chunked(Chunks::Size)
    }

    pub(crate) fn step(&mut self, from: &mut BytesMut) -> Result<Step, Nonsense> {
        match self {
            Self::Sized(0) => Ok(Step::End),
            Self::Sized(left) => Ok(piece(from, left)),
            Self::Chunked(chunks) => chunks.step(from),
            Self::Closed => {
                let mut all = u64::MAX;
                Ok(piece(from, &mut all))
            }
        }
    }

    /// Whether a body may end with its connection here.
    pub(crate) fn may_end(&self) -> bool {
        matches!(self, Self::Closed)
    }
}

/// As much as there is, and no more than is left.
fn piece(from: &mut BytesMut, left: &mut u64) -> Step {
    let length = from.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
    if length == 0 {
        return Step::More;
    }
    *left -= length as u64;
    Step::Piece(from.split_to(length).freeze())
}

/// A chunked body: what is expected next.
#[derive(Debug)]
pub(crate) enum Chunks {
    Size,
    Data(u64),
    /// The line end after a chunk.
    DataEnd,
    /// Lines up to an empty one; so many bytes of them have come.
    Trailers(usize),
    End,
}

impl Chunks {
    fn step(&mut self, from: &mut BytesMut) -> Result<Step, Nonsense> {
        loop {
            *self = match self {
                Self::Size => match line(from, MOST_LINE)? {
                    None => return Ok(Step::More),
                    Some(line) => match size(&line)? {
                        0 => Self::Trailers(0),
                        size => Self::Data(size),
                    },
                },
                Self::Data(0) => Self::DataEnd,
                Self::Data(left) => return Ok(piece(from, left)),
                Self::DataEnd => match from.as_ref() {
                    [b'\r', b'\n', ..] => {
                        from.advance(2);
                        Self::Size
                    }
                    [] | [b'\r'] => return Ok(Step::More),
                    _ => return Err(Nonsense("a chunk is longer than it says")),
                },
                Self::Trailers(so_far) => match line(from, MOST_LINE.saturating_sub(*so_far))? {
                    None => return Ok(Step::More),
                    Some(line) if line.is_empty() => Self::End,
                    Some(line) => Self::Trailers(*so_far + line.len() + 2),
                },
                Self::End => return Ok(Step::End),
            }
        }
    }
}

/// A line without its end, once it is whole.
fn line(from: &mut BytesMut, most: usize) -> Result<Option<BytesMut>, Nonsense> {
    let Some(end) = from.iter().take(most + 2).position(|byte| *byte == b'\n') else {
        return if from.len() > most { Err(Nonsense("a line between chunks is too long")) } else { Ok(None) };
    };
    let mut line = from.split_to(end + 1);
    if !line.ends_with(b"\r\n") {
        return Err(Nonsense("a line between chunks ends oddly"));
    }
    line.truncate(end - 1);
    Ok(Some(line))
}

/// Hexadecimal digits, up to an extension that nobody needs.
fn size(line: &[u8]) -> Result<u64, Nonsense> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii_end();
    if digits.is_empty() || digits.len() > 15 || line.contains(&b'\r') {
        return Err(Nonsense("a chunk's size is none"));
    }
    digits.iter().try_fold(0, |size, digit| {
        let digit = char::from(*digit).to_digit(16).ok_or(Nonsense("a chunk's size is none"))?;
        Ok(size * 16 + u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Decodes what arrives in these pieces: the body, and what is left over.
    fn decoded(mut decoder: Decoder, pieces: &[&[u8]]) -> Result<(Vec<u8>, bool, Vec<u8>), Nonsense> {
        let (mut body, mut from, mut ended) = (Vec::new(), BytesMut::new(), false);
        for piece in pieces {
            from.extend_from_slice(piece);
            while !ended {
                match decoder.step(&mut from)? {
                    Step::Piece(bytes) => body.extend_from_slice(&bytes),
                    Step::End => ended = true,
                    Step::More => break,
                }
            }
        }
        Ok((body, ended, from.to_vec()))
    }

    #[test]
    fn chunked_bodies() {
        for (text, body) in [
            ("5\r\nhello\r\n0\r\n\r\n", Some("hello")),
            ("5;a=b\r\nhello\r\n0\r\n\r\n", Some("hello")),
            ("5 \r\nhello\r\n00\r\n\r\n", Some("hello")),
            ("1\r\nh\r\n4\r\nello\r\n0\r\nX-Sum: 1\r\nX: y\r\n\r\n", Some("hello")),
            ("A\r\n0123456789\r\n0\r\n\r\n", Some("0123456789")),
            ("5\nhello\r\n0\r\n\r\n", None),
            ("5\r\nhello\n0\r\n\r\n", None),
            ("5\r\nhello0\r\n\r\n", None),
            ("4\r\nhello\r\n0\r\n\r\n", None),
            ("0x5\r\nhello\r\n0\r\n\r\n", None),
            ("-5\r\nhello\r\n0\r\n\r\n", None),
            ("+5\r\nhello\r\n0\r\n\r\n", None),
            (" 5\r\nhello\r\n0\r\n\r\n", None),
            ("\r\nhello", None),
            (";a\r\nhello", None),
            ("5\rx\r\nhello", None),
            ("fffffffffffffffff\r\nhello", None),
        ] {
            let found = decoded(Decoder::chunked(), &[text.as_bytes()]);
            let want = body.map(|body| (body.as_bytes().to_vec(), true, Vec::new()));
            assert_eq!(found.ok(), want, "{text:?}");
        }
        let long = [b"5;".as_slice(), &[b'a'; 10_000]].concat();
        assert!(decoded(Decoder::chunked(), &[&long]).is_err(), "an endless line");
        let trailers = [b"0\r\n".as_slice(), &b"X: y\r\n".repeat(2_000)].concat();
        assert!(decoded(Decoder::chunked(), &[&trailers]).is_err(), "endless trailers");
    }

    #[test]
    fn sized_bodies_leave_the_rest() {
        let found = decoded(Decoder::Sized(5), &[b"hel", b"lo more"]).unwrap();
        assert_eq!(found, (b"hello".to_vec(), true, b" more".to_vec()));
        assert!(!decoded(Decoder::Sized(5), &[b"hell"]).unwrap().1);
    }

    #[test]
    fn heads() {
        for (text, end) in [
            ("HTTP/1.1 200 OK\r\n\r\nbody", Some(19)),
            ("HTTP/1.1 200 OK\n\nbody", Some(17)),
            ("HTTP/1.1 200 OK\r\nA: b\r\n", None),
            ("HTTP/1.1 200 OK\r\n\r", None),
            ("\r\n\r\n", Some(4)),
        ] {
            for start in 0..=end.unwrap_or(text.len()) {
                assert_eq!(end_of_head(text.as_bytes(), start), end, "{text:?} from {start}");
            }
        }
        for (text, good) in [
            ("HTTP/1.1 200 OK\r\nA: b\r\na: c\r\n\r\n", true),
            ("HTTP/1.0 404 \r\n\r\n", true),
            ("HTTP/2.0 200 OK\r\n\r\n", false),
            ("HTTP/1.1 2000 OK\r\n\r\n", false),
            ("HTTP/1.1 099 OK\r\n\r\n", false),
            ("ICY 200 OK\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nA\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\n: b\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", false),
            ("\r\n\r\n", false),
        ] {
            assert_eq!(head(&Bytes::from_static(text.as_bytes())).is_ok(), good, "{text:?}");
        }
        let two = head(&Bytes::from_static(b"HTTP/1.1 200 OK\r\nA: b\r\na: c\r\n\r\n")).unwrap();
        assert_eq!(two.headers.get_all("a").iter().count(), 2);
    }

    proptest! {
        #[test]
        fn a_chunked_body_comes_out_as_it_went_in(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..20), 0..6),
            cut in 1usize..8,
        ) {
            let mut wire = Vec::new();
            for chunk in &chunks {
                wire.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
                wire.extend(chunk);
                wire.extend(b"\r\n");
            }
            wire.extend(b"0\r\n\r\nrest");
            let pieces: Vec<_> = wire.chunks(cut).collect();
            let (body, ended, rest) = decoded(Decoder::chunked(), &pieces).unwrap();
            prop_assert_eq!((body, ended, rest), (chunks.concat(), true, b"rest".to_vec()));
        }

        #[test]
        fn nonsense_is_an_error_and_never_a_panic(bytes in "[0-9a-fA-F;\r\n x]{0,40}", cut in 1usize..5) {
            let pieces: Vec<_> = bytes.as_bytes().chunks(cut).collect();
            let _ = decoded(Decoder::chunked(), &pieces);
            let _ = head(&Bytes::from(bytes.clone()));
            let _ = end_of_head(bytes.as_bytes(), cut);
        }
    }
}
