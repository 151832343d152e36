//! An e-mail address that mail can be sent to, compared without case.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::NotParsed;

/// Lower-cased. At most 254 characters, one `@`, a dot in the domain, no blanks or control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = NotParsed;
    fn from_str(text: &str) -> Result<Self, NotParsed> {
        let address = text.trim().to_lowercase();
        if is_address(&address) {
            Ok(Self(address))
        } else {
            Err(NotParsed::new("e-mail address", text, "something like ada@example.com"))
        }
    }
}

fn is_address(address: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let host = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    address.len() <= 254
        && address.split_once('@').is_some_and(|(local, domain)| {
            (1..=64).contains(&local.len())
                && local.chars().all(plain)
                && domain.contains('.')
                && domain.split('.').all(host)
        })
}

impl TryFrom<String> for Email {
    type Error = NotParsed;
    fn try_from(text: String) -> Result<Self, NotParsed> {
        text.parse()
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Email;

    #[test]
    fn addresses() {
        for good in ["ada@example.com", " Ada.L+x@Example.CO.uk ", "o'neil@x-y.example"] {
            assert!(good.parse::<Email>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "ada",
            "ada@",
            "@x.com",
            "a@b",
            "a b@x.com",
            "a@x..com",
            "a@-x.com",
            "a@x.com\nBcc: b@y.com",
            "a@b@c.d",
        ] {
            assert!(bad.parse::<Email>().is_err(), "{bad}");
        }
    }
}
