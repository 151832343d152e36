//! A span of time cut into slots, the oldest forgotten as time goes on: what breakers and budgets count in.

use std::time::Duration;

/// `N` slots over one span. Times are monotonic, counted from any fixed moment.
#[derive(Debug, Clone)]
pub(crate) struct Slots<T, const N: usize> {
    width: u64,
    /// The number of the slot that is being filled.
    newest: u64,
    /// The newest first.
    ring: [T; N],
}

impl<T: Copy + Default, const N: usize> Slots<T, N> {
    pub(crate) fn over(span: Duration) -> Self {
        let width = (nanos(span) / N as u64).max(1);
        Self { width, newest: 0, ring: [T::default(); N] }
    }

    /// Changes what is counted now.
    pub(crate) fn count(&mut self, now: Duration, change: impl FnOnce(&mut T)) {
        self.move_on(now);
        if let Some(newest) = self.ring.first_mut() {
            change(newest);
        }
    }

    /// All that is still remembered.
    pub(crate) fn all(&mut self, now: Duration) -> impl Iterator<Item = T> + '_ {
        self.move_on(now);
        self.ring.iter().copied()
    }

    pub(crate) fn clear(&mut self) {
        self.ring = [T::default(); N];
    }

    /// A time before the newest slot counts as the newest: callers read the clock before they wait for their turn.
    fn move_on(&mut self, now: Duration) {
        let passed = (nanos(now) / self.width).saturating_sub(self.newest);
        if passed == 0 {
            return;
        }
        self.newest += passed;
        let gone = usize::try_from(passed).unwrap_or(N).min(N);
        self.ring.rotate_right(gone);
        self.ring.iter_mut().take(gone).for_each(|slot| *slot = T::default());
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
