CREATE TABLE leg_cabin (
    leg TEXT NOT NULL,
    cabin TEXT NOT NULL,
    seats INTEGER NOT NULL,
    authorised INTEGER NOT NULL,
    sold INTEGER NOT NULL,
    held INTEGER NOT NULL,
    PRIMARY KEY (leg, cabin)
);

-- No CHECK (nested <= au): lowering a level below what is sold must be possible.
CREATE TABLE leg_class (
    leg TEXT NOT NULL,
    cabin TEXT NOT NULL,
    rank INTEGER NOT NULL,
    class TEXT NOT NULL,
    au INTEGER NOT NULL,
    sold INTEGER NOT NULL,
    held INTEGER NOT NULL,
    nested INTEGER NOT NULL,
    PRIMARY KEY (leg, cabin, rank)
);

CREATE TABLE group_block (
    leg TEXT NOT NULL,
    class TEXT NOT NULL,
    seats INTEGER NOT NULL,
    PRIMARY KEY (leg, class)
);

CREATE TABLE leg_news (
    leg TEXT NOT NULL PRIMARY KEY,
    designator TEXT NOT NULL,
    date TEXT NOT NULL,
    cancelled BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    departs BIGINT,
    arrives BIGINT,
    estimated_departure BIGINT,
    estimated_arrival BIGINT,
    changed_at BIGINT NOT NULL
);
CREATE INDEX leg_news_by_flight ON leg_news (designator, date);
