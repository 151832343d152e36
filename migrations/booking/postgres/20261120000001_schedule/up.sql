-- One row per season flight: a period, not a day. `version` numbers the changes of the whole schedule, so that every
-- process can load what is newer than what it has; a withdrawn flight stays as a mark.
CREATE TABLE schedule_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL
);
INSERT INTO schedule_head (id, version) VALUES (1, 0);

CREATE TABLE season_flight (
    flight_key TEXT NOT NULL PRIMARY KEY,
    carrier TEXT NOT NULL,
    designator TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to TEXT NOT NULL,
    payload TEXT NOT NULL,
    withdrawn BOOLEAN NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX season_flight_by_version ON season_flight (version);
