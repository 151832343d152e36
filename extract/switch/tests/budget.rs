//! The budget's law: in any ten slots, retries are at most a fifth of the requests and the reserve.

use std::time::Duration;

use proptest::prelude::*;
use switch::Budget;

proptest! {
    #[test]
    fn retries_are_at_most_a_fifth_of_the_requests_and_the_reserve(
        events in prop::collection::vec((0u64..400, prop::bool::weighted(0.6)), 0..600)
    ) {
        let mut budget = Budget::new();
        let (mut now, mut requests, mut retries) = (0, Vec::new(), Vec::new());
        for (wait, is_retry) in events {
            now += wait;
            let moment = Duration::from_millis(now);
            let lately = |times: &[u64]| times.iter().filter(|then| **then / 1_000 + 10 > now / 1_000).count();
            if is_retry {
                let may = 5 * (lately(&retries) + 1) <= lately(&requests) + 50;
                prop_assert_eq!(budget.retry(moment), may);
                if may {
                    retries.push(now);
                }
            } else {
                budget.request(moment);
                requests.push(now);
            }
        }
        let spans = usize::try_from(now / 10_000 + 1).unwrap_or(1);
        prop_assert!(5 * retries.len() <= requests.len() + 50 * spans);
    }
}

#[test]
fn at_total_failure_the_load_is_a_fifth_more_and_one_a_second() {
    for per_second in [1u64, 10, 100, 1_000, 10_000] {
        let (mut budget, mut requests, mut retries) = (Budget::new(), 0u64, 0u64);
        for second in 0..60 {
            for at in 0..per_second {
                let now = Duration::from_secs(second)
                    + Duration::from_secs(1) * u32::try_from(at).unwrap_or(0)
                        / u32::try_from(per_second).unwrap_or(1);
                budget.request(now);
                requests += 1;
                retries += u64::from(budget.retry(now));
            }
        }
        println!(
            "budget: {per_second} failing requests/s for a minute: {requests} requests, {retries} retries"
        );
        assert!(retries * 5 <= requests + 5 * 70, "{per_second}/s: {retries} retries of {requests}");
        assert!(retries >= 60, "the reserve is there at {per_second}/s");
    }
}
