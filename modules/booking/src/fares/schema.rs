//! The tables of fares and rates.

diesel::table! {
    fare_market (from_iata, to_iata) {
        from_iata -> Text,
        to_iata -> Text,
        fares -> Text,
        changed_at -> BigInt,
    }
}

diesel::table! {
    rate_table (name) {
        name -> Text,
        payload -> Text,
        changed_at -> BigInt,
    }
}
