CREATE TABLE basket (
    id TEXT NOT NULL PRIMARY KEY,
    offer TEXT NOT NULL,
    passengers TEXT NOT NULL,
    contact TEXT,
    order_locator TEXT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX basket_by_age ON basket (expires_at);

CREATE TABLE booking_order (
    id TEXT NOT NULL PRIMARY KEY,
    locator TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    owner TEXT,
    email TEXT NOT NULL,
    phone TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    hold_until BIGINT,
    intent TEXT,
    lead_name TEXT NOT NULL,
    people INTEGER NOT NULL,
    seats INTEGER NOT NULL,
    departs BIGINT NOT NULL,
    slices TEXT NOT NULL,
    currency TEXT NOT NULL,
    total BIGINT NOT NULL,
    paid BIGINT NOT NULL,
    refunded BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX booking_order_by_age ON booking_order (created_at, id);
CREATE INDEX booking_order_by_owner ON booking_order (owner);
CREATE INDEX booking_order_by_email ON booking_order (email);
CREATE INDEX booking_order_by_hold ON booking_order (hold_until);

CREATE TABLE passenger (
    order_id TEXT NOT NULL,
    place INTEGER NOT NULL,
    kind TEXT NOT NULL,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    -- The family name without case, accents and blanks: what people are found by.
    family_key TEXT NOT NULL,
    date_of_birth TEXT NOT NULL,
    PRIMARY KEY (order_id, place)
);
CREATE INDEX passenger_by_family ON passenger (family_key);

CREATE TABLE order_item (
    order_id TEXT NOT NULL,
    place INTEGER NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (order_id, place)
);

-- Which legs an order sits on, so that a leg's passengers are found without reading every order.
CREATE TABLE order_leg (
    order_id TEXT NOT NULL,
    place INTEGER NOT NULL,
    leg TEXT NOT NULL,
    designator TEXT NOT NULL,
    date TEXT NOT NULL,
    PRIMARY KEY (order_id, place)
);
CREATE INDEX order_leg_by_leg ON order_leg (leg);
CREATE INDEX order_leg_by_flight ON order_leg (designator, date);

CREATE TABLE ticket (
    number TEXT NOT NULL PRIMARY KEY,
    order_id TEXT NOT NULL,
    passenger INTEGER NOT NULL
);
CREATE INDEX ticket_by_order ON ticket (order_id);

CREATE TABLE coupon (
    ticket TEXT NOT NULL,
    number INTEGER NOT NULL,
    order_id TEXT NOT NULL,
    -- The place of its segment in the order, from 0, over all slices.
    segment INTEGER NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (ticket, number)
);
CREATE INDEX coupon_by_order ON coupon (order_id);

CREATE TABLE ticket_sequence (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    next BIGINT NOT NULL
);
INSERT INTO ticket_sequence (id, next) VALUES (1, 1000000001);

CREATE TABLE audit (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason TEXT NOT NULL,
    request_id TEXT NOT NULL
);
CREATE INDEX audit_by_age ON audit (at, id);

CREATE TABLE mail (
    id TEXT NOT NULL PRIMARY KEY,
    recipient TEXT NOT NULL,
    template TEXT NOT NULL,
    details TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at BIGINT NOT NULL,
    trouble TEXT NOT NULL
);
CREATE INDEX mail_by_due ON mail (state, due_at);
