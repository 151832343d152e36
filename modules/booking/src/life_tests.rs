//! Orders over time, with the database in view: what the interfaces cannot show must hold as well. Seats, money and
//! histories are compared after every kind of trouble, on every engine.

use std::{collections::BTreeMap, sync::Arc};

use booking_api::{
    BookingError, Cancel, CancelLeg, ChallengeAnswer, CheckedOut, FlightNews, IntentState, News, Order,
    OrderState, QuoteKey, Refund,
};
use diesel::prelude::*;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use kernel::{Ctx, FixedClock, Money, Outside, Party, Role, SystemEntropy};
use proptest::prelude::*;
use store::testing;

use crate::{
    Booking, Parts,
    inventory::rows::{ClassRow, classes},
    kit::{self, APPROVED, ASKS, Airline, DECLINED, Faces, SLOW, anybody, house, of, somebody},
    orders::{record::OrderEvent, rows::OrderRow, rules::word, sold},
    payments::{provider::Verdict, settle},
    sweep,
};

/// A module under a clock that the test moves.
struct World {
    booking: Arc<Booking>,
    faces: Faces,
    clock: Arc<FixedClock>,
    now: Timestamp,
}

impl World {
    async fn all() -> Vec<(Self, &'static str)> {
        let now: Timestamp = "2026-11-20T06:00:00Z".parse().unwrap();
        let clock = FixedClock::at(now);
        let outside = Outside { clock: clock.clone(), entropy: Arc::new(SystemEntropy) };
        let mut worlds = Vec::new();
        for (engine, db) in testing::databases_in("booking", &crate::migrations(), &outside) {
            worlds.push((Self::start(db, &outside, &clock, now).await, engine));
        }
        worlds
    }

    async fn start(db: store::Db, outside: &Outside, clock: &Arc<FixedClock>, now: Timestamp) -> Self {
        let quote_key = QuoteKey::new(kit::QUOTE_KEY);
        let booking = crate::start(Parts { db, outside: outside.clone(), quote_key }).await.unwrap();
        let faces = Faces {
            schedule: booking.clone(),
            shop: booking.clone(),
            orders: booking.clone(),
            payments: booking.clone(),
            disruption: booking.clone(),
        };
        Self { booking, faces, clock: clock.clone(), now }
    }

    async fn airline(&self, seats: &str) -> Airline<'_> {
        Airline::open_at(&self.faces, "ZA", seats, self.now).await
    }

    fn pass(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    async fn order(&self, placed: &CheckedOut) -> Order {
        self.faces.orders.find(&house(), of(&placed.order)).await.unwrap()
    }

    async fn intent(&self, placed: &CheckedOut) -> IntentState {
        let ask = booking_api::IntentOf { id: placed.payment.id };
        self.faces.payments.intent(&anybody(), ask).await.unwrap().state
    }

    /// The provider says yes, whatever we think of the time.
    async fn money_arrives(&self, placed: &CheckedOut) {
        let (id, verdict) = (placed.payment.id, Verdict::Approved { means: "transfer".to_owned() });
        let work = move |tx: &mut store::Tx<'_>| settle::apply(tx, id, &verdict);
        self.booking.db.write(&house(), work).await.unwrap();
    }

    /// Everything that must be true at any time.
    async fn check(&self) {
        let (orders, classes, entries) = self
            .booking
            .db
            .read(|conn| {
                use crate::{inventory, orders::schema::booking_order, payments::schema::ledger_entry};
                let orders: Vec<OrderRow> = booking_order::table.load(conn)?;
                let legs: Vec<String> = orders
                    .iter()
                    .flat_map(|order| &order.slices.0)
                    .flat_map(|slice| &slice.legs)
                    .map(|sold| inventory::leg_id(&sold.leg))
                    .collect();
                let entries: Vec<(String, String, String, i64)> = ledger_entry::table
                    .select((
                        ledger_entry::entry,
                        ledger_entry::order_id,
                        ledger_entry::account,
                        ledger_entry::amount,
                    ))
                    .load(conn)?;
                Ok((orders, classes(conn, &legs)?, entries))
            })
            .await
            .unwrap();
        seats_add_up(&orders, &classes);
        money_adds_up(&orders, &entries);
        self.histories_add_up(&orders).await;
    }

    async fn histories_add_up(&self, orders: &[OrderRow]) {
        for row in orders {
            let stream = format!("order/{}", row.locator.0);
            let events = self.booking.db.read(move |conn| store::events_of(conn, &stream)).await.unwrap();
            let last: OrderEvent = serde_json::from_value(events.last().unwrap().payload.clone()).unwrap();
            let versions: Vec<i64> = events.iter().map(|event| event.stream_version).collect();
            assert_eq!(versions, (1..=row.version).collect::<Vec<_>>());
            assert_eq!(word(last.fact.state), row.state);
            assert_eq!(
                (last.paid.minor, last.refunded.minor, last.fact.total.minor),
                (row.paid, row.refunded, row.total)
            );
            assert_eq!((last.fact.owner, last.fact.departs), (row.owner.map(|owner| owner.0), row.departs.0));
        }
    }
}

