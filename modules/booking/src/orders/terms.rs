//! What cancelling gives back: the conditions of each direction, and the rules that stand above them.

use std::collections::BTreeSet;

use booking_api::OrderState;
use jiff::{SignedDuration, Timestamp};
use kernel::{Locale, Money, MoneyError};

use super::{rules::in_words, sold::SoldSlice};

/// An order as far as its cancellation depends on it.
pub(crate) struct Standing<'a> {
    pub(crate) state: OrderState,
    pub(crate) slices: &'a [SoldSlice],
    /// Segments with a flown coupon, counted over all slices.
    pub(crate) flown: &'a BTreeSet<usize>,
    pub(crate) created_at: Timestamp,
    pub(crate) seats: i32,
    pub(crate) paid: Money,
    pub(crate) refunded: Money,
}

/// What comes back, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) refund: Money,
    pub(crate) fee: Money,
    pub(crate) because: String,
}

/// Why an order cannot be cancelled.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// In words for whoever asks.
    NotNow(String),
    Money(MoneyError),
}

impl From<MoneyError> for Refusal {
    fn from(error: MoneyError) -> Self {
        Self::Money(error)
    }
}

const FREE_FOR: SignedDuration = SignedDuration::from_hours(24);
const FREE_WHEN_AHEAD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The terms on which an order can be cancelled now.
pub(crate) fn terms(order: &Standing<'_>, now: Timestamp) -> Result<Terms, Refusal> {
    let over = [OrderState::Cancelled, OrderState::Expired, OrderState::Completed];
    if over.contains(&order.state) {
        return Err(Refusal::NotNow(format!("this booking is already {}", in_words(order.state))));
    }
    let kept = order.paid.minus(order.refunded)?;
    let nothing = Money::zero(kept.currency);
    if kept.minor <= 0 {
        return Ok(Terms { refund: nothing, fee: nothing, because: "Nothing has been paid".to_owned() });
    }
    let open = order.unused(now);
    if open.is_empty() {
        return Err(Refusal::NotNow(
            "this trip has already begun, so it cannot be cancelled any more".to_owned(),
        ));
    }
    let (back, because) = order.back(&open, now)?;
    let refund = if back.minor > kept.minor { kept } else { back };
    Ok(Terms { refund, fee: kept.minus(refund)?, because })
}

impl<'a> Standing<'a> {
    /// Directions of which nothing was flown and that have not left, or that the airline cancelled.
    fn unused(&self, now: Timestamp) -> Vec<&'a SoldSlice> {
        let mut first = 0;
        let mut unused = Vec::new();
        for slice in self.slices {
            let last = first + slice.slice.segments.len();
            let flown = self.flown.range(first..last).next().is_some();
            let left = slice.slice.segments.first().is_some_and(|segment| segment.departs <= now);
            if !flown && (!left || slice.is_cancelled()) {
                unused.push(slice);
            }
            first = last;
        }
        unused
    }

    fn back(&self, open: &[&SoldSlice], now: Timestamp) -> Result<(Money, String), MoneyError> {
        let currency = self.paid.currency;
        let whole = || Money::sum(open.iter().map(|slice| slice.charged), currency);
        if self.slices.iter().any(SoldSlice::is_cancelled) {
            return Ok((
                whole()?,
                "The airline cancelled a flight of this trip: all that was not flown is refunded".to_owned(),
            ));
        }
        if self.is_free_of_charge(now) {
            return Ok((
                whole()?,
                "Within 24 hours of booking, a week or more before departure: free of charge".to_owned(),
            ));
        }
        let each = open.iter().map(|slice| by_conditions(slice, self.seats));
        let back = each.collect::<Result<Vec<_>, _>>()?;
        Ok((Money::sum(back, currency)?, self.rule(open)))
    }

    fn is_free_of_charge(&self, now: Timestamp) -> bool {
        let departs = self.slices.first().and_then(|slice| slice.slice.segments.first());
        let ahead =
            departs.is_some_and(|first| first.departs.duration_since(self.created_at) >= FREE_WHEN_AHEAD);
        ahead && now.duration_since(self.created_at) <= FREE_FOR
    }

    /// The conditions in words, once per family.
    fn rule(&self, open: &[&SoldSlice]) -> String {
        let mut rules: Vec<String> = open.iter().map(|slice| words(slice)).collect();
        rules.dedup();
        if open.len() < self.slices.len() {
            rules.push("what was used is not refunded".to_owned());
        }
        rules.join("; ")
    }
}

fn by_conditions(slice: &SoldSlice, seats: i32) -> Result<Money, MoneyError> {
    let nothing = Money::zero(slice.charged.currency);
    let Some(fee) = slice.slice.conditions.refund_fee else { return Ok(nothing) };
    if fee.minor == 0 {
        return Ok(slice.charged);
    }
    let back = slice.charged.minus(fee.times(i64::from(seats))?)?;
    Ok(if back.minor < 0 { nothing } else { back })
}

