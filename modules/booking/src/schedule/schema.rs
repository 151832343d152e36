//! The schedule's tables.

diesel::table! {
    schedule_head (id) {
        id -> Integer,
        version -> BigInt,
    }
}

diesel::table! {
    season_flight (flight_key) {
        flight_key -> Text,
        carrier -> Text,
        designator -> Text,
        valid_from -> Text,
        valid_to -> Text,
        payload -> Text,
        withdrawn -> Bool,
        version -> BigInt,
    }
}

// Of inventory the schedule reads these columns only: which legs are booked.

diesel::table! {
    leg_cabin (leg, cabin) {
        leg -> Text,
        cabin -> Text,
        sold -> Integer,
        held -> Integer,
    }
}
