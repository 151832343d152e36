//! What the reader makes of good, odd and broken season files.

use std::sync::LazyLock;

use booking_api::events::SeasonFlight;
use jiff::civil::date;
use proptest::prelude::*;

use super::{
    Season,
    written::{Leg, WINTER, file, line},
};
use crate::schedule::places::Places;

/// Read once: the table is large, and the properties ask often.
static PLACES: LazyLock<Places> = LazyLock::new(Places::read);

fn read(text: &str) -> Season {
    super::read(text, &PLACES, date(2026, 11, 20))
}

fn local(records: &[String]) -> Season {
    read(&file('L', "XI", WINTER, records))
}

fn utc(records: &[String]) -> Season {
    read(&file('U', "XI", WINTER, records))
}

fn amsterdam_london() -> Leg {
    Leg::new("42", ("AMS", "0930", "+0100"), ("LHR", "0950", "+0000"))
}

fn only(season: &Season) -> &SeasonFlight {
    assert_eq!((season.refused.len(), season.flights.len()), (0, 1), "{season:?}");
    &season.flights[0]
}

fn remarks(season: &Season) -> String {
    let all = season.refused.iter().chain(&season.warnings);
    all.fold(String::new(), |told, remark| told + &format!("{}: {}\n", remark.line, remark.reason))
}

#[test]
fn a_plain_flight() {
    let season = local(&[amsterdam_london().line()]);
    assert_eq!(remarks(&season), "");
    let flight = only(&season);
    assert_eq!(flight.key, "XI42.1.2026-12-01.1234567");
    assert_eq!((flight.from, flight.to, flight.days), (date(2026, 12, 1), date(2026, 12, 31), 0x7f));
    let leg = &flight.legs[0];
    assert_eq!((leg.departs, leg.arrives, leg.date_shift), (510, 590, 0));
    assert_eq!((leg.seats.as_slice(), leg.open[0]), ([('Y', 180)].as_slice(), ('Y', 180)));
    assert_eq!((season.read, season.dated), (1, 31));
}

#[test]
fn a_window_for_each_carrier() {
    let other = Leg { airline: "X2", ..amsterdam_london() };
    let season = local(&[amsterdam_london().line(), other.line(), other.line()]);
    let carriers: Vec<_> = season.windows.iter().map(|w| w.carrier.to_string()).collect();
    assert_eq!(carriers, ["XI", "X2"]);
    assert_eq!((season.windows[1].from, season.windows[1].to), (date(2026, 10, 25), date(2027, 3, 27)));
    assert!(remarks(&season).contains("4: X2 flies under the carrier record of XI"));
    assert_eq!(season.flights.iter().filter(|f| f.key.ends_with(".2")).count(), 1);
}

#[test]
fn legs_chain_by_variation_and_sequence() {
    let second = Leg { sequence: 2, ..Leg::new("42", ("LHR", "1100", "+0000"), ("JFK", "1400", "-0500")) };
    let season = local(&[amsterdam_london().line(), second.line()]);
    let flight = only(&season);
    assert_eq!(flight.legs.iter().map(|l| l.from.to_string()).collect::<Vec<_>>(), ["AMS", "LHR"]);
    assert_eq!((flight.legs[1].departs, flight.legs[1].arrives), (660, 1140));

    let early = local(&[second.line(), amsterdam_london().line()]);
    assert_eq!(only(&early).legs.len(), 2);
    let orphan = local(&[second.line()]);
    assert_eq!(remarks(&orphan), "3: leg 02 without leg 01 before it\n");
}

#[test]
fn the_next_day_is_guessed_only_where_nothing_is_said() {
    let night = Leg::new("7", ("AMS", "2330", "+0100"), ("LHR", "0010", "+0000"));
    let season = local(&[night.line()]);
    assert_eq!((only(&season).legs[0].departs, only(&season).legs[0].arrives), (1350, 1450));
    assert!(remarks(&season).contains("3: no date variation"), "{}", remarks(&season));

    let stated = Leg { shifts: " 1".to_owned(), ..night.clone() };
    let season = local(&[stated.line()]);
    assert_eq!((only(&season).legs[0].arrives, remarks(&season).as_str()), (1450, ""));

    let wrong = Leg { shifts: " A".to_owned(), ..night };
    assert_eq!(remarks(&local(&[wrong.line()])), "3: it arrives before it departs\n");
}

