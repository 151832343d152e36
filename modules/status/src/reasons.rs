//! Delay codes in words that a passenger understands. The codes are AHM 730's two digits; of the newer letter scheme,
//! and of sub-codes, only the family is said.

/// The reason behind a code; nothing for a code that says nothing.
pub(crate) fn in_words(code: &str) -> Option<&'static str> {
    let exact = match code {
        "06" => "No gate was free",
        "09" => "Too little time between two flights",
        "14" => "More passengers than seats",
        "31" | "32" | "33" => "Loading and paperwork took longer",
        "34" | "35" => "The aircraft was still being cleaned or serviced",
        "36" => "Refuelling took longer",
        "37" => "Catering came late",
        "41" => "A technical fault",
        "42" | "43" => "Maintenance took longer",
        "46" => "Another aircraft had to be used",
        "51" | "52" => "The aircraft was damaged",
        "55" | "56" | "57" | "58" => "A computer system failed",
        "63" | "64" | "65" | "66" | "67" | "68" => "The crew was not complete",
        "71" => "Bad weather at the airport of departure",
        "72" => "Bad weather at the destination",
        "73" => "Bad weather on the way",
        "75" => "The aircraft had to be de-iced",
        "76" => "Snow and ice were being cleared",
        "77" => "Weather held up the work on the ground",
        "81" | "82" => "Air traffic control limited the flow of flights",
        "83" => "The destination limited the flow of flights",
        "84" => "Bad weather limited the flow of flights",
        "85" => "Security checks took longer",
        "86" => "Border control took longer",
        "87" | "88" => "Restrictions at the airport",
        "89" => "Air traffic control held the departure",
        "91" => "Waiting for connecting passengers or bags",
        "93" => "The aircraft came late from its previous flight",
        "94" => "The cabin crew came late from another flight",
        "95" => "The crew came late from another flight",
        "96" => "A decision of operations control",
        "97" | "98" => "Industrial action",
        _ => return family(code),
    };
    Some(exact)
}

fn family(code: &str) -> Option<&'static str> {
    let two_digits = code.get(..2).filter(|two| two.bytes().all(|b| b.is_ascii_digit()))?;
    if code.len() == 3 {
        return in_words(two_digits);
    }
    match two_digits.as_bytes().first()? {
        b'1' => Some("Passengers or their bags were late"),
        b'2' => Some("Cargo or mail was late"),
        b'3' => Some("Work on the ramp took longer"),
        b'4' => Some("A technical matter"),
        b'5' => Some("Damage, or a failed system"),
        b'6' => Some("Waiting for crew"),
        b'7' => Some("Bad weather"),
        b'8' => Some("Restrictions of air traffic or the airport"),
        b'9' => Some("The knock-on of another delay"),
        _ => None,
    }
}

/// Every code in words, each reason once.
pub(crate) fn of(codes: &[String]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for reason in codes.iter().filter_map(|code| in_words(code)) {
        if !words.iter().any(|known| known == reason) {
            words.push(reason.to_owned());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_families_and_sub_codes() {
        for (code, words) in [
            ("93", Some("The aircraft came late from its previous flight")),
            ("31C", Some("Loading and paperwork took longer")),
            ("79", Some("Bad weather")),
            ("00", None),
            ("WX", None),
            ("", None),
            ("é1", None),
        ] {
            assert_eq!(in_words(code), words, "{code}");
        }
        assert_eq!(of(&["81".into(), "82".into(), "ZZ".into()]).len(), 1);
    }
}
