//! Span ids for the calls that go out, as W3C trace context writes them.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use kernel::Entropy;

/// Gives every attempt an id of its own: 64 bits from a random start, in steps that meet every number once.
pub(crate) struct Spans(AtomicU64);

/// Sixteen hexadecimal digits, never all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpanId(u64);

impl Spans {
    /// Odd, and so of full period; its bits look random enough for samplers that read an id's last digits.
    const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

    pub(crate) fn new(entropy: &dyn Entropy) -> Self {
        let mut start = [0; 8];
        entropy.fill(&mut start);
        Self(AtomicU64::new(u64::from_ne_bytes(start)))
    }

    pub(crate) fn next(&self) -> SpanId {
        match self.0.fetch_add(Self::STEP, Ordering::Relaxed) {
            0 => self.next(),
            id => SpanId(id),
        }
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_zero_and_never_twice() {
        let spans = Spans(AtomicU64::new(0u64.wrapping_sub(Spans::STEP)));
        let ids: std::collections::BTreeSet<_> = (0..1_000).map(|_| spans.next().to_string()).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(ids.iter().all(|id| id.len() == 16 && id != "0000000000000000"));
    }
}
