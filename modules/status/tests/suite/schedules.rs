//! What ASM and SSM do to dated flights.

use status_api::{LegState, Status};

use super::{at, hear, leg, legs, take, today};

pub(super) async fn all(module: &dyn Status) {
    cancelled_and_reinstated(module).await;
    one_leg_of_two(module).await;
    retimed(module).await;
    local_dates(module).await;
    periods(module).await;
    others(module).await;
}

async fn cancelled_and_reinstated(module: &dyn Status) {
    hear(module, &["ASM\nUTC\nCNL WEAT\nXI130/15JUN26"]).await;
    let found = leg(module, "XI130").await;
    assert_eq!((found.state, found.phase), (LegState::Cancelled, None));
    hear(module, &["MVT\nXI130/15.PHBAA.AMS\nED1500"]).await;
    assert_eq!(leg(module, "XI130").await.state, LegState::Cancelled);
    hear(module, &["ASM\nUTC\nRIN\nXI130/15JUN"]).await;
    assert_eq!(leg(module, "XI130").await.state, LegState::Scheduled);
    let repeat = take(module, &["ASM\nUTC\nCNL WEAT\nXI130/15JUN26"]).await;
    assert_eq!((repeat.duplicates, leg(module, "XI130").await.state), (1, LegState::Scheduled));
}

async fn one_leg_of_two(module: &dyn Status) {
    hear(module, &["ASM\nUTC\nCNL CREW\nXI301/15JUN26\nLHR JFK"]).await;
    let states: Vec<_> = legs(module, "XI301", today()).await.iter().map(|leg| leg.state).collect();
    assert_eq!(states, [LegState::Scheduled, LegState::Cancelled]);
    hear(module, &["ASM\nUTC\nCNL CREW\nXI302/15JUN26"]).await;
    assert!(legs(module, "XI302", today()).await.iter().all(|leg| leg.state == LegState::Cancelled));
}

async fn retimed(module: &dyn Status) {
    hear(module, &["ASM\nUTC\nTIM OPER\nXI131/15JUN26\nJ 32N Y180\nAMS1630 LHR1750"]).await;
    let found = leg(module, "XI131").await;
    assert_eq!((found.scheduled.departure, found.scheduled.arrival), (at("16:30"), at("17:50")));
    assert_eq!(found.aircraft.as_deref(), Some("32N"));
    hear(module, &["ASM\nLT\nTIM OPER\nXI132/15JUN26\nAMS1800 LHR1820"]).await;
    assert_eq!(leg(module, "XI132").await.scheduled.departure, at("16:00"));
    hear(module, &["ASM\nUTC\nEQT\nXI133/15JUN26\nJ 77W C40Y300"]).await;
    assert_eq!(leg(module, "XI133").await.aircraft.as_deref(), Some("77W"));
    let none = take(module, &["ASM\nUTC\nTIM\nXI133/15JUN26"]).await;
    assert_eq!(none.refused.len(), 1);
}

/// The flight of the evening of the 15th, by either name.
async fn local_dates(module: &dyn Status) {
    hear(module, &["ASM\nLT\nCNL\nXI201/15JUN26", "ASM\nUTC\nCNL\nXI202/16JUN26"]).await;
    for designator in ["XI201", "XI202"] {
        assert_eq!(leg(module, designator).await.state, LegState::Cancelled, "{designator}");
    }
}

async fn periods(module: &dyn Status) {
    hear(module, &["SSM\nUTC\nCNL\nXI134\n15JUN26 21JUN26 1.3"]).await;
    let mut cancelled = Vec::new();
    for day in 15..=22 {
        let found = legs(module, "XI134", jiff::civil::date(2026, 6, day)).await;
        cancelled.push(found[0].state == LegState::Cancelled);
    }
    assert_eq!(cancelled, [true, false, true, false, false, false, false, false]);
}

/// What can be read but not applied is told and does no harm.
async fn others(module: &dyn Status) {
    for text in ["ASM\nUTC\nADM\nXI135/15JUN26", "ASM\nUTC\nNEW\nXI9000/15JUN26\nJ 320 Y180\nAMS0800 LHR0900"]
    {
        let report = take(module, &[text]).await;
        assert_eq!((report.accepted, report.refused.len(), report.warnings.len()), (1, 0, 1), "{text}");
    }
    let report = take(module, &["ASM\nCNL\nXI136/15JUN26"]).await;
    assert_eq!((report.accepted, report.warnings.len()), (1, 1));
    assert_eq!(leg(module, "XI136").await.state, LegState::Cancelled);
}
