//! The JSON Schemas of every question and answer. A snapshot that changes is a change of the wire: it must still read
//! what the previous release wrote, or be a new version.

use accounts_api::Accounts;
use booking_api::{Disruption, Orders, Payments, Schedule, Shop};
use notes_api::Notes;
use search_api::Search;
use status_api::Status;

macro_rules! schemas {
    ($($test:ident: $Interface:ty),+ $(,)?) => {$(
        #[test]
        fn $test() {
            insta::with_settings!({ snapshot_path => "../snapshots/schemas", prepend_module_to_snapshot => false }, {
                insta::assert_json_snapshot!(stringify!($test), <$Interface>::schemas());
            });
        }
    )+};
}

schemas! {
    accounts: dyn Accounts,
    booking_schedule: dyn Schedule,
    booking_shop: dyn Shop,
    booking_orders: dyn Orders,
    booking_payments: dyn Payments,
    booking_disruption: dyn Disruption,
    search: dyn Search,
    status: dyn Status,
    notes: dyn Notes,
}
