//! Invented travellers: names from a short list, mail at example.com, and parties of the usual sizes.

use jiff::ToSpan;
use jiff::civil::Date;

use super::bookings::{Contact, Passenger, PassengerKind};
use super::random::Random;

const GIVEN: [&str; 32] = [
    "Ada", "Bram", "Carla", "Dario", "Elif", "Femke", "Goran", "Hanna", "Ivo", "Jana", "Kofi", "Lena",
    "Mateo", "Nadia", "Oskar", "Priya", "Quim", "Rosa", "Sven", "Tessa", "Ugo", "Vera", "Wim", "Xenia",
    "Yusuf", "Zoë", "Anaïs", "Björn", "Chloé", "Dörte", "Søren", "Łucja",
];
const FAMILY: [&str; 40] = [
    "Almenau",
    "Birkfeld",
    "Castelmar",
    "Dornbusch",
    "Eikeland",
    "Fontanel",
    "Grauwater",
    "Hollandt",
    "Ilvesmaa",
    "Jorvik",
    "Kestrelin",
    "Lindqvard",
    "Marchetto",
    "Nieuwdam",
    "Olvarez",
    "Pettersund",
    "Quintano",
    "Rosenquell",
    "Sandhaven",
    "Tarnowicz",
    "Umlandt",
    "Vandermeul",
    "Westerholt",
    "Xanthaki",
    "Yildizan",
    "Zeelandt",
    "Ashgrove",
    "Brambleton",
    "Cormorant",
    "Duvallier",
    "Estrelha",
    "Fjordheim",
    "Ó Brannagh",
    "Großmoor",
    "Håkestad",
    "Iñarra",
    "Jimborean",
    "Kovalenz",
    "L'Aubespin",
    "Müllenbach",
];

/// Adults, children, infants.
pub(super) struct Party {
    pub(super) adults: usize,
    pub(super) children: usize,
    pub(super) infants: usize,
}

impl Party {
    /// Sizes one to five in 62, 24, 6, 6 and 2 of a hundred; the larger ones are families.
    pub(super) fn draw(random: &mut Random) -> Self {
        let size = match random.between(1, 100) {
            ..=62 => 1,
            63..=86 => 2,
            87..=92 => 3,
            93..=98 => 4,
            _ => 5,
        };
        let adults = if size > 2 { 2 } else { size };
        let alone_with_child = size == 2 && random.chance(0.08);
        let adults = if alone_with_child { 1 } else { adults };
        Self { adults, children: size - adults, infants: usize::from(random.chance(0.02)) }
    }

    pub(super) fn seats(&self) -> usize {
        self.adults + self.children
    }

    /// Mostly one family; `travel` decides who is a child.
    pub(super) fn passengers(&self, random: &mut Random, travel: Date) -> Vec<Passenger> {
        let family = name(random, &FAMILY);
        let kinds = std::iter::repeat_n(PassengerKind::Adult, self.adults)
            .chain(std::iter::repeat_n(PassengerKind::Child, self.children))
            .chain(std::iter::repeat_n(PassengerKind::Infant, self.infants));
        kinds
            .map(|kind| {
                let apart = kind == PassengerKind::Adult && random.chance(0.25);
                let family_name = if apart { name(random, &FAMILY) } else { family.clone() };
                let date_of_birth = born(random, kind, travel).to_string();
                Passenger { given_name: name(random, &GIVEN), family_name, date_of_birth, kind }
            })
            .collect()
    }
}

pub(super) fn contact(random: &mut Random, nth: usize) -> Contact {
    Contact {
        email: format!("demo{nth:04}@example.com"),
        phone: format!("+31 97 010 {:04}", random.between(0, 9999)),
    }
}

fn name(random: &mut Random, of: &[&str]) -> String {
    random.pick(of).copied().unwrap_or("Demo").to_owned()
}

fn born(random: &mut Random, kind: PassengerKind, travel: Date) -> Date {
    let (youngest, oldest) = match kind {
        PassengerKind::Adult => (18 * 366, 82 * 365),
        PassengerKind::Child => (2 * 366, 11 * 365),
        PassengerKind::Infant => (40, 300),
    };
    travel.checked_sub(random.between(youngest, oldest).days()).unwrap_or(travel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parties_have_the_usual_sizes() {
        let mut random = Random::topic(1, "party");
        let sizes: Vec<usize> = (0..5000).map(|_| Party::draw(&mut random).seats()).collect();
        for (size, share) in [(1, 0.62), (2, 0.24), (3, 0.06), (4, 0.06), (5, 0.02)] {
            let count = u32::try_from(sizes.iter().filter(|found| **found == size).count()).unwrap();
            assert!((f64::from(count) / 5000.0 - share).abs() < 0.02, "{size}: {count}");
        }
    }

    #[test]
    fn ages_fit_their_kind() {
        let travel = jiff::civil::date(2026, 11, 20);
        let mut random = Random::topic(1, "ages");
        let party = Party { adults: 1, children: 1, infants: 1 };
        for _ in 0..100 {
            let years = party.passengers(&mut random, travel).into_iter().map(|passenger| {
                let born: Date = passenger.date_of_birth.parse().unwrap();
                born.until((jiff::Unit::Year, travel)).unwrap().get_years()
            });
            let years: Vec<i16> = years.collect();
            assert!(years[0] >= 18 && (2..12).contains(&years[1]) && years[2] < 2, "{years:?}");
        }
    }
}
