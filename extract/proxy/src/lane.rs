//! One connection to an upstream, with what is on its way out and what has come in. It has no task of its own: whoever
//! uses it polls it, a request wakes nobody else, and a dropped request closes its connection.

use std::{
    io,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use bytes::BytesMut;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

use crate::clock::Timer;

/// A connection that speaks HTTP/1.1.
pub(crate) struct Lane {
    stream: Stream,
    /// To be written, of which so much is.
    pub(crate) out: Vec<u8>,
    sent: usize,
    /// Read, and not taken yet.
    pub(crate) read: BytesMut,
    pub(crate) timer: Timer,
}

impl Lane {
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream,
            out: Vec::with_capacity(2048),
            sent: 0,
            read: BytesMut::new(),
            timer: Timer::default(),
        }
    }

    /// Whether nothing is left of the last exchange, and the upstream has neither closed the connection nor said
    /// something that nobody asked for.
    pub(crate) fn is_idle(&mut self) -> bool {
        let mut byte = [0];
        let mut unasked = ReadBuf::new(&mut byte);
        let cx = &mut Context::from_waker(Waker::noop());
        self.out.is_empty()
            && self.read.is_empty()
            && Pin::new(&mut self.stream).poll_read(cx, &mut unasked).is_pending()
    }

    /// Reads up to `most` bytes more; 0 at the end of the connection.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>, most: usize) -> Poll<io::Result<usize>> {
        if self.read.capacity() - self.read.len() < most {
            self.read.reserve(most);
        }
        pin!(self.stream.read_buf(&mut self.read)).poll(cx)
    }

    /// Writes what is in `out`; how much of it went.
    pub(crate) fn poll_empty(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let left = self.out.get(self.sent..).unwrap_or_default();
        let Poll::Ready(length) = Pin::new(&mut self.stream).poll_write(cx, left)? else {
            return Poll::Pending;
        };
        self.sent += length;
        if self.sent >= self.out.len() {
            // The same memory serves the next head.
            self.out.clear();
            self.sent = 0;
        }
        Poll::Ready(taken(length))
    }

    /// Writes a piece past `out`, which is empty.
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>, piece: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, piece)?.map(taken)
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// The bare connection, and what came on it after the head.
    pub(crate) fn into_parts(self) -> (Stream, BytesMut) {
        (self.stream, self.read)
    }
}

fn taken(length: usize) -> io::Result<usize> {
    if length == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(length) }
}

/// Bytes to and from an upstream.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, to),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, to),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, from),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, from),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
