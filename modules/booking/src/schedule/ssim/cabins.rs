//! What a leg can sell before anybody has bought: its cabins from the configuration, its classes from the record or by custom.

use booking_api::events::usual_cabin;

use crate::schedule::{aircraft, levels};

const CABINS: [char; 4] = ['F', 'J', 'W', 'Y'];

/// Seats by cabin and levels by class, highest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cabins {
    pub(super) seats: Vec<(char, u32)>,
    pub(super) open: Vec<(char, u32)>,
}

/// What the record says about its aircraft.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Fitted {
    pub(super) aircraft: String,
    pub(super) classes: String,
    pub(super) configuration: String,
}

/// `None` when neither classes nor a configuration say what can be sold.
pub(super) fn cabins(fitted: &Fitted) -> Option<Cabins> {
    let seats = match seats(&fitted.configuration) {
        written if !written.is_empty() => written,
        _ if fitted.classes.is_empty() => return None,
        _ => supposed(fitted),
    };
    let open = seats
        .iter()
        .flat_map(|(cabin, seats)| levels::authorised(*seats, &classes(*cabin, fitted)))
        .collect();
    Some(Cabins { seats, open })
}

/// `J30Y264`, `Y189VV738`: letters and seats; what follows `VV` is a version, doubled letters are cargo.
fn seats(configuration: &str) -> Vec<(char, u32)> {
    let mut cabins = CABINS.map(|cabin| (cabin, 0_u32));
    let mut rest = configuration.split("VV").next().unwrap_or("");
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphabetic()) {
        let (code, after) = split_where(rest.get(start..).unwrap_or(""), |c| !c.is_ascii_alphabetic());
        let (digits, after) = split_where(after, |c| !c.is_ascii_digit());
        let mut letters = code.chars();
        if let (Some(letter), None, Ok(count)) = (letters.next(), letters.next(), digits.parse::<u16>()) {
            add(&mut cabins, usual_cabin(letter.to_ascii_uppercase()), u32::from(count));
        }
        rest = after;
    }
    cabins.into_iter().filter(|(_, seats)| *seats > 0).collect()
}

fn split_where(text: &str, end: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at_checked(text.find(end).unwrap_or(text.len())).unwrap_or((text, ""))
}

fn add(cabins: &mut [(char, u32); 4], cabin: char, seats: u32) {
    for (_, count) in cabins.iter_mut().filter(|(known, _)| *known == cabin) {
        *count += seats;
    }
}

/// Without a configuration the aircraft's usual size is taken: a tenth for each cabin above the last.
fn supposed(fitted: &Fitted) -> Vec<(char, u32)> {
    let all = aircraft::usual_seats(&fitted.aircraft);
    let sold = |cabin: &char| fitted.classes.chars().any(|class| usual_cabin(class) == *cabin);
    let cabins: Vec<char> = CABINS.into_iter().filter(sold).collect();
    let Some((lowest, higher)) = cabins.split_last() else { return Vec::new() };
    let tenth = all / 10;
    let count = u32::try_from(higher.len()).unwrap_or(0);
    let mut seats: Vec<_> = higher.iter().map(|cabin| (*cabin, tenth)).collect();
    seats.push((*lowest, all - tenth * count));
    seats
}

/// The record's own classes of a cabin in their order, or the ladder by custom.
fn classes(cabin: char, fitted: &Fitted) -> Vec<char> {
    let mut own: Vec<char> = Vec::new();
    for class in fitted.classes.chars().filter(char::is_ascii_uppercase) {
        if usual_cabin(class) == cabin && !own.contains(&class) {
            own.push(class);
        }
    }
    if own.is_empty() { ladder(cabin).chars().collect() } else { own }
}

fn ladder(cabin: char) -> &'static str {
    match cabin {
        'F' => "F",
        'J' => "JCD",
        'W' => "W",
        _ => "YBMHQKLVTN",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(aircraft: &str, classes: &str, configuration: &str) -> Option<Cabins> {
        let [aircraft, classes, configuration] = [aircraft, classes, configuration].map(str::to_owned);
        cabins(&Fitted { aircraft, classes, configuration })
    }

    #[test]
    fn configurations() {
        for (text, expected) in [
            ("J30Y264", vec![('J', 30), ('Y', 264)]),
            ("Y189VV738", vec![('Y', 189)]),
            ("Y160", vec![('Y', 160)]),
            ("F8C40W20Y200LL2PP3", vec![('F', 8), ('J', 40), ('W', 20), ('Y', 200)]),
            ("J12M150", vec![('J', 12), ('Y', 150)]),
            ("", vec![]),
            ("VV738", vec![]),
            ("Y99999", vec![]),
        ] {
            assert_eq!(seats(text), expected, "{text}");
        }
    }

    #[test]
    fn a_plain_economy_file_can_be_sold() {
        let plain = of("738", "", "Y160").unwrap();
        assert_eq!(plain.open.iter().map(|(class, _)| *class).collect::<String>(), "YBMHQKLVTN");
        assert_eq!(plain.open[0], ('Y', 160));
        assert!(plain.open.iter().all(|(_, seats)| *seats > 0));
    }

    #[test]
    fn classes_of_the_record_come_first() {
        let own = of("320", "JCYKL", "J12Y150").unwrap();
        assert_eq!(own.open.iter().map(|(class, _)| *class).collect::<String>(), "JCYKL");
        let only_classes = of("320", "JYB", "").unwrap();
        assert_eq!(only_classes.seats, [('J', 18), ('Y', 162)]);
        assert_eq!(of("320", "", ""), None);
    }
}
