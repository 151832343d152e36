CREATE TABLE log_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    log_id TEXT NOT NULL,
    seq BIGINT NOT NULL
);

CREATE TABLE event (
    seq BIGINT NOT NULL PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    stream TEXT NOT NULL,
    stream_version BIGINT NOT NULL,
    kind TEXT NOT NULL,
    v INTEGER NOT NULL,
    payload TEXT NOT NULL,
    actor TEXT NOT NULL,
    request_id TEXT NOT NULL,
    causation_id TEXT,
    origin TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    occurred_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    UNIQUE (stream, stream_version)
);

CREATE TABLE idempotency (
    actor TEXT NOT NULL,
    op TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    reply TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (actor, op, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

CREATE TABLE projection (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    log_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    lease_epoch BIGINT NOT NULL,
    moved_at BIGINT NOT NULL,
    PRIMARY KEY (name, version)
);

CREATE TABLE dead_letter (
    reader TEXT NOT NULL,
    log_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    stream TEXT NOT NULL,
    event TEXT NOT NULL,
    error TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    state TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (reader, log_id, seq)
);
CREATE INDEX dead_letter_by_stream ON dead_letter (reader, stream, state);

CREATE TABLE lease (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    until BIGINT NOT NULL
);
