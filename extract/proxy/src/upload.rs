//! A request's body on its way up: the client's pieces as they come, counted and timed, and never more of them in
//! memory than the upstream takes.

use std::{
    cell::Cell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Instant,
};

use actix_web::dev::Payload;
use bytes::Bytes;
use futures_util::Stream;
use http_body::{Body, Frame, SizeHint};

use crate::lane::Outside;

/// A body for hyper.
pub(crate) enum Upload {
    Empty,
    Pieces(Pieces),
}

/// A client's body, and the lane that it is driven on.
pub(crate) struct Pieces {
    payload: Payload,
    /// What is still to come; unknown for a chunked one.
    left: Option<u64>,
    outside: Option<Rc<Outside>>,
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
    pub(crate) broken: Cell<bool>,
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
            broken: Cell::new(false),
        };
        Self::Pieces(Pieces { payload, left: length, outside: None, progress: Rc::new(progress) })
    }

    /// Says who waits for the client's pieces.
    pub(crate) fn on(&mut self, outside: &Rc<Outside>) {
        if let Self::Pieces(pieces) = self {
            pieces.outside = Some(Rc::clone(outside));
        }
    }

    pub(crate) fn progress(&self) -> Option<Rc<Progress>> {
        match self {
            Self::Empty => None,
            Self::Pieces(pieces) => Some(Rc::clone(&pieces.progress)),
        }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match self.get_mut() {
            Self::Empty => Poll::Ready(None),
            Self::Pieces(pieces) => pieces.poll(),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Pieces(pieces) => pieces.left == Some(0),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Pieces(pieces) => pieces.left.map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}

impl Pieces {
    fn poll(&mut self) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let Self { payload, left, outside, progress } = self;
        let Some(outside) = outside else { return Poll::Ready(Some(Err(BrokenOff))) };
        let piece = outside.poll(|cx| Pin::new(payload).poll_next(cx));
        progress.waiting.set(piece.is_pending());
        let Poll::Ready(piece) = piece else { return Poll::Pending };
        progress.last.set(Instant::now());
        match piece {
            Some(Ok(bytes)) => {
                let length = bytes.len() as u64;
                progress.bytes.set(progress.bytes.get() + length);
                if let Some(left) = left {
                    *left = left.saturating_sub(length);
                    progress.done.set(*left == 0);
                }
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            None if left.is_none_or(|left| left == 0) => {
                progress.done.set(true);
                Poll::Ready(None)
            }
            _ => {
                progress.broken.set(true);
                Poll::Ready(Some(Err(BrokenOff)))
            }
        }
    }
}