#[test]
fn east_over_midnight_by_the_clock_but_not_in_utc() {
    let east = Leg::new("8", ("AMS", "2330", "+0100"), ("IST", "0430", "+0300"));
    let season = local(&[Leg { shifts: " 1".to_owned(), ..east }.line()]);
    let leg = &only(&season).legs[0];
    assert_eq!((leg.departs, leg.arrives), (1350, 1530));
}

#[test]
fn utc_files_name_the_flight_by_its_local_date() {
    let season = utc(&[Leg::new("9", ("JFK", "0300", "-0500"), ("LHR", "0930", "+0000")).line()]);
    let leg = &only(&season).legs[0];
    assert_eq!((leg.departs, leg.arrives, leg.date_shift), (180, 570, -1));
    assert_eq!(remarks(&season), "");
}

#[test]
fn no_variation_is_said_once_for_each_station() {
    let leg = |number| Leg::new(number, ("JFK", "0430", "+0000"), ("LHR", "1130", "+0000")).line();
    let season = utc(&[leg("1"), leg("2")]);
    assert_eq!(remarks(&season), "3: variation +0000 at JFK counts as not given; its time zone is used\n");
    assert_eq!(season.flights[0].legs[0].date_shift, -1);
}

#[test]
fn a_period_is_cut_where_the_zone_changes_the_local_date() {
    // 04:30 UTC is 23:30 the day before in winter, 00:30 of the same day in summer. New York changes on
    // 14 March 2027 at 07:00 UTC.
    let leg =
        Leg::new("1", ("JFK", "0430", "+0000"), ("LHR", "1130", "+0000")).on("01MAR27", "27MAR27", "1234567");
    let season = utc(&[leg.line()]);
    let shifts: Vec<_> =
        season.flights.iter().map(|f| (f.from.day(), f.to.day(), f.legs[0].date_shift)).collect();
    assert_eq!(shifts, [(1, 14, -1), (15, 27, 0)]);
    assert_eq!(season.dated, 27);
}

#[test]
fn a_wrong_variation_is_used_and_told() {
    let leg = Leg { departs: ("AMS".into(), "0930".into(), "+0200".into()), ..amsterdam_london() };
    let season = local(&[leg.line()]);
    assert_eq!(only(&season).legs[0].departs, 450);
    assert!(remarks(&season).contains("variation +0200 at AMS differs from its time zone (+0100)"));

    let across = amsterdam_london().on("01MAR27", "30APR27", "1234567");
    assert!(remarks(&local(&[across.line()])).contains("variation +0100 at AMS differs"));
    let around = amsterdam_london().on("01MAR27", "30NOV27", "1234567");
    assert!(remarks(&local(&[around.line()])).contains("clocks change at AMS inside the period"));
}

#[test]
fn a_local_time_that_does_not_exist_is_told() {
    let leg = Leg::new("3", ("AMS", "0230", ""), ("LHR", "0400", "")).on("28MAR27", "28MAR27", "7");
    let season = local(&[leg.line()]);
    assert!(
        remarks(&season).contains("local time 2027-03-28T02:30:00 at AMS does not exist"),
        "{}",
        remarks(&season)
    );
}

#[test]
fn numbers_may_stand_anywhere() {
    for (written, warns) in [("  42", false), ("42  ", true), ("0042", true), (" 42 ", true), ("4  2", true)]
    {
        let season = local(&[Leg { number: written.to_owned(), ..amsterdam_london() }.line()]);
        assert_eq!(only(&season).designator.to_string(), "XI42");
        assert_eq!(season.warnings.len(), usize::from(warns), "{written}: {}", remarks(&season));
    }
}

