//! One connection type over two engines. Ordinary queries run on [`Conn`] itself; what diesel cannot say for both at
//! once (`on_conflict`, `RETURNING` of a struct, a batch insert, `for_update`) goes through [`crate::both!`].

use diesel::{PgConnection, SqliteConnection};

/// A connection to one module's database. `&mut Conn` takes selects, joins, boxed queries, single inserts, updates
/// and deletes.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Conn {
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }
}

/// Which database is behind a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// `postgres://` and `postgresql://` are PostgreSQL; anything else is a path.
    pub fn of(url: &str) -> Self {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Self::Postgres
        } else {
            Self::Sqlite
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// Runs one expression on the concrete connection inside a [`Conn`]:
/// `both!(conn, c => diesel::insert_into(t).values(rows).on_conflict_do_nothing().execute(c))`.
#[macro_export]
macro_rules! both {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::Conn::Sqlite($c) => $body,
            $crate::Conn::Postgres($c) => $body,
        }
    };
}
