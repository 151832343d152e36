//! The plan of a hop as a calendar: which share it can have when, at the earliest. Pure.

use ::switch::{BUCKETS, Binding, Glide, Lasts, Ramp, State};
use jiff::{SignedDuration, Timestamp};
use kernel::Locale;

use super::words;

/// One step of the plan.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PlannedStep {
    /// `5 %`, or a state.
    pub(super) share: String,
    /// `done`, `next` or empty.
    pub(super) state: &'static str,
    pub(super) earliest: String,
    pub(super) because: String,
}

/// Looking further for the end of a freeze says nothing: a week's windows repeat.
const FURTHEST: i64 = 8 * 24 * 60;

pub(super) fn calendar(binding: &Binding, now: Timestamp, locale: Locale) -> Vec<PlannedStep> {
    if !binding.is_hopping() {
        return Vec::new();
    }
    let default = Ramp::default();
    let ramp = binding.ramp.as_ref().unwrap_or(&default);
    let shares = binding.ranges_at(now);
    let (share, left) = (shares.share(&binding.hop.to), shares.share(&binding.hop.from));
    let mut walk = Walk { ramp, at: now, held: "", first: true, locale, now };
    if binding.state >= State::ReadRamp {
        walk.hold_since(binding.since);
    }
    let mut steps = Vec::new();
    if ramp.over.is_none() {
        let frozen = matches!(binding.state, State::Halted | State::Retired);
        for step in &ramp.steps {
            let words = format!("{step} %");
            steps.push(match (step.0 <= share, frozen) {
                (true, _) => done(words),
                (_, true) => PlannedStep { because: "the hop is halted".to_owned(), ..later(words) },
                _ => walk.step(words),
            });
        }
        if frozen {
            return steps;
        }
    }
    if let Some(over) = ramp.over.filter(|_| binding.state < State::Primary && left > 0) {
        steps.push(walk.glide(binding.glide, over));
    }
    for (state, words) in [
        (State::Primary, "PRIMARY: commands and feeds there too"),
        (State::Retired, "RETIRED: two people, and no way back"),
    ] {
        if binding.state == State::Halted {
            break;
        }
        steps.push(if binding.state >= state { done(words.to_owned()) } else { walk.step(words.to_owned()) });
    }
    steps
}

/// What the button would do.
pub(super) fn next_label(binding: &Binding, now: Timestamp) -> String {
    let shares = binding.ranges_at(now);
    let to = shares.share(&binding.hop.to);
    let ramp = binding.ramp.clone().unwrap_or_default();
    match binding.state {
        State::Primary => "Advance to RETIRED".to_owned(),
        _ if shares.share(&binding.hop.from) == 0 => "Advance to PRIMARY".to_owned(),
        _ if ramp.over.is_some() => {
            format!("Start the time ramp over {}", ramp.over.map(|over| over.to_string()).unwrap_or_default())
        }
        _ => format!("Advance to {} %", words::percent(ramp.next_above(to).unwrap_or(BUCKETS))),
    }
}

fn done(share: String) -> PlannedStep {
    PlannedStep { state: "done", earliest: "done".to_owned(), ..later(share) }
}

fn later(share: String) -> PlannedStep {
    PlannedStep { share, state: "", earliest: "–".to_owned(), because: String::new() }
}

/// From step to step through time.
struct Walk<'a> {
    ramp: &'a Ramp,
    at: Timestamp,
    held: &'static str,
    first: bool,
    locale: Locale,
    now: Timestamp,
}

impl Walk<'_> {
    fn step(&mut self, share: String) -> PlannedStep {
        let mut because: Vec<String> = Vec::new();
        if !self.held.is_empty() {
            because.push(format!("{} {}", self.held, self.ramp.hold));
        }
        if let Some(freeze) = self.thaw() {
            because.push(format!("not during {freeze} (UTC)"));
        }
        let earliest = if self.at <= self.now {
            if self.first { "now".to_owned() } else { "right after that".to_owned() }
        } else {
            let at = words::instant(self.locale, self.at);
            format!("{at} ({})", words::distance(self.at, self.now))
        };
        let state = if std::mem::replace(&mut self.first, false) { "next" } else { "" };
        let step = PlannedStep { share, state, earliest, because: because.join("; ") };
        self.hold_since(Some(self.at));
        step
    }

    /// All the way by itself: one that is under way, or that would begin as early as it may.
    fn glide(&mut self, glide: Option<Glide>, over: Lasts) -> PlannedStep {
        if glide.is_none() {
            self.thaw();
        }
        let ends = glide.unwrap_or(Glide { begins: self.at, lasts: over }).ends();
        self.at = ends;
        self.held = "";
        let words = if glide.is_some() { "under way, over" } else { "once it is started, over" };
        let step = self.step("100 % by itself".to_owned());
        PlannedStep { because: format!("{words} {over}"), ..step }
    }

    fn hold_since(&mut self, since: Option<Timestamp>) {
        let due = since.and_then(|since| since.checked_add(self.ramp.hold.signed()).ok());
        self.held = "";
        if let Some(due) = due.filter(|due| *due > self.at) {
            self.at = due;
            self.held = "the step before has to stand for";
        }
    }

    /// On to the end of a freeze, if one holds.
    fn thaw(&mut self) -> Option<String> {
        let mut met = None;
        for _ in 0..FURTHEST {
            let Some(freeze) = self.ramp.freeze.iter().find(|freeze| freeze.holds(self.at)) else { break };
            met.get_or_insert_with(|| freeze.to_string());
            let second = self.at.as_second();
            let next = Timestamp::from_second(second - second.rem_euclid(60)).ok();
            let Some(next) = next.and_then(|at| at.checked_add(SignedDuration::from_mins(1)).ok()) else {
                break;
            };
            self.at = next;
        }
        met
    }
}

