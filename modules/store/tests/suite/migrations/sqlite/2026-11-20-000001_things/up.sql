CREATE TABLE thing (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    amount BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    day TEXT NOT NULL,
    local TEXT NOT NULL,
    facts TEXT NOT NULL,
    currency TEXT,
    blob BLOB NOT NULL,
    open BOOLEAN NOT NULL
);
CREATE TABLE seen_v1 (
    seq BIGINT NOT NULL PRIMARY KEY,
    stream TEXT NOT NULL,
    kind TEXT NOT NULL
);
