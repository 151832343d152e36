//! One binding's line on the board: where its hop is, who goes where, and how each side fares. Pure: made from the
//! binding, the measures and the clock.

use ::switch::{Binding, BreakerState, LastChange, Point, Side, State};
use jiff::Timestamp;
use kernel::{Locale, Target};

use super::{
    lines::{self, Line, Measure, Minute},
    words,
};

/// A binding's line, in the shape of `pieces/cockpit.html`.
pub(super) struct RowView {
    pub(super) name: String,
    /// The name as part of an id.
    pub(super) id: String,
    pub(super) href: String,
    pub(super) steps: Vec<StepView>,
    /// What was skipped, in words; empty before that matters.
    pub(super) skipped: &'static str,
    pub(super) remote: String,
    pub(super) here: String,
    pub(super) legacy: String,
    /// A time ramp in words; empty without one.
    pub(super) ramp: String,
    pub(super) sides: Vec<SideView>,
    pub(super) minutes: Vec<Minute>,
    pub(super) change: String,
    pub(super) by: String,
    pub(super) reason: String,
    pub(super) lamp: &'static str,
    pub(super) lamp_words: String,
    /// Where KILL is posted to; empty for whoever may not, and where there is no way back.
    pub(super) kill: String,
    pub(super) no_way_back: bool,
}

pub(super) struct StepView {
    pub(super) name: &'static str,
    pub(super) state: &'static str,
}

pub(super) struct SideView {
    pub(super) name: String,
    pub(super) class: &'static str,
    pub(super) percent: String,
    pub(super) rate: String,
    pub(super) rate_line: Line,
    pub(super) p99: String,
    pub(super) p99_line: Line,
    /// Open streams and calls in flight, in words; empty without any.
    pub(super) open: String,
}

/// What a row is made from.
pub(super) struct Seen<'a> {
    pub(super) name: &'a str,
    pub(super) binding: &'a Binding,
    pub(super) sides: Vec<Side>,
    pub(super) series: Vec<(Target, Vec<Point>)>,
    pub(super) may_change: bool,
    pub(super) now: Timestamp,
    pub(super) locale: Locale,
}

impl RowView {
    pub(super) fn of(seen: &Seen<'_>) -> Self {
        let Seen { name, binding, now, locale, .. } = *seen;
        let shares = binding.ranges_at(now);
        let share = |kind: &str| {
            words::percent(shares.shares().filter(|(t, _)| words::kind(t) == kind).map(|(_, s)| s).sum())
        };
        let retired = binding.state == State::Retired;
        let (lamp, lamp_words) = lamp(&seen.sides);
        let last = binding.last.as_ref();
        let href = format!("/admin/switch/{name}");
        Self {
            name: name.to_owned(),
            id: name.replace('/', "--"),
            kill: if seen.may_change && !retired { format!("{href}/kill") } else { String::new() },
            href,
            steps: steps(binding.state),
            skipped: skipped(binding.state),
            remote: share("remote"),
            here: share("here"),
            legacy: share("legacy"),
            ramp: ramp(binding, now, locale),
            sides: targets(seen).iter().map(|target| side(seen, target, shares.share(target))).collect(),
            minutes: lines::minutes(&named(&seen.series)),
            change: last.map_or_else(|| "Never changed".to_owned(), |last| change(last, now, locale)),
            by: last.map_or_else(String::new, |last| last.by.clone()),
            reason: last.map_or_else(String::new, |last| last.reason.clone()),
            lamp,
            lamp_words,
            no_way_back: retired,
        }
    }
}

/// The order of a hop; HALTED stands outside of it.
const ORDER: [State; 8] = [
    State::Bounded,
    State::Connected,
    State::Shadow,
    State::Synced,
    State::ReadRamp,
    State::WriteCutover,
    State::Primary,
    State::Retired,
];

