//! Status's own tables.

diesel::table! {
    leg (designator, date, origin, destination) {
        designator -> Text,
        date -> Text,
        origin -> Text,
        destination -> Text,
        published_departure -> BigInt,
        published_arrival -> BigInt,
        state -> Text,
        heard -> Text,
        status -> Text,
        version -> BigInt,
        changed_at -> BigInt,
    }
}

diesel::table! {
    taken (id) {
        id -> Text,
        received_at -> BigInt,
    }
}

diesel::table! {
    stray (id) {
        id -> Text,
        received_at -> BigInt,
        text -> Text,
        reason -> Text,
        flight -> Nullable<Text>,
    }
}

diesel::table! {
    telling (leg, kind) {
        leg -> Text,
        kind -> Text,
        key -> Text,
        news -> Text,
        since -> BigInt,
    }
}
