//! A request on one lane, until the head of its answer is there or cannot come.

use std::{
    future::poll_fn,
    pin::pin,
    rc::Rc,
    task::Poll,
    time::{Duration, Instant},
};

use http::response::Parts;
use tokio::time::sleep_until;

use crate::{
    ProxyError,
    lane::{Lane, Lost},
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
    upload: Upload,
    start: Instant,
) -> Result<(Lane, Parts), Failure> {
    outgoing.write(lane.ink()).map_err(Failure::Refused)?;
    let wait = Wait { start, patience: outgoing.upstream.patience, progress: upload.progress() };
    lane.begin(upload);
    let mut timer = pin!(sleep_until(wait.until().into()));
    let head = poll_fn(|cx| {
        if let Poll::Ready(head) = lane.poll_head(cx) {
            return Poll::Ready(head.map_err(Reason::Lost));
        }
        while timer.as_mut().poll(cx).is_ready() {
            if wait.until() <= Instant::now() {
                return Poll::Ready(Err(Reason::Late));
            }
            timer.as_mut().reset(wait.until().into());
        }
        Poll::Pending
    })
    .await;
    match head {
        Ok(head) => Ok((lane, head)),
        Err(Reason::Late) => Err(wait.late()),
        Err(Reason::Lost(lost)) => Err(why(lost, lane)),
    }
}

enum Reason {
    Late,
    Lost(Lost),
}

fn why(lost: Lost, lane: Lane) -> Failure {
    match lost {
        Lost::Closed(_) if !lane.sent => Failure::Unsent(lane.into_upload()),
        Lost::Closed(error) => Failure::Closed(error.to_string()),
        Lost::Nonsense(why) => Failure::Nonsense(why.to_owned()),
        Lost::Head(why) => Failure::Nonsense(why.to_string()),
        Lost::Client => Failure::ClientGone,
    }
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
}

/// The total, and the time that what was sent takes at a fair rate.
fn earned(total: Duration, bytes: u64) -> Duration {
    total + Duration::from_secs(bytes / FAIR_RATE)
}
