//! Why a database gave no answer, in words that name the remedy.

use diesel::result::{DatabaseErrorKind, Error};
use kernel::Fault;

#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// Too much waits, or somebody else holds the lock. Nothing was done; asking again later may help.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// The server cannot be reached. Nothing was done.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The connection was lost while committing: the change may or may not have been made.
    #[error("the connection was lost while committing: {0}")]
    Lost(String),
    #[error("the database of {module} lacks migrations ({}): run `banyan migrate up`", pending.join(", "))]
    NotMigrated { module: String, pending: Vec<String> },
    #[error(
        "the database of {module} was changed by a newer banyan (it has {}): run that version, or restore a backup with `banyan restore`",
        versions.join(", ")
    )]
    Newer { module: String, versions: Vec<String> },
    #[error(
        "{path} is damaged or not a database ({detail}): look at it with `banyan doctor`, bring it back with `banyan restore`; it was left as it is"
    )]
    Corrupt { path: String, detail: String },
    /// The stream has moved on, or exists already: a conflict that the asker can see.
    #[error("{stream} was changed by somebody else")]
    Version { stream: String },
    /// The idempotency key was used for another question.
    #[error("this idempotency key belongs to another request")]
    KeyReused,
    #[error("an event of {stream} has {bytes} bytes, more than 262144")]
    TooLarge { stream: String, bytes: usize },
    /// The log has a hole, which cannot happen by itself.
    #[error("the log of {module} has a gap after number {after}: run `banyan doctor`")]
    Gap { module: String, after: i64 },
    /// Another runner moved the position, or took over the lease.
    #[error("{0} was moved by another runner")]
    Raced(String),
    /// A stored value cannot be read as what it should be.
    #[error("a stored value makes no sense: {0}")]
    Encoding(String),
    /// The work itself panicked; its changes were rolled back.
    #[error("a database job panicked: {0}")]
    Panicked(String),
    #[error("{what} is not made here: use {instead}")]
    NotHere { what: &'static str, instead: &'static str },
    #[error("migrating {module} failed: {detail}")]
    Migration { module: String, detail: String },
    #[error("{0}")]
    Other(Error),
}

impl DbError {
    /// Worth trying again, unchanged, a little later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::Unreachable(_) | Self::Lost(_) | Self::Raced(_))
    }

    /// Names the file, where only the damage was known.
    pub(crate) fn at(self, url: &str) -> Self {
        match self {
            Self::Corrupt { detail, .. } => Self::Corrupt { path: url.to_owned(), detail },
            other => other,
        }
    }

    /// The same news for another job of a failed group.
    pub(crate) fn copy(&self) -> Self {
        match self {
            Self::Busy(why) => Self::Busy(why.clone()),
            Self::Unreachable(why) => Self::Unreachable(why.clone()),
            Self::Lost(why) => Self::Lost(why.clone()),
            Self::Corrupt { path, detail } => Self::Corrupt { path: path.clone(), detail: detail.clone() },
            other => Self::Other(Error::QueryBuilderError(other.to_string().into())),
        }
    }

    pub(crate) fn encoding(why: impl std::fmt::Display) -> Self {
        Self::Encoding(why.to_string())
    }
}

impl From<Error> for DbError {
    fn from(error: Error) -> Self {
        match error {
            Error::DatabaseError(_, ref info) if is_busy(info.message()) => {
                Self::Busy(info.message().to_owned())
            }
            Error::DatabaseError(_, ref info) if is_damage(info.message()) => {
                Self::Corrupt { path: "the database".to_owned(), detail: info.message().to_owned() }
            }
            Error::DatabaseError(DatabaseErrorKind::SerializationFailure, info) => {
                Self::Busy(info.message().to_owned())
            }
            Error::DatabaseError(DatabaseErrorKind::ClosedConnection, info) => {
                Self::Unreachable(info.message().to_owned())
            }
            Error::DeserializationError(why) | Error::SerializationError(why) => Self::encoding(why),
            other => Self::Other(other),
        }
    }
}

impl From<DbError> for Fault {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Lost(_) => Self::TimedOut(error.to_string()),
            DbError::Encoding(_) | DbError::Gap { .. } => Self::malformed(error),
            DbError::KeyReused => Self::Refused(error.to_string()),
            _ => Self::unavailable(error),
        }
    }
}

/// The engines tell these apart by text only, as far as diesel passes it on.
fn is_busy(message: &str) -> bool {
    [
        "database is locked",
        "database table is locked",
        "lock timeout",
        "statement timeout",
        "deadlock detected",
    ]
    .iter()
    .any(|known| message.contains(known))
}

pub(crate) fn is_damage(message: &str) -> bool {
    ["file is not a database", "database disk image is malformed"].iter().any(|known| message.contains(known))
}

/// A transaction that may well succeed if it is simply run again.
pub(crate) fn is_worth_again(error: &Error) -> bool {
    match error {
        Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        Error::DatabaseError(_, info) => info.message().contains("deadlock detected"),
        _ => false,
    }
}
