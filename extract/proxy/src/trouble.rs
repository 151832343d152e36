//! How a crossing fails before a byte of the answer was passed on: what the client is told, what the breaker counts,
//! and whether the upstream may have seen anything.

use http::StatusCode;
use kernel::Fault;

use crate::PathTrouble;

/// Why there is no answer. The text is for logs; people get a page of the caller's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// 400.
    #[error(transparent)]
    Path(#[from] PathTrouble),
    /// 400: a request that is not passed on, whatever the upstream would make of it.
    #[error("{0}")]
    Request(&'static str),
    /// 508.
    #[error("the request has come round to this server too often")]
    Loop,
    /// 503.
    #[error("`{0}` is no upstream of this server")]
    Unknown(String),
    /// 503: as many requests as the upstream may have are there already.
    #[error("{upstream} has {limit} requests in flight")]
    Busy { upstream: String, limit: usize },
    /// 502.
    #[error("no connection to {upstream}: {why}")]
    Connect { upstream: String, why: String },
    /// 504.
    #[error("no connection to {0} in time")]
    ConnectTimedOut(String),
    /// 504: the request was sent.
    #[error("no answer from {0} in time")]
    TimedOut(String),
    /// 502. `sent` is false only where the upstream provably saw nothing.
    #[error("{upstream} closed the connection: {why}")]
    Broken { upstream: String, why: String, sent: bool },
    /// 502: something answered, but not in HTTP as we pass it on.
    #[error("{upstream} answered nonsense: {why}")]
    Nonsense { upstream: String, why: String },
    /// 408: the client stopped sending its body.
    #[error("the request's body did not arrive in time")]
    SlowClient,
    /// 400, to nobody: the client went away in the middle of its body.
    #[error("the client went away")]
    ClientGone,
}

impl ProxyError {
    /// The status of the page that the caller shows.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Path(_) | Self::Request(_) | Self::ClientGone => StatusCode::BAD_REQUEST,
            Self::Loop => StatusCode::LOOP_DETECTED,
            Self::Unknown(_) | Self::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Connect { .. } | Self::Broken { .. } | Self::Nonsense { .. } => StatusCode::BAD_GATEWAY,
            Self::ConnectTimedOut(_) | Self::TimedOut(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::SlowClient => StatusCode::REQUEST_TIMEOUT,
        }
    }

    /// Whether a byte of the request may have reached the upstream.
    pub fn sent(&self) -> bool {
        match self {
            Self::TimedOut(_) | Self::Nonsense { .. } | Self::SlowClient | Self::ClientGone => true,
            Self::Broken { sent, .. } => *sent,
            _ => false,
        }
    }

    /// For the breaker; `None` where the upstream has no part in it.
    pub fn fault(&self) -> Option<Fault> {
        match self {
            Self::Path(_) | Self::Request(_) | Self::Loop | Self::SlowClient | Self::ClientGone => None,
            Self::Unknown(_) | Self::Busy { .. } | Self::Connect { .. } | Self::Broken { .. } => {
                Some(Fault::unavailable(self))
            }
            Self::ConnectTimedOut(_) | Self::TimedOut(_) => Some(Fault::TimedOut(self.to_string())),
            Self::Nonsense { .. } => Some(Fault::malformed(self)),
        }
    }

    /// Seconds after which another try makes sense.
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Busy { .. } => Some(1),
            Self::Unknown(_) | Self::Connect { .. } | Self::ConnectTimedOut(_) => Some(5),
            _ => None,
        }
    }
}
