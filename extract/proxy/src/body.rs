//! An answer's body on its way down: piece by piece, never more of it in memory than the client takes, and never an
//! end that the upstream did not send.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Instant,
};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use kernel::Fault;

use crate::{
    chunks::{Decoder, Taken},
    clock::Clock,
    framing::Framing,
    lane::Lane,
    pool::Pool,
    upload::{BrokenOff, Sending},
    upstreams::Place,
};

/// How a crossing ended, told once, when the last byte of the answer is on its way or nothing more will come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The whole answer was passed on.
    Whole,
    /// The upstream broke off after its head; the client's connection was cut.
    Cut(Fault),
    /// The client went away, or closed a stream.
    Left,
}

/// Told how a crossing ended, even if that is by being dropped.
pub(crate) struct Told(Option<Box<dyn FnOnce(Ended)>>);

impl Told {
    pub(crate) fn new(told: Option<Box<dyn FnOnce(Ended)>>) -> Self {
        Self(told)
    }

    /// Nobody needs to know: the caller gets an error instead.
    pub(crate) fn hush(&mut self) {
        self.0 = None;
    }

    pub(crate) fn tell(&mut self, ended: impl FnOnce() -> Ended) {
        if let Some(told) = self.0.take() {
            told(ended());
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.tell(|| Ended::Left);
    }
}

/// Ends the client's connection in the middle of a body.
#[derive(Debug, thiserror::Error)]
#[error("the upstream broke off: {0}")]
pub(crate) struct Cut(pub(crate) Fault);

/// What comes back on a lane.
pub(crate) struct Answer {
    pub(crate) lane: Option<Box<Lane>>,
    /// The request, which may still be on its way up.
    pub(crate) sending: Sending,
    pub(crate) framing: Framing,
    pub(crate) decoder: Decoder,
    /// Read before the head went out.
    pub(crate) first: Option<Bytes>,
    /// Passed on so far.
    pub(crate) passed: u64,
    /// The upstream keeps the connection, so another request may use it.
    pub(crate) reusable: bool,
    pub(crate) pool: Rc<Pool>,
    pub(crate) place: Place,
    pub(crate) clock: Clock,
    pub(crate) told: Told,
    /// When the client last took a piece, once that is watched.
    pub(crate) taken: Option<Instant>,
    /// Ended because the client took no more.
    pub(crate) left: bool,
}

/// An answer as the client takes it, and as the pool can put an end to it.
pub(crate) struct Streamed(Rc<RefCell<Answer>>);

/// Passed on before anybody looks whether the client takes it: less than buffers on the way hold anyhow.
const WATCHED_FROM: u64 = 128 * 1024;

impl Answer {
    /// Takes the lane back where nothing more is to come. False if the upstream said more than it announced.
    pub(crate) fn settle(&mut self) -> bool {
        let Some(lane) = self.lane.take() else { return true };
        if !lane.read.is_empty() {
            return false;
        }
        if self.reusable && self.sending.is_sent() {
            self.pool.put(self.place.upstream().place, lane);
        }
        self.told.tell(|| Ended::Whole);
        true
    }

    /// Whether nothing more will come, after ending it if the client has taken nothing for too long. Its own clock runs
    /// only while it waits for the upstream.
    pub(crate) fn is_over(&mut self, now: Instant) -> bool {
        let stands = self.taken.is_some_and(|taken| now >= taken + self.clock.idle());
        if stands && self.lane.is_some() {
            tracing::info!(upstream = self.place.upstream().name, "a client stopped taking its answer");
            self.leave();
        }
        self.lane.is_none()
    }

    fn piece(&mut self, bytes: Bytes) -> Poll<Option<Result<Bytes, Cut>>> {
        self.passed += bytes.len() as u64;
        self.clock.moved(bytes.len() as u64);
        if self.place.upstream().response_limit.is_some_and(|limit| self.passed > limit) {
            return self.cut("its answer is longer than response_limit");
        }
        // The last piece goes out only if that really was the end.
        if self.framing == Framing::Sized(self.passed) && !self.settle() {
            return self.cut("its answer is longer than it said");
        }
        Poll::Ready(Some(Ok(bytes)))
    }

