//! Messages as they come and as they should not come, and the law that what is written reads back.

use std::fmt::Write as _;

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{asm::LegLine, *};

fn movement(text: &str) -> Movement {
    match read(text).unwrap().body {
        Body::Movement(movement) => movement,
        other => panic!("{other:?}"),
    }
}

fn schedule(text: &str) -> ScheduleMessage {
    match read(text).unwrap().body {
        Body::Schedule(schedule) => schedule,
        other => panic!("{other:?}"),
    }
}

fn at(text: &str) -> Clock {
    text.parse().unwrap()
}

#[test]
fn lines_of_a_movement() {
    use Report::*;
    let iata = |text: &str| text.parse().unwrap();
    for (line, reports) in [
        (
            "AD120830/120845 EA1650 JFK",
            vec![
                OffBlock(at("120830")),
                Airborne(at("120845")),
                ExpectedTouchdown(at("1650"), Some(iata("JFK"))),
            ],
        ),
        ("AD0830", vec![OffBlock(at("0830"))]),
        ("AD/0845", vec![Airborne(at("0845"))]),
        ("AA121640/121648", vec![Touchdown(at("121640")), OnBlock(at("121648"))]),
        ("AA1640", vec![Touchdown(at("1640"))]),
        ("ED121000 NI121100", vec![ExpectedOffBlock(at("121000")), NextInformation(at("121100"))]),
        ("EO121015", vec![ExpectedTakeOff(at("121015"))]),
        ("EB1655", vec![ExpectedOnBlock(at("1655"))]),
        ("RR0902", vec![ReturnToRamp(at("0902"))]),
        ("FR0850/0915", vec![ForcedReturn(at("0850"), Some(at("0915")))]),
        ("FR0850", vec![ForcedReturn(at("0850"), None)]),
        ("DL81/0015", vec![Delays(vec![("81".into(), Some(15))])]),
        ("DL31/62/0005/0015", vec![Delays(vec![("31".into(), Some(5)), ("62".into(), Some(15))])]),
        ("DL93", vec![Delays(vec![("93".into(), None)])]),
        ("DLA31C/62A//", vec![Delays(vec![("31C".into(), None), ("62A".into(), None)])]),
        ("PX112", vec![Passengers(112)]),
        ("PX12/100+2", vec![Passengers(112)]),
        ("DIV BOS", vec![Diversion(iata("BOS"))]),
        ("DIVBOS EA1810", vec![Diversion(iata("BOS")), ExpectedTouchdown(at("1810"), None)]),
        ("ED1000 SI LATE CREW", vec![ExpectedOffBlock(at("1000")), Said("LATE CREW".into())]),
    ] {
        let text = format!("MVT\nLH400/12.D-ABYA.FRA\n{line}\n");
        assert_eq!(movement(&text).reports, reports, "{line}");
    }
}

#[test]
fn who_and_where() {
    for (first, registration) in [
        ("LH400/12.D-ABYA.FRA", Some("DABYA")),
        ("lh0400/12.DABYA.fra", Some("DABYA")),
        ("LH400/12.FRA", None),
        ("LH400/12..FRA", None),
    ] {
        let found = movement(&format!("MVT\r\n{first}\r\nAD0830\r\n"));
        assert_eq!(found.flight.designator.to_string(), "LH400");
        assert_eq!((found.flight.day.day, found.station.as_str()), (12, "FRA"));
        assert_eq!(found.registration.as_deref(), registration);
    }
    for (identifier, correction, automatic) in [
        ("MVT", false, false),
        ("MVA", false, true),
        ("COR MVT", true, false),
        ("COR\nMVT", true, false),
        ("MVT COR", true, false),
        ("MVT\nCOR", true, false),
    ] {
        let found = movement(&format!("{identifier}\nLH400/12.DABYA.FRA\nAD0830"));
        assert_eq!((found.correction, found.automatic), (correction, automatic), "{identifier}");
    }
}

#[test]
fn a_header_tells_when() {
    let telex = read("QU FRAKLLH\n.AMSKLXI 121015\nMVT\nLH400/12.DABYA.FRA\nED1030\nFLD A1").unwrap();
    assert_eq!(telex.sent, Some(at("121015")));
    assert_eq!(telex.unread, ["FLD", "A1"]);
}

