//! How long something lasts, as people write it: `30m`, `10s`, `1h 30m`, `5ms`.

use std::{fmt, str::FromStr, time::Duration};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// A length of time that is not negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Lasts(Duration);

impl Lasts {
    pub const fn secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    pub const fn get(self) -> Duration {
        self.0
    }

    /// For sums with instants.
    pub fn signed(self) -> SignedDuration {
        SignedDuration::try_from(self.0).unwrap_or(SignedDuration::MAX)
    }
}

impl fmt::Display for Lasts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.signed())
    }
}

impl FromStr for Lasts {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a length of time: write 30m, 10s, 2h or 500ms");
        let span: SignedDuration = text.trim().parse().map_err(|_| wrong())?;
        Duration::try_from(span).map(Self).map_err(|_| wrong())
    }
}

impl TryFrom<String> for Lasts {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Lasts> for String {
    fn from(lasts: Lasts) -> Self {
        lasts.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_people_write_it() {
        for (text, millis) in
            [("30m", 1_800_000), ("10s", 10_000), ("1h 30m", 5_400_000), ("5ms", 5), ("2h", 7_200_000)]
        {
            let lasts: Lasts = text.parse().unwrap();
            assert_eq!(lasts.get().as_millis(), millis, "{text}");
            assert_eq!(lasts.to_string().parse(), Ok(lasts), "{lasts}");
        }
        for text in ["", "30", "-5m", "soon"] {
            assert!(text.parse::<Lasts>().is_err(), "{text}");
        }
    }
}
