//! Every query over pads and notes. Each names the owner, so that what belongs to somebody else is not there.

use diesel::{
    dsl::{AsSelect, count},
    prelude::*,
};
use jiff::Timestamp;
use kernel::{Locator, PersonId};
use notes_api::{Note, NoteId, NoteOrder, Pad, PadId, PadRef, TripRef};
use store::{AsText, Conn, DbError, Micros, MultiBackend};

use crate::{
    rules::Place,
    schema::{note, pad, trips_v1},
};

/// Which notes of one person, from where, in which order, and how many.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    pub(crate) owner: PersonId,
    pub(crate) pad: Option<PadId>,
    pub(crate) trip: Option<Locator>,
    pub(crate) order: NoteOrder,
    pub(crate) after: Option<Place>,
    pub(crate) limit: i64,
}

/// A note as it lies in its table.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = note)]
pub(crate) struct NoteRow {
    pub(crate) id: AsText<NoteId>,
    pub(crate) owner: AsText<PersonId>,
    pub(crate) pad: Option<AsText<PadId>>,
    pub(crate) trip: Option<AsText<Locator>>,
    pub(crate) name: String,
    pub(crate) body: String,
    pub(crate) version: i64,
    pub(crate) created_at: Micros,
    pub(crate) updated_at: Micros,
}

/// A note with the names of what it belongs to.
type Found = (NoteRow, Option<String>, Option<String>);

/// One page: a single query, whatever its length.
pub(crate) fn page(conn: &mut Conn, of: &Listing) -> Result<Vec<Note>, DbError> {
    let mut query = with_names().filter(note::owner.eq(AsText(of.owner))).into_boxed::<MultiBackend>();
    if let Some(pad) = of.pad {
        query = query.filter(note::pad.eq(AsText(pad)));
    }
    if let Some(trip) = of.trip {
        query = query.filter(note::trip.eq(AsText(trip)));
    }
    if let Some(Place { name, updated_at, id, .. }) = of.after.clone() {
        let (at, id) = (Micros(updated_at), AsText(id));
        query = match of.order {
            NoteOrder::Name => {
                query.filter(note::name.gt(name.clone()).or(note::name.eq(name).and(note::id.gt(id))))
            }
            NoteOrder::NameDown => {
                query.filter(note::name.lt(name.clone()).or(note::name.eq(name).and(note::id.lt(id))))
            }
            NoteOrder::Oldest => {
                query.filter(note::updated_at.gt(at).or(note::updated_at.eq(at).and(note::id.gt(id))))
            }
            NoteOrder::Newest => {
                query.filter(note::updated_at.lt(at).or(note::updated_at.eq(at).and(note::id.lt(id))))
            }
        };
    }
    query = match of.order {
        NoteOrder::Name => query.order((note::name.asc(), note::id.asc())),
        NoteOrder::NameDown => query.order((note::name.desc(), note::id.desc())),
        NoteOrder::Oldest => query.order((note::updated_at.asc(), note::id.asc())),
        NoteOrder::Newest => query.order((note::updated_at.desc(), note::id.desc())),
    };
    let found: Vec<Found> = query.limit(of.limit).load(conn)?;
    Ok(found.into_iter().map(as_note).collect())
}

/// How many notes there are on all pages; `None` if the pad is not this person's.
pub(crate) fn total(conn: &mut Conn, of: &Listing) -> Result<Option<i64>, DbError> {
    if let Some(id) = of.pad
        && of.trip.is_none()
    {
        return Ok(pad(conn, of.owner, id)?.map(|pad| pad.notes));
    }
    let mut query = note::table.filter(note::owner.eq(AsText(of.owner))).into_boxed::<MultiBackend>();
    if let Some(pad) = of.pad {
        query = query.filter(note::pad.eq(AsText(pad)));
    }
    if let Some(trip) = of.trip {
        query = query.filter(note::trip.eq(AsText(trip)));
    }
    Ok(Some(query.count().get_result(conn)?))
}

pub(crate) fn note(conn: &mut Conn, owner: PersonId, id: NoteId) -> Result<Option<Note>, DbError> {
    let found: Option<Found> = with_names()
        .filter(note::owner.eq(AsText(owner)))
        .filter(note::id.eq(AsText(id)))
        .first(conn)
        .optional()?;
    Ok(found.map(as_note))
}

/// A person's pads by name, each with the number of its notes: one query.
pub(crate) fn pads(conn: &mut Conn, owner: PersonId) -> Result<Vec<Pad>, DbError> {
    let found: Vec<(AsText<PadId>, String, i64)> = pad::table
        .left_join(note::table)
        .filter(pad::owner.eq(AsText(owner)))
        .group_by((pad::id, pad::name))
        .order((pad::name.asc(), pad::id.asc()))
        .select((pad::id, pad::name, count(note::id.nullable())))
        .load(conn)?;
    Ok(found.into_iter().map(as_pad).collect())
}