/// What classes count is what orders hold, and no level is passed.
fn seats_add_up(orders: &[OrderRow], classes: &[ClassRow]) {
    let mut expected: BTreeMap<(String, String), (i32, i32)> = BTreeMap::new();
    for order in orders {
        let held = order.state == word(OrderState::PendingPayment);
        let sold = [OrderState::Confirmed, OrderState::Ticketed, OrderState::ActionRequired]
            .map(word)
            .contains(&order.state.as_str());
        for want in sold::wants(&order.slices.0, order.seats) {
            let key = (crate::inventory::leg_id(&want.leg), want.class.to_string());
            let count = expected.entry(key).or_default();
            *count =
                (count.0 + if sold { want.seats } else { 0 }, count.1 + if held { want.seats } else { 0 });
        }
    }
    for row in classes {
        let key = (row.leg.clone(), row.class.clone());
        assert_eq!((row.sold, row.held), expected.get(&key).copied().unwrap_or_default(), "{key:?}");
        let below = classes
            .iter()
            .filter(|other| other.leg == row.leg && other.cabin == row.cabin && other.rank >= row.rank);
        assert_eq!(row.nested, below.map(|other| other.sold + other.held).sum::<i32>());
        assert!(row.nested <= row.au, "{key:?} is oversold");
    }
}

/// Every entry is zero; what the provider holds for an order is what was paid and not given back.
fn money_adds_up(orders: &[OrderRow], entries: &[(String, String, String, i64)]) {
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    let mut kept: BTreeMap<&str, i64> = BTreeMap::new();
    for (entry, order, account, amount) in entries {
        *sums.entry(entry).or_default() += amount;
        *kept.entry(order).or_default() += if account == "provider" { *amount } else { 0 };
    }
    assert!(sums.values().all(|sum| *sum == 0));
    for order in orders {
        assert!(order.refunded <= order.paid && order.paid <= order.total);
        let id = order.id.0.to_string();
        assert_eq!(kept.get(id.as_str()).copied().unwrap_or(0), order.paid - order.refunded);
    }
}

async fn placed(airline: &Airline<'_>, ctx: &Ctx) -> Result<CheckedOut, BookingError> {
    let basket = airline.basket(ctx, 3, "Flex", Party::default()).await;
    airline.check_out(ctx, &basket).await
}

#[tokio::test]
async fn a_hold_that_is_not_paid_ends() {
    for (world, _) in World::all().await {
        let airline = world.airline("Y20").await;
        let order = placed(&airline, &anybody()).await.unwrap();
        world.pass(14 * 60);
        assert_eq!(sweep(&world.booking).await.unwrap().expired, 0);
        world.pass(60);
        let late = world.faces.pay(&anybody(), order.payment.id, APPROVED).await;
        assert!(matches!(late, Err(BookingError::NotNow(_))), "{late:?}");
        assert_eq!(sweep(&world.booking).await.unwrap().expired, 1);
        assert_eq!(sweep(&world.booking).await.unwrap().expired, 0);
        assert_eq!(world.order(&order).await.state, OrderState::Expired);
        assert_eq!(world.intent(&order).await, IntentState::Canceled);
        assert_eq!(airline.taken(3).await, (0, 0));
        world.check().await;
    }
}

#[tokio::test]
async fn an_offer_does_not_last_for_ever() {
    for (world, _) in World::all().await {
        let airline = world.airline("Y20").await;
        let basket = airline.basket(&anybody(), 3, "Flex", Party::default()).await;
        world.pass(30 * 60);
        assert_eq!(airline.check_out(&anybody(), &basket).await.unwrap_err(), BookingError::OfferExpired);
        let put = world.faces.shop.put_passengers(&anybody(), kit::travellers(&basket)).await;
        assert_eq!(put.unwrap_err(), BookingError::OfferExpired);
        world.pass(1);
        let now = world.booking.outside.now();
        let forget = move |tx: &mut store::Tx<'_>| crate::shop::forget(tx.conn(), now);
        assert_eq!(world.booking.db.write(&house(), forget).await.unwrap(), 1);
        let gone = world.faces.shop.basket(&anybody(), booking_api::BasketOf { id: basket.id }).await;
        assert_eq!(gone.unwrap_err(), BookingError::NotFound);
    }
}