#[test]
fn what_cannot_be_read_is_refused_with_its_reason() {
    for (text, reason) in [
        ("", "empty"),
        ("HELLO", "`HELLO` begins no message"),
        ("MVT", "no flight"),
        ("MVT\nLH400.DABYA.FRA\nAD0830", "no flight line"),
        ("MVT\nLH400/32.DABYA.FRA\nAD0830", "no flight line"),
        ("MVT\nLH400/12.DABYA.FRANKFURT\nAD0830", "no flight line"),
        ("MVT\nLH400/12.DABYA.FRA", "says nothing"),
        ("MVT\nLH400/12.DABYA.FRA\nAD2575", "`AD2575`"),
        ("MVT\nLH400/12.DABYA.FRA\nED1", "`ED1`"),
        ("MVT\nLH400/12.DABYA.FRA\nXYZZY", "`XYZZY`"),
        ("MVT\nLH400/12.DABYA.FRA\nPX9999999999", "`PX9999999999`"),
        ("ASM\nUTC\nLX544/12MAY26", "no action"),
        ("ASM\nUTC\nCNL", "names no flight"),
        ("ASM\nUTC\nCNL\nLX544/99MAY26", "no flight and date"),
        ("SSM\nUTC\nCNL\nLX544", "names no dates"),
        ("LDM\nLH400/12.DABYA.C30Y264.2/10", "how many are on board"),
    ] {
        let found = read(text).unwrap_err();
        assert!(found.contains(reason), "{text:?}: {found}");
    }
}

#[test]
fn changes_of_the_schedule() {
    let found = schedule(
        "ASM\nLT\n24MAY00144E003\nTIM OPER\nLX544/12MAY26\nJ 320 Y180.Y180\nZRH0730 LHR0015/1\nSI SORRY\n//\nCNL WEAT\nLX545/12\nLX547/12MAY\nLHR ZRH",
    );
    assert!(found.local && found.says_mode);
    let [tim, cnl] = found.changes.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        (tim.action, tim.reason.as_str(), tim.aircraft.as_deref()),
        (Action::Retime, "OPER", Some("320"))
    );
    assert_eq!(
        tim.legs,
        [LegLine {
            from: "ZRH".parse().unwrap(),
            to: "LHR".parse().unwrap(),
            times: Some(((at("0730"), 0), (at("0015"), 1))),
        }]
    );
    assert_eq!(cnl.flights.len(), 2);
    assert_eq!(cnl.legs.first().and_then(|leg| leg.times), None);
    assert_eq!(
        schedule("SSM\nUTC\nCNL\nLX544 01APR26 30SEP26 135"),
        schedule("SSM\nUTC\nCNL\nLX544\n01APR26 30SEP26 135")
    );
    let found = schedule("SSM\nUTC\nCNL\nLX544\n01APR26 30SEP26 135");
    assert_eq!(
        found.changes.first().unwrap().flights.first().unwrap().dates,
        Dates::Period("01APR26".parse().unwrap(), "30SEP26".parse().unwrap(), 0b1_0101)
    );
}

#[test]
fn a_load_message_counts_who_is_on_board() {
    let Body::Load(load) =
        read("LDM\nLH400/12.DABYA.C30Y264.2/10\n-JFK.250/12/3.T14500.0\nSI NIL").unwrap().body
    else {
        panic!()
    };
    assert_eq!((load.to.as_str(), load.passengers), ("JFK", 265));
}

#[test]
fn a_time_is_the_one_nearest_to_something_known() {
    for (clock, known, expected) in [
        ("2350", "2026-05-12T00:10:00Z", "2026-05-11T23:50:00Z"),
        ("0010", "2026-05-11T23:50:00Z", "2026-05-12T00:10:00Z"),
        ("010010", "2026-04-30T23:50:00Z", "2026-05-01T00:10:00Z"),
        ("302355", "2026-05-01T00:10:00Z", "2026-04-30T23:55:00Z"),
        ("310030", "2026-01-01T02:00:00Z", "2025-12-31T00:30:00Z"),
        ("2400", "2026-05-11T23:50:00Z", "2026-05-12T00:00:00Z"),
    ] {
        assert_eq!(
            at(clock).near(known.parse().unwrap()).unwrap().to_string(),
            expected,
            "{clock} near {known}"
        );
    }
}

fn clocks() -> impl Strategy<Value = Clock> {
    (option::of(1u8..=31), 0u16..1440).prop_map(|(day, minute)| Clock { day, minute })
}

