//! The module's own tables, as the migrations make them.

diesel::table! {
    pad (id) {
        id -> Text,
        owner -> Text,
        name -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    note (id) {
        id -> Text,
        owner -> Text,
        pad -> Nullable<Text>,
        trip -> Nullable<Text>,
        name -> Text,
        body -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    trips_v1 (locator) {
        locator -> Text,
        owner -> Nullable<Text>,
        title -> Text,
    }
}

diesel::joinable!(note -> pad (pad));
diesel::allow_tables_to_appear_in_same_query!(note, pad, trips_v1);
