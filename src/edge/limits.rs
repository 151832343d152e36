//! How often: by class of request and by whom, in memory of this process. A limit slows down and never locks out.

use std::{net::IpAddr, num::NonZeroU32};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

use super::{Stop, client::counted};

/// Rates per minute.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    pub enabled: bool,
    /// Ordinary pages and API requests, by client address.
    pub pages: u32,
    /// Sign-in, sign-up, password reset: by client address and by account.
    pub sign_in: u32,
    /// Find booking: by client address and by booking reference; ten times as many over all.
    pub find_booking: u32,
}

/// What is counted separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    Page,
    SignIn,
    FindBooking,
}

/// By whom or what it is counted, beside the class.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Counted {
    Address(u128),
    /// An account or a booking reference, as typed, without case.
    Named(String),
    All,
}

impl Counted {
    pub fn address(ip: IpAddr) -> Self {
        Self::Address(counted(ip))
    }

    pub fn named(text: &str) -> Self {
        Self::Named(text.trim().to_lowercase().chars().take(254).collect())
    }
}

/// The counters.
pub struct Limits {
    pages: Counters,
    sign_in: Counters,
    accounts: Counters,
    find_booking: Counters,
    find_over_all: Counters,
    enabled: bool,
}

type Counters = DefaultKeyedRateLimiter<Counted>;

/// Keys that one counter holds; a flood of addresses must not eat the memory.
const MOST_KEYS: usize = 100_000;

impl Limits {
    pub fn new(rates: &Rates) -> Self {
        Self {
            pages: counters(rates.pages, rates.pages),
            // An address may be a whole office; an account is one person.
            sign_in: counters(rates.sign_in, rates.sign_in.saturating_mul(10)),
            accounts: counters(rates.sign_in, rates.sign_in.saturating_mul(2)),
            find_booking: counters(rates.find_booking, rates.find_booking.saturating_mul(2)),
            find_over_all: counters(
                rates.find_booking.saturating_mul(10),
                rates.find_booking.saturating_mul(10),
            ),
            enabled: rates.enabled,
        }
    }

    /// Counts one; 429 with the seconds to wait if it is too much.
    pub fn count(&self, class: Class, by: &Counted) -> Result<(), Stop> {
        if !self.enabled {
            return Ok(());
        }
        let counters = match (class, by) {
            (Class::Page, _) => &self.pages,
            (Class::SignIn, Counted::Named(_)) => &self.accounts,
            (Class::SignIn, _) => &self.sign_in,
            (Class::FindBooking, Counted::All) => &self.find_over_all,
            (Class::FindBooking, _) => &self.find_booking,
        };
        // When there is no room for another key, those without one share one: a limiter never opens a door.
        let by = if is_full(counters) { &Counted::All } else { by };
        counters.check_key(by).map_err(|wait| {
            let seconds = wait.wait_time_from(DefaultClock::default().now()).as_secs_f64().ceil();
            metrics::counter!("banyan_limited_total", "class" => class.word()).increment(1);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a few seconds, never negative"
            )]
            Stop::TooMany((seconds as u32).max(1))
        })
    }
}

impl Class {
    fn word(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::SignIn => "sign_in",
            Self::FindBooking => "find_booking",
        }
    }
}

fn counters(per_minute: u32, burst: u32) -> Counters {
    let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
    RateLimiter::dashmap(Quota::per_minute(at_least_one(per_minute)).allow_burst(at_least_one(burst)))
}

fn is_full(counters: &Counters) -> bool {
    if counters.len() >= MOST_KEYS {
        counters.retain_recent();
    }
    counters.len() >= MOST_KEYS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(enabled: bool) -> Limits {
        Limits::new(&Rates { enabled, pages: 2, sign_in: 1, find_booking: 1 })
    }

    #[test]
    fn each_class_and_key_has_its_own_count() {
        let limits = limits(true);
        let (one, two) = (Counted::named("Ada@example.com"), Counted::named("bob@example.com"));
        for _ in 0..2 {
            limits.count(Class::SignIn, &one).unwrap();
        }
        let again = limits.count(Class::SignIn, &Counted::named(" ada@EXAMPLE.com "));
        assert!(matches!(again, Err(Stop::TooMany(1..=60))), "{again:?}");
        limits.count(Class::SignIn, &two).unwrap();
        limits.count(Class::Page, &one).unwrap();
        for n in 0..10 {
            assert!(limits.count(Class::FindBooking, &Counted::All).is_ok(), "{n}");
        }
        assert!(limits.count(Class::FindBooking, &Counted::All).is_err());
    }

    #[test]
    fn can_be_switched_off() {
        let limits = limits(false);
        assert!((0..100).all(|_| limits.count(Class::SignIn, &Counted::All).is_ok()));
    }
}
