//! What is known of a dated leg beyond the published schedule.

diesel::table! {
    leg_news (leg) {
        leg -> Text,
        designator -> Text,
        date -> Text,
        cancelled -> Bool,
        reason -> Text,
        departs -> Nullable<BigInt>,
        arrives -> Nullable<BigInt>,
        estimated_departure -> Nullable<BigInt>,
        estimated_arrival -> Nullable<BigInt>,
        changed_at -> BigInt,
    }
}
