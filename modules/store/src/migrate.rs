//! Going up: the store's own tables first, then the module's. A SQLite file goes up by itself when it is opened; a
//! PostgreSQL schema only when somebody says `banyan migrate up`.

use std::collections::BTreeSet;

use diesel::{
    Connection, OptionalExtension, PgConnection, QueryDsl, RunQueryDsl, SqliteConnection,
    backend::Backend,
    connection::SimpleConnection,
    dsl::count_star,
    migration::{Migration, MigrationSource},
    prelude::*,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use kernel::Outside;

use crate::{
    Conn, DbError, Engine, UuidText, both,
    care::refuse_damaged,
    connect::{Connect, Purpose, prepare_file, schema_of},
    schema::{__diesel_schema_migrations as done, log_head},
};

/// The migrations of one module, embedded by the module: one set for each engine, the same versions in both.
pub struct Migrations {
    pub sqlite: EmbeddedMigrations,
    pub postgres: EmbeddedMigrations,
}

const OWN: Migrations = Migrations {
    sqlite: embed_migrations!("migrations/sqlite"),
    postgres: embed_migrations!("migrations/postgres"),
};

type Steps<DB> = Vec<Box<dyn Migration<DB>>>;
type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Applies what is missing and answers the names of what was applied. On PostgreSQL the URL must belong to an owner:
/// the schema `banyan_<module>` is made if missing, and the role of that name where the owner may make roles.
pub(crate) fn up(url: &str, module: &'static str, migrations: &Migrations) -> Result<Vec<String>, DbError> {
    if Engine::of(url) == Engine::Sqlite {
        prepare_file(url)?;
    }
    let mut conn = Connect::new(url, module, Purpose::Write).open()?;
    refuse_newer(&mut conn, url, module, migrations)?;
    refuse_damaged(&mut conn, url)?;
    let ran = match &mut conn {
        Conn::Sqlite(c) => up_sqlite(c, migrations),
        Conn::Postgres(c) => up_postgres(c, module, migrations),
    };
    ran.map_err(|e| match e.downcast::<diesel::result::Error>() {
        Ok(database) => DbError::from(*database).at(url),
        Err(other) => DbError::Migration { module: module.to_owned(), detail: other.to_string() },
    })
}

/// The names of migrations that this binary has and the database has not.
pub(crate) fn pending(conn: &mut Conn, migrations: &Migrations) -> Result<Vec<String>, DbError> {
    let applied = versions(conn)?;
    Ok(known(conn, migrations)?
        .into_iter()
        .filter(|k| !applied.contains(&k.version))
        .map(|k| k.name)
        .collect())
}

/// The versions that the database has, oldest first.
pub(crate) fn applied(conn: &mut Conn) -> Result<Vec<String>, DbError> {
    versions(conn).map(|set| set.into_iter().collect())
}

/// A database that knows more than this binary must not be written by it.
pub(crate) fn refuse_newer(
    conn: &mut Conn,
    url: &str,
    module: &str,
    migrations: &Migrations,
) -> Result<(), DbError> {
    let known: BTreeSet<_> = known(conn, migrations)?.into_iter().map(|k| k.version).collect();
    let foreign: Vec<_> = versions(conn).map_err(|e| e.at(url))?.difference(&known).cloned().collect();
    if foreign.is_empty() {
        Ok(())
    } else {
        Err(DbError::Newer { module: module.to_owned(), versions: foreign })
    }
}

struct Known {
    version: String,
    name: String,
}

fn known(conn: &Conn, migrations: &Migrations) -> Result<Vec<Known>, DbError> {
    match conn {
        Conn::Sqlite(_) => named(&steps::<diesel::sqlite::Sqlite>(&OWN.sqlite, &migrations.sqlite)),
        Conn::Postgres(_) => named(&steps::<diesel::pg::Pg>(&OWN.postgres, &migrations.postgres)),
    }
}

fn named<DB: Backend>(steps: &Result<Steps<DB>, AnyError>) -> Result<Vec<Known>, DbError> {
    let steps = steps.as_ref().map_err(DbError::encoding)?;
    Ok(steps
        .iter()
        .map(|step| Known { version: step.name().version().to_string(), name: step.name().to_string() })
        .collect())
}

fn steps<DB: Backend>(own: &EmbeddedMigrations, module: &EmbeddedMigrations) -> Result<Steps<DB>, AnyError> {
    let mut all: Steps<DB> = own.migrations()?;
    all.extend(MigrationSource::<DB>::migrations(module)?);
    all.sort_by(|a, b| a.name().version().cmp(&b.name().version()));
    Ok(all)
}

fn up_sqlite(conn: &mut SqliteConnection, migrations: &Migrations) -> Result<Vec<String>, AnyError> {
    // One immediate transaction: a second process that starts now waits here, then finds nothing to do.
    conn.immediate_transaction(|conn| {
        let ran = run(conn, steps(&OWN.sqlite, &migrations.sqlite)?)?;
        begin_log(conn, |conn, birth| {
            Ok(diesel::insert_into(log_head::table).values(birth).execute(conn)?)
        })?;
        Ok(ran)
    })
}

fn up_postgres(
    conn: &mut PgConnection,
    module: &str,
    migrations: &Migrations,
) -> Result<Vec<String>, AnyError> {
    let schema = schema_of(module);
    conn.transaction(|conn| {
        conn.batch_execute(&format!(
            "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '30s'; \
             SELECT pg_advisory_xact_lock(hashtext('{schema}')); CREATE SCHEMA IF NOT EXISTS {schema};"
        ))?;
        let ran = run(conn, steps(&OWN.postgres, &migrations.postgres)?)?;
        begin_log(conn, |conn, birth| {
            Ok(diesel::insert_into(log_head::table).values(birth).execute(conn)?)
        })?;
        conn.batch_execute(&grants(&schema))?;
        Ok(ran)
    })
}

fn run<C, DB>(conn: &mut C, steps: Steps<DB>) -> Result<Vec<String>, AnyError>
where
    DB: Backend,
    C: MigrationHarness<DB>,
{
    let applied: BTreeSet<_> = conn.applied_migrations()?.iter().map(ToString::to_string).collect();
    let mut ran = Vec::new();
    for step in steps {
        if !applied.contains(&step.name().version().to_string()) {
            conn.run_migration(&*step)?;
            ran.push(step.name().to_string());
        }
    }
    Ok(ran)
}

type Birth = (
    diesel::dsl::Eq<log_head::id, i32>,
    diesel::dsl::Eq<log_head::log_id, UuidText>,
    diesel::dsl::Eq<log_head::seq, i64>,
);

/// A log gets its identity when it is made.
fn begin_log<C>(
    conn: &mut C,
    insert: impl FnOnce(&mut C, Birth) -> Result<usize, AnyError>,
) -> Result<(), AnyError>
where
    C: diesel::connection::LoadConnection,
    diesel::dsl::Select<log_head::table, log_head::seq>: for<'q> diesel::query_dsl::LoadQuery<'q, C, i64>,
{
    let there = diesel::query_dsl::RunQueryDsl::load::<i64>(log_head::table.select(log_head::seq), conn)?;
    if there.is_empty() {
        let birth = UuidText(Outside::system().uuid());
        insert(conn, (log_head::id.eq(1), log_head::log_id.eq(birth), log_head::seq.eq(0)))?;
    }
    Ok(())
}

/// The module's role may use its tables and nobody else's. Without the right to make roles this does nothing. Roles
/// belong to the whole server, so another database's migration may be making the same one right now.
fn grants(schema: &str) -> String {
    format!(
        "DO $$ BEGIN
           IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolcreaterole)) THEN
             RETURN;
           END IF;
           IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{schema}') THEN
             BEGIN
               CREATE ROLE {schema} NOLOGIN;
               ALTER ROLE {schema} SET search_path = {schema};
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
             END;
           END IF;
           GRANT USAGE ON SCHEMA {schema} TO {schema};
           GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {schema};
           GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {schema};
         END $$;"
    )
}

fn versions(conn: &mut Conn) -> Result<BTreeSet<String>, DbError> {
    if !has_table(conn)? {
        return Ok(BTreeSet::new());
    }
    let versions: Vec<String> = both!(conn, c => done::table.select(done::version).load(c))?;
    Ok(versions.into_iter().collect())
}

diesel::table! {
    sqlite_master (name) {
        name -> Text,
    }
}

diesel::table! {
    pg_tables (schemaname, tablename) {
        schemaname -> Text,
        tablename -> Text,
    }
}

fn has_table(conn: &mut Conn) -> Result<bool, DbError> {
    let name = "__diesel_schema_migrations";
    let found: Option<i64> = match conn {
        Conn::Sqlite(c) => sqlite_master::table
            .filter(sqlite_master::name.eq(name))
            .select(count_star())
            .first(c)
            .optional()?,
        Conn::Postgres(c) => pg_tables::table
            .filter(pg_tables::tablename.eq(name))
            .filter(pg_tables::schemaname.eq(diesel::dsl::sql::<diesel::sql_types::Text>("current_schema()")))
            .select(count_star())
            .first(c)
            .optional()?,
    };
    Ok(found.unwrap_or(0) > 0)
}