fn reports() -> impl Strategy<Value = Report> {
    let iata = || "[A-Z]{3}".prop_map(|text| text.parse::<kernel::Iata>().unwrap());
    let code = select(vec!["06", "31", "72", "93", "WX"]).prop_map(str::to_owned);
    prop_oneof![
        clocks().prop_map(Report::OffBlock),
        clocks().prop_map(Report::Touchdown),
        clocks().prop_map(Report::ExpectedOffBlock),
        clocks().prop_map(Report::ExpectedTakeOff),
        (clocks(), option::of(iata())).prop_map(|(clock, to)| Report::ExpectedTouchdown(clock, to)),
        clocks().prop_map(Report::ExpectedOnBlock),
        clocks().prop_map(Report::NextInformation),
        clocks().prop_map(Report::ReturnToRamp),
        (clocks(), option::of(clocks())).prop_map(|(down, blocks)| Report::ForcedReturn(down, blocks)),
        vec((code, 0u16..600), 1..4)
            .prop_map(|codes| Report::Delays(codes.into_iter().map(|(c, m)| (c, Some(m))).collect())),
        (0u32..800).prop_map(Report::Passengers),
        iata().prop_map(Report::Diversion),
    ]
}

fn written(report: &Report) -> String {
    match report {
        Report::OffBlock(clock) => format!("AD{clock}"),
        Report::Airborne(clock) => format!("AD/{clock}"),
        Report::Touchdown(clock) => format!("AA{clock}"),
        Report::OnBlock(clock) => format!("AA/{clock}"),
        Report::ExpectedOffBlock(clock) => format!("ED{clock}"),
        Report::ExpectedTakeOff(clock) => format!("EO{clock}"),
        Report::ExpectedTouchdown(clock, to) => {
            format!("EA{clock} {}", to.map(|to| to.to_string()).unwrap_or_default())
        }
        Report::ExpectedOnBlock(clock) => format!("EB{clock}"),
        Report::NextInformation(clock) => format!("NI{clock}"),
        Report::ReturnToRamp(clock) => format!("RR{clock}"),
        Report::ForcedReturn(down, None) => format!("FR{down}"),
        Report::ForcedReturn(down, Some(blocks)) => format!("FR{down}/{blocks}"),
        Report::Delays(codes) => {
            let mut text = "DL".to_owned();
            text += &codes.iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>().join("/");
            for minutes in codes.iter().filter_map(|(_, minutes)| *minutes) {
                write!(text, "/{:02}{:02}", minutes / 60, minutes % 60).unwrap();
            }
            text
        }
        Report::Passengers(count) => format!("PX{count}"),
        Report::Diversion(iata) => format!("DIV {iata}"),
        Report::Said(text) => format!("SI {text}"),
        Report::Kept(text) => text.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_written_reads_back(
        flight in "[A-Z]{2}[1-9][0-9]{0,3}", day in 1u8..=31, tail in "[A-Z0-9]{3,6}", station in "[A-Z]{3}",
        correction: bool, said in vec(reports(), 1..6), one_line: bool,
    ) {
        let lines: Vec<_> = said.iter().map(written).collect();
        let body = lines.join(if one_line { " " } else { "\n" });
        let text = format!("{}MVT\n{flight}/{day:02}.{tail}.{station}\n{body}\n", if correction { "COR " } else { "" });
        let found = movement(&text);
        prop_assert_eq!(found.reports, said);
        prop_assert_eq!(found.correction, correction);
        prop_assert_eq!(found.registration, Some(tail));
    }

    #[test]
    fn damage_never_panics(at in 0usize..160, with in "\\PC{0,4}", cut in 0usize..160, which in 0usize..4) {
        let good = [
            ".AMSKLXI 121015\nCOR MVT\nLH400/12.D-ABYA.FRA\nAD120830/120845 EA1650 JFK\nDL31/62/0005/0015\nPX112\nSI X",
            "ASM\nUTC\n24MAY00144E003\nTIM OPER\nLX544/12MAY26\nJ 320 Y180.Y180\nZRH0730 LHR0915/1\n//\nCNL\nLX545/12",
            "SSM\nLT\nCNL\nLX544\n01APR26 30SEP26 1234567",
            "LDM\nLH400/12.DABYA.C30Y264.2/10\n-JFK.250/12/3.T14500",
        ][which];
        let mut text: Vec<char> = good.chars().collect();
        let at = at.min(text.len());
        text.splice(at..at, with.chars());
        let _ = read(&text.iter().collect::<String>());
        text.truncate(cut);
        let _ = read(&text.iter().collect::<String>());
    }

    #[test]
    fn nonsense_never_panics(text in "(MVT|ASM|SSM|LDM|COR)?\n?(\\PC{0,30}\n){0,5}") {
        let _ = read(&text);
        let _ = normal(&text);
    }
}
