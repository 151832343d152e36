//! The breaker against a slow model that remembers every call and counts anew each time, and the cases that its
//! rule was made for.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::time::Duration;

use proptest::prelude::*;
use switch::{Breaker, BreakerRule, BreakerState, Ending, Lasts, NotNow};

/// Makes the jitter's factor exactly one.
const NO_JITTER: f64 = 0.5;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[derive(Debug, Clone)]
enum Step {
    Wait(u64),
    Admit,
    /// Which of the calls in flight ends, and how.
    End(usize, Ending),
    Drop(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ending = prop_oneof![
        5 => Just(Ending::Success),
        4 => Just(Ending::Failure),
        1 => Just(Ending::Pushback)
    ];
    let step = prop_oneof![
        2 => (0u64..300).prop_map(Step::Wait),
        1 => (0u64..9_000).prop_map(Step::Wait),
        8 => Just(Step::Admit),
        8 => (0usize..8, ending).prop_map(|(at, ending)| Step::End(at, ending)),
        1 => (0usize..8).prop_map(Step::Drop),
    ];
    prop::collection::vec(step, 0..400)
}

fn rules() -> impl Strategy<Value = BreakerRule> {
    (1u32..7, 1u64..20, 1u32..30, 0u32..=10, 1u32..20).prop_map(
        |(consecutive, window, min, tenths, in_flight)| BreakerRule {
            consecutive,
            window: Lasts::secs(window),
            min,
            ratio: f64::from(tenths) / 10.0,
            in_flight,
            ..BreakerRule::default()
        },
    )
}

/// Remembers everything, and forgets only what the rule says is forgotten.
struct Model {
    rule: BreakerRule,
    /// Since the breaker was last closed: when, and whether it went well.
    counted: Vec<(Duration, bool)>,
    answered: Vec<Duration>,
    in_flight: Vec<Duration>,
    /// `Some` while open: from when on one probe may go.
    closed_again_at: Option<Duration>,
    is_probing: bool,
    since: Duration,
    opened: u32,
}

impl Model {
    fn new(rule: BreakerRule) -> Self {
        Self {
            rule,
            counted: Vec::new(),
            answered: Vec::new(),
            in_flight: Vec::new(),
            closed_again_at: None,
            is_probing: false,
            since: Duration::ZERO,
            opened: 0,
        }
    }

    /// Ten buckets: the one that `now` is in, and nine whole ones before it.
    fn remembers(span: Duration, then: Duration, now: Duration) -> bool {
        let width = span.as_nanos() / 10;
        then.as_nanos() / width + 10 > now.as_nanos() / width
    }

    fn admit(&mut self, now: Duration) -> Result<(), NotNow> {
        if self.is_probing || self.closed_again_at.is_some_and(|until| now < until) {
            return Err(NotNow::Open);
        }
        if self.closed_again_at.is_some() {
            self.is_probing = true;
            self.since = now;
        } else {
            let lately = self.answered.iter().filter(|then| Self::remembers(ms(1_000), **then, now)).count();
            let cap = (2 * lately).max(5).min(self.rule.in_flight as usize);
            let in_a_row = self.counted.iter().rev().take_while(|(_, good)| !good).count();
            if self.in_flight.len() >= cap.saturating_sub(in_a_row).max(1) {
                return Err(NotNow::Busy);
            }
        }
        self.in_flight.push(now);
        Ok(())
    }

    fn end(&mut self, began: Duration, ending: Ending, now: Duration) {
        if ending == Ending::Success {
            self.answered.push(now);
        }
        if began < self.since {
            return;
        }
        if self.is_probing {
            self.is_probing = false;
            self.since = now;
            if ending == Ending::Success {
                (self.closed_again_at, self.opened) = (None, 0);
                self.counted.clear();
            } else {
                self.open(now);
            }
        } else if self.closed_again_at.is_none() {
            if ending != Ending::Pushback {
                self.counted.push((now, ending == Ending::Success));
            }
            let in_a_row = self.counted.iter().rev().take_while(|(_, good)| !good).count();
            let window: Vec<bool> = self
                .counted
                .iter()
                .filter(|(then, _)| Self::remembers(self.rule.window.get(), *then, now))
                .map(|(_, good)| *good)
                .collect();
            let good = window.iter().filter(|good| **good).count();
            #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
            let bad_ratio = (good as f64) < self.rule.ratio * window.len() as f64;
            if in_a_row >= self.rule.consecutive as usize
                || (window.len() >= self.rule.min as usize && bad_ratio)
            {
                self.open(now);
            }
        }
    }