#[tokio::test]
async fn the_sweeper_works_until_it_is_stopped() {
    for (world, _) in World::all().await {
        let airline = world.airline("Y20").await;
        let order = placed(&airline, &anybody()).await.unwrap();
        world.pass(15 * 60);
        let mut commits = world.booking.db.watch();
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let booking = world.booking.clone();
        let sweeper = tokio::spawn(async move { crate::sweep_until(&booking, stopped).await });
        while world.order(&order).await.state != OrderState::Expired {
            commits.changed().await.unwrap();
        }
        stop.send(true).unwrap();
        sweeper.await.unwrap();
    }
}

#[tokio::test]
async fn a_slow_payment_is_finished_and_its_seats_wait_for_it() {
    for (world, _) in World::all().await {
        let airline = world.airline("Y20").await;
        let order = placed(&airline, &anybody()).await.unwrap();
        world.pass(15 * 60 - 1);
        assert_eq!(
            world.faces.pay(&anybody(), order.payment.id, SLOW).await.unwrap().state,
            IntentState::Processing
        );
        world.pass(2);
        assert_eq!(sweep(&world.booking).await.unwrap(), crate::Swept::default(), "the outcome is awaited");
        world.pass(2);
        assert_eq!(sweep(&world.booking).await.unwrap(), crate::Swept { expired: 0, settled: 1 });
        assert_eq!(world.order(&order).await.state, OrderState::Ticketed);
        assert_eq!(airline.taken(3).await, (1, 0));
        world.check().await;
    }
}

#[tokio::test]
async fn late_money_gets_the_seats_again_or_goes_back() {
    for (world, _) in World::all().await {
        let airline = world.airline("Y1").await;
        let first = placed(&airline, &anybody()).await.unwrap();
        world.pass(15 * 60);
        sweep(&world.booking).await.unwrap();
        let second = placed(&airline, &anybody()).await.unwrap();
        world.money_arrives(&first).await;
        let refunded = world.order(&first).await;
        assert_eq!((refunded.state, refunded.paid), (OrderState::Expired, refunded.refunded));
        assert_eq!(refunded.paid, refunded.total);
        world.pass(15 * 60);
        sweep(&world.booking).await.unwrap();
        world.money_arrives(&second).await;
        world.money_arrives(&second).await;
        let again = world.order(&second).await;
        assert_eq!((again.state, again.refunded.minor), (OrderState::Ticketed, 0));
        assert_eq!(again.paid, again.total);
        assert_eq!(airline.taken(3).await, (1, 0));
        world.check().await;
    }
}

#[tokio::test]
async fn payer_and_sweeper_at_the_same_moment() {
    for (world, _) in World::all().await {
        let airline = world.airline("Y20").await;
        let holds = join_all((0..8).map(|_| async { placed(&airline, &anybody()).await.unwrap() })).await;
        world.pass(15 * 60);
        let (_, swept) = tokio::join!(
            join_all(holds.iter().map(|order| world.money_arrives(order))),
            sweep(&world.booking)
        );
        swept.unwrap();
        for hold in &holds {
            let order = world.order(hold).await;
            assert_eq!(
                (order.state, order.paid, order.refunded.minor),
                (OrderState::Ticketed, order.total, 0)
            );
        }
        assert_eq!(airline.taken(3).await, (8, 0));
        world.check().await;
    }
}

#[tokio::test]
async fn a_lowered_level_stops_sales_and_cancels_nobody() {
    for (world, _) in World::all().await {
        let airline = world.airline("Y20").await;
        let order = airline.bought(&anybody(), 3, "Flex").await;
        let basket = airline.basket(&anybody(), 3, "Flex", Party::default()).await;
        let lower = |tx: &mut store::Tx<'_>| {
            use crate::inventory::schema::leg_class;
            diesel::update(leg_class::table).set(leg_class::au.eq(0)).execute(tx.conn())?;
            Ok::<_, store::DbError>(())
        };
        world.booking.db.write(&house(), lower).await.unwrap();
        assert_eq!(airline.check_out(&anybody(), &basket).await.unwrap_err(), BookingError::SoldOut);
        assert!(airline.inventory(3).await.classes.iter().all(|class| class.available == 0));
        let cancel = Cancel { of: of(&order), agreed_refund: order.total };
        world.faces.orders.cancel(&house(), cancel).await.unwrap();
        assert_eq!(airline.taken(3).await, (0, 0));
    }
}

