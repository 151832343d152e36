-- All fares of one origin and destination are one row, because they are published and read together.
CREATE TABLE fare_market (
    from_iata TEXT NOT NULL,
    to_iata TEXT NOT NULL,
    fares TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (from_iata, to_iata)
);

-- Small whole tables, each one JSON document: `taxes`, `connecting_times`.
CREATE TABLE rate_table (
    name TEXT NOT NULL PRIMARY KEY,
    payload TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
