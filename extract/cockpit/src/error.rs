//! Why the cockpit did not do what it was asked, in words that say how to mend it.

use kernel::Fault;
use store::DbError;
use switch::{FileError, Refused};

#[derive(Debug, thiserror::Error)]
pub enum CockpitError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("the table is at epoch {0} now; look at it again, then repeat")]
    Conflict(u64),
    #[error("`{0}` has no binding; bindings are {1}")]
    NoBinding(String, String),
    #[error("there is no waiting change `{0}`: it was applied, rejected, or never was")]
    NoChange(String),
    #[error("this needs the role migrator")]
    Forbidden,
    #[error("the author of a change cannot approve it; somebody else has to")]
    OwnChange,
    #[error("a reason is needed, for the audit")]
    NoReason,
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Guards(Vec<Refused>),
    #[error("the hop of `{0}` is over: it has no `from` any more, so there is no way back; plan a new hop")]
    NoWayBack(String),
    #[error("{0}")]
    Override(String),
    #[error("the switch's database: {0}")]
    Store(#[from] DbError),
}

impl From<CockpitError> for Fault {
    fn from(error: CockpitError) -> Self {
        match error {
            CockpitError::Store(error) => error.into(),
            other => Self::unavailable(other),
        }
    }
}