/// Each process has a writer and a view of its own; the database is all that they share.
#[tokio::test]
async fn two_processes_sell_the_last_seats_once() {
    for (world, engine) in World::all().await {
        let airline = world.airline("Y5").await;
        let outside = world.booking.outside.clone();
        let db = testing::once_more(&world.booking.db, &crate::migrations());
        let other = World::start(db, &outside, &world.clock, world.now).await;
        let twin = Airline { faces: &other.faces, carrier: airline.carrier, today: airline.today };
        let ctx = anybody();
        let baskets = join_all((0..24).map(|_| airline.basket(&ctx, 3, "Flex", Party::default()))).await;
        let asks = baskets.iter().enumerate().map(|(nth, basket)| {
            let seller = if nth % 2 == 0 { &airline } else { &twin };
            seller.check_out(&ctx, basket)
        });
        let answers = join_all(asks).await;
        let sold = answers.iter().filter(|answer| answer.is_ok()).count();
        let refused = answers.iter().filter(|answer| matches!(answer, Err(BookingError::SoldOut))).count();
        let seats =
            airline.inventory(3).await.classes.iter().find(|class| class.class == 'K').unwrap().authorised;
        assert_eq!((sold, refused), (seats as usize, 24 - seats as usize), "on {engine}: {answers:?}");
        world.check().await;
    }
}

