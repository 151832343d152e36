//! From a template's name and its values to a subject and a plain text. A template that does not exist is an
//! error, never an empty mail.

use anyhow::{Context, bail};
use kernel::MailDue;

use crate::portal::House;

/// A rendered mail.
pub(super) struct Letter {
    pub(super) subject: String,
    pub(super) text: String,
}

pub(super) fn letter(mail: &MailDue, house: &House) -> anyhow::Result<Letter> {
    let value = |name: &str| {
        let found = mail.values.get(name).map(String::as_str);
        found.with_context(|| format!("the template {} needs a value for {name}", mail.template))
    };
    let (brand, url) = (&house.brand, &house.public_url);
    let (subject, body) = match mail.template.as_str() {
        "password_reset" => (
            "Choose a new password".to_owned(),
            format!(
                "Somebody, probably you, asked for a new password.\n\nChoose it here within 30 minutes:\n{url}/forgot-password/{}/\n\n\
                 If it was not you, there is nothing to do: the old password goes on working.",
                value("token")?
            ),
        ),
        "password_changed" => (
            "Your password was changed".to_owned(),
            format!(
                "Your password was changed. If it was not you, choose a new one now: {url}/forgot-password/"
            ),
        ),
        "order_confirmed" => (
            format!("Your booking {}", value("locator")?),
            format!(
                "Thank you, {}. You are booked: {}.\n\nBooking reference: {}\nTotal: {}\n\nYour trip: {url}/trips/{}",
                value("name")?,
                value("route")?,
                value("locator")?,
                value("total")?,
                value("locator")?
            ),
        ),
        "order_cancelled" => (
            format!("Your booking {} is cancelled", value("locator")?),
            format!(
                "Your booking {} ({}) is cancelled. We refund {} to the card you paid with.\n\n{url}/trips/{}",
                value("locator")?,
                value("route")?,
                value("refund")?,
                value("locator")?
            ),
        ),
        "flight_cancelled" => (
            format!("Your flight {} does not fly", value("flight")?),
            format!(
                "We are sorry: flight {} of your booking {} ({}) was cancelled.\n\nSee what you can do: {url}/trips/{}",
                value("flight")?,
                value("locator")?,
                value("route")?,
                value("locator")?
            ),
        ),
        other => bail!("there is no mail template `{other}`"),
    };
    let demo = if house.demo { "\n\nThis is a demo: nothing here can be flown or paid for." } else { "" };
    Ok(Letter { subject, text: format!("{body}\n\n{brand}{demo}\n") })
}
