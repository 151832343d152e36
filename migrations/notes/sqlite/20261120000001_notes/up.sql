CREATE TABLE pad (
    id TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX pad_by_owner ON pad (owner, name, id);

CREATE TABLE note (
    id TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    pad TEXT REFERENCES pad (id),
    trip TEXT,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
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
    locator TEXT NOT NULL PRIMARY KEY,
    owner TEXT,
    title TEXT NOT NULL
);