#[cfg(test)]
mod tests {
    use ::switch::{Freeze, Hop, Percent};
    use kernel::Target;

    use super::*;

    fn binding() -> Binding {
        let ramp = Ramp {
            steps: [1_000, 50_000, BUCKETS].map(Percent).to_vec(),
            hold: Lasts::secs(3_600),
            freeze: vec![Freeze::try_from("Fri 16:00-Mon 08:00".to_owned()).unwrap()],
            ..Ramp::default()
        };
        let to = Target::Remote("notes".into());
        Binding {
            hop: Hop { from: Target::Here, to },
            state: State::Connected,
            ramp: Some(ramp),
            ..Binding::here()
        }
    }

    fn shown(binding: &Binding, now: &str) -> Vec<(String, &'static str, String, String)> {
        let steps = calendar(binding, now.parse().unwrap(), Locale::default());
        steps.into_iter().map(|s| (s.share, s.state, s.earliest, s.because)).collect()
    }

    #[test]
    fn holds_and_freezes_push_steps_on() {
        // A Friday, 14:30 UTC.
        let steps = shown(&binding(), "2026-11-20T14:30:00Z");
        let short: Vec<_> = steps
            .iter()
            .map(|(share, state, at, _)| (share.split(':').next().unwrap(), *state, at.as_str()))
            .collect();
        assert_eq!(
            short,
            [
                ("1 %", "next", "now"),
                ("50 %", "", "Fri 20 Nov, 15:30 UTC (in 1 h 0 min)"),
                ("100 %", "", "Mon 23 Nov, 08:00 UTC (in 2 days)"),
                ("PRIMARY", "", "Mon 23 Nov, 09:00 UTC (in 2 days)"),
                ("RETIRED", "", "Mon 23 Nov, 10:00 UTC (in 2 days)"),
            ]
        );
        assert!(steps[2].3.contains("not during Fri 16:00-Mon 08:00"), "{steps:?}");
    }

    #[test]
    fn a_time_ramp_ends_before_the_rest() {
        let now: Timestamp = "2026-11-18T10:00:00Z".parse().unwrap();
        let ramp = Ramp { over: Some(Lasts::secs(7_200)), ..Ramp::default() };
        let glide = Some(Glide { begins: now, lasts: Lasts::secs(7_200) });
        let gliding = Binding { ramp: Some(ramp), glide, state: State::ReadRamp, ..binding() };
        let steps = shown(&gliding, "2026-11-18T11:00:00Z");
        assert_eq!(steps[0].2, "Wed 18 Nov, 12:00 UTC (in 1 h 0 min)");
        assert_eq!((steps[0].1, steps[0].3.as_str()), ("next", "under way, over 2h"));
        assert_eq!(steps[1].2, "Wed 18 Nov, 12:00 UTC (in 1 h 0 min)");
        assert_eq!(steps.len(), 3);
    }

    #[test]
    fn a_step_that_stands_has_to_stand() {
        let to = Target::Remote("notes".into());
        let ramping = Binding {
            ranges: binding().ranges.shifted(&Target::Here, &to, 1_000),
            state: State::ReadRamp,
            since: Some("2026-11-18T10:00:00Z".parse().unwrap()),
            ..binding()
        };
        let steps = shown(&ramping, "2026-11-18T10:20:00Z");
        assert_eq!((steps[0].1, steps[1].1), ("done", "next"));
        assert_eq!(steps[1].2, "Wed 18 Nov, 11:00 UTC (in 40 min)");
        assert_eq!(steps[1].3, "the step before has to stand for 1h");
        assert_eq!(shown(&Binding::here(), "2026-11-18T10:20:00Z"), []);
    }
}
