//! A flight that was sold does not fly, or flies at another time.

use booking_api::{BookingError, CancelLeg, Choice, FlightNews, LegKey, News, OnLeg, OrderState};
use jiff::SignedDuration;
use kernel::{MailOutcome, PageAsk, Party, Role, TakeMail};

use super::{
    Airline, Faces,
    kit::{anybody, house, keyed, of, somebody},
};

pub(crate) async fn all(faces: &Faces) {
    a_cancelled_flight_asks_for_action(faces).await;
    news_from_operations(faces).await;
    mail_is_leased_and_done(faces).await;
}

async fn a_cancelled_flight_asks_for_action(faces: &Faces) {
    let airline = Airline::open(faces, "E1", "Y20").await;
    let ctx = somebody(Role::Traveller);
    let order = airline.bought(&ctx, 3, "Light").await;
    let safe = airline.bought(&ctx, 4, "Light").await;
    let ask = CancelLeg { leg: airline.leg(1, 3), reason: "No crew".to_owned() };
    let ops = somebody(Role::Ops);
    for stranger in [anybody(), ctx.clone(), somebody(Role::Agent)] {
        assert_eq!(
            faces.disruption.cancel_leg(&stranger, ask.clone()).await.unwrap_err(),
            BookingError::Forbidden
        );
    }
    let affected = faces.disruption.cancel_leg(&ops, ask.clone()).await.unwrap();
    assert_eq!((affected.orders, affected.passengers), (1, 1));
    assert_eq!(
        faces.disruption.cancel_leg(&ops, ask).await.unwrap(),
        affected,
        "cancelling twice is cancelling once"
    );
    let hit = faces.orders.find(&ctx, of(&order)).await.unwrap();
    assert_eq!(hit.state, OrderState::ActionRequired);
    assert!(hit.slices[0].segments[0].cancelled);
    assert_eq!(hit.version, order.version + 1);
    assert_eq!(faces.orders.find(&ctx, of(&safe)).await.unwrap().state, OrderState::Ticketed);
    let quotes = vec![airline.quote(1, 3, "Light", Party::default())];
    assert_eq!(faces.shop.open_basket(&ctx, Choice { quotes }).await.unwrap_err(), BookingError::NotForSale);
    let quote = faces.orders.quote_cancellation(&ctx, of(&order)).await.unwrap();
    assert_eq!(quote.refund, order.total, "{}", quote.because);
    let listed = faces
        .disruption
        .on_leg(&ops, OnLeg { leg: airline.leg(1, 3), page: PageAsk::default() })
        .await
        .unwrap();
    assert_eq!(listed.items.iter().map(|row| row.locator).collect::<Vec<_>>(), [order.locator]);
    assert_eq!(airline.inventory(3).await.orders, 1);
    assert!(airline.inventory(3).await.leg.cancelled);
}

async fn news_from_operations(faces: &Faces) {
    let airline = Airline::open(faces, "E2", "Y20").await;
    let ctx = somebody(Role::Traveller);
    let order = airline.bought(&ctx, 3, "Light").await;
    let before = order.slices[0].segments[0].clone();
    let leg = airline.leg(1, 3);
    let hear = |leg: LegKey, what: News| {
        let news = FlightNews { leg, what };
        async move { faces.disruption.hear(&keyed(&house()), news).await }
    };
    let nowhere = LegKey { to: "JFK".parse().unwrap(), ..leg };
    hear(nowhere, News::Cancelled { reason: String::new() }).await.unwrap();
    hear(leg, News::Cancelled { reason: "Storm".to_owned() }).await.unwrap();
    assert_eq!(faces.orders.find(&ctx, of(&order)).await.unwrap().state, OrderState::ActionRequired);
    hear(leg, News::Reinstated).await.unwrap();
    let back = faces.orders.find(&ctx, of(&order)).await.unwrap();
    assert_eq!(back.state, OrderState::Ticketed);
    assert!(!back.slices[0].segments[0].cancelled);
    let hour = SignedDuration::from_hours(1);
    let (departure, arrival) = (before.departs + hour, before.arrives + hour);
    hear(leg, News::Retimed { departure, arrival }).await.unwrap();
    let moved = faces.orders.find(&ctx, of(&order)).await.unwrap();
    let segment = &moved.slices[0].segments[0];
    assert_eq!((segment.departs, segment.arrives), (departure, arrival));
    assert_eq!(segment.departs_local, before.departs_local + hour);
    assert_eq!(moved.state, OrderState::Ticketed);
    hear(leg, News::Retimed { departure, arrival }).await.unwrap();
    hear(leg, News::Estimated { departure: Some(departure + hour), arrival: None }).await.unwrap();
    let same = faces.orders.find(&ctx, of(&order)).await.unwrap();
    assert_eq!(same.version, moved.version, "nothing new, no event");
    let stranger = FlightNews { leg, what: News::Reinstated };
    assert_eq!(faces.disruption.hear(&ctx, stranger).await.unwrap_err(), BookingError::Forbidden);
}

async fn mail_is_leased_and_done(faces: &Faces) {
    let airline = Airline::open(faces, "E3", "Y20").await;
    let order = airline.bought(&anybody(), 3, "Light").await;
    assert_eq!(
        faces.orders.take_mail(&anybody(), TakeMail { limit: 1 }).await.unwrap_err(),
        BookingError::Forbidden
    );
    let mut mine = Vec::new();
    loop {
        let taken = faces.orders.take_mail(&house(), TakeMail { limit: 50 }).await.unwrap();
        if taken.is_empty() {
            break;
        }
        let of_this = |mail: &kernel::MailDue| mail.values.get("locator") == Some(&order.locator.to_string());
        mine.extend(taken.into_iter().filter(of_this));
    }
    assert_eq!(mine.len(), 1, "leased mail is not given out again");
    let mail = &mine[0];
    assert_eq!(
        (mail.template.as_str(), mail.to.as_str(), mail.attempts),
        ("order_confirmed", "ada@example.com", 0)
    );
    assert_eq!(mail.values.get("route").map(String::as_str), Some("Amsterdam to London"));
    faces.orders.mail_done(&house(), MailOutcome { id: mail.id, failure: None }).await.unwrap();
    let unknown = MailOutcome { id: kernel::Outside::system().uuid(), failure: None };
    assert_eq!(faces.orders.mail_done(&house(), unknown).await.unwrap_err(), BookingError::NotFound);
}
