//! What a plan asks to be proven before it goes on. Kept with the plan; the judge that measures them is a later
//! part, so every gate reads "not proven" until then.

use serde::{Deserialize, Serialize};

/// One of `gates`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    pub metric: Metric,
    /// The bound on bad events, as `1%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<String>,
    /// What a slower side is allowed on top, as `5ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plus: Option<crate::Lasts>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worse_than: Option<f64>,
    /// The share of false rollbacks that is put up with.
    pub alpha: f64,
    /// The share of false promotions that is put up with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beta: Option<f64>,
}

impl Eq for Gate {}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    Error,
    SlowP50,
    SlowP95,
    SlowP99,
    Mismatch,
    SampleRatio,
}

impl Metric {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::SlowP50 => "slow_p50",
            Self::SlowP95 => "slow_p95",
            Self::SlowP99 => "slow_p99",
            Self::Mismatch => "mismatch",
            Self::SampleRatio => "sample_ratio",
        }
    }
}

/// What makes no sense about a plan's gates, if anything.
pub(crate) fn trouble(gates: &[Gate]) -> Option<String> {
    let sum: f64 = gates.iter().map(|gate| gate.alpha).sum();
    if gates.iter().any(|gate| !(gate.alpha > 0.0 && gate.alpha < 1.0)) {
        return Some("every gate needs an alpha between 0 and 1".to_owned());
    }
    if sum > 0.05 + 1e-9 {
        return Some(format!("the gates' alphas add up to {sum}; a hop has 0.05 to give"));
    }
    let unreadable = gates
        .iter()
        .filter_map(|gate| gate.max.as_deref())
        .find(|max| max.strip_suffix('%').is_none_or(|number| number.trim().parse::<f64>().is_err()));
    unreadable.map(|max| format!("gate: `{max}` is not a share like `1%`"))
}
