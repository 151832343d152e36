//! The tables of money.

diesel::table! {
    payment_intent (id) {
        id -> Text,
        order_id -> Text,
        locator -> Text,
        currency -> Text,
        amount -> BigInt,
        state -> Text,
        trouble -> Nullable<Text>,
        tries -> Integer,
        expires_at -> BigInt,
        settles_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    ledger_entry (entry, line) {
        entry -> Text,
        line -> Integer,
        order_id -> Text,
        account -> Text,
        currency -> Text,
        amount -> BigInt,
        at -> BigInt,
    }
}
