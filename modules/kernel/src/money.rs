//! Exact money: integer minor units and an ISO 4217 currency. No floats, no silent rounding.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::NotParsed;

/// An ISO 4217 code, which knows how many decimal places it has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    pub const EUR: Self = Self(*b"EUR");

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Decimal places, by ISO 4217's list of those that do not have two.
    pub fn exponent(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF"
            | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl FromStr for Currency {
    type Err = NotParsed;
    fn from_str(text: &str) -> Result<Self, NotParsed> {
        match text.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_alphabetic) => {
                Ok(Self([a, b, c].map(|letter| letter.to_ascii_uppercase())))
            }
            _ => Err(NotParsed::new("currency", text, "an ISO 4217 code, such as EUR")),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = NotParsed;
    fn try_from(text: String) -> Result<Self, NotParsed> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why two amounts could not be combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("{0} and {1} cannot be added")]
    Currencies(Currency, Currency),
    #[error("the amount is too large")]
    TooLarge,
}

/// An amount. Travels as `{"amount":"431.20","currency":"EUR"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Wire", into = "Wire")]
#[schemars(with = "Wire")]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Wire {
    amount: String,
    currency: Currency,
}

impl Money {
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    pub fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Reads a decimal amount such as `431.20`; more places than the currency has are refused.
    pub fn parse(amount: &str, currency: Currency) -> Result<Self, NotParsed> {
        let wrong = || NotParsed::new("amount", amount, "digits with a decimal point, such as 431.20");
        let (sign, digits) = amount.strip_prefix('-').map_or((1, amount), |rest| (-1, rest));
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let places = currency.exponent() as usize;
        let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(part) || part.len() > places {
            return Err(wrong());
        }
        let minor: i64 = format!("{whole}{part:0<places$}").parse().map_err(|_| wrong())?;
        Ok(Self::new(sign * minor, currency))
    }

    /// The decimal text without currency: `431.20`.
    pub fn amount(&self) -> String {
        let places = self.currency.exponent() as usize;
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = places + 1);
        let (whole, part) = digits.split_at(digits.len() - places);
        let sign = if self.minor < 0 { "-" } else { "" };
        if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
    }

    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Currencies(self.currency, other.currency));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::TooLarge)?;
        Ok(Self::new(minor, self.currency))
    }

    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.plus(Self::new(other.minor.checked_neg().ok_or(MoneyError::TooLarge)?, other.currency))
    }

    pub fn times(self, n: i64) -> Result<Self, MoneyError> {
        Ok(Self::new(self.minor.checked_mul(n).ok_or(MoneyError::TooLarge)?, self.currency))
    }

    /// A share in hundredths of a percent, rounded half up (away from zero).
    pub fn basis_points(self, points: i64) -> Result<Self, MoneyError> {
        let product = i128::from(self.minor) * i128::from(points);
        let rounded = (product.abs() + 5_000) / 10_000 * product.signum();
        Ok(Self::new(i64::try_from(rounded).map_err(|_| MoneyError::TooLarge)?, self.currency))
    }

    /// The sum of any number of amounts; zero of `currency` for none.
    pub fn sum(amounts: impl IntoIterator<Item = Self>, currency: Currency) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::plus)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency)
    }
}

impl TryFrom<Wire> for Money {
    type Error = NotParsed;
    fn try_from(wire: Wire) -> Result<Self, NotParsed> {
        Self::parse(&wire.amount, wire.currency)
    }
}

impl From<Money> for Wire {
    fn from(money: Money) -> Self {
        Self { amount: money.amount(), currency: money.currency }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_by_exponent() {
        for (minor, code, text) in [
            (43120, "EUR", "431.20"),
            (5, "EUR", "0.05"),
            (-5, "EUR", "-0.05"),
            (1200, "JPY", "1200"),
            (1, "KWD", "0.001"),
        ] {
            let money = Money::new(minor, code.parse().unwrap());
            assert_eq!(money.amount(), text);
            assert_eq!(Money::parse(text, money.currency).unwrap(), money);
        }
    }

    #[test]
    fn amounts_that_are_none() {
        for text in ["", "1,20", "1.234", ".5", "1e3", "--1", "99999999999999999999", "1.2.3", " 1"] {
            assert!(Money::parse(text, Currency::EUR).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn laws(a in -1_000_000_000_000i64..1_000_000_000_000, b in -1_000_000_000_000i64..1_000_000_000_000) {
            let (a, b) = (Money::new(a, Currency::EUR), Money::new(b, Currency::EUR));
            prop_assert_eq!(a.plus(b).unwrap(), b.plus(a).unwrap());
            prop_assert_eq!(a.plus(b).unwrap().minus(b).unwrap(), a);
            prop_assert_eq!(Money::parse(&a.amount(), a.currency).unwrap(), a);
            prop_assert_eq!(a.basis_points(10_000).unwrap(), a);
        }

        #[test]
        fn overflow_is_an_error(a: i64, b: i64) {
            let (x, y) = (Money::new(a, Currency::EUR), Money::new(b, Currency::EUR));
            prop_assert_eq!(x.plus(y).ok().map(|m| m.minor), a.checked_add(b));
        }
    }
}
