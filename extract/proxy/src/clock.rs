//! How long a body may take: no pause too long, and a whole that does not trickle. Time is looked at from the first
//! wait on, so a body that is there at once costs none.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use tokio::time::{Sleep, sleep_until};

/// Bytes a second from which a transfer may go on after its total time.
const FAIR_RATE: u64 = 32 * 1024;

/// One connection's timer. It is left as it was set while a new end lies behind the old one: most ends are never reached.
#[derive(Default)]
pub(crate) struct Timer(Option<(Pin<Box<Sleep>>, Instant)>);

impl Timer {
    /// Ready at that instant, or after it.
    pub(crate) fn poll(&mut self, until: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let (sleep, set) = self.0.get_or_insert_with(|| (Box::pin(sleep_until(until.into())), until));
        if *set > until {
            sleep.as_mut().reset(until.into());
            *set = until;
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if Instant::now() >= until {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(until.into());
            *set = until;
        }
        Poll::Pending
    }
}

/// The clock of one body.
pub(crate) struct Clock {
    idle: Duration,
    /// `None` for streams.
    total: Option<Total>,
    last: Instant,
    /// Somebody has waited already, so pauses are measured.
    waits: bool,
}

struct Total {
    length: Duration,
    until: Instant,
    /// Moved since the present term began.
    moved: u64,
}

impl Clock {
    /// A clock for an exchange that began at `start`; one without a total for a stream.
    pub(crate) fn new(start: Instant, idle: Duration, total: Option<Duration>) -> Self {
        let total = total.map(|length| Total { length, until: start + length, moved: 0 });
        Self { idle, total, last: start, waits: false }
    }

    pub(crate) fn moved(&mut self, bytes: u64) {
        if let Some(total) = &mut self.total {
            total.moved += bytes;
        }
        if self.waits {
            self.last = Instant::now();
        }
    }

    /// The longest pause.
    pub(crate) fn idle(&self) -> Duration {
        self.idle
    }

    /// Ready when time is up. To be asked while waiting.
    pub(crate) fn poll(&mut self, timer: &mut Timer, cx: &mut Context<'_>) -> Poll<()> {
        if !self.waits {
            self.waits = true;
            self.last = Instant::now();
        }
        while timer.poll(self.until(), cx).is_ready() {
            if self.is_over(Instant::now()) {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }

    fn until(&self) -> Instant {
        let pause = self.last + self.idle;
        self.total.as_ref().map_or(pause, |total| total.until.min(pause))
    }

    fn is_over(&mut self, now: Instant) -> bool {
        if now >= self.last + self.idle {
            return true;
        }
        let Some(total) = &mut self.total else { return false };
        if now < total.until {
            return false;
        }
        let fair = total.length.as_millis() * u128::from(FAIR_RATE) / 1_000;
        if u128::from(total.moved) < fair {
            return true;
        }
        total.moved = 0;
        total.until = now + total.length;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fair_transfer_outlives_its_total_and_a_trickle_does_not() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        for (bytes, over) in [(10, true), (FAIR_RATE * 30, false)] {
            let mut clock = Clock::new(start, second * 10, Some(second * 30));
            clock.last = start + second * 29;
            clock.moved(bytes);
            assert!(!clock.is_over(start + second * 29));
            assert_eq!(clock.is_over(start + second * 30), over, "{bytes}");
            clock.last = start + second * 59;
            assert!(clock.is_over(start + second * 60), "it must go on at that rate");
        }
    }

    #[test]
    fn a_stream_may_last_but_not_pause() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut clock = Clock::new(start, second * 10, None);
        clock.last = start + second * 1_000;
        assert!(!clock.is_over(start + second * 1_009));
        assert!(clock.is_over(start + second * 1_010));
    }
}
