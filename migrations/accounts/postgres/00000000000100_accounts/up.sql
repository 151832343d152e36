CREATE TABLE person (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    password TEXT NOT NULL,
    role TEXT NOT NULL,
    subject TEXT NOT NULL,
    confirmed BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen BIGINT
);

CREATE TABLE open_session (
    id TEXT NOT NULL PRIMARY KEY,
    person TEXT NOT NULL REFERENCES person (id),
    token_hash BYTEA NOT NULL UNIQUE,
    device TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX open_session_by_person ON open_session (person);

CREATE TABLE reset_link (
    id TEXT NOT NULL PRIMARY KEY,
    person TEXT REFERENCES person (id),
    token_hash BYTEA NOT NULL UNIQUE,
    expires_at BIGINT NOT NULL
);
CREATE INDEX reset_link_by_person ON reset_link (person);
CREATE INDEX reset_link_by_expiry ON reset_link (expires_at);

CREATE TABLE machine (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

-- A template's name and ids; addresses and one-time links are looked up when the mail is taken.
CREATE TABLE mail (
    id TEXT NOT NULL PRIMARY KEY,
    template TEXT NOT NULL,
    person TEXT REFERENCES person (id),
    reset_link TEXT,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at BIGINT NOT NULL,
    failure TEXT
);
CREATE INDEX mail_by_due ON mail (state, due_at);

CREATE TABLE audit (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason TEXT NOT NULL,
    request_id TEXT NOT NULL
);
