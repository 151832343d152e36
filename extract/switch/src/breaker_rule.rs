//! When a side counts as broken: the `breaker` key of a binding.

use kernel::Target;
use serde::{Deserialize, Serialize};

use crate::Lasts;

/// All of it may be left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerRule {
    /// So many hard failures in a row open it.
    pub consecutive: u32,
    /// Over which successes are counted.
    pub window: Lasts,
    /// Below so many calls in the window the ratio says nothing.
    pub min: u32,
    /// Successes among all calls; below it the breaker opens.
    pub ratio: f64,
    pub probe: Probe,
    /// The ceiling of calls in flight; a quiet side has fewer.
    pub in_flight: u32,
    /// Where its queries go when it gives no answer. Left out: the other side of the hop, while that holds a share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Target>,
    /// How long a query that may fall back waits for its own side.
    pub wait: Lasts,
}

impl Eq for BreakerRule {}

/// How an open breaker tries again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Probe {
    /// One call at a time, and one failure opens it again.
    #[default]
    Strict,
}

impl Default for BreakerRule {
    fn default() -> Self {
        Self {
            consecutive: 5,
            window: Lasts::secs(10),
            min: 20,
            ratio: 0.7,
            probe: Probe::Strict,
            in_flight: 512,
            fallback: None,
            wait: Lasts::secs(2),
        }
    }
}

impl BreakerRule {
    /// What makes no sense about it, if anything.
    pub(crate) fn trouble(&self) -> Option<String> {
        if !(0.0..=1.0).contains(&self.ratio) {
            return Some(format!("breaker.ratio is {}; it is a share from 0 to 1", self.ratio));
        }
        if self.consecutive == 0 || self.min == 0 || self.in_flight == 0 || self.window.get().is_zero() {
            return Some("breaker: consecutive, min, in_flight and window must be above 0".to_owned());
        }
        None
    }
}
