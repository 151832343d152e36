CREATE TABLE payment_intent (
    id TEXT NOT NULL PRIMARY KEY,
    order_id TEXT NOT NULL,
    locator TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL,
    state TEXT NOT NULL,
    trouble TEXT,
    tries INTEGER NOT NULL,
    expires_at BIGINT NOT NULL,
    -- When a slow payment will be settled.
    settles_at BIGINT
);
CREATE INDEX payment_intent_by_state ON payment_intent (state, settles_at);
CREATE INDEX payment_intent_by_order ON payment_intent (order_id);
-- At most one succeeded payment per order, whatever the code does.
CREATE UNIQUE INDEX payment_intent_succeeded ON payment_intent (order_id) WHERE state = 'succeeded';

-- Double entry: the amounts of one transaction add up to zero.
CREATE TABLE ledger_entry (
    entry TEXT NOT NULL,
    line INTEGER NOT NULL,
    order_id TEXT NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (entry, line)
);
CREATE INDEX ledger_entry_by_order ON ledger_entry (order_id);
