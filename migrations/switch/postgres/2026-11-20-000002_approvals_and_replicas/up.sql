CREATE TABLE waiting_change (
    id TEXT NOT NULL PRIMARY KEY,
    module TEXT NOT NULL,
    base BIGINT NOT NULL,
    asked TEXT NOT NULL,
    needs INTEGER NOT NULL,
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    state TEXT NOT NULL
);

CREATE TABLE approval (
    change_id TEXT NOT NULL,
    person TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (change_id, person)
);

CREATE TABLE kill_taken (
    id TEXT NOT NULL PRIMARY KEY,
    epoch BIGINT NOT NULL
);

CREATE TABLE replica (
    name TEXT NOT NULL PRIMARY KEY,
    epoch BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);
