//! The tables of accounts, and nobody else's.

diesel::table! {
    person (id) {
        id -> Text,
        email -> Text,
        password -> Text,
        role -> Text,
        subject -> Text,
        confirmed -> Bool,
        created_at -> BigInt,
        last_seen -> Nullable<BigInt>,
    }
}

diesel::table! {
    open_session (id) {
        id -> Text,
        person -> Text,
        token_hash -> Binary,
        device -> Text,
        created_at -> BigInt,
        last_seen -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    reset_link (id) {
        id -> Text,
        person -> Nullable<Text>,
        token_hash -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    machine (id) {
        id -> Text,
        name -> Text,
        role -> Text,
        token_hash -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    mail (id) {
        id -> Text,
        template -> Text,
        person -> Nullable<Text>,
        reset_link -> Nullable<Text>,
        state -> Text,
        attempts -> Integer,
        due_at -> BigInt,
        failure -> Nullable<Text>,
    }
}

diesel::table! {
    audit (id) {
        id -> Text,
        at -> BigInt,
        actor -> Text,
        action -> Text,
        subject -> Text,
        reason -> Text,
        request_id -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(person, open_session, reset_link, machine, mail, audit);
