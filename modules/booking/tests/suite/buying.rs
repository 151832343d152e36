//! From a quote to an order that waits for money.

use booking_api::{
    BookingError, CheckOut, Choice, IntentState, OrderState, PassengerType, QuoteKey,
    events::InventoryChanged,
};
use futures_util::future::join_all;
use jiff::Timestamp;
use kernel::{FeedAfter, Money, Party, Role};

use super::{
    Airline, Faces, QUOTE_KEY,
    kit::{anybody, euros, house, keyed, of, somebody, travellers},
};

pub(crate) async fn all(faces: &Faces) {
    a_basket_becomes_an_order(faces).await;
    the_form_is_checked(faces).await;
    a_family_there_and_back(faces).await;
    only_quotes_of_ours(faces).await;
    a_changed_price_needs_consent(faces).await;
    the_same_question_again(faces).await;
    two_hundred_at_once(faces).await;
}

async fn a_basket_becomes_an_order(faces: &Faces) {
    let airline = Airline::open(faces, "A1", "Y20").await;
    let ctx = somebody(Role::Traveller);
    let basket = airline.basket(&ctx, 20, "Light", Party::default()).await;
    let placed = airline.check_out(&ctx, &basket).await.unwrap();
    let order = &placed.order;
    assert_eq!(order.state, OrderState::PendingPayment);
    assert_eq!(order.owner, ctx.actor.person());
    assert_eq!(order.total, basket.offer.total);
    assert_eq!(order.items.iter().map(|item| item.amount.minor).sum::<i64>(), order.total.minor);
    assert_eq!((order.paid.minor, order.refunded.minor), (0, 0));
    assert_eq!(order.hold_until, order.created_at.checked_add(jiff::SignedDuration::from_mins(15)).ok());
    assert_eq!(
        (order.payment, placed.payment.state),
        (Some(placed.payment.id), IntentState::RequiresPaymentMethod)
    );
    assert_eq!((placed.payment.amount, placed.payment.locator), (order.total, order.locator));
    assert!(order.passengers.iter().all(|who| who.tickets.is_empty()), "no ticket before payment");
    assert_eq!(airline.taken(20).await, (0, 1));
    assert_eq!(
        faces.shop.basket(&ctx, booking_api::BasketOf { id: basket.id }).await.unwrap().order,
        Some(order.locator)
    );
    told_as_it_is(&airline, 20).await;
}

/// The feed's last word on a leg is what staff sees.
async fn told_as_it_is(airline: &Airline<'_>, ahead: i32) {
    let mut last = None;
    let mut after = 0;
    loop {
        let batch =
            airline.faces.schedule.feed(&house(), FeedAfter { after, ..FeedAfter::start() }).await.unwrap();
        for event in batch.events.iter().filter(|event| event.kind == "inventory.changed") {
            let change: InventoryChanged = serde_json::from_value(event.payload.clone()).unwrap();
            if change.leg == airline.leg(1, ahead) {
                last = Some(change.open);
            }
        }
        after = batch.next;
        if after >= batch.head {
            break;
        }
    }
    let shown = airline.inventory(ahead).await.classes;
    assert_eq!(last.unwrap(), shown.iter().map(|class| (class.class, class.available)).collect::<Vec<_>>());
}

async fn the_form_is_checked(faces: &Faces) {
    let airline = Airline::open(faces, "A2", "Y20").await;
    let ctx = anybody();
    let choice = Choice { quotes: vec![airline.quote(1, 20, "Light", Party::default())] };
    let basket = faces.shop.open_basket(&ctx, choice).await.unwrap();
    let early = airline.check_out(&ctx, &basket).await;
    assert!(
        matches!(&early, Err(BookingError::Invalid(errors)) if errors.of("passengers").count() == 1),
        "{early:?}"
    );
    let mut put = travellers(&basket);
    " ".clone_into(&mut put.passengers[0].family_name);
    "nowhere".clone_into(&mut put.email);
    let refused = faces.shop.put_passengers(&ctx, put).await;
    let Err(BookingError::Invalid(errors)) = refused else { panic!("{refused:?}") };
    let fields: Vec<_> = errors.0.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["passengers.0.family_name", "email"]);
    let stored = faces.shop.basket(&ctx, booking_api::BasketOf { id: basket.id }).await.unwrap();
    assert!(stored.passengers.is_empty() && stored.contact.is_none());
}

async fn a_family_there_and_back(faces: &Faces) {
    let airline = Airline::open(faces, "A3", "Y20").await;
    let (ctx, party) = (anybody(), Party { adults: 2, children: 1, infants: 1 });
    let quotes = vec![airline.quote(1, 20, "Standard", party), airline.quote(2, 22, "Light", party)];
    let turned = Choice { quotes: vec![quotes[1].clone(), quotes[0].clone()] };
    assert!(matches!(faces.shop.open_basket(&ctx, turned).await, Err(BookingError::Invalid(_))));
    let basket = faces.shop.open_basket(&ctx, Choice { quotes }).await.unwrap();
    let families: Vec<_> = basket.offer.slices.iter().map(|slice| slice.family.as_str()).collect();
    assert_eq!(families, ["Standard", "Light"]);
    faces.shop.put_passengers(&ctx, travellers(&basket)).await.unwrap();
    let order = airline.check_out(&ctx, &basket).await.unwrap().order;
    let kinds: Vec<_> = order.passengers.iter().map(|who| who.person.kind).collect();
    assert_eq!(
        kinds,
        [PassengerType::Adult, PassengerType::Adult, PassengerType::Child, PassengerType::Infant]
    );
    assert_eq!(airline.taken(20).await, (0, 3), "a lap infant holds no seat");
}

