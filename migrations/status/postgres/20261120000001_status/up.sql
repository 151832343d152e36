-- One dated leg: everything that was heard of it, and what that means.
CREATE TABLE leg (
    designator TEXT NOT NULL,
    date TEXT NOT NULL,
    origin TEXT NOT NULL,
    destination TEXT NOT NULL,
    published_departure BIGINT NOT NULL,
    published_arrival BIGINT NOT NULL,
    state TEXT NOT NULL,
    heard TEXT NOT NULL,
    status TEXT NOT NULL,
    version BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (designator, date, origin, destination)
);

-- What was taken before, so that a repeat changes nothing.
CREATE TABLE taken (
    id TEXT NOT NULL PRIMARY KEY,
    received_at BIGINT NOT NULL
);

-- Messages that could not be read or matched.
CREATE TABLE stray (
    id TEXT NOT NULL PRIMARY KEY,
    received_at BIGINT NOT NULL,
    text TEXT NOT NULL,
    reason TEXT NOT NULL,
    flight TEXT
);
CREATE INDEX stray_by_age ON stray (received_at, id);
CREATE INDEX stray_by_flight ON stray (flight);

-- What booking is still to be told: the newest of each kind for a leg.
CREATE TABLE telling (
    leg TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    news TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (leg, kind)
);
