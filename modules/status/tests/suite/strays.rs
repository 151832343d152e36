//! Messages that cannot be read or matched: told with their line, kept for people, harmless.

use kernel::PageAsk;
use status_api::{LegState, Status};

use super::{head, leg, messages, ops, take};

pub(super) async fn all(module: &dyn Status) {
    refused_and_kept(module).await;
    paged(module).await;
    keyed(module).await;
}

async fn refused_and_kept(module: &dyn Status) {
    let texts = [
        "MVT\nQQ999/15.PHBAA.AMS\nAD151400",
        "MVT\nXI140/15.PHBAA.AMS\nAD151400/151410",
        "MVT\nXI140/15.PHBAA.JFK\nAD151400",
        "MVT\nXI140/15.PHBAA.AMS\nAD2575",
        "HELLO",
        "MVT\nXI140/31.PHBAA.AMS\nAD1400",
    ];
    let report = take(module, &texts).await;
    assert_eq!((report.accepted, report.refused.len()), (1, 5));
    let lines: Vec<_> = report.refused.iter().map(|remark| remark.line).collect();
    assert_eq!(lines, [1, 21, 31, 41, 51]);
    for (remark, reason) in
        report.refused.iter().zip(["no schedule", "does not call", "AD2575", "HELLO", "2026-05-31"])
    {
        assert!(remark.reason.contains(reason), "{remark:?}");
    }
    assert_eq!(leg(module, "XI140").await.state, LegState::Airborne);
    let kept = module.dead_letters(&ops(), PageAsk::first(500)).await.unwrap().items;
    let mine: Vec<_> = kept.iter().filter(|letter| letter.text == "HELLO").collect();
    assert_eq!(mine.len(), 1);
    assert!(mine[0].reason.contains("HELLO"));
    // A repeat is refused again, and kept once.
    let (last, count) = (head(module).await, kept.len());
    assert_eq!(take(module, &["HELLO"]).await.refused.len(), 1);
    assert_eq!(module.dead_letters(&ops(), PageAsk::first(500)).await.unwrap().items.len(), count);
    assert_eq!(head(module).await, last);
}

async fn paged(module: &dyn Status) {
    let whole = module.dead_letters(&ops(), PageAsk::first(500)).await.unwrap();
    assert!(whole.items.is_sorted_by(|a, b| a.received_at >= b.received_at) && whole.next.is_none());
    let first = module.dead_letters(&ops(), PageAsk::first(2)).await.unwrap();
    let rest = module.dead_letters(&ops(), PageAsk { after: first.next.clone(), limit: 500 }).await.unwrap();
    assert_eq!([first.items, rest.items].concat(), whole.items);
}

/// The same key gets the same report, even for what would be a repeat.
async fn keyed(module: &dyn Status) {
    let ctx = ops().with_key("key-141".parse().unwrap());
    let question = messages(&["MVT\nXI141/15.PHBAA.AMS\nAD151400"]);
    let first = module.take(&ctx, question.clone()).await.unwrap();
    assert_eq!((first.accepted, module.take(&ctx, question).await.unwrap()), (1, first.clone()));
    let other = module.take(&ctx, messages(&["MVT\nXI141/15.PHBAA.AMS\nAD151401"])).await;
    assert_eq!(other, Err(status_api::StatusError::KeyReused));
}