fn steps(now: State) -> Vec<StepView> {
    let cannot = |state: State| matches!(state, State::Shadow | State::Synced | State::WriteCutover);
    let mut all: Vec<_> = ORDER
        .into_iter()
        .map(|state| StepView {
            name: state.as_str(),
            state: match state {
                _ if state == now => "here",
                _ if now != State::Halted && state < now => {
                    if cannot(state) {
                        "skipped"
                    } else {
                        "done"
                    }
                }
                _ => "",
            },
        })
        .collect();
    if now == State::Halted {
        all.push(StepView { name: now.as_str(), state: "halted" });
    }
    all
}

fn skipped(now: State) -> &'static str {
    match now {
        State::ReadRamp | State::WriteCutover => "SHADOW and SYNCED: skipped, not proven",
        State::Primary | State::Retired => "SHADOW, SYNCED and WRITE_CUTOVER: skipped, not proven",
        _ => "",
    }
}

fn ramp(binding: &Binding, now: Timestamp, locale: Locale) -> String {
    let Some(glide) = binding.glide else { return String::new() };
    let (from, to, ends) = (&binding.hop.from, &binding.hop.to, words::instant(locale, glide.ends()));
    if now >= glide.ends() {
        format!("A time ramp from {from} to {to} has ended, {ends}.")
    } else if now < glide.begins {
        format!("A time ramp from {from} to {to} begins {}.", words::instant(locale, glide.begins))
    } else {
        let left = words::distance(glide.ends(), now);
        format!("A time ramp moves people from {from} to {to} until {ends} ({left}); shares as of now.")
    }
}

fn change(last: &LastChange, now: Timestamp, locale: Locale) -> String {
    let action = last.action.strip_prefix("switch.").unwrap_or(&last.action);
    let at = words::instant(locale, last.at);
    format!("Epoch {}, {action} {at} ({})", last.epoch, words::distance(last.at, now))
}

/// The worst of its sides speaks.
fn lamp(sides: &[Side]) -> (&'static str, String) {
    let worst = sides.iter().find(|side| side.breaker == BreakerState::Open);
    let worst = worst.or_else(|| sides.iter().find(|side| side.breaker == BreakerState::HalfOpen));
    match worst {
        Some(side) if side.breaker == BreakerState::Open => {
            ("open", format!("Breaker open: {}", side.target))
        }
        Some(side) => ("half", format!("Breaker half open: {}", side.target)),
        None => ("closed", "Breaker closed".to_owned()),
    }
}

/// Every side worth a column, in the fixed order: those with a share, of the hop, or asked of late.
fn targets(seen: &Seen<'_>) -> Vec<Target> {
    let Seen { binding, sides, .. } = seen;
    let shares = binding.ranges.shares().map(|(target, _)| target);
    let busy = sides.iter().filter(|side| side.in_flight > 0 || side.streams > 0 || side.minute.answered > 0);
    let mut all: Vec<Target> = shares
        .chain([&binding.hop.from, &binding.hop.to])
        .chain(busy.map(|side| &side.target))
        .cloned()
        .collect();
    all.sort_by_key(|target| {
        (["remote", "here", "legacy"].iter().position(|k| *k == words::kind(target)), target.to_string())
    });
    all.dedup();
    all
}

fn side(seen: &Seen<'_>, target: &Target, share: u32) -> SideView {
    let side = seen.sides.iter().find(|side| side.target == *target);
    let points = seen.series.iter().find(|(t, _)| t == target).map_or(&[][..], |(_, points)| points);
    let p99 = side.and_then(|side| side.minute.p99);
    SideView {
        name: target.to_string(),
        class: words::kind(target),
        percent: format!("{} %", words::percent(share)),
        rate: words::figures(side.map_or(0.0, |side| side.minute.per_second())),
        rate_line: lines::spark(points, Measure::PerSecond),
        p99: p99.map_or_else(|| "–".to_owned(), words::lasting),
        p99_line: lines::spark(points, Measure::P99),
        open: side.map(open).unwrap_or_default(),
    }
}

