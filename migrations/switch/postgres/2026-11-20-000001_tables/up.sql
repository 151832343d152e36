CREATE TABLE decision_table (
    epoch BIGINT NOT NULL PRIMARY KEY,
    tables TEXT NOT NULL,
    at BIGINT NOT NULL
);

CREATE TABLE change_log (
    n BIGINT NOT NULL PRIMARY KEY,
    epoch BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason TEXT NOT NULL,
    request_id TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
);
