//! What movement messages do to a flight.

use status_api::{LegState, Phase, Status};

use super::{at, head, hear, leg, legs, take, today};

pub(super) async fn all(module: &dyn Status) {
    published(module).await;
    a_life(module).await;
    any_order(module).await;
    repeats(module).await;
    corrections(module).await;
    returns(module).await;
    diversions(module).await;
    utc_days(module).await;
    two_legs(module).await;
    estimates(module).await;
    loads(module).await;
    twice_a_day(module).await;
}

async fn published(module: &dyn Status) {
    let found = leg(module, "XI100").await;
    assert_eq!((found.state, found.version), (LegState::Scheduled, 0));
    assert_eq!((found.scheduled.departure, found.scheduled.arrival), (at("14:00"), at("15:20")));
    assert_eq!((found.from.city.as_str(), found.to.zone.as_str()), ("Amsterdam", "Europe/London"));
    assert_eq!(found.aircraft.as_deref(), Some("73H"));
    assert_eq!(legs(module, "XI999", today()).await, []);
    assert_eq!(legs(module, "XI100", jiff::civil::date(2026, 7, 1)).await, []);
}

async fn a_life(module: &dyn Status) {
    hear(module, &["MVT\nXI101/15.PH-BAA.AMS\nED151430\nDL93\nNI151400"]).await;
    let found = leg(module, "XI101").await;
    assert_eq!((found.state, found.phase), (LegState::Scheduled, Some(Phase::Delayed)));
    assert_eq!(found.estimated.departure, Some(at("14:30")));
    assert_eq!(found.next_information, Some(at("14:00")));
    assert_eq!(found.reasons, ["The aircraft came late from its previous flight"]);
    assert_eq!(found.registration.as_deref(), Some("PHBAA"));
    hear(module, &["MVT\nXI101/15.PHBAA.AMS\nAD151432/151444 EA1601 LHR\nDL93/0032\nPX131"]).await;
    let found = leg(module, "XI101").await;
    assert_eq!((found.state, found.phase, found.on_board), (LegState::Airborne, None, Some(131)));
    assert_eq!((found.actual.off_block, found.actual.airborne), (Some(at("14:32")), Some(at("14:44"))));
    assert_eq!((found.estimated.departure, found.estimated.arrival), (None, Some(at("16:01"))));
    hear(module, &["MVT\nXI101/15.PHBAA.LHR\nAA151558"]).await;
    assert_eq!(leg(module, "XI101").await.state, LegState::Landed);
    hear(module, &["MVT\nXI101/15.PHBAA.LHR\nAA151558/151606"]).await;
    let found = leg(module, "XI101").await;
    assert_eq!((found.state, found.actual.on_block), (LegState::OnBlock, Some(at("16:06"))));
    assert_eq!(found.version, 4);
}

/// Actuals and estimates in every order end the same.
async fn any_order(module: &dyn Status) {
    let texts = |number: u32| {
        [
            format!("MVT\nXI{number}/15.PHBAA.AMS\nED151430\nDL93"),
            format!("MVT\nXI{number}/15.PHBAA.AMS\nAD151432/151444 EA1601 LHR\nDL81/0032\nPX131"),
            format!("MVT\nXI{number}/15.PHBAA.LHR\nAA151558/151606"),
        ]
    };
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let mut ends = Vec::new();
    for (number, order) in (102..).zip(orders) {
        let texts = texts(number);
        for nth in order {
            hear(module, &[&texts[nth]]).await;
        }
        let mut end = leg(module, &format!("XI{number}")).await;
        end.version = 0;
        ends.push(end);
    }
    assert_eq!(ends[0].state, LegState::OnBlock);
    assert_eq!(ends[0].delay_codes, ["81"]);
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:#?}");
}

async fn repeats(module: &dyn Status) {
    let texts = ["MVT\nXI110/15.PHBAA.AMS\nAD151400/151410", "MVT\nXI110/15.PHBAA.LHR\nAA151520/151530"];
    hear(module, &texts).await;
    let (before, last) = (leg(module, "XI110").await, head(module).await);
    let report = take(module, &texts).await;
    assert_eq!((report.accepted, report.duplicates, report.refused.len()), (0, 2, 0));
    // Address lines, blanks and case make no new message.
    let copy = "QU AMSKLXI\n.FRAKKXX\nmvt \n XI110/15.PHBAA.AMS\r\nAD151400/151410\r\n";
    assert_eq!(take(module, &[copy]).await.duplicates, 1);
    assert_eq!(take(module, &["MVT\nXI0110/15.PH-BAA.AMS\nAD151400/151410"]).await.duplicates, 1);
    // The same said in other words is taken, and changes nothing.
    assert_eq!(take(module, &["MVA\nXI110/15.PHBAA.AMS\nAD1400/1410"]).await.accepted, 1);
    assert_eq!((leg(module, "XI110").await, head(module).await), (before, last));
}

async fn corrections(module: &dyn Status) {
    let right = "COR MVT\nXI111/15.PHBAA.AMS\nAD151405";
    let wrong = "MVT\nXI111/15.PHBAA.AMS\nAD151450/151412";
    hear(module, &[wrong, right]).await;
    let found = leg(module, "XI111").await;
    assert_eq!((found.actual.off_block, found.actual.airborne), (Some(at("14:05")), Some(at("14:12"))));
    // Also when it comes first.
    hear(module, &[&right.replace("XI111", "XI112"), &wrong.replace("XI111", "XI112")]).await;
    assert_eq!(leg(module, "XI112").await.actual, found.actual);
}

