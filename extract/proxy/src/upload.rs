//! A request on its way up: the head, then the client's pieces as they come, framed by us, counted and timed. No more
//! of it is in memory than the upstream takes.

use std::{
    io::{self, Write},
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use actix_web::dev::Payload;
use bytes::{Buf, Bytes};
use futures_util::Stream;

use crate::lane::Lane;

/// What is still to be sent. The head lies in the lane already.
pub(crate) struct Sending {
    body: Body,
    /// Too large to be copied beside the head.
    piece: Bytes,
    /// Bytes that the connection took.
    written: u64,
    /// The client's bytes so far.
    pub(crate) bytes: u64,
    /// When the client last sent something.
    pub(crate) last: Instant,
    /// The upstream would take more, and the client has not sent it.
    pub(crate) is_waiting: bool,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Under,
    /// Everything is in the lane; it may still have to be written.
    Loaded,
    Sent,
    /// The upstream takes no more. It may have said why.
    Refused,
}

/// A client's body.
pub(crate) enum Body {
    None,
    Sized(Payload, u64),
    Chunked(Payload),
}

/// The client's body did not end as announced.
#[derive(Debug)]
pub(crate) struct BrokenOff;

/// Up to here a piece is copied, so that it leaves in one write with what goes before.
const SMALL: usize = 8 * 1024;

impl Sending {
    pub(crate) fn new(body: Body, now: Instant) -> Self {
        Self {
            body,
            piece: Bytes::new(),
            written: 0,
            bytes: 0,
            last: now,
            is_waiting: false,
            state: State::Under,
        }
    }

    /// Whether the upstream has all of it.
    pub(crate) fn is_sent(&self) -> bool {
        self.state == State::Sent
    }

    /// Whether all of it came from the client.
    pub(crate) fn is_loaded(&self) -> bool {
        matches!(self.state, State::Loaded | State::Sent)
    }

    /// Whether the upstream provably saw nothing. The body is whole then too: none of it was asked for.
    pub(crate) fn is_unseen(&self) -> bool {
        self.written == 0 && self.bytes == 0
    }

    pub(crate) fn into_body(self) -> Body {
        self.body
    }

    /// Sends what can be sent now. Ready when nothing more is to be done here.
    pub(crate) fn poll(&mut self, lane: &mut Lane, cx: &mut Context<'_>) -> Poll<Result<(), BrokenOff>> {
        if matches!(self.state, State::Sent | State::Refused) {
            return Poll::Ready(Ok(()));
        }
        match self.push(lane, cx) {
            Poll::Ready(Err(Failed::Client)) => Poll::Ready(Err(BrokenOff)),
            Poll::Ready(Err(Failed::Upstream)) => {
                self.state = State::Refused;
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Ok(())) => {
                self.state = State::Sent;
                Poll::Ready(Ok(()))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn push(&mut self, lane: &mut Lane, cx: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        loop {
            let loading = if self.may_load(lane) { self.load(lane, cx)? } else { Poll::Pending };
            if !lane.out.is_empty() {
                let Poll::Ready(length) = lane.poll_empty(cx)? else { return Poll::Pending };
                self.written += length as u64;
            } else if !self.piece.is_empty() {
                let Poll::Ready(length) = lane.poll_write(cx, &self.piece)? else {
                    return Poll::Pending;
                };
                self.written += length as u64;
                self.piece.advance(length);
                if self.piece.is_empty() && matches!(self.body, Body::Chunked(_)) {
                    lane.out.extend_from_slice(b"\r\n");
                }
            } else if self.state == State::Loaded {
                return lane.poll_flush(cx).map_err(Failed::from);
            } else if loading.is_pending() {
                let _ = lane.poll_flush(cx)?;
                return Poll::Pending;
            }
        }
    }

    fn may_load(&self, lane: &Lane) -> bool {
        self.state == State::Under && self.piece.is_empty() && lane.out.len() < SMALL
    }

    /// Takes the client's next piece.
    fn load(&mut self, lane: &mut Lane, cx: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        let (payload, chunked) = match &mut self.body {
            Body::None => {
                self.state = State::Loaded;
                return Poll::Ready(Ok(()));
            }
            Body::Sized(payload, _) => (payload, false),
            Body::Chunked(payload) => (payload, true),
        };
        let polled = Pin::new(payload).poll_next(cx);
        self.is_waiting = polled.is_pending();
        let Poll::Ready(piece) = polled else { return Poll::Pending };
        self.last = Instant::now();
        match piece {
            Some(Ok(piece)) if piece.is_empty() => {}
            Some(Ok(piece)) => self.frame(piece, chunked, lane)?,
            None => self.finish(chunked, lane)?,
            Some(Err(_)) => return Poll::Ready(Err(Failed::Client)),
        }
        Poll::Ready(Ok(()))
    }

    fn frame(&mut self, piece: Bytes, chunked: bool, lane: &mut Lane) -> Result<(), Failed> {
        self.bytes += piece.len() as u64;
        if let Body::Sized(_, length) = &self.body {
            match self.bytes.cmp(length) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => self.state = State::Loaded,
                std::cmp::Ordering::Greater => return Err(Failed::Client),
            }
        }
        if chunked {
            // A vector takes every text.
            let _ = write!(lane.out, "{:x}\r\n", piece.len());
        }
        if piece.len() > SMALL {
            self.piece = piece;
            return Ok(());
        }
        lane.out.extend_from_slice(&piece);
        if chunked {
            lane.out.extend_from_slice(b"\r\n");
        }
        Ok(())
    }

    fn finish(&mut self, chunked: bool, lane: &mut Lane) -> Result<(), Failed> {
        if !chunked {
            // A body that is whole is not asked again.
            return Err(Failed::Client);
        }
        lane.out.extend_from_slice(b"0\r\n\r\n");
        self.state = State::Loaded;
        Ok(())
    }
}

enum Failed {
    Client,
    Upstream,
}

impl From<io::Error> for Failed {
    fn from(_: io::Error) -> Self {
        Self::Upstream
    }
}
