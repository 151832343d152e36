//! The retry rule, case by case, and what it adds to the load when everything fails.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use kernel::{Ctx, Fault, IdempotencyKey, Remote};

use crate::{
    ledger::{Entry, Ledger, LedgerError, transport, within},
    script::{Actor, Part},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Query,
    Keyed,
    Unkeyed,
}

async fn ask(ledger: &dyn Ledger, asked: Asked, ctx: Ctx) -> Fault {
    let key: IdempotencyKey = "key".parse().unwrap();
    let answer = match asked {
        Asked::Query => ledger.read(&ctx, Entry { id: 1 }).await,
        Asked::Keyed => ledger.write(&ctx.with_key(key), Entry { id: 1 }).await,
        Asked::Unkeyed => ledger.write(&ctx, Entry { id: 1 }).await,
    };
    match answer {
        Err(LedgerError::Fault(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[actix_web::test]
async fn once_more_only_where_nothing_can_happen_twice() {
    use Asked::{Keyed, Query, Unkeyed};
    let table = [
        (Part::Closes, Query, 2, "unavailable"),
        (Part::Closes, Keyed, 2, "timed_out"),
        (Part::Closes, Unkeyed, 1, "timed_out"),
        (Part::ResetsAfterHead, Query, 1, "malformed"),
        (Part::ResetsAfterHead, Keyed, 1, "malformed"),
        (Part::HalfABody, Query, 1, "malformed"),
        (Part::HalfABody, Unkeyed, 1, "malformed"),
        (Part::Says("503 Service Unavailable"), Query, 1, "unavailable"),
        (Part::Says("502 Bad Gateway"), Keyed, 1, "unavailable"),
        (Part::Says("429 Too Many Requests"), Query, 1, "unavailable"),
        (Part::Says("401 Unauthorized"), Query, 1, "refused"),
        (Part::Says("404 Not Found"), Query, 1, "refused"),
        (Part::Says("302 Found"), Query, 1, "malformed"),
        (Part::Says("500 Internal Server Error"), Query, 1, "malformed"),
        (Part::Answers("what?"), Query, 1, "malformed"),
    ];
    for (part, asked, tries, word) in table {
        let far = Actor::plays(part).await;
        let ledger: Arc<dyn Ledger> = Arc::new(Remote::new(transport(far.port)));
        let fault = ask(&*ledger, asked, within(5_000)).await;
        assert_eq!((far.seen(), fault.word()), (tries, word), "{part:?} {asked:?}: {fault}");
    }
}

/// Nobody listens: nothing was sent, so that any kind may be tried again. The counter tells, as no far end can.
#[actix_web::test]
async fn what_could_not_connect_is_tried_again_whatever_it_is() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let scrape = recorder.handle();
    let _installed = metrics::set_default_local_recorder(&recorder);
    let nobody = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let ledger: Arc<dyn Ledger> = Arc::new(Remote::new(transport(nobody)));
    for (tried_again, asked) in [Asked::Query, Asked::Keyed, Asked::Unkeyed].into_iter().enumerate() {
        assert!(matches!(ask(&*ledger, asked, within(5_000)).await, Fault::Unavailable(_)));
        let line = format!("banyan_switch_retries_total{{module=\"ledger\"}} {}", tried_again + 1);
        assert!(scrape.render().contains(&line), "{}", scrape.render());
    }
}

#[actix_web::test]
async fn nothing_is_tried_when_the_time_is_over() {
    let far = Actor::plays(Part::IsSilent).await;
    let ledger: Arc<dyn Ledger> = Arc::new(Remote::new(transport(far.port)));
    let began = Instant::now();
    assert!(matches!(ask(&*ledger, Asked::Query, within(60)).await, Fault::TimedOut(_)));
    assert!(began.elapsed() < Duration::from_secs(2));
    assert!(matches!(ask(&*ledger, Asked::Query, within(0)).await, Fault::TimedOut(_)));
    assert_eq!(far.seen(), 1);
}

#[actix_web::test]
async fn at_total_failure_the_load_is_a_fifth_more_and_the_reserve() {
    let far = Actor::plays(Part::Closes).await;
    let ledger: Arc<dyn Ledger> = Arc::new(Remote::new(transport(far.port)));
    let (asked, began) = (1_000, Instant::now());
    for _ in 0..asked {
        ask(&*ledger, Asked::Query, within(5_000)).await;
    }
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap();
    let seen = far.seen();
    println!(
        "retries: {asked} queries that all fail were sent {seen} times (bar: 1.2 x and a reserve of 10)"
    );
    assert!(seen <= asked * 12 / 10 + 10 + seconds, "{seen}");
    assert!(seen >= asked * 12 / 10, "the budget is used: {seen}");
}

#[actix_web::test]
async fn every_try_has_a_span_of_its_own_in_the_same_trace() {
    let far = Actor::plays(Part::Closes).await;
    let ledger: Arc<dyn Ledger> = Arc::new(Remote::new(transport(far.port)));
    let trace = "0af7651916cd43dd8448eb211c80319c";
    ask(&*ledger, Asked::Query, Ctx { trace_id: trace.into(), ..within(5_000) }).await;
    ask(&*ledger, Asked::Unkeyed, within(5_000)).await;
    let parents: Vec<_> = far
        .heads()
        .iter()
        .map(|head| head.lines().find_map(|line| line.strip_prefix("traceparent: ")).map(str::to_owned))
        .collect();
    let spans: Vec<_> =
        parents.iter().flatten().map(|parent| parent.split('-').collect::<Vec<_>>()).collect();
    assert_eq!(spans.len(), 2, "two tries in a trace, then one without: {parents:?}");
    for span in &spans {
        assert_eq!((span[0], span[1], span[2].len(), span[3]), ("00", trace, 16, "01"));
    }
    assert_ne!(spans[0][2], spans[1][2]);
}
