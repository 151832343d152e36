-- Text is in byte order, as SQLite has it, so that lists and cursors are the same on both.
CREATE TABLE pad (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    owner TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX pad_by_owner ON pad (owner, name, id);

CREATE TABLE note (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    owner TEXT COLLATE "C" NOT NULL,
    pad TEXT COLLATE "C" REFERENCES pad (id),
    trip TEXT COLLATE "C",
    name TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX note_by_update ON note (owner, updated_at, id);
CREATE INDEX note_by_name ON note (owner, name, id);
CREATE INDEX note_by_pad ON note (pad);
CREATE INDEX note_by_trip ON note (trip, owner);

-- The projection `notes.trips` of booking's feed.
CREATE TABLE trips_v1 (
    locator TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    owner TEXT COLLATE "C",
    title TEXT COLLATE "C" NOT NULL
);