    fn drop(&mut self, began: Duration, now: Duration) {
        if self.is_probing && began >= self.since {
            self.is_probing = false;
            self.closed_again_at = Some(now);
            self.since = now;
        }
    }

    fn open(&mut self, now: Duration) {
        let mut seconds = 1;
        for _ in 0..self.opened {
            seconds = (seconds * 2).min(60);
        }
        self.opened += 1;
        self.closed_again_at = Some(now + Duration::from_secs(seconds));
        self.since = now;
    }
}

/// Does the steps to both, and compares what can be seen after each.
fn compare(rule: BreakerRule, steps: impl IntoIterator<Item = Step>) -> Result<(), TestCaseError> {
    let (mut breaker, mut model) = (Breaker::new(rule.clone()), Model::new(rule));
    let mut now = ms(0);
    for step in steps {
        // No two things happen at one moment, as on any monotonic clock of nanoseconds.
        now += Duration::from_nanos(1);
        match step {
            Step::Wait(millis) => now += ms(millis),
            Step::Admit => prop_assert_eq!(breaker.admit(now), model.admit(now)),
            Step::End(at, ending) if at < model.in_flight.len() => {
                let began = model.in_flight.remove(at);
                breaker.ended(began, ending, now, NO_JITTER);
                model.end(began, ending, now);
            }
            Step::Drop(at) if at < model.in_flight.len() => {
                let began = model.in_flight.remove(at);
                breaker.dropped(began, now);
                model.drop(began, now);
            }
            Step::End(..) | Step::Drop(_) => {}
        }
        prop_assert_eq!(breaker.in_flight() as usize, model.in_flight.len());
        prop_assert_eq!(breaker.state(now) == BreakerState::Closed, model.closed_again_at.is_none());
    }
    Ok(())
}

/// Every sequence of seven steps out of seven, under a rule small enough that seven steps reach all of it.
#[test]
fn does_what_the_slow_model_does_in_every_short_history() {
    let steps = [
        Step::Admit,
        Step::Wait(1_000),
        Step::End(0, Ending::Success),
        Step::End(0, Ending::Failure),
        Step::End(1, Ending::Failure),
        Step::End(0, Ending::Pushback),
        Step::Drop(0),
    ];
    let rule = BreakerRule { consecutive: 2, min: 3, window: Lasts::secs(2), ..BreakerRule::default() };
    // The first step is always a call: nothing else does anything to a new breaker but let time pass.
    for history in 0..7usize.pow(6) {
        let digits = (0..6).map(|place| steps[history / 7usize.pow(place) % 7].clone());
        let history = [Step::Admit].into_iter().chain(digits);
        compare(rule.clone(), history.clone())
            .unwrap_or_else(|why| panic!("{why}: {:?}", history.collect::<Vec<_>>()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn does_what_the_slow_model_does(rule in rules(), steps in steps()) {
        compare(rule, steps)?;
    }

    #[test]
    fn never_two_probes_and_never_one_too_early(steps in steps(), jitter in 0.0f64..=1.0) {
        let mut breaker = Breaker::new(BreakerRule::default());
        let (mut now, mut in_flight, mut probe, mut opened_at) = (ms(0), Vec::new(), None, None);
        for step in steps {
            now += Duration::from_nanos(1);
            let before = breaker.state(now);
            match step {
                Step::Wait(millis) => now += ms(millis),
                Step::Admit => {
                    if breaker.admit(now).is_ok() {
                        if before != BreakerState::Closed {
                            prop_assert!(probe.is_none(), "a second probe");
                            prop_assert!(opened_at.is_none_or(|at: Duration| now >= at + ms(900)), "a probe too early");
                            probe = Some(now);
                        }
                        in_flight.push(now);
                    }
                }
                Step::End(at, _) | Step::Drop(at) if at < in_flight.len() => {
                    let began = in_flight.remove(at);
                    if probe == Some(began) {
                        probe = None;
                    }
                    match step {
                        Step::End(_, ending) => breaker.ended(began, ending, now, jitter),
                        _ => breaker.dropped(began, now),
                    }
                }
                Step::End(..) | Step::Drop(_) => {}
            }
            if breaker.state(now) == BreakerState::Open && before != BreakerState::Open {
                opened_at = Some(now);
            }
        }
    }
}

/// One call after another.
fn call(breaker: &mut Breaker, now: Duration, ending: Ending) -> Result<(), NotNow> {
    breaker.admit(now)?;
    breaker.ended(now, ending, now, NO_JITTER);
    Ok(())
}

fn opened() -> Breaker {
    let mut breaker = Breaker::new(BreakerRule::default());
    for _ in 0..5 {
        call(&mut breaker, ms(0), Ending::Failure).unwrap();
    }
    breaker
}

#[test]
fn a_dead_side_fails_five_calls_and_no_more() {
    let mut breaker = Breaker::new(BreakerRule::default());
    let failed = (0..1_000).filter(|at| call(&mut breaker, ms(*at), Ending::Failure).is_ok()).count();
    assert_eq!((failed, breaker.state(ms(900))), (5, BreakerState::Open));
}

#[test]
fn a_silent_side_holds_five_calls_and_no_more() {
    let mut breaker = Breaker::new(BreakerRule::default());
    let admitted = (0..1_000).filter(|at| breaker.admit(ms(*at)).is_ok()).count();
    assert_eq!((admitted, breaker.admit(ms(2_000))), (5, Err(NotNow::Busy)));
}

/// A flip of everybody is met by a side that has answered nothing yet: there is nobody else to ask.
#[test]
fn a_quiet_side_holds_its_share_of_the_ceiling() {
    for (share, held) in [(0, 5), (1_000, 5), (10_000, 51), (50_000, 256), (100_000, 512)] {
        let mut breaker = Breaker::new(BreakerRule::default());
        breaker.expect(share, ms(0));
        let admitted = (0..1_000).filter(|at| breaker.admit(ms(*at)).is_ok()).count();
        assert_eq!(admitted, held, "{share}");
    }
}

/// Who was sent there by the table before must still be let in.
#[test]
fn a_share_that_was_taken_away_counts_for_a_while() {
    let mut breaker = Breaker::new(BreakerRule::default());
    breaker.expect(100_000, ms(0));
    breaker.expect(50_000, ms(1));
    breaker.expect(0, ms(2));
    breaker.expect(0, ms(3));
    let mut admitted = |now| (0..1_000).filter(|_| breaker.admit(ms(now)).is_ok()).count();
    assert_eq!(admitted(10_001), 512);
    assert_eq!(admitted(10_002), 0);
}

#[test]
fn a_dead_side_fails_five_calls_however_many_ask_at_once() {
    for pace in [1, 3, 7, 50] {
        let (mut breaker, mut waiting, mut failed) = (Breaker::new(BreakerRule::default()), Vec::new(), 0);
        for now in 0..900 {
            // A call arrives every millisecond, and fails after `pace`.
            if breaker.admit(ms(now)).is_ok() {
                waiting.push(now);
            }
            waiting.retain(|began| {
                let ends = began + pace <= now;
                if ends {
                    breaker.ended(ms(*began), Ending::Failure, ms(now), NO_JITTER);
                    failed += 1;
                }
                !ends
            });
        }
        assert_eq!(failed, 5, "each fails after {pace} ms");
    }
}

#[test]
fn a_busy_healthy_side_never_meets_the_cap() {
    let mut breaker = Breaker::new(BreakerRule::default());
    // 40 ms a call, a thousand calls a second once it is warm: 40 in flight.
    let mut began = std::collections::VecDeque::new();
    let mut refused = Vec::new();
    for now in 0..5_000u64 {
        while began.front().is_some_and(|began| began + 40 <= now) {
            breaker.ended(ms(began.pop_front().unwrap()), Ending::Success, ms(now), NO_JITTER);
        }
        let wanted = if now < 1_000 { now % 20 == 0 } else { true };
        if wanted {
            match breaker.admit(ms(now)) {
                Ok(()) => began.push_back(now),
                Err(why) => refused.push((now, why)),
            }
        }
    }
    assert_eq!(refused, []);
}

#[test]
fn a_share_of_failures_opens_it_though_none_follow_each_other() {
    let mut breaker = Breaker::new(BreakerRule::default());
    // Two of three succeed: below 0.7, told at the twentieth call.
    let endings = [Ending::Failure, Ending::Success, Ending::Success];
    let let_through =
        (0..100).take_while(|at| call(&mut breaker, ms(*at as u64), endings[at % 3]).is_ok()).count();
    assert_eq!(let_through, 20);
    // Three of four succeed: that is above.
    let mut breaker = Breaker::new(BreakerRule::default());
    for at in 0..1_000 {
        let ending = if at % 4 == 0 { Ending::Failure } else { Ending::Success };
        call(&mut breaker, ms(at), ending).unwrap();
    }
}

#[test]
fn a_burst_of_failures_shows_though_all_went_well_before() {
    let mut breaker = Breaker::new(BreakerRule::default());
    for at in 0..9_000 {
        call(&mut breaker, ms(at), Ending::Success).unwrap();
    }
    let failed = (9_000..9_100).filter(|at| call(&mut breaker, ms(*at), Ending::Failure).is_ok()).count();
    assert_eq!(failed, 5);
}

#[test]
fn it_stays_open_twice_as_long_each_time_up_to_a_minute() {
    let (mut breaker, mut now) = (opened(), ms(0));
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
        let until = now + Duration::from_secs(seconds);
        assert_eq!(
            breaker.admit(now + Duration::from_millis(seconds * 1_000 - 1)),
            Err(NotNow::Open),
            "{seconds} s"
        );
        assert_eq!(breaker.state(until), BreakerState::HalfOpen);
        call(&mut breaker, until, Ending::Failure).unwrap();
        now = until;
    }
    let at = now + ms(60_000);
    call(&mut breaker, at, Ending::Success).unwrap();
    assert_eq!(breaker.state(at), BreakerState::Closed);
    for _ in 0..5 {
        call(&mut breaker, at, Ending::Failure).unwrap();
    }
    assert_eq!(breaker.state(at + ms(1_000)), BreakerState::HalfOpen, "a second again, as at first");
}

#[test]
fn jitter_moves_the_next_try_by_a_tenth() {
    for (jitter, millis) in [(0.0, 900), (0.5, 1_000), (1.0, 1_100)] {
        let mut breaker = Breaker::new(BreakerRule { consecutive: 1, ..BreakerRule::default() });
        breaker.admit(ms(0)).unwrap();
        breaker.ended(ms(0), Ending::Failure, ms(0), jitter);
        assert_eq!(breaker.admit(ms(millis - 1)), Err(NotNow::Open));
        assert_eq!(breaker.admit(ms(millis + 1)), Ok(()));
    }
}

#[test]
fn not_now_fails_a_probe_and_says_nothing_else() {
    let mut breaker = Breaker::new(BreakerRule::default());
    for at in 0..1_000 {
        call(&mut breaker, ms(at), Ending::Pushback).unwrap();
    }
    let mut breaker = opened();
    call(&mut breaker, ms(1_000), Ending::Pushback).unwrap();
    assert_eq!(breaker.state(ms(2_999)), BreakerState::Open);
}

#[test]
fn stragglers_neither_close_it_nor_pass_for_the_probe() {
    let mut breaker = Breaker::new(BreakerRule { consecutive: 3, ..BreakerRule::default() });
    breaker.admit(ms(0)).unwrap();
    for _ in 0..3 {
        call(&mut breaker, ms(1), Ending::Failure).unwrap();
    }
    breaker.admit(ms(1_001)).unwrap();
    breaker.ended(ms(0), Ending::Success, ms(1_002), NO_JITTER);
    assert_eq!(breaker.state(ms(1_002)), BreakerState::HalfOpen);
    assert_eq!(breaker.admit(ms(1_003)), Err(NotNow::Open), "the probe is still out");
    breaker.dropped(ms(1_001), ms(1_004));
    assert_eq!(breaker.admit(ms(1_005)), Ok(()), "a dropped probe makes room for another");
}

#[test]
fn another_rule_is_obeyed_and_what_is_open_stays_open() {
    let mut breaker = opened();
    breaker.obey(&BreakerRule { in_flight: 2, ..BreakerRule::default() });
    assert_eq!(breaker.state(ms(1)), BreakerState::Open);
    call(&mut breaker, ms(1_000), Ending::Success).unwrap();
    let admitted = (0..10).filter(|_| breaker.admit(ms(1_001)).is_ok()).count();
    assert_eq!(admitted, 2);
}
