//! The tables that every module's database has: the log, its head, and what readers and workers remember.

diesel::table! {
    log_head (id) {
        id -> Integer,
        log_id -> Text,
        seq -> BigInt,
    }
}

diesel::table! {
    event (seq) {
        seq -> BigInt,
        event_id -> Text,
        stream -> Text,
        stream_version -> BigInt,
        kind -> Text,
        v -> Integer,
        payload -> Text,
        actor -> Text,
        request_id -> Text,
        causation_id -> Nullable<Text>,
        origin -> Text,
        epoch -> BigInt,
        occurred_at -> BigInt,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    idempotency (actor, op, key) {
        actor -> Text,
        op -> Text,
        key -> Text,
        fingerprint -> Text,
        reply -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    projection (name, version) {
        name -> Text,
        version -> Integer,
        log_id -> Text,
        position -> BigInt,
        lease_epoch -> BigInt,
        moved_at -> BigInt,
    }
}

diesel::table! {
    dead_letter (reader, log_id, seq) {
        reader -> Text,
        log_id -> Text,
        seq -> BigInt,
        stream -> Text,
        event -> Text,
        error -> Text,
        attempts -> Integer,
        state -> Text,
        changed_at -> BigInt,
    }
}

diesel::table! {
    lease (name) {
        name -> Text,
        holder -> Text,
        epoch -> BigInt,
        until -> BigInt,
    }
}

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}
