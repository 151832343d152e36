//! A request on one lane, until the head of its answer is there or cannot come.

use std::{
    future::poll_fn,
    pin::pin,
    rc::Rc,
    task::Poll,
    time::{Duration, Instant},
};

use hyper::body::Incoming;
use tokio::time::sleep_until;

use crate::{
    ProxyError,
    lane::{Lane, Unsent},
    outbound::Outgoing,
    upload::{Progress, Upload},
    upstreams::{Patience, Upstream},
};

/// Why there is no head.
pub(crate) enum Failure {
    /// The connection never took the request; here is its body.
    Unsent(Upload),
    /// The connection ended without a byte of an answer.
    Closed(String),
    /// Something came, but no answer.
    Nonsense(String),
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
            Self::Closed(why) => ProxyError::Broken { upstream, why, sent: true },
            Self::Nonsense(why) => ProxyError::Nonsense { upstream, why },
            Self::TimedOut => ProxyError::TimedOut(upstream),
            Self::SlowClient => ProxyError::SlowClient,
            Self::ClientGone => ProxyError::ClientGone,
            Self::Refused(error) => error,
        }
    }
}

/// Sends and waits for the head. The lane comes back with it; on failure its connection is closed.
pub(crate) async fn exchange(
    mut lane: Lane,
    outgoing: &Outgoing<'_>,
    mut upload: Upload,
    start: Instant,
) -> Result<(Lane, http::Response<Incoming>), Failure> {
    upload.on(lane.outside());
    let progress = upload.progress();
    let head = outgoing.head().map_err(Failure::Refused)?;
    let mut answer = pin!(lane.send(http::Request::from_parts(head, upload)));
    let wait = Wait { start, patience: outgoing.upstream.patience, progress };
    let mut timer = pin!(sleep_until(wait.until().into()));
    let answer = poll_fn(|cx| {
        if let Poll::Ready(answer) = lane.drive(cx, |_, cx| answer.as_mut().poll(cx)) {
            return Poll::Ready(answer.map_err(|error| wait.why(error)));
        }
        while timer.as_mut().poll(cx).is_ready() {
            if wait.until() <= Instant::now() {
                return Poll::Ready(Err(wait.late()));
            }
            timer.as_mut().reset(wait.until().into());
        }
        Poll::Pending
    })
    .await?;
    Ok((lane, answer))
}

/// How long the head may take: counted from the last byte of the request.
struct Wait {
    start: Instant,
    patience: Patience,
    progress: Option<Rc<Progress>>,
}

/// Bytes a second from which an upload may go on after its total time.
const FAIR_RATE: u64 = 32 * 1024;

impl Wait {
    fn until(&self) -> Instant {
        let Patience { head, idle, total, .. } = self.patience;
        match &self.progress {
            None => self.start + head,
            Some(progress) if progress.done.get() => progress.last.get() + head,
            Some(progress) => {
                (progress.last.get() + idle).min(self.start + earned(total, progress.bytes.get()))
            }
        }
    }

    fn late(&self) -> Failure {
        match &self.progress {
            Some(progress) if !progress.done.get() && progress.waiting.get() => Failure::SlowClient,
            _ => Failure::TimedOut,
        }
    }

    fn why(&self, mut error: Unsent) -> Failure {
        if let Some(message) = error.take_message() {
            return Failure::Unsent(message.into_body());
        }
        if self.progress.as_ref().is_some_and(|progress| progress.broken.get()) {
            return Failure::ClientGone;
        }
        let error = error.into_error();
        if error.is_parse() {
            Failure::Nonsense(error.to_string())
        } else {
            Failure::Closed(error.to_string())
        }
    }
}

/// The total, and the time that what was sent takes at a fair rate.
fn earned(total: Duration, bytes: u64) -> Duration {
    total + Duration::from_secs(bytes / FAIR_RATE)
}
