//! What a database job may end with: a domain answer, or the database's own news.

use accounts_api::AccountsError;
use kernel::{Fault, FieldErrors};
use store::DbError;

#[derive(Debug)]
pub(crate) enum Trouble {
    Answer(AccountsError),
    Db(DbError),
}

impl From<DbError> for Trouble {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl From<AccountsError> for Trouble {
    fn from(error: AccountsError) -> Self {
        Self::Answer(error)
    }
}

impl From<FieldErrors> for Trouble {
    fn from(errors: FieldErrors) -> Self {
        Self::Answer(AccountsError::Invalid(errors))
    }
}

impl From<Trouble> for AccountsError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Answer(error) => error,
            Trouble::Db(DbError::KeyReused) => Self::KeyReused,
            Trouble::Db(error) => Self::Fault(Fault::from(error)),
        }
    }
}