    fn end(&mut self) -> Poll<Option<Result<Bytes, Cut>>> {
        if !self.settle() {
            return self.cut("its answer does not end where it said");
        }
        Poll::Ready(None)
    }

    /// The connection is over.
    fn closed(&mut self, error: Option<&io::Error>) -> Poll<Option<Result<Bytes, Cut>>> {
        match error {
            None if matches!(self.decoder, Decoder::Closed) => self.end(),
            None => self.cut("its answer is shorter than it said"),
            Some(error) => self.cut(&error.to_string()),
        }
    }

    fn cut(&mut self, why: &str) -> Poll<Option<Result<Bytes, Cut>>> {
        let upstream = &self.place.upstream().name;
        self.fail(Fault::Malformed(format!("{upstream}: {why}")))
    }

    fn fail(&mut self, fault: Fault) -> Poll<Option<Result<Bytes, Cut>>> {
        self.lane = None;
        tracing::warn!(upstream = self.place.upstream().name, %fault, "an answer was cut off");
        self.told.tell(|| Ended::Cut(fault.clone()));
        Poll::Ready(Some(Err(Cut(fault))))
    }
}

impl Answer {
    fn size(&self) -> BodySize {
        match self.framing {
            Framing::Sized(length) | Framing::Bodiless(Some(length)) => BodySize::Sized(length),
            Framing::Bodiless(None) => BodySize::None,
            Framing::Chunked | Framing::Closed => BodySize::Stream,
        }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Cut>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        loop {
            let Some(lane) = &mut self.lane else { return Poll::Ready(self.left.then(|| Err(gone()))) };
            match self.decoder.take(&mut lane.read) {
                Taken::Piece(bytes) => return self.piece(bytes),
                Taken::End => return self.end(),
                Taken::Nonsense(why) => return self.cut(why),
                Taken::More => {}
            }
            if let Poll::Ready(Err(BrokenOff)) = self.sending.poll(lane, cx) {
                self.leave();
                continue;
            }
            match lane.poll_fill(cx, self.decoder.wants()) {
                Poll::Ready(Ok(0)) => return self.closed(None),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return self.closed(Some(&error)),
                Poll::Pending if self.clock.poll(&mut lane.timer, cx).is_ready() => {
                    let fault = Fault::TimedOut(format!("{}: its answer stalls", self.place.upstream().name));
                    return self.fail(fault);
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// The client is not there any more.
    fn leave(&mut self) {
        self.lane = None;
        self.place.leave();
        self.told.tell(|| Ended::Left);
        self.first = None;
        self.left = true;
    }
}

fn gone() -> Cut {
    Cut(Fault::TimedOut("the client left, or took nothing for too long".to_owned()))
}

impl Streamed {
    pub(crate) fn new(answer: Answer) -> Self {
        Self(Rc::new(RefCell::new(answer)))
    }

    fn watch(&self, answer: &mut Answer) {
        if answer.taken.is_none() && answer.passed >= WATCHED_FROM {
            answer.pool.watch(Rc::downgrade(&self.0));
        }
        if answer.passed >= WATCHED_FROM {
            answer.taken = Some(Instant::now());
        }
    }
}

impl MessageBody for Streamed {
    type Error = Cut;

    fn size(&self) -> BodySize {
        self.0.borrow().size()
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Cut>>> {
        let this = self.get_mut();
        let mut answer = this.0.borrow_mut();
        this.watch(&mut answer);
        answer.poll(cx)
    }
}

/// For HEAD, 204 and 304: a length may be told, and nothing comes.
pub(crate) struct Nothing(pub(crate) Option<u64>);

impl MessageBody for Nothing {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        self.0.map_or(BodySize::None, BodySize::Sized)
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Poll::Ready(None)
    }
}
