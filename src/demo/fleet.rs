//! The twelve aircraft types of the demo airline: seats by cabin, reach and how long they stand between flights.

pub struct Type {
    pub code: &'static str,
    pub business: u16,
    pub premium: u16,
    pub economy: u16,
    pub range_km: f64,
    pub cruise_kmh: u16,
    pub turn_minutes: i32,
    /// One letter per seat across, `_` for an aisle.
    pub seat_map: &'static str,
}

impl Type {
    pub fn seats(&self) -> u16 {
        self.business + self.premium + self.economy
    }

    /// As in bytes 173–192 of a leg record.
    pub fn configuration(&self) -> String {
        let cabin =
            |letter: char, seats: u16| if seats > 0 { format!("{letter}{seats}") } else { String::new() };
        [cabin('J', self.business), cabin('W', self.premium), cabin('Y', self.economy)].concat()
    }

    /// Every class sold on board, highest first.
    pub fn classes(&self) -> String {
        let business = if self.business > 0 { "J" } else { "" };
        let premium = if self.premium > 0 { "W" } else { "" };
        format!("{business}{premium}YBMHQKLVTN")
    }
}

const SMALL: i32 = 35;
const MEDIUM: i32 = 50;
const LARGE: i32 = 75;

#[rustfmt::skip]
const fn one(code: &'static str, seats: [u16; 3], range_km: f64, cruise_kmh: u16, turn_minutes: i32, seat_map: &'static str) -> Type {
    let [business, premium, economy] = seats;
    Type { code, business, premium, economy, range_km, cruise_kmh, turn_minutes, seat_map }
}

pub const TYPES: [Type; 12] = [
    one("AT7", [0, 0, 72], 1400.0, 510, SMALL, "AB_DE"),
    one("E90", [8, 0, 92], 4000.0, 830, SMALL, "AB_DE"),
    one("E95", [8, 0, 116], 4200.0, 830, SMALL, "AB_DE"),
    one("223", [12, 0, 125], 5800.0, 830, SMALL, "AB_DEF"),
    one("319", [12, 0, 120], 5800.0, 830, MEDIUM, "ABC_DEF"),
    one("320", [12, 0, 156], 5200.0, 830, MEDIUM, "ABC_DEF"),
    one("32N", [12, 0, 168], 6000.0, 830, MEDIUM, "ABC_DEF"),
    one("321", [16, 0, 184], 5000.0, 830, MEDIUM, "ABC_DEF"),
    one("32Q", [16, 0, 166], 8000.0, 830, MEDIUM, "ABC_DEF"),
    one("789", [30, 0, 264], 13500.0, 903, LARGE, "ABC_DEF_GHJ"),
    one("359", [36, 24, 255], 14500.0, 903, LARGE, "ABC_DEG_HJK"),
    one("77W", [42, 40, 290], 13200.0, 892, LARGE, "ABC_DEFG_HJK"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_name_every_seat() {
        let texts: Vec<String> = TYPES.iter().map(Type::configuration).collect();
        assert_eq!(texts.first().map(String::as_str), Some("Y72"));
        assert!(texts.contains(&"J30Y264".to_owned()) && texts.contains(&"J36W24Y255".to_owned()));
        for kind in &TYPES {
            let across = kind.seat_map.chars().filter(|seat| *seat != '_').count();
            assert!((4..=10).contains(&across) && kind.cruise_kmh > 500 && kind.classes().contains('Y'));
            assert!(kind.seats() > 70 && kind.range_km > 1000.0 && kind.turn_minutes >= 35);
        }
    }
}
