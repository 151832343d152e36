//! An answer's body on its way down: piece by piece, never more of it in memory than the client takes, and never an
//! end that the upstream did not send.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Instant,
};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use kernel::Fault;

use crate::{
    clock::Clock,
    inbound::Framing,
    lane::{Lane, Rest},
    pool::Pool,
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
    pub(crate) lane: Option<Lane>,
    pub(crate) framing: Framing,
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
        let Some(mut lane) = self.lane.take() else { return true };
        let rest = lane.rest();
        if rest == Rest::Idle && self.reusable {
            self.pool.put(self.place.upstream().place, lane);
        }
        if rest != Rest::Surplus {
            self.told.tell(|| Ended::Whole);
        }
        rest != Rest::Surplus
    }

    /// Whether nothing more will come, after ending it if the client has taken nothing for too long. Its own clock runs
    /// only while it waits for the upstream.
    pub(crate) fn is_over(&mut self, now: Instant) -> bool {
        let stands = self.taken.is_some_and(|taken| now >= taken + self.clock.idle());
        if stands && self.lane.take().is_some() {
            tracing::info!(upstream = self.place.upstream().name, "a client stopped taking its answer");
            self.place.leave();
            self.told.tell(|| Ended::Left);
            self.first = None;
            self.left = true;
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
        if matches!(self.framing, Framing::Sized(length) if length != self.passed) {
            return self.cut("its answer is shorter than it said");
        }
        if !self.settle() {
            return self.cut("its answer does not end where it said");
        }
        Poll::Ready(None)
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
        let Some(lane) = &mut self.lane else { return Poll::Ready(self.left.then(|| Err(gone()))) };
        match lane.poll_piece(cx) {
            Poll::Ready(Some(Ok(bytes))) => self.piece(bytes),
            Poll::Ready(Some(Err(error))) => {
                let fault = Fault::Malformed(format!("{}: {error}", self.place.upstream().name));
                self.fail(fault)
            }
            Poll::Ready(None) => self.end(),
            Poll::Pending if self.clock.poll(cx).is_ready() => {
                let fault = Fault::TimedOut(format!("{}: its answer stalls", self.place.upstream().name));
                self.fail(fault)
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

fn gone() -> Cut {
    Cut(Fault::TimedOut("the client took nothing for too long".to_owned()))
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
