//! Money back: by the conditions of the fare, and by staff.

use booking_api::{BookingError, Cancel, OrderState, Refund};
use kernel::{Money, PageAsk, Role};

use super::{
    Airline, Faces,
    kit::{anybody, euros, keyed, named, of, somebody},
};

pub(crate) async fn all(faces: &Faces) {
    by_family(faces).await;
    free_for_a_day_when_it_is_early(faces).await;
    before_it_is_paid(faces).await;
    staff_gives_back_what_was_paid_and_no_more(faces).await;
}

async fn by_family(faces: &Faces) {
    let airline = Airline::open(faces, "D1", "Y20").await;
    let ctx = somebody(Role::Traveller);
    for (family, kept) in [("Light", None), ("Standard", Some(40)), ("Flex", Some(0))] {
        let order = airline.bought(&ctx, 3, family).await;
        let before = airline.taken(3).await;
        let quote = faces.orders.quote_cancellation(&ctx, of(&order)).await.unwrap();
        let refund = kept.map_or(0, |kept| order.total.minor - kept * 100);
        assert_eq!((quote.refund.minor, quote.paid), (refund, order.total), "{family}: {}", quote.because);
        assert_eq!(quote.fee.minor, order.total.minor - refund);
        let wrong = Cancel { of: of(&order), agreed_refund: Money::new(refund + 1, order.total.currency) };
        let answer = faces.orders.cancel(&keyed(&ctx), wrong).await;
        assert_eq!(answer.unwrap_err(), BookingError::PriceChanged(quote.refund));
        let key = keyed(&ctx);
        let cancel = Cancel { of: of(&order), agreed_refund: quote.refund };
        let cancelled = faces.orders.cancel(&key, cancel.clone()).await.unwrap();
        assert_eq!((cancelled.state, cancelled.refunded), (OrderState::Cancelled, quote.refund));
        let status = if refund > 0 { 'R' } else { 'V' };
        assert!(cancelled.passengers[0].tickets[0].coupons.iter().all(|coupon| coupon.status == status));
        assert_eq!(airline.taken(3).await, (before.0 - 1, before.1), "its seat is on sale again");
        assert_eq!(
            faces.orders.cancel(&key, cancel.clone()).await.unwrap(),
            cancelled,
            "the same key, the same answer"
        );
        let again = faces.orders.cancel(&keyed(&ctx), cancel).await;
        assert!(matches!(again, Err(BookingError::NotNow(_))), "{again:?}");
    }
}

async fn free_for_a_day_when_it_is_early(faces: &Faces) {
    let airline = Airline::open(faces, "D2", "Y20").await;
    let order = airline.bought(&anybody(), 20, "Light").await;
    let ask = named(&order, "lovelace");
    let quote = faces.orders.quote_cancellation(&anybody(), ask.clone()).await.unwrap();
    assert_eq!((quote.refund, quote.fee.minor), (order.total, 0));
    let stranger = Cancel { of: of(&order), agreed_refund: quote.refund };
    assert_eq!(faces.orders.cancel(&anybody(), stranger).await.unwrap_err(), BookingError::NotFound);
    let cancel = Cancel { of: ask, agreed_refund: quote.refund };
    let cancelled = faces.orders.cancel(&anybody(), cancel).await.unwrap();
    assert_eq!((cancelled.paid, cancelled.refunded), (order.total, order.total));
}

async fn before_it_is_paid(faces: &Faces) {
    let airline = Airline::open(faces, "D3", "Y20").await;
    let ctx = somebody(Role::Traveller);
    let basket = airline.basket(&ctx, 3, "Light", kernel::Party::default()).await;
    let placed = airline.check_out(&ctx, &basket).await.unwrap();
    let cancel = Cancel { of: of(&placed.order), agreed_refund: euros(0) };
    let cancelled = faces.orders.cancel(&ctx, cancel).await.unwrap();
    assert_eq!((cancelled.state, cancelled.payment), (OrderState::Cancelled, None));
    assert_eq!(airline.taken(3).await, (0, 0));
    let late = faces.pay(&ctx, placed.payment.id, super::kit::APPROVED).await;
    assert!(matches!(late, Err(BookingError::NotNow(_))), "{late:?}");
}

async fn staff_gives_back_what_was_paid_and_no_more(faces: &Faces) {
    let airline = Airline::open(faces, "D4", "Y20").await;
    let owner = somebody(Role::Traveller);
    let order = airline.bought(&owner, 3, "Light").await;
    let refund = |minor: i64, reason: &str| Refund {
        locator: order.locator,
        amount: Money::new(minor, order.total.currency),
        reason: reason.to_owned(),
    };
    let (agent, total) = (somebody(Role::Agent), order.total.minor);
    assert_eq!(faces.orders.refund(&owner, refund(1, "please")).await.unwrap_err(), BookingError::Forbidden);
    for (minor, reason, field) in
        [(100, " ", "reason"), (0, "goodwill", "amount"), (-5, "goodwill", "amount")]
    {
        let answer = faces.orders.refund(&agent, refund(minor, reason)).await;
        assert!(matches!(&answer, Err(BookingError::Invalid(e)) if e.of(field).count() == 1), "{answer:?}");
    }
    let key = keyed(&agent);
    let first = faces.orders.refund(&key, refund(1_000, "a spilt coffee")).await.unwrap();
    assert_eq!((first.refunded.minor, first.state), (1_000, OrderState::Ticketed));
    assert_eq!(
        faces.orders.refund(&key, refund(1_000, "a spilt coffee")).await.unwrap().refunded.minor,
        1_000
    );
    let too_much = faces.orders.refund(&keyed(&agent), refund(total - 999, "more")).await;
    assert!(matches!(too_much, Err(BookingError::NotNow(_))), "{too_much:?}");
    let rest = faces.orders.refund(&keyed(&agent), refund(total - 1_000, "the rest")).await.unwrap();
    assert_eq!(rest.refunded, rest.paid);
    let trail = faces.orders.audit(&somebody(Role::Auditor), PageAsk::default()).await.unwrap().items;
    let subject = format!("order/{}", order.locator);
    let rows: Vec<_> =
        trail.iter().filter(|row| row.subject == subject).map(|row| row.reason.as_str()).collect();
    assert_eq!(rows, ["the rest", "a spilt coffee"]);
    assert_eq!(faces.orders.audit(&agent, PageAsk::default()).await.unwrap_err(), BookingError::Forbidden);
}
