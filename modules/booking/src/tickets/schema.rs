//! The tables of travel documents.

diesel::table! {
    ticket (number) {
        number -> Text,
        order_id -> Text,
        passenger -> Integer,
    }
}

diesel::table! {
    coupon (ticket, number) {
        ticket -> Text,
        number -> Integer,
        order_id -> Text,
        segment -> Integer,
        status -> Text,
    }
}

diesel::table! {
    ticket_sequence (id) {
        id -> Integer,
        next -> BigInt,
    }
}
