//! The laws of the state: no order of arrival matters to what happened, and the clock's phases.

use jiff::{SignedDuration, Timestamp, civil};
use proptest::{collection::vec, prelude::*};
use status_api::{LegState, Phase, Times};

use super::*;
use crate::{facts::What, messages::Report};

fn at(text: &str) -> Timestamp {
    format!("2026-06-15T{text}:00Z").parse().unwrap()
}

fn key() -> LegKey {
    let iata = |text: &str| text.parse().unwrap();
    LegKey {
        designator: "XI1".parse().unwrap(),
        date: civil::date(2026, 6, 15),
        from: iata("AMS"),
        to: iata("LHR"),
    }
}

fn published() -> Times {
    Times { departure: at("14:00"), arrival: at("15:20") }
}

fn heard(nth: usize, station: &str, what: What) -> Heard {
    Heard {
        id: nth.to_string(),
        at: at("10:00") + SignedDuration::from_mins(i64::try_from(nth).unwrap()),
        sent: false,
        correction: false,
        automatic: false,
        station: Some(station.parse().unwrap()),
        registration: None,
        what,
    }
}

#[test]
fn the_clock_adds_a_phase() {
    let out = at("14:00");
    for (now, estimated, expected) in [
        ("10:59", None, None),
        ("11:00", None, Some(Phase::CheckIn)),
        ("13:20", None, Some(Phase::Boarding)),
        ("13:45", None, Some(Phase::FinalCall)),
        ("13:50", None, Some(Phase::GateClosed)),
        ("14:30", None, Some(Phase::GateClosed)),
        ("20:01", None, None),
        ("09:00", Some("14:15"), Some(Phase::Delayed)),
        ("11:30", Some("14:14"), Some(Phase::CheckIn)),
        ("13:50", Some("14:15"), Some(Phase::Boarding)),
        ("22:00", Some("15:00"), Some(Phase::Delayed)),
    ] {
        assert_eq!(
            phase(LegState::Scheduled, out, estimated.map(at), at(now)),
            expected,
            "{now} {estimated:?}"
        );
    }
    assert_eq!(phase(LegState::Airborne, out, None, at("13:50")), None);
}

#[test]
fn nobody_cancels_what_is_in_the_air() {
    let off = What::Reports(vec![
        Report::OffBlock("1000".parse().unwrap()),
        Report::Airborne("1010".parse().unwrap()),
    ]);
    let cancelled = |nth| heard(nth, "AMS", What::Cancelled { reason: String::new() });
    let airborne = heard(1, "AMS", off);
    let state = |facts: &[Heard]| {
        work_out(&key(), Times { departure: at("10:00"), arrival: at("12:00") }, facts).state
    };
    assert_eq!(state(&[airborne.clone(), cancelled(60)]), LegState::Airborne);
    assert_eq!(state(&[airborne.clone(), cancelled(5)]), LegState::Cancelled);
    assert_eq!(state(&[cancelled(5), airborne, heard(6, "AMS", What::Reinstated)]), LegState::Airborne);
}

#[test]
fn a_late_departure_takes_the_arrival_with_it() {
    let out = What::Reports(vec![Report::OffBlock("160400".parse().unwrap())]);
    let down = What::Reports(vec![Report::Touchdown("0520".parse().unwrap())]);
    let known = work_out(&key(), published(), &[heard(0, "LHR", down), heard(1, "AMS", out)]);
    assert_eq!(known.actual.landed, Some("2026-06-16T05:20:00Z".parse().unwrap()));
}

/// Where it comes from and what it says; whether it is a correction; its place in another order.
type Told = ((&'static str, Vec<Report>), bool, u64);

fn actuals() -> impl Strategy<Value = (&'static str, Vec<Report>)> {
    let clock = |minute: u16| crate::messages::Clock { day: None, minute: 800 + minute };
    (0u16..240, 0usize..7).prop_map(move |(minute, which)| match which {
        0 => ("AMS", vec![Report::OffBlock(clock(minute)), Report::Airborne(clock(minute + 10))]),
        1 => ("AMS", vec![Report::OffBlock(clock(minute))]),
        2 => ("LHR", vec![Report::Touchdown(clock(minute)), Report::OnBlock(clock(minute + 8))]),
        3 => ("LHR", vec![Report::Touchdown(clock(minute))]),
        4 => ("AMS", vec![Report::ReturnToRamp(clock(minute))]),
        5 => ("AMS", vec![Report::ForcedReturn(clock(minute), Some(clock(minute + 5)))]),
        _ => ("AMS", vec![Report::Airborne(clock(minute))]),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_happened_does_not_depend_on_the_order_of_receipt(
        facts in vec((actuals(), any::<bool>(), any::<u64>()), 1..7),
    ) {
        let told = |facts: &[Told]| -> Vec<Heard> {
            let fact = |(nth, told): (usize, &Told)| {
                let ((station, reports), correction, _) = told;
                Heard { correction: *correction, ..heard(nth, station, What::Reports(reports.clone())) }
            };
            facts.iter().enumerate().map(fact).collect()
        };
        let first = work_out(&key(), published(), &told(&facts));
        let mut shuffled = facts.clone();
        shuffled.sort_by_key(|(_, _, random)| *random);
        let second = work_out(&key(), published(), &told(&shuffled));
        prop_assert_eq!((first.state, first.actual), (second.state, second.actual));
    }

    #[test]
    fn one_more_actual_never_takes_the_state_back(
        facts in vec(actuals(), 1..6), more in actuals(),
    ) {
        let told = |facts: &[(&str, Vec<Report>)]| -> Vec<Heard> {
            let plain = facts.iter().filter(|(_, reports)| !reports.iter().any(|report| {
                matches!(report, Report::ReturnToRamp(_) | Report::ForcedReturn(..))
            }));
            plain.enumerate().map(|(nth, (station, reports))| heard(nth, station, What::Reports(reports.clone()))).collect()
        };
        let before = work_out(&key(), published(), &told(&facts)).state;
        let after = work_out(&key(), published(), &told(&[facts, vec![more]].concat())).state;
        prop_assert!(after >= before, "{:?} became {:?}", before, after);
    }
}
