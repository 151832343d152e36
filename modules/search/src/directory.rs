//! The table of airports by what people type: codes, cities and names, accents folded, one typing error forgiven.

use std::collections::HashMap;

use booking_api::Airport;
use kernel::Iata;

#[derive(Debug, Default)]
pub(crate) struct Directory {
    entries: Vec<Entry>,
    by_code: HashMap<Iata, usize>,
}

#[derive(Debug)]
struct Entry {
    airport: Airport,
    city: String,
    name: String,
}

/// How well something fits; the smaller the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Code,
    Prefix,
    Word,
    Inside,
    Mistyped,
}

impl Directory {
    pub(crate) fn new(airports: Vec<Airport>) -> Self {
        let by_code = airports.iter().enumerate().map(|(at, airport)| (airport.iata, at)).collect();
        let entry =
            |airport: Airport| Entry { city: fold(&airport.city), name: fold(&airport.name), airport };
        Self { entries: airports.into_iter().map(entry).collect(), by_code }
    }

    pub(crate) fn airport(&self, code: Iata) -> Option<&Airport> {
        self.entries.get(*self.by_code.get(&code)?).map(|entry| &entry.airport)
    }

    /// Best first: by how well it fits, then airports that flights touch, then by city, name and code.
    pub(crate) fn find(&self, typed: &str, served: impl Fn(Iata) -> bool, limit: usize) -> Vec<&Airport> {
        let typed = fold(typed);
        if typed.is_empty() {
            return Vec::new();
        }
        let mut hits = self.hits(|entry| entry.exactly(&typed));
        if hits.len() < limit && typed.len() >= 4 {
            let known: Vec<Iata> = hits.iter().map(|(_, entry)| entry.airport.iata).collect();
            let mistyped =
                |entry: &Entry| entry.mistyped(&typed).filter(|_| !known.contains(&entry.airport.iata));
            hits.extend(self.hits(mistyped));
        }
        hits.sort_by_cached_key(|(fit, entry)| {
            let unserved = !served(entry.airport.iata);
            let exact_first = *fit != Fit::Code;
            (exact_first, unserved, *fit, entry.city.clone(), entry.name.clone(), entry.airport.iata)
        });
        hits.into_iter().take(limit).map(|(_, entry)| &entry.airport).collect()
    }

    fn hits(&self, fit: impl Fn(&Entry) -> Option<Fit>) -> Vec<(Fit, &Entry)> {
        self.entries.iter().filter_map(|entry| fit(entry).map(|fit| (fit, entry))).collect()
    }
}

impl Entry {
    fn exactly(&self, typed: &str) -> Option<Fit> {
        let any = |test: &dyn Fn(&str) -> bool| test(&self.city) || test(&self.name);
        if self.airport.iata.as_str().eq_ignore_ascii_case(typed) {
            Some(Fit::Code)
        } else if any(&|text| text.starts_with(typed)) {
            Some(Fit::Prefix)
        } else if any(&|text| text.split(' ').any(|word| word.starts_with(typed))) {
            Some(Fit::Word)
        } else {
            any(&|text| text.contains(typed)).then_some(Fit::Inside)
        }
    }

    /// Whether the beginning of the city or name is one error away from what was typed.
    fn mistyped(&self, typed: &str) -> Option<Fit> {
        let close = |text: &str| {
            let length = typed.chars().count();
            (length.saturating_sub(1)..=length + 1).any(|take| {
                let start: String = text.chars().take(take).collect();
                one_error_apart(typed, &start)
            })
        };
        (close(&self.city) || close(&self.name)).then_some(Fit::Mistyped)
    }
}

/// One letter too many, too few, wrong, or two swapped.
fn one_error_apart(typed: &str, meant: &str) -> bool {
    let (typed, meant): (Vec<char>, Vec<char>) = (typed.chars().collect(), meant.chars().collect());
    let same = typed.iter().zip(&meant).take_while(|(one, other)| one == other).count();
    let (typed, meant) = (typed.get(same..).unwrap_or_default(), meant.get(same..).unwrap_or_default());
    let swapped = |letters: &[char]| match letters {
        [first, second, rest @ ..] => [&[*second, *first], rest].concat(),
        _ => Vec::new(),
    };
    let without_first = |letters: &[char]| letters.get(1..).unwrap_or_default().to_vec();
    typed == meant
        || without_first(typed) == without_first(meant)
        || without_first(typed) == meant
        || typed == without_first(meant)
        || swapped(typed) == meant
}

/// Small letters without accents, words parted by single blanks.
pub(crate) fn fold(text: &str) -> String {
    let plain: String = text.chars().flat_map(char::to_lowercase).flat_map(unaccented).collect();
    let words = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Letters of Latin alphabets as somebody without that keyboard types them.
fn unaccented(letter: char) -> impl Iterator<Item = char> {
    let plain = match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'ə' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'þ' => "th",
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        '\u{300}'..='\u{36f}' | '\'' | '’' => "",
        _ => return Letters::Same(Some(letter)),
    };
    Letters::Plain(plain.chars())
}

enum Letters {
    Same(Option<char>),
    Plain(std::str::Chars<'static>),
}

impl Iterator for Letters {
    type Item = char;
    fn next(&mut self) -> Option<char> {
        match self {
            Self::Same(letter) => letter.take(),
            Self::Plain(letters) => letters.next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn airport((iata, name, city): (&str, &str, &str)) -> Airport {
        let (name, city) = (name.to_owned(), city.to_owned());
        let (country, zone) = ("XX".to_owned(), "UTC".to_owned());
        Airport { iata: iata.parse().unwrap(), name, city, country, lat: 0.0, lon: 0.0, zone }
    }

    fn directory() -> Directory {
        let rows = [
            ("LHR", "London Heathrow", "London"),
            ("YXU", "London International Airport", "London"),
            ("ZRH", "Zürich Airport", "Zürich"),
            ("SAN", "San Diego International", "San Diego"),
            ("SAT", "San Antonio International", "San Antonio"),
            ("LON", "Longreach Strip", "Longreach"),
            ("GRU", "Guarulhos", "São Paulo"),
            ("ORD", "O'Hare International", "Chicago"),
        ];
        Directory::new(rows.map(airport).into())
    }

    #[test]
    fn what_people_type() {
        for (typed, best) in [
            ("san", "SAN LON"),
            ("SAN", "SAN LON"),
            ("zurich", "ZRH"),
            ("Züri", "ZRH"),
            ("sao p", "GRU"),
            ("ohare", "ORD"),
            ("heath", "LHR"),
            ("londno", "LHR YXU"),
            ("chcago", "ORD"),
            ("rulho", "GRU"),
            ("qqqq", ""),
            ("", ""),
        ] {
            let directory = directory();
            let found = directory.find(typed, |code| code.as_str() == "LHR", 2);
            let codes: Vec<_> = found.iter().map(|airport| airport.iata.to_string()).collect();
            let best: Vec<_> = best.split(' ').filter(|code| !code.is_empty()).collect();
            assert_eq!(codes.first().map(String::as_str), best.first().copied(), "{typed}: {codes:?}");
        }
    }

    #[test]
    fn airports_with_flights_come_first_but_for_an_exact_code() {
        let directory = directory();
        let codes = |typed: &str, served: &str| {
            let found = directory.find(typed, |code| code.as_str() == served, 3);
            found.iter().map(|airport| airport.iata.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(codes("london", "YXU"), "YXU LHR");
        assert_eq!(codes("lon", "LHR"), "LON LHR YXU");
    }
}
