//! How a job says no in its module's own words while the database keeps its own. An interface error and [`DbError`]
//! belong to two other crates, so a module could not join them itself.

use kernel::{Fault, InterfaceError};

use crate::DbError;

/// Why a job was rolled back. `?` makes it from a [`DbError`] and from an interface's error.
#[derive(Debug, thiserror::Error)]
pub enum TxError<E> {
    /// The module's answer is no.
    #[error(transparent)]
    Own(E),
    #[error(transparent)]
    Db(DbError),
}

impl<E: From<Fault>> TxError<E> {
    /// As the interface says it: the database's troubles are faults.
    pub fn into_own(self) -> E {
        match self {
            Self::Own(own) => own,
            Self::Db(error) => Fault::from(error).into(),
        }
    }
}

impl<E> From<DbError> for TxError<E> {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl<E: InterfaceError> From<E> for TxError<E> {
    fn from(own: E) -> Self {
        Self::Own(own)
    }
}
