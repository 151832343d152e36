//! The names that everybody in the industry uses: airports, carriers, flights and bookings.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Outside;

/// A text that is not what it should be. Says what was expected, so that a form or importer can pass it on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a {what}: expected {expected}")]
pub struct NotParsed {
    pub what: &'static str,
    pub found: String,
    pub expected: &'static str,
}

impl NotParsed {
    /// `found` is cut to 60 characters, so that hostile input cannot flood a log or a page.
    pub fn new(what: &'static str, found: &str, expected: &'static str) -> Self {
        Self { what, found: found.chars().take(60).collect(), expected }
    }
}

macro_rules! text_type {
    ($($Name:ident),*) => {$(
        impl TryFrom<String> for $Name {
            type Error = NotParsed;
            fn try_from(text: String) -> Result<Self, NotParsed> {
                text.parse()
            }
        }
        impl From<$Name> for String {
            fn from(value: $Name) -> Self {
                value.to_string()
            }
        }
    )*};
}
text_type!(Iata, Carrier, Designator, Locator);

/// A station: three letters, kept in capitals. Lower case is accepted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Iata([u8; 3]);

impl Iata {
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl FromStr for Iata {
    type Err = NotParsed;
    fn from_str(text: &str) -> Result<Self, NotParsed> {
        match text.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_alphabetic) => {
                Ok(Self([a, b, c].map(|letter| letter.to_ascii_uppercase())))
            }
            _ => Err(NotParsed::new("airport code", text, "three letters, such as AMS")),
        }
    }
}

impl fmt::Display for Iata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Iata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An airline: two letters or digits (not two digits), or three letters, kept in capitals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Carrier {
    letters: [u8; 3],
    length: u8,
}

impl Carrier {
    pub fn as_str(&self) -> &str {
        let used = self.letters.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(used).unwrap_or("??")
    }
}

impl FromStr for Carrier {
    type Err = NotParsed;
    fn from_str(text: &str) -> Result<Self, NotParsed> {
        let bytes = text.as_bytes();
        let fits = match bytes.len() {
            2 => bytes.iter().all(u8::is_ascii_alphanumeric) && bytes.iter().any(u8::is_ascii_alphabetic),
            3 => bytes.iter().all(u8::is_ascii_alphabetic),
            _ => false,
        };
        if !fits {
            return Err(NotParsed::new(
                "carrier",
                text,
                "two letters or digits or three letters, such as XI",
            ));
        }
        let mut letters = [0; 3];
        for (slot, byte) in letters.iter_mut().zip(bytes) {
            *slot = byte.to_ascii_uppercase();
        }
        Ok(Self { letters, length: u8::try_from(bytes.len()).unwrap_or(3) })
    }
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A flight's name: carrier, number 1–9999 and an optional suffix letter. `XI0042` and `XI42` are equal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Designator {
    pub carrier: Carrier,
    pub number: u16,
    pub suffix: Option<char>,
}

impl FromStr for Designator {
    type Err = NotParsed;

    /// Two-character carriers are tried first, because a digit may be either part; blanks around the number are ignored.
    fn from_str(text: &str) -> Result<Self, NotParsed> {
        let text = text.trim();
        [2, 3].into_iter().filter_map(|at| text.split_at_checked(at)).find_map(parse_parts).ok_or_else(|| {
            NotParsed::new("flight designator", text, "a carrier and 1 to 4 digits, such as XI123")
        })
    }
}

fn parse_parts((carrier, rest): (&str, &str)) -> Option<Designator> {
    let carrier = carrier.parse().ok()?;
    let rest = rest.trim();
    let (digits, suffix) = match rest.char_indices().last()? {
        (at, letter) if letter.is_ascii_alphabetic() => (rest.get(..at)?, Some(letter.to_ascii_uppercase())),
        _ => (rest, None),
    };
    let plain = (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let number = digits.parse().ok().filter(|n| plain && *n > 0)?;
    Some(Designator { carrier, number, suffix })
}

impl fmt::Display for Designator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.carrier, self.number)?;
        self.suffix.map_or(Ok(()), |suffix| write!(f, "{suffix}"))
    }
}

impl fmt::Debug for Designator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A booking reference: six of 32 characters that cannot be misread. Not a secret; always paired with a family name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Locator([u8; 6]);

impl Locator {
    const ALPHABET: &'static [u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    /// Substrings that nobody wants on a boarding pass.
    const RUDE: [&'static str; 10] =
        ["FUCK", "SHT", "CUNT", "ASS", "NAZ", "KKK", "SEX", "TWAT", "WANK", "DAMN"];

    /// A new one from the source of randomness. The caller sees to it that it is not in use.
    pub fn new(outside: &Outside) -> Self {
        loop {
            let locator = Self(outside.bytes::<6>().map(|b| symbol(b & 31)));
            if !Self::RUDE.iter().any(|word| locator.as_str().contains(word)) {
                return locator;
            }
        }
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("??????")
    }
}

fn symbol(five_bits: u8) -> u8 {
    Locator::ALPHABET.get(usize::from(five_bits)).copied().unwrap_or(b'2')
}

impl FromStr for Locator {
    type Err = NotParsed;
    fn from_str(text: &str) -> Result<Self, NotParsed> {
        let capitals = text.trim().to_ascii_uppercase();
        match <[u8; 6]>::try_from(capitals.as_bytes()) {
            Ok(bytes) if bytes.iter().all(|b| Self::ALPHABET.contains(b)) => Ok(Self(bytes)),
            _ => Err(NotParsed::new("booking reference", text, "six letters and digits, such as 7Q4ZK2")),
        }
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn designators_that_are_equal() {
        for (text, shown) in [
            ("XI0042", "XI42"),
            ("XI42", "XI42"),
            ("xi 42", "XI42"),
            ("9E4122", "9E4122"),
            ("B6461", "B6461"),
            ("XI42a", "XI42A"),
            ("EZY1234", "EZY1234"),
            ("US1", "US1"),
            (" ZA   1", "ZA1"),
        ] {
            assert_eq!(text.parse::<Designator>().unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn designators_that_are_none() {
        for text in ["", "XI", "XI0", "XI12345", "42", "X1234567", "é12", "XI-1", "XIéé"] {
            assert!(text.parse::<Designator>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(text in "\\PC{0,12}") {
            if let Ok(designator) = text.parse::<Designator>() {
                prop_assert_eq!(designator.to_string().parse::<Designator>().unwrap(), designator);
            }
            if let Ok(iata) = text.parse::<Iata>() {
                prop_assert_eq!(iata.to_string().parse::<Iata>().unwrap(), iata);
            }
        }

        #[test]
        fn new_locators_read_back(seed: u64) {
            let outside = Outside { entropy: crate::SeededEntropy::new(seed), ..Outside::system() };
            let locator = Locator::new(&outside);
            prop_assert_eq!(locator.as_str().parse::<Locator>().unwrap(), locator);
        }
    }
}
