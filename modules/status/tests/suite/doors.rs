//! Who may do what, and the log that others follow.

use kernel::{Actor, Ctx, FeedAfter, FeedError, PageAsk, ReadersAsk, ReplayReader, Role};
use status_api::{LegState, Movements, Status, StatusChange, StatusError};

use super::{head, hear, leg, ops, somebody};

pub(super) async fn all(module: &dyn Status) {
    only_operations_feed_it(module).await;
    the_log_tells_changes(module).await;
    readers_can_be_replayed(module).await;
}

async fn only_operations_feed_it(module: &dyn Status) {
    let machine = |role| Ctx::new(Actor::Machine { name: "feeder".to_owned(), role }, "suite");
    let table = [
        (Ctx::new(Actor::Anonymous, "suite"), false, false),
        (somebody(Role::Traveller), false, false),
        (somebody(Role::Agent), false, true),
        (somebody(Role::Auditor), false, true),
        (somebody(Role::Ops), true, true),
        (somebody(Role::Admin), true, true),
        (machine(Role::Ops), true, true),
        (machine(Role::Traveller), false, false),
        (Ctx::system("suite"), true, true),
    ];
    for (ctx, feeds, reads) in table {
        let taken = module.take(&ctx, Movements::default()).await;
        assert_eq!(taken.as_ref().err(), Some(&StatusError::Forbidden).filter(|_| !feeds), "{:?}", ctx.actor);
        assert_eq!(module.dead_letters(&ctx, PageAsk::default()).await.is_ok(), feeds);
        let log = module.feed(&ctx, FeedAfter::start()).await;
        assert_eq!(log.err(), Some(FeedError::Forbidden).filter(|_| !reads), "{:?}", ctx.actor);
    }
}

async fn the_log_tells_changes(module: &dyn Status) {
    let after = head(module).await;
    hear(module, &["MVT\nXI150/15.PHBAA.AMS\nAD151400/151410"]).await;
    let batch = module.feed(&Ctx::system("suite"), FeedAfter { after, limit: 10, wait_ms: 0 }).await.unwrap();
    let [event] = batch.events.as_slice() else { panic!("{batch:?}") };
    assert_eq!(
        (event.kind.as_str(), event.stream.as_str()),
        ("flight.status_changed", "leg/XI150/2026-06-15/AMS-LHR")
    );
    let change: StatusChange = serde_json::from_value(event.payload.clone()).unwrap();
    assert_eq!((change.leg.state, change.designator.to_string().as_str()), (LegState::Airborne, "XI150"));
}

async fn readers_can_be_replayed(module: &dyn Status) {
    let readers = module.readers(&ops(), ReadersAsk::default()).await.unwrap();
    let names: Vec<_> = readers.iter().map(|reader| (reader.name.as_str(), reader.source.as_str())).collect();
    assert_eq!(names, [("status.schedule", "booking"), ("status.board", "status")]);
    assert!(readers.iter().all(|reader| reader.lag() == Some(0)), "{readers:?}");
    let before = leg(module, "XI150").await;
    for reader in ["status.schedule", "status.board"] {
        let ask = ReplayReader { reader: reader.to_owned(), reason: "suite".to_owned() };
        assert_eq!(module.replay(&somebody(Role::Agent), ask.clone()).await, Err(StatusError::Forbidden));
        module.replay(&ops(), ask).await.unwrap();
    }
    assert_eq!(leg(module, "XI150").await, before);
    let ask = ReplayReader { reader: "status.nothing".to_owned(), reason: String::new() };
    assert_eq!(
        module.replay(&ops(), ask).await,
        Err(StatusError::UnknownReader("status.nothing".to_owned()))
    );
}
