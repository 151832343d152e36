//! The tables of orders and of what hangs on them.

diesel::table! {
    booking_order (id) {
        id -> Text,
        locator -> Text,
        state -> Text,
        owner -> Nullable<Text>,
        email -> Text,
        phone -> Text,
        created_at -> BigInt,
        hold_until -> Nullable<BigInt>,
        intent -> Nullable<Text>,
        lead_name -> Text,
        people -> Integer,
        seats -> Integer,
        departs -> BigInt,
        slices -> Text,
        currency -> Text,
        total -> BigInt,
        paid -> BigInt,
        refunded -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    passenger (order_id, place) {
        order_id -> Text,
        place -> Integer,
        kind -> Text,
        given_name -> Text,
        family_name -> Text,
        family_key -> Text,
        date_of_birth -> Text,
    }
}

diesel::table! {
    order_item (order_id, place) {
        order_id -> Text,
        place -> Integer,
        kind -> Text,
        title -> Text,
        amount -> BigInt,
    }
}

diesel::table! {
    order_leg (order_id, place) {
        order_id -> Text,
        place -> Integer,
        leg -> Text,
        designator -> Text,
        date -> Text,
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

diesel::allow_tables_to_appear_in_same_query!(booking_order, order_leg);
