//! A plain HTTP/1.1 connection that hides nothing: no pool, no second try. What goes wrong on it is counted by whoever
//! holds it.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(crate) struct Line {
    stream: TcpStream,
    unread: Vec<u8>,
    rest: Rest,
    /// The other side has said that it closes after this answer.
    closes: bool,
}

pub(crate) struct Ask<'a> {
    pub(crate) method: &'static str,
    pub(crate) path: &'a str,
    /// Whole lines, each with its end.
    pub(crate) headers: &'a str,
    pub(crate) body: &'a [u8],
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// What is still to come of an answer's body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    Bytes(usize),
    Chunks,
    Nothing,
}

impl Line {
    pub(crate) async fn open(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, unread: Vec::new(), rest: Rest::Nothing, closes: false })
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.closes || self.rest != Rest::Nothing
    }

    /// One request and its whole answer.
    pub(crate) async fn ask(&mut self, ask: &Ask<'_>) -> io::Result<Answer> {
        let (status, head) = self.begin(ask).await?;
        let mut body = Vec::new();
        while let Some(piece) = self.piece().await? {
            body.extend_from_slice(&piece);
        }
        Ok(Answer { status, head, body })
    }

    /// One request and the head of its answer; the body is taken piece by piece.
    pub(crate) async fn begin(&mut self, ask: &Ask<'_>) -> io::Result<(u16, String)> {
        let Ask { method, path, headers, body } = ask;
        let host = self.stream.peer_addr()?;
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{headers}").into_bytes();
        if *method != "GET" {
            request.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
        }
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(body);
        self.stream.write_all(&request).await?;
        let head = self.head().await?;
        let value = |name: &str| {
            let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
            lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
        };
        self.closes = value("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        self.rest = match value("content-length").map(|length| length.parse()) {
            Some(Ok(0)) => Rest::Nothing,
            Some(Ok(length)) => Rest::Bytes(length),
            Some(Err(_)) => return Err(nonsense("a length that is no number")),
            None if value("transfer-encoding").is_some() => Rest::Chunks,
            None => Rest::Nothing,
        };
        let status = head.get(9..12).and_then(|code| code.parse().ok());
        Ok((status.ok_or_else(|| nonsense("an answer without a status"))?, head))
    }

    /// The next piece of the body; `None` at its end.
    pub(crate) async fn piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        match self.rest {
            Rest::Nothing => Ok(None),
            Rest::Bytes(length) => {
                if self.unread.is_empty() {
                    self.fill().await?;
                }
                let piece: Vec<u8> = self.unread.drain(..length.min(self.unread.len())).collect();
                let left = length - piece.len();
                self.rest = if left == 0 { Rest::Nothing } else { Rest::Bytes(left) };
                Ok(Some(piece))
            }
            Rest::Chunks => {
                let size = self.until(b"\r\n").await?;
                let size = std::str::from_utf8(&size)
                    .ok()
                    .and_then(|size| usize::from_str_radix(size.trim(), 16).ok());
                let size = size.ok_or_else(|| nonsense("a chunk without a size"))?;
                while self.unread.len() < size + 2 {
                    self.fill().await?;
                }
                let mut piece: Vec<u8> = self.unread.drain(..size + 2).collect();
                piece.truncate(size);
                if size == 0 {
                    self.rest = Rest::Nothing;
                    return Ok(None);
                }
                Ok(Some(piece))
            }
        }
    }

    async fn head(&mut self) -> io::Result<String> {
        String::from_utf8(self.until(b"\r\n\r\n").await?).map_err(|_| nonsense("a head that is no text"))
    }

    /// Everything before a mark; the mark is taken too.
    async fn until(&mut self, mark: &[u8]) -> io::Result<Vec<u8>> {
        loop {
            if let Some(at) = self.unread.windows(mark.len()).position(|seen| seen == mark) {
                let found = self.unread.drain(..at).collect();
                self.unread.drain(..mark.len());
                return Ok(found);
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> io::Result<()> {
        if self.stream.read_buf(&mut self.unread).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

fn nonsense(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
