//! Decisions about people, sessions and links: over values and a time, nothing else.

use accounts_api::{ChangePassword, EndSessions, NewAccount, ResetPassword, SignIn};
use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, Email, FieldErrors, PersonId, Role, Secret};

use crate::passwords;

/// How long sessions live, by what their person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    pub traveller: SessionLimit,
    pub staff: SessionLimit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimit {
    /// Without a request.
    pub idle: SignedDuration,
    /// From sign-in, whatever happens.
    pub absolute: SignedDuration,
}

impl SessionLimits {
    pub(crate) fn of(&self, role: Role) -> SessionLimit {
        if role.is_staff() { self.staff } else { self.traveller }
    }
}

impl Default for SessionLimits {
    /// Travellers: a week without a visit, a month in all. Staff: two hours, and one shift.
    fn default() -> Self {
        let hours = SignedDuration::from_hours;
        Self {
            traveller: SessionLimit { idle: hours(7 * 24), absolute: hours(30 * 24) },
            staff: SessionLimit { idle: hours(2), absolute: hours(12) },
        }
    }
}

/// How long a mailed link can be used.
pub(crate) const LINK_LIVES: SignedDuration = SignedDuration::from_mins(30);
/// A mail that was taken and not reported on comes back after this.
pub(crate) const MAIL_LEASE: SignedDuration = SignedDuration::from_mins(1);
/// After this many tries a mail is dropped.
pub(crate) const MAIL_TRIES: i32 = 8;

const LAST_SEEN_STEP: SignedDuration = SignedDuration::from_mins(1);

/// When a session ends if nothing more is heard: the earlier of its two limits.
pub(crate) fn ends_at(last_seen: Timestamp, expires_at: Timestamp, limit: SessionLimit) -> Timestamp {
    later(last_seen, limit.idle).min(expires_at)
}

/// `last_seen` moves at most once a minute.
pub(crate) fn is_worth_noting(last_seen: Timestamp, now: Timestamp) -> bool {
    now >= later(last_seen, LAST_SEEN_STEP)
}

/// The pause before the next try: a minute, two, four … up to four hours.
pub(crate) fn mail_pause(attempts: i32) -> SignedDuration {
    let doublings = u32::try_from(attempts.clamp(1, 9) - 1).unwrap_or(0);
    SignedDuration::from_mins(2_i64.pow(doublings).min(240))
}

pub(crate) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// The person, an administrator, or Banyan itself.
pub(crate) fn is_own_or_admin(actor: &Actor, person: PersonId) -> bool {
    actor.person() == Some(person) || actor.may(&[Role::Admin])
}

/// The person, or anybody who works here.
pub(crate) fn is_own_or_staff(actor: &Actor, person: PersonId) -> bool {
    actor.person() == Some(person) || actor.may(&[Role::Agent, Role::Ops, Role::Migrator, Role::Auditor])
}

/// Staff that acts on somebody else says why.
pub(crate) fn check_end(actor: &Actor, which: &EndSessions) -> Result<(), FieldErrors> {
    if actor.person() == Some(which.person) { Ok(()) } else { check_reason(&which.reason) }
}

pub(crate) fn check_reason(reason: &str) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    if reason.trim().is_empty() {
        errors.push("reason", REQUIRED);
    } else if reason.chars().count() > 500 {
        errors.push("reason", "Use at most 500 characters");
    }
    errors.check()
}

const REQUIRED: &str = "This field is required";
pub(crate) const TAKEN: &str = "User with this email is already signed up";
pub(crate) const WRONG_OLD: &str = "Incorrect old password";
const DIFFERENT: &str = "Your passwords do not match";

/// The address, if the form is right.
pub(crate) fn check_sign_up(new: &NewAccount, brand: &str) -> Result<Email, FieldErrors> {
    let mut errors = FieldErrors::default();
    let email = parse_email(&new.email, &mut errors);
    check_chosen(
        Chosen {
            field: "password",
            password: &new.password,
            repeat: Some(("repeat_password", &new.repeat_password)),
        },
        email.as_ref(),
        brand,
        &mut errors,
    );
    finish(email, errors)
}

/// The address of an account that is made for somebody.
pub(crate) fn check_create(email: &str, password: &Secret, brand: &str) -> Result<Email, FieldErrors> {
    let mut errors = FieldErrors::default();
    let email = parse_email(email, &mut errors);
    check_chosen(Chosen { field: "password", password, repeat: None }, email.as_ref(), brand, &mut errors);
    finish(email, errors)
}

/// Only that both fields are filled: old accounts get in with whatever they have.
pub(crate) fn check_sign_in(with: &SignIn) -> Result<Email, FieldErrors> {
    let mut errors = FieldErrors::default();
    let email = parse_email(&with.email, &mut errors);
    if with.password.expose().is_empty() {
        errors.push("password", REQUIRED);
    }
    finish(email, errors)
}

