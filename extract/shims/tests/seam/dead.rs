//! A candidate that is dead, at one percent of the subjects: a handful of calls meet it, and nobody who asks sees it.

use std::{
    cell::Cell,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use kernel::{Ctx, Fork, Outside, Remote, SeededEntropy, Target};
use switch::{Binding, BreakerRule, BreakerState, Hop, Point, Ranges, Switch, Table, Traffic};

use crate::{
    ledger::{Book, Entry, Ledger, transport, within},
    script::{Actor, Part},
};

/// How many people ask, one question each.
const PEOPLE: u64 = 20_000;
/// Far more at a time than a quiet side may hold.
const AT_A_TIME: u64 = 64;

/// A module with one percent at a remote, watched.
struct House {
    fork: Fork<dyn Ledger>,
    traffic: Arc<Traffic>,
    began: Instant,
}

fn there() -> Target {
    Target::Remote("candidate".into())
}

impl House {
    fn new(port: u16) -> Self {
        let shares = [(there(), 1_000), (Target::Here, 99_000)].into();
        let binding = Binding {
            ranges: Ranges::new(shares).unwrap(),
            hop: Hop { from: Target::Here, to: there() },
            breaker: BreakerRule { wait: "300ms".parse().unwrap(), ..BreakerRule::default() },
            ..Binding::here()
        };
        let table = Table::here(&[]).with("ledger", binding);
        let traffic = Arc::new(Traffic::new(SeededEntropy::new(7)));
        let clock = Outside::system().clock;
        traffic.apply(&table, clock.now());
        let here: Arc<dyn Ledger> = Arc::new(Book::default());
        let fork = Fork::new(Arc::new(Switch::new(table, clock)), Some(here))
            .with("candidate", Arc::new(Remote::new(transport(port))))
            .watched(traffic.clone());
        Self { fork, traffic, began: Instant::now() }
    }

    /// Everybody asks, many at a time; how many got no answer.
    async fn ask_all(self: Rc<Self>) -> u64 {
        let next = Rc::new(Cell::new(0));
        let askers: Vec<_> = (0..AT_A_TIME)
            .map(|_| {
                let (house, next) = (self.clone(), next.clone());
                actix_web::rt::spawn(async move {
                    let mut unanswered = 0;
                    while next.get() < PEOPLE {
                        let id = next.replace(next.get() + 1);
                        let ctx = Ctx { subject: format!("s-{id}").into(), ..within(5_000) };
                        unanswered += u64::from(house.fork.read(&ctx, Entry { id }).await.is_err());
                        // Local answers never wait, and the far end lives on the same thread.
                        tokio::task::yield_now().await;
                    }
                    unanswered
                })
            })
            .collect();
        let mut unanswered = 0;
        for asker in askers {
            unanswered += asker.await.unwrap();
        }
        unanswered
    }

    /// How often an open breaker can have tried again by now, if its times are as short as jitter makes them.
    fn probes(&self) -> u64 {
        (1u32..20)
            .find(|n| self.began.elapsed() < Duration::from_millis(900) * (2u32.pow(*n) - 1))
            .map_or(0, |n| u64::from(n) - 1)
    }

    fn at(&self, target: &Target) -> Point {
        let sides = self.traffic.sides("ledger");
        sides.iter().find(|side| side.target == *target).map_or_else(Point::default, |side| side.minute)
    }
}

#[actix_web::test]
async fn five_calls_meet_it_and_nobody_sees_it() {
    let nobody = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let table = [
        ("refuses to connect", None),
        ("closes unheard", Some(Part::Closes)),
        ("resets after the head", Some(Part::ResetsAfterHead)),
        ("sends half a body", Some(Part::HalfABody)),
        ("answers 503", Some(Part::Says("503 Service Unavailable"))),
        ("answers nonsense", Some(Part::Answers("<html>"))),
        ("is silent", Some(Part::IsSilent)),
    ];
    for (what, part) in table {
        let actor = match part {
            Some(part) => Some(Actor::plays(part).await),
            None => None,
        };
        let house = Rc::new(House::new(actor.as_ref().map_or(nobody, |actor| actor.port)));
        let unanswered = house.clone().ask_all().await;
        let failed = house.at(&there()).failed;
        println!(
            "dead candidate that {what}: {PEOPLE} people asked, {unanswered} got no answer; {failed} calls failed, \
             {} of them probes; it saw {} requests",
            failed.saturating_sub(5),
            actor.as_ref().map_or(0, Actor::seen)
        );
        assert_eq!(unanswered, 0, "{what}");
        assert!((5..=5 + house.probes()).contains(&failed), "{what}: {failed}");
        assert!(actor.is_none_or(|actor| actor.seen() >= 5), "{what}");
        assert_eq!(house.at(&Target::Here).answered, PEOPLE, "{what}");
        assert_ne!(house.traffic.breaker("ledger", &there()), BreakerState::Closed, "{what}");
    }
}

#[actix_web::test]
async fn one_that_comes_back_is_asked_again() {
    let actor = Actor::plays(Part::Answers(r#"{"Ok":1}"#)).await;
    let house = Rc::new(House::new(actor.port));
    for _ in 0..5 {
        use kernel::{Kind, Op, Outcome, Watch};
        static READ: Op = Op { module: "ledger", name: "read", kind: Kind::Query };
        house.traffic.admit(&READ, &there()).unwrap();
        house.traffic.done(&READ, &there(), Outcome::Unavailable, Duration::ZERO);
    }
    assert_eq!(house.clone().ask_all().await, 0);
    assert_eq!((house.at(&there()).answered, actor.seen()), (0, 0));
    while house.traffic.breaker("ledger", &there()) == BreakerState::Open {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(house.clone().ask_all().await, 0);
    let answered = house.at(&there()).answered;
    assert!(answered > 100, "one percent of {PEOPLE}: {answered}");
    assert_eq!(house.traffic.breaker("ledger", &there()), BreakerState::Closed);
}
