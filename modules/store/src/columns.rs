//! Values as they lie in columns. Both engines hold only Text, BigInt, Integer, Binary and Bool; these newtypes turn
//! the rest into those, so that a row struct is the same on either.

use std::{fmt, io, str::FromStr};

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::Pg,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{BigInt, Text},
    sqlite::Sqlite,
};
use jiff::{Timestamp, civil};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::conn::MultiBackend;

/// An instant, as microseconds since 1970 in a `BigInt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = BigInt)]
pub struct Micros(pub Timestamp);

/// A UUID as 36 characters of `Text`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct UuidText(pub Uuid);

/// A calendar day as `2026-11-20`: text order is day order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct DateText(pub civil::Date);

/// A local date and time, without a zone, as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct LocalText(pub civil::DateTime);

/// Any JSON, as `Text`.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Json(pub serde_json::Value);

/// A value that serde knows, as JSON in `Text`.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct JsonText<T: fmt::Debug>(pub T);

/// A value that parses from its own text, such as an id, a locator, a role or a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct AsText<T: fmt::Debug>(pub T);

macro_rules! column {
    ($Name:ident $(<$T:ident: $($Bound:path),+>)? ($Inner:ty): $Sql:ident as $Raw:ty, $write:expr, $read:expr) => {
        impl $(<$T>)? ToSql<$Sql, Sqlite> for $Name $(<$T>)? $(where $T: fmt::Debug $(+ $Bound)+ + 'static)? {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                let write: fn(&$Inner) -> Result<$Raw, io::Error> = $write;
                out.set_value(write(&self.0)?);
                Ok(IsNull::No)
            }
        }

        impl $(<$T>)? ToSql<$Sql, Pg> for $Name $(<$T>)? $(where $T: fmt::Debug $(+ $Bound)+ + 'static)? {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                let write: fn(&$Inner) -> Result<$Raw, io::Error> = $write;
                <$Raw as ToSql<$Sql, Pg>>::to_sql(&write(&self.0)?, &mut out.reborrow())
            }
        }

        impl $(<$T>)? ToSql<$Sql, MultiBackend> for $Name $(<$T>)?
        $(where $T: fmt::Debug $(+ $Bound)+ + Send + Sync + 'static)? {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
                out.set_value(($Sql, self));
                Ok(IsNull::No)
            }
        }

        impl<DB: Backend, $($T)?> FromSql<$Sql, DB> for $Name $(<$T>)?
        where
            $Raw: FromSql<$Sql, DB>,
            $($T: fmt::Debug $(+ $Bound)+,)?
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                let read: fn($Raw) -> deserialize::Result<$Inner> = $read;
                <$Raw as FromSql<$Sql, DB>>::from_sql(bytes).and_then(read).map(Self)
            }
        }
    };
}

column!(Micros(Timestamp): BigInt as i64, |at| Ok(at.as_microsecond()), |raw| Ok(Timestamp::from_microsecond(raw)?));
column!(UuidText(Uuid): Text as String, |id| Ok(id.to_string()), |raw| Ok(raw.parse()?));
column!(DateText(civil::Date): Text as String, |day| Ok(day.to_string()), |raw| Ok(raw.parse()?));
column!(LocalText(civil::DateTime): Text as String, |at| Ok(at.to_string()), |raw| Ok(raw.parse()?));
column!(Json(serde_json::Value): Text as String, |json| Ok(json.to_string()), |raw| Ok(serde_json::from_str(&raw)?));
column!(JsonText<T: Serialize, DeserializeOwned>(T): Text as String,
    |value| Ok(serde_json::to_string(value)?),
    |raw| Ok(serde_json::from_str(&raw)?));
column!(AsText<T: fmt::Display, ParseText>(T): Text as String, |value| Ok(value.to_string()), |raw| T::parse_text(&raw));

/// What [`AsText`] needs to read a column; every `FromStr` has it.
pub trait ParseText: Sized {
    fn parse_text(text: &str) -> deserialize::Result<Self>;
}

impl<T: FromStr<Err: std::error::Error + Send + Sync + 'static>> ParseText for T {
    fn parse_text(text: &str) -> deserialize::Result<Self> {
        Ok(text.parse()?)
    }
}

macro_rules! wraps {
    ($($Name:ident($Inner:ty)),* $(,)?) => {$(
        impl From<$Inner> for $Name {
            fn from(value: $Inner) -> Self {
                Self(value)
            }
        }
        impl From<$Name> for $Inner {
            fn from(column: $Name) -> Self {
                column.0
            }
        }
    )*};
}
wraps!(
    Micros(Timestamp),
    UuidText(Uuid),
    DateText(civil::Date),
    LocalText(civil::DateTime),
    Json(serde_json::Value)
);

impl<T: fmt::Debug> From<T> for JsonText<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: fmt::Debug> From<T> for AsText<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}
