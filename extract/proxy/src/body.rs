//! An answer's body on its way down: piece by piece, never more of it in memory than the client takes, and never an
//! end that the upstream did not send.

use std::{
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use hyper::body::Body;
use kernel::Fault;

use crate::{clock::Clock, inbound::Framing, lane::Lane, pool::Pool, upstreams::Place};

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
    pub(crate) incoming: hyper::body::Incoming,
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
}

/// What a lane is good for after an answer.
enum Rest {
    Fine,
    /// Bytes came that belong to no answer.
    Surplus,
}

impl Answer {
    /// Takes the lane back where nothing more is to come. False if the upstream said more than it announced.
    pub(crate) fn settle(&mut self) -> bool {
        let Some(lane) = self.lane.take() else { return true };
        let rest = put_back(lane, self.reusable, &self.pool, self.place.upstream().place);
        let fine = matches!(rest, Rest::Fine);
        if fine {
            self.told.tell(|| Ended::Whole);
        }
        fine
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

fn put_back(mut lane: Lane, reusable: bool, pool: &Pool, place: usize) -> Rest {
    lane.rest();
    if lane.has_surplus() {
        return Rest::Surplus;
    }
    if reusable && lane.is_ready() {
        pool.put(place, lane);
    }
    Rest::Fine
}

impl MessageBody for Answer {
    type Error = Cut;

    fn size(&self) -> BodySize {
        match self.framing {
            Framing::Sized(length) | Framing::Bodiless(Some(length)) => BodySize::Sized(length),
            Framing::Bodiless(None) => BodySize::None,
            Framing::Chunked | Framing::Closed => BodySize::Stream,
        }
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Cut>>> {
        let this = self.get_mut();
        if let Some(first) = this.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        loop {
            let Some(lane) = &mut this.lane else { return Poll::Ready(None) };
            let incoming = &mut this.incoming;
            match lane.drive(cx, |_, cx| Pin::new(&mut *incoming).poll_frame(cx)) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    // actix would take an empty piece for the end.
                    Ok(bytes) if !bytes.is_empty() => return this.piece(bytes),
                    // Trailers do not pass.
                    _ => {}
                },
                Poll::Ready(Some(Err(error))) => {
                    let fault = Fault::Malformed(format!("{}: {error}", this.place.upstream().name));
                    return this.fail(fault);
                }
                Poll::Ready(None) => return this.end(),
                Poll::Pending if this.clock.poll(cx).is_ready() => {
                    let fault = Fault::TimedOut(format!("{}: its answer stalls", this.place.upstream().name));
                    return this.fail(fault);
                }
                Poll::Pending => return Poll::Pending,
            }
        }
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