#[test]
fn lines_may_be_short_blank_or_filler() {
    let plain = file('L', "XI", WINTER, &[amsterdam_london().line()]);
    let filler = "0".repeat(200);
    let crlf = plain.replace('\n', &format!("\r\n{filler}\r\n\r\n"));
    assert_eq!(read(&crlf).flights, read(&plain).flights);
    assert_eq!(remarks(&read(&crlf)), "");
    let trimmed: String = plain.lines().fold(String::new(), |all, line| all + line[..194].trim_end() + "\n");
    assert_eq!(read(&trimmed).flights, read(&plain).flights);
    assert_eq!(remarks(&read(&trimmed)), "");
}

#[test]
fn open_ends_stop_at_the_validity_or_the_horizon() {
    let open = amsterdam_london().on("01DEC26", "00XXX00", "1234567");
    assert_eq!(only(&local(&[open.line()])).to, date(2027, 3, 27));
    let boundless = read(&file('L', "XI", "25OCT2600XXX00", &[open.line()]));
    assert_eq!(only(&boundless).to, date(2027, 12, 1));
}

#[test]
fn every_second_week() {
    let season = local(&[Leg { rate: '2', ..amsterdam_london().on("02DEC26", "31DEC26", "  3    ") }.line()]);
    let flight = only(&season);
    assert!(flight.fortnightly && flight.flies_on(date(2026, 12, 16)) && !flight.flies_on(date(2026, 12, 9)));
    assert_eq!(season.dated, 3);
}

#[test]
fn broken_records_are_refused_alone() {
    let good = amsterdam_london();
    let broken = [
        Leg { number: "ABCD".to_owned(), ..good.clone() },
        Leg { departs: ("A1S".into(), "0930".into(), "+0100".into()), ..good.clone() },
        Leg { departs: ("AMS".into(), "2530".into(), "+0100".into()), ..good.clone() },
        Leg { days: "12345X7".to_owned(), ..good.clone() },
        good.clone().on("31FEB26", "31DEC26", "1234567"),
        good.clone().on("31DEC26", "01DEC26", "1234567"),
        Leg { configuration: "", ..good.clone() },
        Leg { arrives: ("AMS".into(), "1130".into(), "+0100".into()), ..good.clone() },
    ];
    let mut records: Vec<String> = broken.iter().map(Leg::line).collect();
    records.push("X marks nothing".to_owned() + &" ".repeat(185));
    records.push(good.line());
    let season = local(&records);
    assert_eq!(season.flights.len(), 1, "{}", remarks(&season));
    let lines: Vec<_> = season.refused.iter().map(|remark| remark.line).collect();
    assert_eq!(lines, (3..=11).collect::<Vec<_>>(), "{}", remarks(&season));
}

#[test]
fn odd_values_warn_and_load() {
    let odd = Leg {
        aircraft: "ZZ9",
        service: 'W',
        departs: ("QQQ".into(), "0930".into(), "+0100".into()),
        ..amsterdam_london()
    };
    let season = local(&[odd.line()]);
    assert!(only(&season).legs[0].open.is_empty());
    for word in ["station QQQ is not known", "aircraft type `ZZ9`", "service type `W`"] {
        assert!(remarks(&season).contains(word), "{word}: {}", remarks(&season));
    }
    let unknown = line(&[(1, "4"), (3, "XI"), (6, "  42"), (10, "0101J"), (29, "AB"), (31, "999AMSLHRX")]);
    let season = local(&[amsterdam_london().line(), unknown]);
    assert!(remarks(&season).contains("4: data element 999 is not known"), "{}", remarks(&season));
}

#[test]
fn marks_of_type_four() {
    let about = |element: &str, data: &str| {
        line(&[
            (1, "4"),
            (3, "XI"),
            (6, "  42"),
            (10, "0101J"),
            (29, "AB"),
            (31, element),
            (34, "AMSLHR"),
            (40, data),
        ])
    };
    let leg = Leg { restrictions: "Z", ..amsterdam_london() };
    let season = local(&[leg.line(), about("170", "A"), about("220", "DD")]);
    let flight = only(&season);
    assert_eq!(flight.legs[0].restrictions, "A");
    assert_eq!((flight.legs[0].from_status, flight.legs[0].to_status), (Some('D'), Some('D')));
    assert!(!flight.codeshare);

    let ours_by_name = local(&[amsterdam_london().line(), about("050", "X2 0100")]);
    assert!(only(&ours_by_name).codeshare && only(&ours_by_name).legs[0].open.is_empty());
}

