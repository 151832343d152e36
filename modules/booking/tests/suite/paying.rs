//! Money in: every card, and what it makes of an order.

use booking_api::{
    BookingError, ChallengeAnswer, IntentId, IntentOf, IntentState, OrderState, events::OrderFact,
};
use kernel::{FeedAfter, Outside, Party, Role, Secret};

use super::{
    Airline, Faces,
    kit::{APPROVED, ASKS, DECLINED, SLOW, anybody, card, house, keyed, of, somebody},
};

pub(crate) async fn all(faces: &Faces) {
    an_approved_card_makes_tickets(faces).await;
    a_declined_card_keeps_the_seats(faces).await;
    a_card_that_asks(faces).await;
    a_card_that_takes_its_time(faces).await;
    what_is_typed_is_checked(faces).await;
}

async fn an_approved_card_makes_tickets(faces: &Faces) {
    let airline = Airline::open(faces, "B1", "Y20").await;
    let ctx = somebody(Role::Traveller);
    let party = Party { adults: 2, children: 0, infants: 1 };
    let basket = airline.basket(&ctx, 20, "Flex", party).await;
    let placed = airline.check_out(&ctx, &basket).await.unwrap();
    let (key, intent) = (keyed(&ctx), placed.payment.id);
    let paid = faces.payments.pay(&key, card(intent, APPROVED)).await.unwrap();
    assert_eq!(paid.state, IntentState::Succeeded);
    assert_eq!(faces.payments.pay(&key, card(intent, APPROVED)).await.unwrap(), paid);
    assert_eq!(faces.pay(&ctx, intent, APPROVED).await.unwrap(), paid, "it is paid once");
    let order = faces.orders.find(&ctx, of(&placed.order)).await.unwrap();
    assert_eq!((order.state, order.paid, order.payment), (OrderState::Ticketed, order.total, None));
    assert_eq!(order.hold_until, None);
    let tickets: Vec<_> = order.passengers.iter().flat_map(|who| &who.tickets).collect();
    assert_eq!(tickets.len(), 3, "one each, infants too");
    assert!(tickets.iter().all(|ticket| ticket.number.len() == 13 && ticket.number.starts_with("008")));
    assert!(tickets.iter().all(|ticket| ticket.coupons.len() == 1 && ticket.coupons[0].status == 'O'));
    let events: Vec<_> = order.history.iter().map(|line| line.event.as_str()).collect();
    assert_eq!(events, ["order.created", "payment.succeeded", "order.confirmed", "order.ticketed"]);
    assert!(order.history.iter().all(|line| !line.text.is_empty()));
    assert_eq!(order.version, 4);
    assert_eq!(airline.taken(20).await, (2, 0));
    let batch = last_events(faces, &format!("order/{}", order.locator)).await;
    let fact: OrderFact = serde_json::from_value(batch.last().unwrap().payload.clone()).unwrap();
    assert_eq!((fact.owner, fact.state, fact.total), (order.owner, OrderState::Ticketed, order.total));
    assert_eq!(fact.title, "Amsterdam to London");
}

async fn last_events(faces: &Faces, stream: &str) -> Vec<kernel::Event> {
    let (mut events, mut after) = (Vec::new(), 0);
    loop {
        let batch = faces.schedule.feed(&house(), FeedAfter { after, ..FeedAfter::start() }).await.unwrap();
        events.extend(batch.events.into_iter().filter(|event| event.stream == stream));
        after = batch.next;
        if after >= batch.head {
            return events;
        }
    }
}

async fn a_declined_card_keeps_the_seats(faces: &Faces) {
    let airline = Airline::open(faces, "B2", "Y20").await;
    let ctx = anybody();
    let basket = airline.basket(&ctx, 20, "Light", Party::default()).await;
    let placed = airline.check_out(&ctx, &basket).await.unwrap();
    let declined = faces.pay(&ctx, placed.payment.id, DECLINED).await.unwrap();
    assert_eq!(declined.state, IntentState::RequiresPaymentMethod);
    assert!(declined.trouble.is_some());
    assert_eq!(airline.taken(20).await, (0, 1));
    let paid = faces.pay(&ctx, placed.payment.id, APPROVED).await.unwrap();
    assert_eq!((paid.state, paid.trouble), (IntentState::Succeeded, None));
    assert_eq!(airline.taken(20).await, (1, 0));
}

async fn a_card_that_asks(faces: &Faces) {
    let airline = Airline::open(faces, "B3", "Y20").await;
    let ctx = anybody();
    let basket = airline.basket(&ctx, 20, "Light", Party::default()).await;
    let intent = airline.check_out(&ctx, &basket).await.unwrap().payment.id;
    for (approve, then) in [(false, IntentState::RequiresPaymentMethod), (true, IntentState::Succeeded)] {
        let asks = faces.pay(&ctx, intent, ASKS).await.unwrap();
        assert_eq!(asks.state, IntentState::RequiresAction);
        let answered =
            faces.payments.answer(&keyed(&ctx), ChallengeAnswer { intent, approve }).await.unwrap();
        assert_eq!(answered.state, then);
    }
    let late = faces.payments.answer(&keyed(&ctx), ChallengeAnswer { intent, approve: false }).await.unwrap();
    assert_eq!(late.state, IntentState::Succeeded, "what is paid stays paid");
    assert_eq!(airline.taken(20).await, (1, 0));
}

async fn a_card_that_takes_its_time(faces: &Faces) {
    let airline = Airline::open(faces, "B4", "Y20").await;
    let ctx = anybody();
    let basket = airline.basket(&ctx, 20, "Light", Party::default()).await;
    let placed = airline.check_out(&ctx, &basket).await.unwrap();
    let slow = faces.pay(&ctx, placed.payment.id, SLOW).await.unwrap();
    assert_eq!(slow.state, IntentState::Processing);
    let cancel = booking_api::Cancel { of: of(&placed.order), agreed_refund: super::kit::euros(0) };
    let meanwhile = faces.orders.cancel(&house(), cancel).await;
    assert!(matches!(meanwhile, Err(BookingError::NotNow(_))), "{meanwhile:?}");
    assert_eq!(airline.taken(20).await, (0, 1));
}

async fn what_is_typed_is_checked(faces: &Faces) {
    let airline = Airline::open(faces, "B5", "Y20").await;
    let ctx = anybody();
    let basket = airline.basket(&ctx, 20, "Light", Party::default()).await;
    let intent = airline.check_out(&ctx, &basket).await.unwrap().payment.id;
    let mut typed = card(intent, "1234");
    "13/20".clone_into(&mut typed.expiry);
    typed.code = Secret::new("");
    let Err(BookingError::Invalid(errors)) = faces.payments.pay(&ctx, typed).await else {
        panic!("it was taken")
    };
    assert_eq!(
        errors.0.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(),
        ["number", "expiry", "code"]
    );
    let unknown = IntentId::new(&Outside::system());
    assert_eq!(faces.pay(&ctx, unknown, APPROVED).await.unwrap_err(), BookingError::NotFound);
    assert_eq!(
        faces.payments.intent(&ctx, IntentOf { id: unknown }).await.unwrap_err(),
        BookingError::NotFound
    );
}
