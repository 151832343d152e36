//! Where a body ends, and its bytes without their frame. Strict: what two readers could take for two different bodies
//! is an error.

use bytes::{Buf, Bytes, BytesMut};

/// Reads one body off a connection.
#[derive(Debug)]
pub(crate) enum Decoder {
    /// So many bytes are still to come.
    Sized(u64),
    Chunked(Chunk),
    /// To the end of the connection.
    Closed,
}

/// The next part of a chunked body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chunk {
    Size,
    Data(u64),
    /// The line end after the data.
    DataEnd,
    /// Lines that do not pass, of which so many bytes were read.
    Trailers(usize),
    Done,
}

/// What there is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Piece(Bytes),
    End,
    More,
    Nonsense(&'static str),
}

/// The longest line of a chunk's size, and the most of all trailers.
const MOST_SIZE_LINE: usize = 1024;
const MOST_TRAILERS: usize = 16 * 1024;

impl Decoder {
    pub(crate) fn take(&mut self, read: &mut BytesMut) -> Taken {
        match self {
            Self::Sized(0) => Taken::End,
            Self::Sized(left) => piece(left, read),
            Self::Chunked(chunk) => chunk.take(read),
            Self::Closed if read.is_empty() => Taken::More,
            Self::Closed => Taken::Piece(read.split().freeze()),
        }
    }

    /// How much is worth reading at a time.
    pub(crate) fn wants(&self) -> usize {
        const LEAST: usize = 4 * 1024;
        const MOST: usize = 64 * 1024;
        match self {
            Self::Sized(left) | Self::Chunked(Chunk::Data(left)) => {
                usize::try_from(*left).unwrap_or(MOST).clamp(LEAST, MOST)
            }
            Self::Chunked(_) => LEAST,
            Self::Closed => MOST,
        }
    }
}

fn piece(left: &mut u64, read: &mut BytesMut) -> Taken {
    if read.is_empty() {
        return Taken::More;
    }
    let length = usize::try_from(*left).unwrap_or(usize::MAX).min(read.len());
    *left -= length as u64;
    Taken::Piece(read.split_to(length).freeze())
}

impl Chunk {
    fn take(&mut self, read: &mut BytesMut) -> Taken {
        loop {
            match self {
                Self::Size => match line(read, MOST_SIZE_LINE) {
                    Ok(Some(line)) => match size(&line) {
                        Some(0) => *self = Self::Trailers(0),
                        Some(size) => *self = Self::Data(size),
                        None => return Taken::Nonsense("the size of a chunk is no number"),
                    },
                    Ok(None) => return Taken::More,
                    Err(why) => return Taken::Nonsense(why),
                },
                Self::Data(left) => {
                    let taken = piece(left, read);
                    if *left == 0 {
                        *self = Self::DataEnd;
                    }
                    return taken;
                }
                Self::DataEnd => match read.get(..2) {
                    Some(b"\r\n") => {
                        read.advance(2);
                        *self = Self::Size;
                    }
                    Some(_) => return Taken::Nonsense("a chunk is longer than it said"),
                    None => return Taken::More,
                },
                Self::Trailers(before) => match line(read, MOST_TRAILERS.saturating_sub(*before)) {
                    Ok(Some(line)) if line.is_empty() => *self = Self::Done,
                    Ok(Some(line)) => *before += line.len() + 2,
                    Ok(None) => return Taken::More,
                    Err(why) => return Taken::Nonsense(why),
                },
                Self::Done => return Taken::End,
            }
        }
    }
}

/// A whole line without its end; `None` if there is none yet.
fn line(read: &mut BytesMut, most: usize) -> Result<Option<BytesMut>, &'static str> {
    let Some(end) = read.iter().take(most + 2).position(|byte| *byte == b'\n') else {
        return if read.len() > most { Err("a line of its body's frame is too long") } else { Ok(None) };
    };
    let mut line = read.split_to(end + 1);
    if !line.ends_with(b"\r\n") {
        return Err("a line of its body's frame has another end");
    }
    line.truncate(end - 1);
    if line.contains(&b'\r') { Err("a line of its body's frame is broken") } else { Ok(Some(line)) }
}

