//! A request's body on its way up: the client's pieces as they come, counted and timed, and never more of them in
//! memory than the upstream takes.

use std::{
    cell::Cell,
    io::Write,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Instant,
};

use actix_web::dev::Payload;
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::Stream;

/// The body of a request.
pub(crate) enum Upload {
    Empty,
    Pieces(Pieces),
}

/// A client's body.
pub(crate) struct Pieces {
    payload: Payload,
    /// What is still to come; unknown for a chunked one.
    left: Option<u64>,
    /// Framed by us in chunks, and its last chunk not written yet.
    chunked: bool,
    progress: Rc<Progress>,
}

/// How far an upload is.
#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) last: Cell<Instant>,
    pub(crate) bytes: Cell<u64>,
    pub(crate) done: Cell<bool>,
    /// The upstream would take more, and the client has not sent it.
    pub(crate) waiting: Cell<bool>,
}

/// The client's body did not end as announced.
#[derive(Debug, thiserror::Error)]
#[error("the client's body broke off")]
pub(crate) struct BrokenOff;

impl Upload {
    /// `length` is `None` for a chunked body.
    pub(crate) fn of(payload: Payload, length: Option<u64>) -> Self {
        let progress = Progress {
            last: Cell::new(Instant::now()),
            bytes: Cell::new(0),
            done: Cell::new(false),
            waiting: Cell::new(false),
        };
        Self::Pieces(Pieces { payload, left: length, chunked: length.is_none(), progress: Rc::new(progress) })
    }

    pub(crate) fn progress(&self) -> Option<Rc<Progress>> {
        match self {
            Self::Empty => None,
            Self::Pieces(pieces) => Some(Rc::clone(&pieces.progress)),
        }
    }

    /// Writes the next piece in its frame; false when there is none and never will be.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, to: &mut BytesMut) -> Poll<Result<bool, BrokenOff>> {
        let Self::Pieces(pieces) = self else { return Poll::Ready(Ok(false)) };
        let framed = pieces.left.is_none();
        match ready!(pieces.poll(cx)) {
            // An empty chunk would be the last one.
            Some(Ok(bytes)) if bytes.is_empty() => {}
            Some(Ok(bytes)) if framed => write_chunk(&bytes, to),
            Some(Ok(bytes)) => to.put_slice(&bytes),
            Some(Err(broken)) => return Poll::Ready(Err(broken)),
            None => {
                let last = std::mem::replace(&mut pieces.chunked, false);
                if last {
                    to.put_slice(b"0\r\n\r\n");
                }
                return Poll::Ready(Ok(last));
            }
        }
        Poll::Ready(Ok(true))
    }
}

fn write_chunk(bytes: &Bytes, to: &mut BytesMut) {
    // A buffer that grows takes every text.
    let _ = write!(to.writer(), "{:x}\r\n", bytes.len());
    to.put_slice(bytes);
    to.put_slice(b"\r\n");
}

impl Pieces {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        let Self { payload, left, progress, .. } = self;
        if progress.done.get() {
            return Poll::Ready(None);
        }
        let piece = Pin::new(payload).poll_next(cx);
        progress.waiting.set(piece.is_pending());
        let piece = ready!(piece);
        progress.last.set(Instant::now());
        match piece {
            Some(Ok(bytes)) => {
                let length = bytes.len() as u64;
                progress.bytes.set(progress.bytes.get() + length);
                if let Some(left) = left {
                    if *left < length {
                        return Poll::Ready(Some(Err(BrokenOff)));
                    }
                    *left -= length;
                    progress.done.set(*left == 0);
                }
                Poll::Ready(Some(Ok(bytes)))
            }
            None if left.is_none() => {
                progress.done.set(true);
                Poll::Ready(None)
            }
            _ => Poll::Ready(Some(Err(BrokenOff))),
        }
    }
}