fn open(side: &Side) -> String {
    let streams = match side.streams {
        0 => String::new(),
        1 => "1 open stream".to_owned(),
        n => format!("{n} open streams"),
    };
    let calls = if side.in_flight > 0 { format!("{} in flight", side.in_flight) } else { String::new() };
    [calls, streams].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Series by name and class, for charts and tables.
pub(super) fn named(series: &[(Target, Vec<Point>)]) -> Vec<(String, &'static str, Vec<Point>)> {
    series.iter().map(|(target, points)| (target.to_string(), words::kind(target), points.clone())).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ::switch::{BUCKETS, Glide, Hop, Lasts, Ranges};

    use super::*;

    fn binding(state: State) -> Binding {
        let to = Target::Remote("notes".into());
        let ranges = Ranges::all(Target::Here).shifted(&Target::Here, &to, 1_000);
        Binding { ranges, hop: Hop { from: Target::Here, to }, state, ..Binding::here() }
    }

    fn row(binding: &Binding, sides: Vec<Side>) -> RowView {
        RowView::of(&Seen {
            name: "notes/view",
            binding,
            sides,
            series: Vec::new(),
            may_change: true,
            now: Timestamp::from_second(1_800).unwrap(),
            locale: Locale::default(),
        })
    }

    fn side_at(breaker: BreakerState) -> Side {
        let minute = Point {
            ago: Duration::from_mins(1),
            span: Duration::from_mins(1),
            answered: 600,
            failed: 0,
            p50: None,
            p99: Some(Duration::from_millis(4)),
        };
        Side { target: Target::Remote("notes".into()), breaker, in_flight: 3, streams: 1, minute }
    }

    #[test]
    fn what_was_skipped_is_not_done() {
        let steps = |state| {
            let view = row(&binding(state), Vec::new());
            view.steps.iter().map(|step| step.state.chars().next().unwrap_or('.')).collect::<String>()
        };
        assert_eq!(steps(State::Bounded), "h.......");
        assert_eq!(steps(State::ReadRamp), "ddssh...");
        assert_eq!(steps(State::Primary), "ddssdsh.");
        assert_eq!(steps(State::Halted), "........h");
        assert!(row(&binding(State::ReadRamp), Vec::new()).skipped.contains("not proven"));
        assert_eq!(row(&binding(State::Connected), Vec::new()).skipped, "");
    }

    #[test]
    fn sides_lamp_and_kill() {
        let view = row(&binding(State::ReadRamp), vec![side_at(BreakerState::Open)]);
        assert_eq!((view.remote.as_str(), view.here.as_str(), view.legacy.as_str()), ("1", "99", "0"));
        assert_eq!((view.lamp, view.lamp_words.as_str()), ("open", "Breaker open: remote:notes"));
        assert_eq!(view.sides.len(), 2);
        assert_eq!((view.sides[0].rate.as_str(), view.sides[0].p99.as_str()), ("10", "4 ms"));
        assert_eq!(view.sides[0].open, "3 in flight, 1 open stream");
        assert_eq!(view.kill, "/admin/switch/notes/view/kill");
        assert_eq!(row(&binding(State::Retired), Vec::new()).kill, "");
    }

    #[test]
    fn a_time_ramp_is_shown_as_of_now() {
        let glide = Glide { begins: Timestamp::UNIX_EPOCH, lasts: Lasts::secs(3_600) };
        let gliding =
            Binding { ranges: Ranges::all(Target::Here), glide: Some(glide), ..binding(State::ReadRamp) };
        let view = row(&gliding, Vec::new());
        assert_eq!((view.remote.as_str(), view.here.as_str()), ("50", "50"));
        assert!(view.ramp.contains("01:00 UTC (in 30 min)"), "{}", view.ramp);
        assert_eq!(view.sides[0].percent, "50 %");
        assert_eq!(gliding.ranges.share(&Target::Here), BUCKETS);
    }
}
