//! The tables of inventory.

diesel::table! {
    leg_cabin (leg, cabin) {
        leg -> Text,
        cabin -> Text,
        seats -> Integer,
        authorised -> Integer,
        sold -> Integer,
        held -> Integer,
    }
}

diesel::table! {
    leg_class (leg, cabin, rank) {
        leg -> Text,
        cabin -> Text,
        rank -> Integer,
        class -> Text,
        au -> Integer,
        sold -> Integer,
        held -> Integer,
        nested -> Integer,
    }
}

diesel::table! {
    group_block (leg, class) {
        leg -> Text,
        class -> Text,
        seats -> Integer,
    }
}