async fn returns(module: &dyn Status) {
    let texts = ["MVT\nXI113/15.PHBAA.AMS\nAD151400", "MVT\nXI113/15.PHBAA.AMS\nRR1425"];
    hear(module, &texts).await;
    let found = leg(module, "XI113").await;
    assert_eq!((found.state, found.actual.off_block), (LegState::Returned, None));
    hear(module, &["MVT\nXI113/15.PHBAA.AMS\nAD151510/151520"]).await;
    let found = leg(module, "XI113").await;
    assert_eq!((found.state, found.actual.off_block), (LegState::Airborne, Some(at("15:10"))));
    hear(module, &["MVT\nXI114/15.PHBAA.AMS\nAD151400/151410", "MVT\nXI114/15.PHBAA.AMS\nFR1450/1500"]).await;
    assert_eq!(leg(module, "XI114").await.state, LegState::Returned);
}

async fn diversions(module: &dyn Status) {
    hear(module, &["MVT\nXI115/15.PHBAA.AMS\nAD151400/151410", "MVT\nXI115/15.PHBAA.LHR\nDIV GLA"]).await;
    let found = leg(module, "XI115").await;
    assert_eq!((found.state, found.diverted_to), (LegState::Diverted, Some("GLA".parse().unwrap())));
    hear(module, &["MVT\nXI115/15.PHBAA.GLA\nAA151540/151548"]).await;
    let found = leg(module, "XI115").await;
    assert_eq!((found.state, found.actual.on_block), (LegState::Diverted, Some(at("15:48"))));
    // The landing elsewhere may come before the message that explains it: in one batch …
    hear(module, &["MVT\nXI116/15.PHBAA.GLA\nAA151540/151548", "MVT\nXI116/15.PHBAA.AMS\nDIV GLA"]).await;
    assert_eq!(leg(module, "XI116").await.actual.on_block, Some(at("15:48")));
    // … and long before, as a stray.
    let early = take(module, &["MVT\nXI117/15.PHBAA.GLA\nAA151540/151548"]).await;
    assert_eq!((early.accepted, early.refused.len()), (0, 1));
    hear(module, &["MVT\nXI117/15.PHBAA.AMS\nDIV GLA"]).await;
    let found = leg(module, "XI117").await;
    assert_eq!((found.state, found.actual.landed), (LegState::Diverted, Some(at("15:40"))));
}

/// The evening flight of the 15th leaves New York on the 16th in UTC, and that is how messages name it.
async fn utc_days(module: &dyn Status) {
    hear(module, &["MVT\nXI200/16.N1XI.JFK\nAD160035/160050 EA0650 LHR"]).await;
    assert_eq!(leg(module, "XI200").await.state, LegState::Airborne);
    assert_eq!(legs(module, "XI200", today().tomorrow().unwrap()).await[0].state, LegState::Scheduled);
    hear(module, &["MVT\nXI200/16.N1XI.LHR\nAA0648/0655"]).await;
    let arrived = leg(module, "XI200").await;
    assert_eq!(arrived.actual.landed, Some("2026-06-16T06:48:00Z".parse().unwrap()));
}

async fn two_legs(module: &dyn Status) {
    hear(module, &["MVT\nXI300/15.PHBAA.LHR\nAA150915/150922", "MVT\nXI300/15.PHBAA.LHR\nAD151032/151045"])
        .await;
    let states: Vec<_> = legs(module, "XI300", today()).await.iter().map(|leg| leg.state).collect();
    assert_eq!(states, [LegState::OnBlock, LegState::Airborne]);
}

/// By time of sending where there is one, else by order of receipt.
async fn estimates(module: &dyn Status) {
    hear(module, &["MVT\nXI118/15.PHBAA.AMS\nED1430", "MVT\nXI118/15.PHBAA.AMS\nED1420"]).await;
    assert_eq!(leg(module, "XI118").await.estimated.departure, Some(at("14:20")));
    let later = ".AMSKKXI 151150\nMVT\nXI119/15.PHBAA.AMS\nED1430";
    let earlier = ".AMSKKXI 151110\nMVT\nXI119/15.PHBAA.AMS\nED1420";
    hear(module, &[later, earlier]).await;
    assert_eq!(leg(module, "XI119").await.estimated.departure, Some(at("14:30")));
    // An arrival may be foretold from either end.
    hear(module, &["MVT\nXI121/15.PHBAA.AMS\nEA1530", "MVT\nXI122/15.PHBAA.LHR\nEB1540"]).await;
    assert_eq!(leg(module, "XI121").await.estimated.arrival, Some(at("15:30")));
    assert_eq!(leg(module, "XI122").await.estimated.arrival, Some(at("15:40")));
}

/// Two flights of one number from one station: the destination tells them apart, or else the time.
async fn twice_a_day(module: &dyn Status) {
    hear(module, &["MVT\nXI500/15.PHBAA.AMS\nAD151000/151010 EA1115 GLA"]).await;
    hear(module, &["MVT\nXI501/15.PHBAA.AMS\nED151710"]).await;
    let found = legs(module, "XI500", today()).await;
    assert_eq!([found[0].state, found[1].state], [LegState::Scheduled, LegState::Airborne]);
    let found = legs(module, "XI501", today()).await;
    assert_eq!([found[0].estimated.departure, found[1].estimated.departure], [None, Some(at("17:10"))]);
}

async fn loads(module: &dyn Status) {
    hear(module, &["LDM\nXI120/15.PHBAA.C30Y150.2/4\n-LHR.101/3/1.T12000"]).await;
    assert_eq!(leg(module, "XI120").await.on_board, Some(105));
}