pub(crate) fn pad(conn: &mut Conn, owner: PersonId, id: PadId) -> Result<Option<Pad>, DbError> {
    let found: Option<(AsText<PadId>, String, i64)> = pad::table
        .left_join(note::table)
        .filter(pad::owner.eq(AsText(owner)))
        .filter(pad::id.eq(AsText(id)))
        .group_by((pad::id, pad::name))
        .select((pad::id, pad::name, count(note::id.nullable())))
        .first(conn)
        .optional()?;
    Ok(found.map(as_pad))
}

pub(crate) fn insert_note(conn: &mut Conn, row: &NoteRow) -> Result<(), DbError> {
    diesel::insert_into(note::table).values(row.clone()).execute(conn)?;
    Ok(())
}

/// What an edit leaves behind.
pub(crate) struct NoteChange {
    pub(crate) pad: Option<PadId>,
    pub(crate) trip: Option<Locator>,
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) now: Timestamp,
}

/// Changes a note that is still at `version`; says whether it was.
pub(crate) fn update_note(
    conn: &mut Conn,
    id: NoteId,
    version: i64,
    change: NoteChange,
) -> Result<bool, DbError> {
    let changed =
        diesel::update(note::table.filter(note::id.eq(AsText(id))).filter(note::version.eq(version)))
            .set((
                note::pad.eq(change.pad.map(AsText)),
                note::trip.eq(change.trip.map(AsText)),
                note::name.eq(change.name),
                note::body.eq(change.text),
                note::version.eq(version + 1),
                note::updated_at.eq(Micros(change.now)),
            ))
            .execute(conn)?;
    Ok(changed == 1)
}

/// Deletes a note that is still at `version`; says whether it was.
pub(crate) fn delete_note(conn: &mut Conn, id: NoteId, version: i64) -> Result<bool, DbError> {
    let gone = diesel::delete(note::table.filter(note::id.eq(AsText(id))).filter(note::version.eq(version)))
        .execute(conn)?;
    Ok(gone == 1)
}

pub(crate) fn insert_pad(
    conn: &mut Conn,
    owner: PersonId,
    id: PadId,
    name: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    diesel::insert_into(pad::table)
        .values((
            pad::id.eq(AsText(id)),
            pad::owner.eq(AsText(owner)),
            pad::name.eq(name),
            pad::created_at.eq(Micros(now)),
        ))
        .execute(conn)?;
    Ok(())
}

pub(crate) fn rename_pad(conn: &mut Conn, id: PadId, name: &str) -> Result<(), DbError> {
    diesel::update(pad::table.filter(pad::id.eq(AsText(id)))).set(pad::name.eq(name)).execute(conn)?;
    Ok(())
}

/// Every note of a pad, for telling that they go along with it.
pub(crate) fn notes_in(conn: &mut Conn, id: PadId) -> Result<Vec<NoteRow>, DbError> {
    let pads = note::pad.eq(AsText(id));
    Ok(note::table.filter(pads).order(note::id.asc()).select(NoteRow::as_select()).load(conn)?)
}

/// Deletes a pad and what is in it.
pub(crate) fn delete_pad(conn: &mut Conn, id: PadId) -> Result<(), DbError> {
    diesel::delete(note::table.filter(note::pad.eq(AsText(id)))).execute(conn)?;
    diesel::delete(pad::table.filter(pad::id.eq(AsText(id)))).execute(conn)?;
    Ok(())
}

/// A trip's title is for its owner: whoever only knows a locator learns nothing about the journey here.
#[diesel::dsl::auto_type(no_type_alias)]
fn with_names() -> _ {
    let row: AsSelect<NoteRow, MultiBackend> = NoteRow::as_select();
    note::table
        .left_join(pad::table)
        .left_join(
            trips_v1::table.on(trips_v1::locator
                .nullable()
                .eq(note::trip)
                .and(trips_v1::owner.eq(note::owner.nullable()))),
        )
        .select((row, pad::name.nullable(), trips_v1::title.nullable()))
}

fn as_note((row, pad, title): Found) -> Note {
    Note {
        id: row.id.0,
        name: row.name,
        text: row.body,
        pad: row.pad.zip(pad).map(|(id, name)| PadRef { id: id.0, name }),
        trip: row.trip.map(|locator| TripRef { locator: locator.0, title }),
        version: row.version,
        created_at: row.created_at.0,
        updated_at: row.updated_at.0,
    }
}

fn as_pad((id, name, notes): (AsText<PadId>, String, i64)) -> Pad {
    Pad { id: id.0, name, notes }
}