fn words(slice: &SoldSlice) -> String {
    let family = &slice.slice.family;
    match slice.slice.conditions.refund_fee {
        None => format!("{family}: not refundable"),
        Some(fee) if fee.minor == 0 => format!("{family}: refundable in full"),
        Some(fee) => {
            format!("{family}: {} per traveller and direction is kept", Locale::default().money(fee))
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Conditions, Currency};
    use proptest::prelude::*;

    use super::*;
    use crate::orders::samples;

    fn eur(minor: i64) -> Money {
        Money::new(minor, Currency::EUR)
    }

    fn slice(family: &str, fee: Option<i64>, departs: &str) -> SoldSlice {
        let mut sold = samples::slice(departs, eur(20_000));
        sold.slice.family = family.to_owned();
        sold.slice.conditions = Conditions { change_fee: None, refund_fee: fee.map(eur), bags: 0 };
        sold
    }

    fn standing<'a>(slices: &'a [SoldSlice], flown: &'a BTreeSet<usize>) -> Standing<'a> {
        Standing {
            state: OrderState::Ticketed,
            slices,
            flown,
            created_at: at("2026-11-01T12:00:00Z"),
            seats: 2,
            paid: eur(20_000 * i64::try_from(slices.len()).unwrap()),
            refunded: eur(0),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    const SOON: &str = "2026-11-05T08:00:00Z";
    const LATER: &str = "2026-12-05T08:00:00Z";
    const NEXT_DAY: &str = "2026-11-02T11:00:00Z";
    const DAYS_AFTER: &str = "2026-11-04T12:00:00Z";

    #[test]
    fn by_family_and_by_time() {
        let none = BTreeSet::new();
        for (family, fee, departs, now, refund) in [
            ("Light", None, SOON, NEXT_DAY, 0),
            ("Light", None, LATER, NEXT_DAY, 20_000),
            ("Light", None, LATER, DAYS_AFTER, 0),
            ("Standard", Some(5_000), LATER, DAYS_AFTER, 10_000),
            ("Standard", Some(15_000), LATER, DAYS_AFTER, 0),
            ("Flex", Some(0), SOON, DAYS_AFTER, 20_000),
        ] {
            let slices = [slice(family, fee, departs)];
            let terms = terms(&standing(&slices, &none), at(now)).unwrap();
            assert_eq!((terms.refund, terms.fee), (eur(refund), eur(20_000 - refund)), "{family} {now}");
        }
    }

    #[test]
    fn what_the_airline_cancelled_comes_back_whole_but_for_what_was_flown() {
        let mut slices = [slice("Light", None, SOON), slice("Light", None, LATER)];
        slices[1].slice.segments[0].cancelled = true;
        let flown = BTreeSet::from([0]);
        assert_eq!(
            terms(&standing(&slices, &flown), at("2026-12-06T00:00:00Z")).unwrap().refund,
            eur(20_000)
        );
        let none = BTreeSet::new();
        assert_eq!(terms(&standing(&slices, &none), at(NEXT_DAY)).unwrap().refund, eur(40_000));
    }

    #[test]
    fn what_is_used_or_over_cannot_be_cancelled() {
        let slices = [slice("Flex", Some(0), SOON)];
        let none = BTreeSet::new();
        assert!(matches!(terms(&standing(&slices, &none), at(LATER)), Err(Refusal::NotNow(_))));
        let flown = BTreeSet::from([0]);
        assert!(matches!(terms(&standing(&slices, &flown), at(NEXT_DAY)), Err(Refusal::NotNow(_))));
        let cancelled = Standing { state: OrderState::Cancelled, ..standing(&slices, &none) };
        assert!(matches!(terms(&cancelled, at(NEXT_DAY)), Err(Refusal::NotNow(_))));
    }

    proptest! {
        #[test]
        fn never_more_than_was_paid(fee in prop::option::of(0i64..30_000), paid in 0i64..50_000, refunded in 0i64..50_000, seats in 1i32..9, hours in 0i64..2_000) {
            let slices = [slice("Any", fee, LATER), slice("Any", fee, LATER)];
            let none = BTreeSet::new();
            let paid = paid.max(refunded);
            let order = Standing { paid: eur(paid), refunded: eur(refunded), seats, ..standing(&slices, &none) };
            let now = at("2026-11-01T12:00:00Z") + SignedDuration::from_hours(hours);
            if let Ok(terms) = terms(&order, now) {
                prop_assert!(terms.refund.minor >= 0 && terms.fee.minor >= 0);
                prop_assert_eq!(terms.refund.minor + terms.fee.minor, paid - refunded);
            }
        }
    }
}
