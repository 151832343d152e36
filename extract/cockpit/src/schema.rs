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
