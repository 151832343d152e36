//! How often a call may be tried again. When everything fails, retries add a fifth to the load and no more.

use std::time::Duration;

use crate::slots::Slots;

/// Every request earns a fifth of a retry for the next ten seconds, and one retry a second is free.
/// Times are monotonic, counted from any fixed moment.
#[derive(Debug, Clone)]
pub struct Budget {
    /// Deposits less costs.
    slots: Slots<i64, 10>,
}

impl Budget {
    const SPAN: Duration = Duration::from_secs(10);
    const DEPOSIT: i64 = 1;
    const COST: i64 = 5;
    /// One retry a second, over the span.
    const RESERVE: i64 = 10 * Self::COST;

    pub fn new() -> Self {
        Self { slots: Slots::over(Self::SPAN) }
    }

    /// A request, the first try.
    pub fn request(&mut self, now: Duration) {
        self.slots.count(now, |balance| *balance += Self::DEPOSIT);
    }

    /// May it be tried again? If so, it is paid for.
    pub fn retry(&mut self, now: Duration) -> bool {
        let balance: i64 = self.slots.all(now).sum();
        let may = balance + Self::RESERVE >= Self::COST;
        if may {
            self.slots.count(now, |balance| *balance -= Self::COST);
        }
        may
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new()
    }
}