#[test]
fn serial_trouble_does_no_harm() {
    let text = file('L', "XI", WINTER, &[amsterdam_london().line()]).replace("000003\n", "000007\n");
    let season = read(&text);
    only(&season);
    assert!(remarks(&season).contains("serial number `000007` where 000003 follows"), "{}", remarks(&season));
    assert!(remarks(&season).contains("check reference"), "{}", remarks(&season));
}

#[test]
fn what_is_no_season_file() {
    for text in ["", "from,to,class\n", "MVT\nLH400/12.DABYA.FRA\n", "2 nonsense", "\u{0}\u{1}"] {
        let season = read(text);
        assert!(!season.recognised && season.refused.len() == 1, "{text}");
    }
    assert!(remarks(&read("1AIRLINE STANDARD SCHEDULE DATA SET\n")).contains("without a trailer"));
}

fn any_leg() -> impl Strategy<Value = Leg> {
    let stations =
        prop::sample::subsequence(vec!["AMS", "LHR", "JFK", "SIN", "QQQ", "GRU"], 2).prop_shuffle();
    let times = (0u32..24, 0u32..60, 0u32..24, 0u32..60);
    (1u32..9999, stations, times, 1u8..128, 0u32..60, prop::sample::select(vec![' ', '2'])).prop_map(
        |(number, stations, (h1, m1, h2, m2), mask, start, rate)| {
            let time = |h, m| format!("{h:02}{m:02}");
            let from = ("", time(h1, m1), time(h2, m2));
            let days = (1..8)
                .map(|d| if mask & (1 << (d - 1)) != 0 { char::from_digit(d, 10).unwrap() } else { ' ' });
            let leg = Leg::new(
                &number.to_string(),
                (stations[0], &from.1, "+0100"),
                (stations[1], &from.2, "+0100"),
            );
            let first = format!("{:02}DEC26", 1 + start % 28);
            Leg { rate, ..leg.on(&first, "15JAN27", &days.collect::<String>()) }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_written_reads_back(leg in any_leg()) {
        let season = local(&[leg.line()]);
        let flight = only(&season);
        prop_assert_eq!(flight.designator.to_string(), format!("XI{}", leg.number.trim()));
        let days: String = (1..8).map(|d| if flight.days & (1 << (d - 1)) != 0 { char::from_digit(d, 10).unwrap() } else { ' ' }).collect();
        prop_assert_eq!(days, leg.days.clone());
        let clock = |minutes: i32, offset: i32| (minutes + offset).rem_euclid(1440);
        let written = |text: &str| text[..2].parse::<i32>().unwrap() * 60 + text[2..].parse::<i32>().unwrap();
        let own = &flight.legs[0];
        prop_assert_eq!(clock(own.departs, own.departs_offset), written(&leg.departs.1));
        prop_assert_eq!(clock(own.arrives, own.arrives_offset), written(&leg.arrives.1));
        prop_assert!(own.arrives > own.departs);
    }

    #[test]
    fn no_mutation_breaks_the_reader(leg in any_leg(), line in 0usize..4, at in 0usize..200, with in "\\PC{0,4}", drop in 0usize..12) {
        let text = file('L', "XI", WINTER, &[leg.line()]);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mutated: String = lines[line].chars().take(at).chain(with.chars()).chain(lines[line].chars().skip(at + drop)).collect();
        lines[line] = mutated;
        let season = read(&lines.join("\n"));
        prop_assert!(season.flights.iter().all(|f| f.legs.iter().all(|l| l.arrives > l.departs)));
        prop_assert!(!season.recognised || season.read <= 1);
    }
}
