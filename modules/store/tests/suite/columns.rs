//! Every column type goes into both engines and comes out the same, through the queries that modules write.
use std::collections::BTreeMap;

use crate::world::{ctx, databases, thing};
use diesel::prelude::*;
use jiff::Timestamp;
use kernel::{Currency, Outside};
use store::{AsText, DateText, DbError, JsonText, LocalText, Micros, UuidText, both};

#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = thing)]
struct Thing {
    id: UuidText,
    name: String,
    amount: i64,
    made_at: Micros,
    day: DateText,
    local: LocalText,
    facts: JsonText<BTreeMap<String, u32>>,
    currency: Option<AsText<Currency>>,
    blob: Vec<u8>,
    open: bool,
}

fn thing_of(name: &str, currency: Option<Currency>) -> Thing {
    Thing {
        id: UuidText(Outside::system().uuid()),
        name: name.to_owned(),
        amount: -5,
        made_at: Micros(Timestamp::from_microsecond(1_234_567_890_123_456).unwrap()),
        day: DateText("2026-02-28".parse().unwrap()),
        local: LocalText("2026-02-28T23:59:00".parse().unwrap()),
        facts: JsonText(BTreeMap::from([("é".to_owned(), 1)])),
        currency: currency.map(AsText),
        blob: vec![0, 255, 7],
        open: true,
    }
}

#[tokio::test]
async fn values_come_back() {
    for (engine, db) in databases() {
        let (first, second) = (thing_of("a", Some(Currency::EUR)), thing_of("b", None));
        let (one, two) = (first.clone(), second.clone());
        db.write(&ctx(), move |tx| {
            diesel::insert_into(thing::table).values(&one).execute(tx.conn())?;
            both!(tx.conn(), c => diesel::insert_into(thing::table).values(vec![two.clone()]).execute(c))?;
            Ok::<_, DbError>(())
        })
        .await
        .unwrap();
        let id = first.id;
        let (all, some, later, named) = db
            .read(move |conn| {
                let all: Vec<Thing> =
                    thing::table.order(thing::name).select(Thing::as_select()).load(conn)?;
                let some = thing::table.filter(thing::id.eq_any([id])).count().get_result::<i64>(conn)?;
                let later = thing::table
                    .filter(thing::made_at.gt(Micros(Timestamp::UNIX_EPOCH)))
                    .filter(thing::currency.is_null())
                    .select(thing::name)
                    .first::<String>(conn)
                    .optional()?;
                let mut boxed = thing::table.into_boxed();
                boxed = boxed.filter(thing::name.like("a%")).order(thing::day.desc()).limit(5);
                Ok((all, some, later, boxed.select(thing::currency).load::<Option<AsText<Currency>>>(conn)?))
            })
            .await
            .unwrap();
        assert_eq!(all, [first.clone(), second.clone()], "{engine}");
        assert_eq!((some, later.as_deref()), (1, Some("b")), "{engine}");
        assert_eq!(named, [Some(AsText(Currency::EUR))], "{engine}");
        let mut changed = second.clone();
        changed.facts.0.clear();
        let update = changed.clone();
        db.write(&ctx(), move |tx| {
            diesel::update(thing::table.find(update.id))
                .set(&update)
                .execute(tx.conn())
                .map_err(DbError::from)
        })
        .await
        .unwrap();
        let read = db
            .read(|conn| {
                Ok(thing::table.filter(thing::name.eq("b")).select(Thing::as_select()).load(conn)?)
            })
            .await
            .unwrap();
        assert_eq!(read[0], changed, "{engine}");
    }
}

#[tokio::test]
async fn readers_cannot_write() {
    for (engine, db) in databases() {
        let refused = db.read(|conn| Ok(diesel::delete(thing::table).execute(conn)?)).await;
        assert!(refused.is_err(), "{engine}");
    }
}
