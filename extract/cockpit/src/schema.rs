//! The cockpit's own tables.

diesel::table! {
    decision_table (epoch) {
        epoch -> BigInt,
        tables -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    change_log (n) {
        n -> BigInt,
        epoch -> BigInt,
        at -> BigInt,
        actor -> Text,
        action -> Text,
        subject -> Text,
        reason -> Text,
        request_id -> Text,
        detail -> Text,
        previous -> Text,
        hash -> Text,
    }
}

diesel::table! {
    waiting_change (id) {
        id -> Text,
        module -> Text,
        base -> BigInt,
        asked -> Text,
        needs -> Integer,
        author -> Text,
        reason -> Text,
        at -> BigInt,
        state -> Text,
    }
}

diesel::table! {
    approval (change_id, person) {
        change_id -> Text,
        person -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    kill_taken (id) {
        id -> Text,
        epoch -> BigInt,
    }
}

diesel::table! {
    replica (name) {
        name -> Text,
        epoch -> BigInt,
        seen_at -> BigInt,
    }
}