/// What may happen to a small airline, in any order.
#[derive(Debug, Clone)]
enum Step {
    Buy { family: &'static str, children: u8 },
    Pay { nth: usize, card: &'static str },
    Answer { nth: usize, approve: bool },
    Money { nth: usize },
    Cancel { nth: usize },
    Refund { nth: usize, minor: i64 },
    Pass { seconds: i64 },
    Sweep,
    Ground,
    Restore,
    Move { hours: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let nth = 0usize..6;
    prop_oneof![
        4 => (prop::sample::select(vec!["Light", "Standard", "Flex"]), 0u8..2).prop_map(|(family, children)| Step::Buy { family, children }),
        4 => (nth.clone(), prop::sample::select(vec![APPROVED, DECLINED, ASKS, SLOW])).prop_map(|(nth, card)| Step::Pay { nth, card }),
        1 => (nth.clone(), any::<bool>()).prop_map(|(nth, approve)| Step::Answer { nth, approve }),
        1 => nth.clone().prop_map(|nth| Step::Money { nth }),
        2 => nth.clone().prop_map(|nth| Step::Cancel { nth }),
        1 => (nth, 1i64..20_000).prop_map(|(nth, minor)| Step::Refund { nth, minor }),
        2 => prop::sample::select(vec![4i64, 600, 901]).prop_map(|seconds| Step::Pass { seconds }),
        2 => Just(Step::Sweep),
        1 => Just(Step::Ground),
        1 => Just(Step::Restore),
        1 => (1i64..5).prop_map(|hours| Step::Move { hours }),
    ]
}

/// Does one step; a refusal is as good an answer as any, a fault is not.
async fn take(world: &World, airline: &Airline<'_>, holds: &mut Vec<CheckedOut>, step: &Step) {
    let faces = &world.faces;
    let answer = match step {
        Step::Buy { family, children } => buy(airline, holds, family, *children).await,
        Step::Sweep => sweep(&world.booking).await.map(drop),
        Step::Pass { seconds } => {
            world.pass(*seconds);
            Ok(())
        }
        Step::Ground => {
            let ask = CancelLeg { leg: airline.leg(1, 3), reason: "Storm".to_owned() };
            faces.disruption.cancel_leg(&somebody(Role::Ops), ask).await.map(drop)
        }
        Step::Restore => hear(world, airline, News::Reinstated).await,
        Step::Move { hours } => {
            let departure: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
            let departure = departure + SignedDuration::from_hours(*hours);
            let arrival = departure + SignedDuration::from_hours(1);
            hear(world, airline, News::Retimed { departure, arrival }).await
        }
        Step::Pay { nth, .. }
        | Step::Answer { nth, .. }
        | Step::Money { nth }
        | Step::Cancel { nth }
        | Step::Refund { nth, .. } => match holds.get(*nth) {
            Some(placed) => touch(world, placed, step).await,
            None => Ok(()),
        },
    };
    assert!(!matches!(answer, Err(BookingError::Fault(_))), "{step:?}: {answer:?}");
}

async fn buy(
    airline: &Airline<'_>,
    holds: &mut Vec<CheckedOut>,
    family: &str,
    children: u8,
) -> Result<(), BookingError> {
    let party = Party { adults: 1, children, infants: 1 };
    let choice = booking_api::Choice { quotes: vec![airline.quote(1, 3, family, party)] };
    let basket = airline.faces.shop.open_basket(&anybody(), choice).await?;
    let basket = airline.faces.shop.put_passengers(&anybody(), kit::travellers(&basket)).await?;
    holds.push(airline.check_out(&anybody(), &basket).await?);
    Ok(())
}

async fn hear(world: &World, airline: &Airline<'_>, what: News) -> Result<(), BookingError> {
    world.faces.disruption.hear(&house(), FlightNews { leg: airline.leg(1, 3), what }).await
}

async fn touch(world: &World, placed: &CheckedOut, step: &Step) -> Result<(), BookingError> {
    let (faces, intent) = (&world.faces, placed.payment.id);
    match step {
        Step::Pay { card, .. } => faces.pay(&anybody(), intent, card).await.map(drop),
        Step::Answer { approve, .. } => {
            faces.payments.answer(&anybody(), ChallengeAnswer { intent, approve: *approve }).await.map(drop)
        }
        Step::Refund { minor, .. } => {
            let amount = Money::new(*minor, placed.order.total.currency);
            let ask = Refund { locator: placed.order.locator, amount, reason: "goodwill".to_owned() };
            faces.orders.refund(&house(), ask).await.map(drop)
        }
        Step::Cancel { .. } => {
            let quote = faces.orders.quote_cancellation(&house(), of(&placed.order)).await?;
            let ask = Cancel { of: of(&placed.order), agreed_refund: quote.refund };
            faces.orders.cancel(&house(), ask).await.map(drop)
        }
        _ => {
            world.money_arrives(placed).await;
            Ok(())
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_seats_money_and_histories_agree(steps in prop::collection::vec(step(), 10..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for (world, _) in World::all().await {
                let airline = world.airline("Y6").await;
                let mut holds = Vec::new();
                for step in &steps {
                    take(&world, &airline, &mut holds, step).await;
                }
                world.check().await;
            }
        });
    }
}

#[tokio::test]
async fn an_order_from_elsewhere_belongs_to_its_owner() {
    for (world, _) in World::all().await {
        let airline = world.airline("Y20").await;
        let (leg, owner) = (airline.leg(1, 3), somebody(Role::Traveller));
        let line = serde_json::json!({ "order": {
            "locator": "7Q4ZK2", "created_at": "2026-11-01T12:00:00Z", "owner": owner.actor.person(),
            "contact": { "email": "ada@example.com", "phone": "" },
            "passengers": [{ "given_name": "Ada", "family_name": "Lovelace", "type": "adult" }],
            "segments": [{ "designator": leg.designator, "date": leg.date, "from": "AMS", "to": "LHR", "class": "K", "family": "Flex" }],
            "total": { "amount": "150.00", "currency": "EUR" },
            "tickets": [{ "number": "0082400000100", "passenger": 0, "coupons": [{ "segment": 0, "status": "O" }] }],
        }});
        for _ in 0..2 {
            let file = kit::text("bookings.jsonl", format!("{line}\n"));
            let report = world.faces.schedule.import_bookings(&house(), file).await.unwrap();
            assert!(report.refused.is_empty(), "{report:?}");
        }
        let mine = world.faces.orders.mine(&owner, kernel::PageAsk::default()).await.unwrap().items;
        assert_eq!(mine.iter().map(|order| order.locator.as_str()).collect::<Vec<_>>(), ["7Q4ZK2"]);
        assert_eq!(airline.taken(3).await, (1, 0));
        world.check().await;
        let of = booking_api::OrderOf { locator: mine[0].locator, family_name: None };
        let order = world.faces.orders.find(&owner, of.clone()).await.unwrap();
        let cancelled =
            world.faces.orders.cancel(&owner, Cancel { of, agreed_refund: order.total }).await.unwrap();
        assert_eq!(cancelled.refunded, order.total);
        world.check().await;
    }
}
