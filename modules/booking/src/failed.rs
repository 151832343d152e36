//! The two ways in which work inside a transaction ends early: with an answer, or without one.

use booking_api::BookingError;
use kernel::{Fault, FieldErrors, MoneyError};
use store::DbError;

/// What a writing job returns; it becomes a [`BookingError`] at the interface.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The asker gets this.
    Answer(BookingError),
    /// The database gave no answer, or a conflict.
    Database(DbError),
}

impl Failed {
    pub(crate) fn not_now(why: impl Into<String>) -> Self {
        Self::Answer(BookingError::NotNow(why.into()))
    }
}

impl From<BookingError> for Failed {
    fn from(answer: BookingError) -> Self {
        Self::Answer(answer)
    }
}

impl From<FieldErrors> for Failed {
    fn from(errors: FieldErrors) -> Self {
        Self::Answer(BookingError::Invalid(errors))
    }
}

impl From<DbError> for Failed {
    fn from(error: DbError) -> Self {
        Self::Database(error)
    }
}

impl From<diesel::result::Error> for Failed {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

impl From<MoneyError> for Failed {
    fn from(error: MoneyError) -> Self {
        Self::Answer(BookingError::Fault(Fault::malformed(error)))
    }
}

impl From<Failed> for BookingError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Answer(answer) => answer,
            Failed::Database(error) => told(error),
        }
    }
}

/// What an asker is told about the database's trouble.
pub(crate) fn told(error: DbError) -> BookingError {
    match error {
        DbError::KeyReused => BookingError::KeyReused,
        DbError::Version { .. } => {
            BookingError::NotNow("it was changed by somebody else just now; look again".to_owned())
        }
        other => BookingError::Fault(other.into()),
    }
}
