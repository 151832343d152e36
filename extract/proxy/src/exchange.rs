//! A request on one lane, until the head of its answer is there or cannot come.

use std::{
    future::poll_fn,
    io,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use crate::{
    ProxyError,
    inbound::{Arrived, MOST_HEAD, Reader},
    lane::Lane,
    outbound::Outgoing,
    upload::{Body, BrokenOff, Sending},
    upstreams::{Patience, Upstream},
};

/// Why there is no head.
pub(crate) enum Failure {
    /// The connection never took a byte of the request; here is its body.
    Unsent(Body),
    /// The connection ended without a byte of an answer.
    Closed {
        why: String,
        sent: bool,
    },
    /// Something came, but no answer.
    Nonsense(&'static str),
    TimedOut,
    SlowClient,
    ClientGone,
    Refused(ProxyError),
}

impl Failure {
    pub(crate) fn error(self, upstream: &Upstream) -> ProxyError {
        let upstream = upstream.name.clone();
        match self {
            Self::Unsent(_) => {
                ProxyError::Broken { upstream, why: "before it took the request".to_owned(), sent: false }
            }
            Self::Closed { why, sent } => ProxyError::Broken { upstream, why, sent },
            Self::Nonsense(why) => ProxyError::Nonsense { upstream, why: why.to_owned() },
            Self::TimedOut => ProxyError::TimedOut(upstream),
            Self::SlowClient => ProxyError::SlowClient,
            Self::ClientGone => ProxyError::ClientGone,
            Self::Refused(error) => error,
        }
    }
}

/// A request whose answer has begun. It may still be on its way up.
pub(crate) struct Begun {
    pub(crate) lane: Box<Lane>,
    pub(crate) sending: Sending,
    pub(crate) arrived: Arrived,
}

/// Sends and waits for the head. On failure the lane's connection is closed.
pub(crate) async fn exchange(
    mut lane: Box<Lane>,
    outgoing: &Outgoing<'_>,
    body: Body,
    start: Instant,
) -> Result<Begun, Failure> {
    lane.out.clear();
    outgoing.write(&mut lane.out).map_err(Failure::Refused)?;
    let Outgoing { upstream, own, .. } = outgoing;
    let reader = Reader { method: outgoing.method(), upstream, own };
    let mut asking =
        Asking { sending: Sending::new(body, start), reader, start, patience: upstream.patience };
    let answered = poll_fn(|cx| asking.poll(&mut lane, cx)).await;
    match answered {
        Ok(arrived) => Ok(Begun { lane, sending: asking.sending, arrived }),
        Err(Failure::Closed { .. }) if asking.sending.is_unseen() => {
            Err(Failure::Unsent(asking.sending.into_body()))
        }
        Err(failure) => Err(failure),
    }
}

struct Asking<'a> {
    sending: Sending,
    reader: Reader<'a>,
    start: Instant,
    patience: Patience,
}

/// The least that is worth reading.
const PIECE: usize = 8 * 1024;
/// Bytes a second from which an upload may go on after its total time.
const FAIR_RATE: u64 = 32 * 1024;

impl Asking<'_> {
    fn poll(&mut self, lane: &mut Lane, cx: &mut Context<'_>) -> Poll<Result<Arrived, Failure>> {
        if let Poll::Ready(Err(BrokenOff)) = self.sending.poll(lane, cx) {
            return Poll::Ready(Err(Failure::ClientGone));
        }
        loop {
            let before = lane.read.len();
            match lane.poll_fill(cx, PIECE) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(self.ended(lane, None))),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(self.ended(lane, Some(&error)))),
                Poll::Pending if lane.timer.poll(self.until(), cx).is_ready() => {
                    return Poll::Ready(Err(self.late()));
                }
                Poll::Pending => return Poll::Pending,
            }
            // A head that comes in drops is not read again for each.
            if lane.read.len() < MOST_HEAD && !lane.read.iter().skip(before).any(|byte| *byte == b'\n') {
                continue;
            }
            match self.reader.take(&mut lane.read) {
                Ok(Some(arrived)) => return Poll::Ready(Ok(arrived)),
                Ok(None) => {}
                Err(why) => return Poll::Ready(Err(Failure::Nonsense(why))),
            }
        }
    }

    fn ended(&self, lane: &Lane, error: Option<&io::Error>) -> Failure {
        if !lane.read.is_empty() {
            return Failure::Nonsense("its head breaks off");
        }
        let why = error.map_or_else(|| "before it answered".to_owned(), ToString::to_string);
        Failure::Closed { why, sent: !self.sending.is_unseen() }
    }

    /// The head may take its time from the last byte of the request on.
    fn until(&self) -> Instant {
        let Patience { head, idle, total, .. } = self.patience;
        let Sending { last, bytes, .. } = &self.sending;
        if self.sending.is_loaded() {
            return *last + head;
        }
        let earned = total + Duration::from_secs(bytes / FAIR_RATE);
        (*last + idle).min(self.start + earned)
    }

    fn late(&self) -> Failure {
        if !self.sending.is_loaded() && self.sending.is_waiting {
            return Failure::SlowClient;
        }
        Failure::TimedOut
    }
}