/// Hexadecimal, and whatever follows a `;`.
fn size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|byte| *byte == b';').next()?.trim_ascii_end();
    let fits = (1..=15).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit);
    fits.then(|| u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All that comes of some bytes, however they are cut.
    fn read(mut decoder: Decoder, pieces: &[&[u8]]) -> Result<(Vec<u8>, bool, usize), &'static str> {
        let (mut buffer, mut body) = (BytesMut::new(), Vec::new());
        for piece in pieces {
            buffer.extend_from_slice(piece);
            loop {
                match decoder.take(&mut buffer) {
                    Taken::Piece(bytes) => body.extend_from_slice(&bytes),
                    Taken::More => break,
                    Taken::End => return Ok((body, true, buffer.len())),
                    Taken::Nonsense(why) => return Err(why),
                }
            }
        }
        Ok((body, false, buffer.len()))
    }

    #[test]
    fn chunked() {
        for (bytes, expected) in [
            ("5\r\nhello\r\n0\r\n\r\n", Some(("hello", true, 0))),
            ("5\r\nhello\r\n0\r\n\r\nHTTP", Some(("hello", true, 4))),
            ("A;x=\"1\"\r\n0123456789\r\n0\r\nX: y\r\n\r\n", Some(("0123456789", true, 0))),
            ("5  \r\nhello\r\n00\r\n\r\n", Some(("hello", true, 0))),
            ("5\r\nhel", Some(("hel", false, 0))),
            ("5\r\nhello\r\n", Some(("hello", false, 0))),
            ("5\r\nhello\r\n0\r\n", Some(("hello", false, 0))),
            ("5\r\nhello", Some(("hello", false, 0))),
            ("5\nhello\r\n", None),
            ("5\r\nhelloX\n", None),
            ("\r\nhello\r\n", None),
            ("+5\r\nhello\r\n", None),
            (" 5\r\nhello\r\n", None),
            ("0x5\r\nhello\r\n", None),
            ("-1\r\n", None),
            ("fffffffffffffffff\r\n", None),
            ("5\r\r\nhello\r\n", None),
            ("xyz\r\n", None),
        ] {
            let found = read(Decoder::Chunked(Chunk::Size), &[bytes.as_bytes()]).ok();
            let found = found.map(|(body, end, rest)| (String::from_utf8(body).unwrap(), end, rest));
            let expected = expected.map(|(body, end, rest)| (body.to_owned(), end, rest));
            assert_eq!(found, expected, "{bytes:?}");
        }
        let long = "x".repeat(20_000);
        assert!(read(Decoder::Chunked(Chunk::Size), &[long.as_bytes()]).is_err());
        let trailers = format!("0\r\n{}", "X: y\r\n".repeat(5_000));
        assert!(read(Decoder::Chunked(Chunk::Size), &[trailers.as_bytes()]).is_err());
    }

    proptest! {
        #[test]
        fn however_it_is_cut(chunks in proptest::collection::vec("[a-z\r\n]{1,20}", 0..6), cuts in proptest::collection::vec(1usize..9, 0..40)) {
            let framed = chunks.iter().map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len()));
            let mut bytes = framed.collect::<Vec<_>>().concat();
            bytes.push_str("0\r\n\r\nrest");
            let (mut pieces, mut left) = (Vec::new(), bytes.as_bytes());
            for cut in cuts {
                let (piece, rest) = left.split_at(cut.min(left.len()));
                pieces.push(piece);
                left = rest;
            }
            pieces.push(left);
            let (body, end, _) = read(Decoder::Chunked(Chunk::Size), &pieces).unwrap();
            prop_assert!(end);
            prop_assert_eq!(body, chunks.concat().into_bytes());
        }

        #[test]
        fn a_length_is_a_length(length in 0u64..20, body in "[a-z]{0,30}") {
            let (found, end, rest) = read(Decoder::Sized(length), &[body.as_bytes()]).unwrap();
            let whole = usize::try_from(length).unwrap().min(body.len());
            prop_assert_eq!(found, body.as_bytes()[..whole].to_vec());
            prop_assert_eq!(rest, body.len() - whole);
            prop_assert_eq!(end, whole as u64 == length && (length == 0 || !body.is_empty()));
        }
    }
}
