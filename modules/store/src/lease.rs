//! One row per job says who runs it. Each change of hands raises the epoch, so that a former holder's late writes can
//! be told from the present one's.

use diesel::prelude::*;
use jiff::SignedDuration;
use kernel::Ctx;

use crate::{Conn, Db, DbError, Micros, Tx, both, schema::lease};

/// A job that this process runs for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub name: String,
    pub holder: String,
    pub epoch: i64,
}

impl Lease {
    /// Takes a job that is free or run out, or prolongs one that is ours. `None`: somebody else has it.
    /// Renew it well before `time` is over.
    pub async fn take(
        db: &Db,
        name: &str,
        holder: &str,
        time: SignedDuration,
    ) -> Result<Option<Self>, DbError> {
        let (name, holder) = (name.to_owned(), holder.to_owned());
        db.write(&Ctx::system(&name.clone()), move |tx| Self::take_in(tx, &name, &holder, time)).await
    }

    /// The same inside a transaction.
    pub fn take_in(
        tx: &mut Tx<'_>,
        name: &str,
        holder: &str,
        time: SignedDuration,
    ) -> Result<Option<Self>, DbError> {
        let now = tx.now();
        let until = Micros(now.checked_add(time).map_err(DbError::encoding)?);
        ensure_row(tx.conn(), name)?;
        let kept = diesel::update(lease::table.filter(lease::name.eq(name)).filter(lease::holder.eq(holder)))
            .set(lease::until.eq(until))
            .execute(tx.conn())?;
        if kept == 0 {
            let free = lease::table.filter(lease::name.eq(name)).filter(lease::until.le(Micros(now)));
            let taken = diesel::update(free)
                .set((lease::holder.eq(holder), lease::until.eq(until), lease::epoch.eq(lease::epoch + 1)))
                .execute(tx.conn())?;
            if taken == 0 {
                return Ok(None);
            }
        }
        let epoch = lease::table.find(name).select(lease::epoch).first(tx.conn())?;
        Ok(Some(Self { name: name.to_owned(), holder: holder.to_owned(), epoch }))
    }

    /// Lets the next one take it at once.
    pub async fn release(self, db: &Db) -> Result<(), DbError> {
        db.write(&Ctx::system(&self.name.clone()), move |tx| {
            diesel::update(
                lease::table.filter(lease::name.eq(&self.name)).filter(lease::holder.eq(&self.holder)),
            )
            .set((lease::until.eq(0), lease::holder.eq("")))
            .execute(tx.conn())?;
            Ok(())
        })
        .await
    }
}

fn ensure_row(conn: &mut Conn, name: &str) -> Result<(), DbError> {
    let row = (lease::name.eq(name), lease::holder.eq(""), lease::epoch.eq(0), lease::until.eq(0));
    both!(conn, c => diesel::insert_into(lease::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}
