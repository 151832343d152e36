//! The table of baskets.

diesel::table! {
    basket (id) {
        id -> Text,
        offer -> Text,
        passengers -> Text,
        contact -> Nullable<Text>,
        order_locator -> Nullable<Text>,
        expires_at -> BigInt,
    }
}
