//! The conditions of a fare as a file writes them: `change=70;refund=no;bag=1`, in any order; what is left out is not given.

use kernel::{Conditions, Currency, Money};

/// `change` is `no` or a fee, `refund` is `no`, `full` or what is kept, `bag` a number of checked bags.
pub(super) fn parse(text: &str, currency: Currency) -> Result<Conditions, String> {
    let mut conditions = Conditions::default();
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (key, value) =
            part.split_once('=').ok_or_else(|| format!("condition `{part}` is not `name=value`"))?;
        match (key.trim(), value.trim()) {
            ("change" | "refund", "") => return Err(format!("condition `{part}` has no value")),
            ("change", "no") => conditions.change_fee = None,
            ("change", "free") => conditions.change_fee = Some(Money::zero(currency)),
            ("change", fee) => conditions.change_fee = Some(amount(fee, currency)?),
            ("refund", "no") => conditions.refund_fee = None,
            ("refund", "full") => conditions.refund_fee = Some(Money::zero(currency)),
            ("refund", kept) => conditions.refund_fee = Some(amount(kept, currency)?),
            ("bag", bags) => {
                conditions.bags = bags.parse().map_err(|_| format!("`{bags}` is not a number of bags"))?;
            }
            (other, _) => {
                return Err(format!("condition `{other}` is not known: change, refund and bag are"));
            }
        }
    }
    Ok(conditions)
}

/// An amount of zero or more.
pub(super) fn amount(text: &str, currency: Currency) -> Result<Money, String> {
    let money = Money::parse(text, currency).map_err(|error| error.to_string())?;
    if money.minor < 0 { Err(format!("amount `{text}` is below zero")) } else { Ok(money) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammar() {
        let eur = |minor| Some(Money::new(minor, Currency::EUR));
        for (text, change, refund, bags) in [
            ("change=70;refund=no;bag=0", eur(7000), None, 0),
            ("change=no;refund=full;bag=2", None, eur(0), 2),
            ("change=0;refund=49.50;bag=1", eur(0), eur(4950), 1),
            ("bag=1; refund=no ; change=12.3", eur(1230), None, 1),
            ("", None, None, 0),
        ] {
            let expected = Conditions { change_fee: change, refund_fee: refund, bags };
            assert_eq!(parse(text, Currency::EUR), Ok(expected), "{text}");
        }
        for text in ["change", "change=", "change=-5", "refund=maybe", "bag=many", "lounge=1", "change=1,50"]
        {
            assert!(parse(text, Currency::EUR).is_err(), "{text}");
        }
    }
}
