//! One connection to an upstream and HTTP/1.1 on it, moved by whoever uses it: no task of its own, so a request wakes
//! nobody else, a dropped request closes its connection, and every end of it can be looked at. Written by hand because
//! it is the hot path: a general client costs more than everything else that a crossing does.

use std::{
    io,
    pin::{Pin, pin},
    task::{Context, Poll, Waker, ready},
};

use bytes::{Buf, Bytes, BytesMut};
use http::{StatusCode, response::Parts};
use tokio::io::{AsyncReadExt, AsyncWrite};

use crate::{
    decode::{self, Decoder, MOST_HEAD, Nonsense, Step},
    inbound::Framing,
    stream::Stream,
    upload::{BrokenOff, Upload},
};

/// Read at a time at first, and at most.
const FIRST_READ: usize = 8 * 1024;
const MOST_READ: usize = 64 * 1024;
/// Interim answers before the real one.
const MOST_INTERIM: usize = 16;

pub(crate) struct Lane {
    stream: Stream,
    /// Came, and belongs to nobody yet.
    read: BytesMut,
    read_size: usize,
    /// To be written: a head, or a piece of a body.
    write: BytesMut,
    upload: Upload,
    /// How far the request is.
    up: Up,
    /// A byte of it was taken by the system.
    pub(crate) sent: bool,
    decoder: Decoder,
    /// The upstream has said that nothing more comes.
    ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Up {
    Body,
    /// Written to its end, less what the system has not taken yet.
    Last,
    Done,
    /// The upstream takes no more; it may still answer.
    Refused,
}

/// Why a head does not come.
#[derive(Debug)]
pub(crate) enum Lost {
    /// The connection ended, without a byte of an answer.
    Closed(io::Error),
    Nonsense(&'static str),
    Head(Nonsense),
    /// The client's body broke off.
    Client,
}

/// A bare connection, once HTTP is over on it.
pub(crate) struct Over {
    pub(crate) stream: Stream,
    /// Read, but no part of the answer.
    pub(crate) surplus: Bytes,
}

/// What a lane is good for after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Another request.
    Idle,
    /// Nothing, and no harm done.
    Closed,
    /// Bytes came that belong to no answer.
    Surplus,
}

impl Lane {
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream,
            read: BytesMut::new(),
            read_size: FIRST_READ,
            write: BytesMut::new(),
            upload: Upload::Empty,
            up: Up::Done,
            sent: false,
            decoder: Decoder::Sized(0),
            ended: false,
        }
    }

    /// Where the next request's head is written.
    pub(crate) fn ink(&mut self) -> &mut BytesMut {
        self.write.clear();
        &mut self.write
    }

    /// Begins the request whose head was written, with this body.
    pub(crate) fn begin(&mut self, upload: Upload) {
        (self.upload, self.up, self.sent) = (upload, Up::Body, false);
    }

    /// The body of a request that was never sent.
    pub(crate) fn into_upload(self) -> Upload {
        self.upload
    }

    /// The head of the answer, while the request goes up.
    pub(crate) fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<Parts, Lost>> {
        let (mut looked, mut interim) = (0, 0);
        loop {
            if self.raise(cx).is_err() {
                return Poll::Ready(Err(Lost::Client));
            }
            while let Some(end) = decode::end_of_head(&self.read, looked) {
                if !self.sent {
                    return Poll::Ready(Err(Lost::Nonsense("it answered before it was asked")));
                }
                let head = decode::head(&self.read.split_to(end).freeze()).map_err(Lost::Head)?;
                if !head.status.is_informational() || head.status == StatusCode::SWITCHING_PROTOCOLS {
                    return Poll::Ready(Ok(head));
                }
                (looked, interim) = (0, interim + 1);
                if interim > MOST_INTERIM {
                    return Poll::Ready(Err(Lost::Nonsense("it only ever says that an answer will come")));
                }
            }
            looked = self.read.len();
            if looked > MOST_HEAD {
                return Poll::Ready(Err(Lost::Nonsense("its head is too long")));
            }
            let lost = match ready!(self.fill(cx)) {
                Ok(1..) => continue,
                Ok(0) => io::Error::from(io::ErrorKind::UnexpectedEof),
                Err(error) => error,
            };
            let nothing = self.read.is_empty() && interim == 0;
            let lost = if nothing { Lost::Closed(lost) } else { Lost::Nonsense("its head broke off") };
            return Poll::Ready(Err(lost));
        }
    }

    /// Says how the body of the answer ends.
    pub(crate) fn expect(&mut self, framing: Framing) {
        self.decoder = match framing {
            Framing::Bodiless(_) => Decoder::Sized(0),
            Framing::Sized(length) => Decoder::Sized(length),
            Framing::Chunked => Decoder::chunked(),
            Framing::Closed => Decoder::Closed,
        };
    }

    /// The next piece of the answer's body; what is left of the request goes on up meanwhile.
    pub(crate) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, io::Error>>> {
        loop {
            if self.raise(cx).is_err() {
                self.up = Up::Refused;
            }
            match self.decoder.step(&mut self.read).map_err(io::Error::other)? {
                Step::Piece(bytes) => return Poll::Ready(Some(Ok(bytes))),
                Step::End => return Poll::Ready(None),
                Step::More => {}
            }
            match ready!(self.fill(cx)) {
                Ok(1..) => {}
                Ok(0) if self.decoder.may_end() => return Poll::Ready(None),
                Ok(0) => return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }

    /// Looks what an answered connection is good for.
    pub(crate) fn rest(&mut self) -> Rest {
        if self.read.is_empty() && self.is_silent() && self.up == Up::Done {
            return Rest::Idle;
        }
        if self.read.is_empty() { Rest::Closed } else { Rest::Surplus }
    }

    /// Whether the upstream has neither closed an idle connection nor said something that nobody asked for.
    pub(crate) fn is_silent(&mut self) -> bool {
        if self.room() == 0 {
            self.read.reserve(FIRST_READ);
        }
        let cx = &mut Context::from_waker(Waker::noop());
        !self.ended && pin!(self.stream.read_buf(&mut self.read)).poll(cx).is_pending()
    }

    pub(crate) fn into_over(self) -> Over {
        Over { stream: self.stream, surplus: self.read.freeze() }
    }

    /// Moves the request on its way, as far as the upstream and the client let it. An upstream that takes no more may
    /// have answered already, so that is no error.
    fn raise(&mut self, cx: &mut Context<'_>) -> Result<(), BrokenOff> {
        while matches!(self.up, Up::Body | Up::Last) {
            if !self.write.is_empty() {
                match Pin::new(&mut self.stream).poll_write(cx, &self.write) {
                    Poll::Pending => return Ok(()),
                    Poll::Ready(Ok(written @ 1..)) => {
                        self.sent = true;
                        self.write.advance(written);
                    }
                    Poll::Ready(_) => self.up = Up::Refused,
                }
                continue;
            }
            if self.up == Up::Last {
                match Pin::new(&mut self.stream).poll_flush(cx) {
                    Poll::Pending => return Ok(()),
                    Poll::Ready(Ok(())) => self.up = Up::Done,
                    Poll::Ready(Err(_)) => self.up = Up::Refused,
                }
                continue;
            }
            match self.upload.poll(cx, &mut self.write) {
                Poll::Pending => {
                    let _ = Pin::new(&mut self.stream).poll_flush(cx);
                    return Ok(());
                }
                Poll::Ready(Ok(true)) => {}
                Poll::Ready(Ok(false)) => self.up = Up::Last,
                Poll::Ready(Err(broken)) => return Err(broken),
            }
        }
        Ok(())
    }

    /// Reads once. A connection that fills what it is given gets more the next time.
    fn fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.room() < self.read_size / 2 {
            self.read.reserve(self.read_size);
        }
        let room = self.room();
        let polled = ready!(pin!(self.stream.read_buf(&mut self.read)).poll(cx));
        match polled {
            Ok(read @ 1..) if read >= room => self.read_size = MOST_READ,
            Ok(1..) => {}
            Ok(0) | Err(_) => self.ended = true,
        }
        Poll::Ready(polled)
    }

    fn room(&self) -> usize {
        self.read.capacity() - self.read.len()
    }
}
