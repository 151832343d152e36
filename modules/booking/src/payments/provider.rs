//! Whoever takes the money. The embedded sandbox stands in for a real provider: it moves none, and decides by the card's
//! last four digits.

use jiff::{SignedDuration, Timestamp};

use super::card::{APPROVED, ASKS, Card, DECLINED, SLOW};

/// What a provider says to a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The money is ours; in words, by what means.
    Approved { means: String },
    /// In words for the payer.
    Declined { why: String },
    /// The payer's bank asks them something.
    Asks,
    /// The outcome comes later.
    Takes { until: Timestamp },
}

/// Takes payments. A success is final: what cannot be delivered is refunded.
pub(crate) trait Provider: Send + Sync {
    fn charge(&self, card: &Card, now: Timestamp) -> Verdict;
    /// The payer has answered their bank.
    fn answered(&self, approved: bool) -> Verdict;
    /// The outcome of a payment that took its time.
    fn outcome(&self) -> Verdict;
}

/// The stand-in.
pub(crate) struct Sandbox;

const TAKES: SignedDuration = SignedDuration::from_secs(3);

impl Provider for Sandbox {
    fn charge(&self, card: &Card, now: Timestamp) -> Verdict {
        match card.last_four.as_str() {
            APPROVED => Verdict::Approved { means: format!("test card ending {APPROVED}") },
            ASKS => Verdict::Asks,
            SLOW => Verdict::Takes { until: now.checked_add(TAKES).unwrap_or(now) },
            DECLINED => declined("The bank declined this card. Nothing was charged; try another card."),
            _ => declined("The sandbox accepts its test cards only. Nothing was charged; try one of those."),
        }
    }

    fn answered(&self, approved: bool) -> Verdict {
        if approved {
            Verdict::Approved { means: format!("test card ending {ASKS}") }
        } else {
            declined(
                "You rejected the payment at your bank. Nothing was charged; try again or use another card.",
            )
        }
    }

    fn outcome(&self) -> Verdict {
        Verdict::Approved { means: format!("test card ending {SLOW}") }
    }
}

fn declined(why: &str) -> Verdict {
    Verdict::Declined { why: why.to_owned() }
}
