//! Who sees an order, and how it is found.

use booking_api::{BookingError, OrderOf, OrderSearch};
use kernel::{Ctx, PageAsk, Role};

use super::{
    Airline, Faces,
    kit::{anybody, named, of, somebody},
};

pub(crate) async fn all(faces: &Faces) {
    somebody_elses_order_does_not_exist(faces).await;
    staff_finds_it(faces).await;
    own_orders_next_departure_first(faces).await;
}

async fn somebody_elses_order_does_not_exist(faces: &Faces) {
    let airline = Airline::open(faces, "C1", "Y20").await;
    let owner = somebody(Role::Traveller);
    let order = airline.bought(&owner, 20, "Light").await;
    let missing = OrderOf { locator: "222222".parse().unwrap(), family_name: Some("Lovelace".to_owned()) };
    for (ctx, ask, seen) in [
        (&owner, of(&order), true),
        (&anybody(), of(&order), false),
        (&somebody(Role::Traveller), of(&order), false),
        (&anybody(), named(&order, "Byron"), false),
        (&anybody(), named(&order, ""), false),
        (&anybody(), named(&order, " LOVE lace "), true),
        (&somebody(Role::Agent), of(&order), true),
        (&owner, missing, false),
    ] {
        let answer = faces.orders.find(ctx, ask.clone()).await;
        let quote = faces.orders.quote_cancellation(ctx, ask).await.err();
        if seen {
            assert_eq!(answer.unwrap().locator, order.locator);
            assert_eq!(quote, None);
        } else {
            assert_eq!(answer.unwrap_err(), BookingError::NotFound);
            assert_eq!(quote, Some(BookingError::NotFound));
        }
    }
}

async fn staff_finds_it(faces: &Faces) {
    let airline = Airline::open(faces, "C2", "Y20").await;
    let order = airline.bought(&anybody(), 20, "Light").await;
    let other = airline.bought(&anybody(), 21, "Light").await;
    let agent = somebody(Role::Agent);
    let ticket = &order.passengers[0].tickets[0].number;
    let leg = airline.leg(1, 20);
    for (text, both) in [
        (order.locator.to_string(), false),
        (ticket.clone(), false),
        (format!("{}/{}", leg.designator, leg.date), false),
        (leg.designator.to_string(), true),
        ("lovelace".to_owned(), true),
        ("ADA@example.com".to_owned(), true),
    ] {
        let found = found(faces, &agent, &text).await;
        assert!(found.contains(&order.locator.to_string()), "{text}");
        assert_eq!(found.contains(&other.locator.to_string()), both, "{text}");
    }
    assert_eq!(found(faces, &agent, "Nobody of that name").await.len(), 0);
    let refused = faces.orders.search(&somebody(Role::Traveller), OrderSearch::default()).await;
    assert_eq!(refused.unwrap_err(), BookingError::Forbidden);
}

/// Over all pages, newest first, none twice.
async fn found(faces: &Faces, agent: &Ctx, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut ask = OrderSearch { text: text.to_owned(), state: None, page: PageAsk::first(2) };
    let mut newest = jiff::Timestamp::MAX;
    loop {
        let page = faces.orders.search(agent, ask.clone()).await.unwrap();
        for row in &page.items {
            assert!(row.created_at <= newest);
            newest = row.created_at;
            assert!(!found.contains(&row.locator.to_string()));
            found.push(row.locator.to_string());
        }
        ask.page.after = page.next;
        if ask.page.after.is_none() {
            return found;
        }
    }
}

async fn own_orders_next_departure_first(faces: &Faces) {
    let airline = Airline::open(faces, "C3", "Y20").await;
    let owner = somebody(Role::Traveller);
    let mut locators = Vec::new();
    for ahead in [30, 20, 25] {
        locators.push(airline.bought(&owner, ahead, "Light").await.locator);
    }
    let mut page = PageAsk::first(2);
    let first = faces.orders.mine(&owner, page.clone()).await.unwrap();
    page.after.clone_from(&first.next);
    let second = faces.orders.mine(&owner, page).await.unwrap();
    let shown: Vec<_> = first.items.iter().chain(&second.items).map(|row| row.locator).collect();
    assert_eq!(shown, [locators[1], locators[2], locators[0]]);
    assert_eq!(second.next, None);
    assert_eq!(first.items[0].to_city, "London");
    assert!(
        faces.orders.mine(&somebody(Role::Traveller), PageAsk::default()).await.unwrap().items.is_empty()
    );
    assert_eq!(faces.orders.mine(&anybody(), PageAsk::default()).await.unwrap_err(), BookingError::Forbidden);
}