pub(crate) fn check_address(email: &str) -> Result<Email, FieldErrors> {
    let mut errors = FieldErrors::default();
    let email = parse_email(email, &mut errors);
    finish(email, errors)
}

pub(crate) fn check_change(change: &ChangePassword, email: &Email, brand: &str) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    if change.old_password.expose().is_empty() {
        errors.push("old_password", REQUIRED);
    }
    let repeat = Some(("repeat_new_password", &change.repeat_new_password));
    let chosen = Chosen { field: "new_password", password: &change.new_password, repeat };
    check_chosen(chosen, Some(email), brand, &mut errors);
    errors.check()
}

pub(crate) fn check_reset(reset: &ResetPassword, email: &Email, brand: &str) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    let repeat = Some(("repeat_new_password", &reset.repeat_new_password));
    let chosen = Chosen { field: "new_password", password: &reset.new_password, repeat };
    check_chosen(chosen, Some(email), brand, &mut errors);
    errors.check()
}

/// A password field, and its twin.
struct Chosen<'a> {
    field: &'a str,
    password: &'a Secret,
    repeat: Option<(&'a str, &'a Secret)>,
}

fn check_chosen(chosen: Chosen<'_>, email: Option<&Email>, brand: &str, errors: &mut FieldErrors) {
    let password = chosen.password.expose();
    if password.is_empty() {
        errors.push(chosen.field, REQUIRED);
    } else if let Some(why) = passwords::refusal(password, email, brand) {
        errors.push(chosen.field, why);
    }
    match chosen.repeat {
        Some((field, repeat)) if repeat.expose().is_empty() => errors.push(field, REQUIRED),
        Some((field, repeat)) if repeat != chosen.password => errors.push(field, DIFFERENT),
        _ => {}
    }
}

fn parse_email(text: &str, errors: &mut FieldErrors) -> Option<Email> {
    if text.trim().is_empty() {
        errors.push("email", REQUIRED);
        return None;
    }
    let email = text.parse().ok();
    if email.is_none() {
        errors.push("email", "Invalid email address");
    }
    email
}

fn finish(email: Option<Email>, errors: FieldErrors) -> Result<Email, FieldErrors> {
    errors.check()?;
    email.ok_or_else(|| FieldErrors::one("email", REQUIRED))
}

/// A short word on browser and address, fit for a list.
pub(crate) fn device(told: &str) -> String {
    told.chars().filter(|c| !c.is_control()).take(80).collect()
}

/// A subject that the switch gave, if it looks like one.
pub(crate) fn subject(given: Option<&str>) -> Option<String> {
    given
        .filter(|s| (8..=64).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_graphic()))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(email: &str, password: &str, repeat: &str) -> NewAccount {
        let (password, repeat_password) = (Secret::new(password), Secret::new(repeat));
        NewAccount { email: email.to_owned(), password, repeat_password, subject: None }
    }

    #[test]
    fn what_is_wrong_with_a_sign_up() {
        let fine = "a boat of paper";
        for (email, password, repeat, wrong) in [
            ("ada@example.com", fine, fine, ""),
            (
                "",
                "",
                "",
                "email: This field is required; password: This field is required; repeat_password: This field is required",
            ),
            ("ada", fine, fine, "email: Invalid email address"),
            ("ada@example.com", fine, "a boat of wood", "repeat_password: Your passwords do not match"),
            ("ada@example.com", "short", "short", "password: Use at least 12 characters"),
        ] {
            let found = check_sign_up(&new(email, password, repeat), "Banyan Air");
            assert_eq!(found.err().unwrap_or_default().to_string(), wrong, "{email} {password} {repeat}");
        }
    }

    #[test]
    fn a_session_ends_at_the_earlier_limit() {
        let at = |hour: i64| Timestamp::from_second(hour * 3600).unwrap();
        let limit =
            SessionLimit { idle: SignedDuration::from_hours(2), absolute: SignedDuration::from_hours(12) };
        for (last_seen, expires_at, ends) in [(0, 12, 2), (9, 12, 11), (11, 12, 12)] {
            assert_eq!(ends_at(at(last_seen), at(expires_at), limit), at(ends));
        }
    }

    #[test]
    fn pauses_grow_and_stop_growing() {
        let minutes: Vec<_> = [0, 1, 2, 3, 8, 9, 100].map(|n| mail_pause(n).as_mins()).to_vec();
        assert_eq!(minutes, [1, 1, 2, 4, 128, 240, 240]);
    }

    #[test]
    fn a_device_is_one_short_line() {
        assert_eq!(device("Firefox\r\nSet-Cookie: x"), "FirefoxSet-Cookie: x");
        assert_eq!(device(&"x".repeat(500)).len(), 80);
    }
}
