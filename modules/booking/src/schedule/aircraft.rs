//! Aircraft types that a season file may name, with their usual number of seats.

/// Types and typical seats of the lot: (code, seats).
const TYPES: [(&str, u32); 74] = [
    ("100", 100),
    ("141", 85),
    ("142", 95),
    ("143", 110),
    ("146", 90),
    ("221", 125),
    ("223", 145),
    ("290", 106),
    ("295", 132),
    ("310", 220),
    ("318", 120),
    ("319", 140),
    ("31A", 140),
    ("31B", 140),
    ("320", 180),
    ("321", 210),
    ("32A", 180),
    ("32B", 210),
    ("32N", 180),
    ("32Q", 220),
    ("32S", 180),
    ("330", 280),
    ("332", 260),
    ("333", 290),
    ("339", 290),
    ("340", 280),
    ("343", 280),
    ("346", 340),
    ("350", 310),
    ("351", 350),
    ("359", 310),
    ("380", 500),
    ("388", 500),
    ("717", 115),
    ("733", 140),
    ("734", 150),
    ("735", 120),
    ("736", 120),
    ("737", 140),
    ("738", 170),
    ("739", 180),
    ("73G", 140),
    ("73H", 180),
    ("73J", 185),
    ("73W", 140),
    ("744", 400),
    ("747", 400),
    ("74H", 410),
    ("752", 200),
    ("753", 240),
    ("757", 200),
    ("762", 200),
    ("763", 230),
    ("764", 250),
    ("767", 230),
    ("772", 310),
    ("773", 370),
    ("777", 340),
    ("77L", 300),
    ("77W", 350),
    ("787", 250),
    ("788", 240),
    ("789", 290),
    ("78X", 320),
    ("7M8", 180),
    ("7M9", 190),
    ("A81", 100),
    ("AT5", 46),
    ("AT7", 70),
    ("ATR", 60),
    ("BCS", 130),
    ("CR2", 50),
    ("CR7", 70),
    ("CR9", 88),
];

/// More types, mostly regional: (code, seats).
const REGIONAL: [(&str, u32); 26] = [
    ("CRJ", 60),
    ("CRK", 100),
    ("D10", 280),
    ("D8Q", 60),
    ("DC9", 110),
    ("DH1", 37),
    ("DH2", 37),
    ("DH3", 50),
    ("DH4", 74),
    ("DH8", 50),
    ("E70", 72),
    ("E75", 78),
    ("E7W", 78),
    ("E90", 100),
    ("E95", 112),
    ("EM2", 30),
    ("ER3", 37),
    ("ER4", 50),
    ("ERJ", 45),
    ("F70", 75),
    ("M11", 290),
    ("M80", 145),
    ("M88", 145),
    ("M90", 155),
    ("S20", 50),
    ("SF3", 34),
];

/// What an aircraft of unknown size is taken for.
const UNKNOWN: u32 = 150;

pub(crate) fn is_known(code: &str) -> bool {
    find(code).is_some()
}

pub(crate) fn usual_seats(code: &str) -> u32 {
    find(code).unwrap_or(UNKNOWN)
}

fn find(code: &str) -> Option<u32> {
    let in_table = |table: &[(&str, u32)]| {
        table
            .binary_search_by_key(&code, |(known, _)| known)
            .ok()
            .and_then(|at| table.get(at))
            .map(|(_, seats)| *seats)
    };
    in_table(&TYPES).or_else(|| in_table(&REGIONAL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_for_the_search() {
        assert!(TYPES.is_sorted() && REGIONAL.is_sorted());
        assert_eq!((usual_seats("738"), usual_seats("SF3"), usual_seats("ZZZ")), (170, 34, UNKNOWN));
        assert!(is_known("E90") && !is_known(""));
    }
}