async fn only_quotes_of_ours(faces: &Faces) {
    let airline = Airline::open(faces, "A4", "Y20").await;
    let plain = airline.plain_quote(1, 20, "Light", Party::default());
    let key = QuoteKey::new(QUOTE_KEY);
    let forged = QuoteKey::new([8; 32]).seal(&plain);
    let old = key.seal(&booking_api::Quote { expires_at: Timestamp::UNIX_EPOCH, ..plain.clone() });
    let broken = key.seal(&plain).replace('.', "");
    let unknown = key.seal(&booking_api::Quote { family: "Royal".to_owned(), ..plain.clone() });
    let gone = airline.quote(1, -1, "Light", Party::default());
    let never = airline.quote(1, 400, "Light", Party::default());
    for (sealed, expected) in [
        (forged, BookingError::OfferExpired),
        (old, BookingError::OfferExpired),
        (broken, BookingError::OfferExpired),
        (unknown, BookingError::NotForSale),
        (gone, BookingError::NotForSale),
        (never, BookingError::NotForSale),
    ] {
        let answer = faces.shop.open_basket(&anybody(), Choice { quotes: vec![sealed] }).await;
        assert_eq!(answer.unwrap_err(), expected);
    }
    let none = faces.shop.open_basket(&anybody(), Choice { quotes: vec![] }).await;
    assert!(matches!(none, Err(BookingError::Invalid(_))), "{none:?}");
}

async fn a_changed_price_needs_consent(faces: &Faces) {
    // Levels of 3 seats: K sells 3, and then nothing is left.
    let airline = Airline::open(faces, "A5", "Y20").await;
    let ctx = anybody();
    let plain = airline.plain_quote(1, 20, "Light", Party::default());
    let cheap = QuoteKey::new(QUOTE_KEY).seal(&booking_api::Quote { total: euros(1), ..plain });
    let basket = airline.basket(&ctx, 20, "Light", Party::default()).await;
    let now = basket.offer.total;
    let answer = faces.shop.open_basket(&ctx, Choice { quotes: vec![cheap] }).await;
    assert_eq!(answer.unwrap_err(), BookingError::PriceChanged(now));
    let agreed = Money::new(now.minor - 1, now.currency);
    let answer = faces.shop.check_out(&keyed(&ctx), CheckOut { basket: basket.id, agreed }).await;
    assert_eq!(answer.unwrap_err(), BookingError::PriceChanged(now));
    sell_out_the_cheap_class(&airline, 20).await;
    let answer = airline.check_out(&ctx, &basket).await;
    let Err(BookingError::PriceChanged(dearer)) = answer else { panic!("{answer:?}") };
    assert!(dearer.minor > now.minor);
    let shown = faces.shop.basket(&ctx, booking_api::BasketOf { id: basket.id }).await.unwrap();
    assert_eq!(shown.offer.total, dearer, "the basket shows what is asked for now");
    assert_eq!(airline.check_out(&ctx, &shown).await.unwrap().order.total, dearer);
}

async fn sell_out_the_cheap_class(airline: &Airline<'_>, ahead: i32) {
    let ctx = anybody();
    let left = |class: char, inventory: &booking_api::LegInventory| {
        inventory.classes.iter().find(|known| known.class == class).map_or(0, |known| known.available)
    };
    while left('K', &airline.inventory(ahead).await) > 0 {
        let basket = airline.basket(&ctx, ahead, "Light", Party::default()).await;
        airline.check_out(&ctx, &basket).await.unwrap();
    }
    assert!(left('M', &airline.inventory(ahead).await) > 0, "the dearer class keeps seats");
}

async fn the_same_question_again(faces: &Faces) {
    let airline = Airline::open(faces, "A6", "Y20").await;
    let ctx = keyed(&anybody());
    let basket = airline.basket(&anybody(), 20, "Light", Party::default()).await;
    let ask = CheckOut { basket: basket.id, agreed: basket.offer.total };
    let first = faces.shop.check_out(&ctx, ask.clone()).await.unwrap();
    let again = faces.shop.check_out(&ctx, ask.clone()).await.unwrap();
    assert_eq!((first.order.locator, first.payment), (again.order.locator, again.payment));
    let second_click = faces.shop.check_out(&keyed(&ctx), ask).await.unwrap();
    assert_eq!(first.order.locator, second_click.order.locator);
    assert_eq!(airline.taken(20).await, (0, 1));
    let other = airline.basket(&anybody(), 20, "Light", Party::default()).await;
    let ask = CheckOut { basket: other.id, agreed: other.offer.total };
    assert_eq!(faces.shop.check_out(&ctx, ask).await.unwrap_err(), BookingError::KeyReused);
}

async fn two_hundred_at_once(faces: &Faces) {
    let airline = Airline::open(faces, "A7", "Y1").await;
    let ctx = anybody();
    let baskets = join_all((0..200).map(|_| airline.basket(&ctx, 20, "Light", Party::default()))).await;
    let answers = join_all(baskets.iter().map(|basket| airline.check_out(&ctx, basket))).await;
    let placed: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
    assert_eq!(placed.len(), 1);
    let sold_out = answers.iter().filter(|answer| matches!(answer, Err(BookingError::SoldOut)));
    assert_eq!(sold_out.count(), 199, "{:?}", answers.iter().find(|answer| answer.is_err()));
    assert_eq!(airline.taken(20).await, (0, 1));
    let order = faces.orders.find(&house(), of(&placed[0].order)).await.unwrap();
    assert_eq!(order.state, OrderState::PendingPayment);
    told_as_it_is(&airline, 20).await;
}
