//! How much a body may hold and how long it may take. actix has no clock for bodies: one that stops half-way would
//! wait for ever.

use std::{
    cell::Cell,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpMessage,
    dev::{Payload, ServiceRequest},
    error::PayloadError,
    http::{Method, StatusCode, header},
    web::Bytes,
};
use futures_util::Stream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::{Stop, stop::Refusal};

/// The most that any request may carry, in bytes; a route may take less.
pub(super) const MOST: usize = 1024 * 1024;

/// How long a body may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// From the head to the last byte.
    pub whole: Duration,
    /// Between two pieces.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { whole: Duration::from_secs(20), pause: Duration::from_secs(5) }
    }
}

/// What went wrong with a body, told to whoever answers in the end.
#[derive(Clone, Default)]
pub(super) struct Trouble(Rc<Cell<Option<Why>>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    TooSlow,
    TooLarge,
}

impl Trouble {
    pub(super) fn stop(&self) -> Option<Stop> {
        self.0.get().map(|why| match why {
            Why::TooSlow => Refusal::TOO_SLOW.into(),
            Why::TooLarge => Stop::TooLarge(MOST),
        })
    }
}

/// Puts the clock and the scales on a request's body.
pub(super) fn watch(request: &mut ServiceRequest, patience: Patience) -> Result<Trouble, Stop> {
    let told = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if told.is_some_and(|told| told > MOST as u64) {
        return Err(Stop::TooLarge(MOST));
    }
    let trouble = Trouble::default();
    if request.method() != Method::GET {
        let body = Watched {
            inner: request.take_payload(),
            until: Instant::now() + patience.whole,
            pause: patience.pause,
            timer: Box::pin(sleep_until(Instant::now() + patience.pause)),
            left: MOST,
            trouble: trouble.clone(),
        };
        request.set_payload(Payload::Stream { payload: Box::pin(body) });
    }
    Ok(trouble)
}

struct Watched {
    inner: Payload,
    until: Instant,
    pause: Duration,
    timer: Pin<Box<Sleep>>,
    left: usize,
    trouble: Trouble,
}

impl Watched {
    fn fails(&self, why: Why) -> Poll<Option<Result<Bytes, PayloadError>>> {
        self.trouble.0.set(Some(why));
        Poll::Ready(Some(Err(match why {
            Why::TooSlow => PayloadError::Io(io::ErrorKind::TimedOut.into()),
            Why::TooLarge => PayloadError::Overflow,
        })))
    }
}

impl Stream for Watched {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match Pin::new(&mut self.inner).poll_next(cx) {
            Poll::Ready(Some(Ok(piece))) if piece.len() > self.left => self.fails(Why::TooLarge),
            Poll::Ready(Some(Ok(piece))) => {
                self.left -= piece.len();
                let next = (Instant::now() + self.pause).min(self.until);
                self.timer.as_mut().reset(next);
                if Instant::now() >= self.until {
                    self.fails(Why::TooSlow)
                } else {
                    Poll::Ready(Some(Ok(piece)))
                }
            }
            Poll::Ready(other) => Poll::Ready(other),
            Poll::Pending => match self.timer.as_mut().poll(cx) {
                Poll::Ready(()) => self.fails(Why::TooSlow),
                Poll::Pending => Poll::Pending,
            },
        }
    }
}

impl Refusal {
    const TOO_SLOW: Self = Self {
        status: StatusCode::REQUEST_TIMEOUT,
        code: "too_slow",
        words: "The request did not arrive in time.",
    };
}
