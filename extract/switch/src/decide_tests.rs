//! The laws of a decision: it is the same wherever it is asked, it moves only who it must, and exceptions end.

use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, FixedClock, Role};
use proptest::prelude::*;

use super::*;
use crate::{BUCKETS, Glide, Hop, Lasts, Pattern, Ranges, Route, Rule, State, When};

fn remote() -> Target {
    Target::Remote("notes".into())
}

fn share(buckets: u32) -> Binding {
    let shares = [(remote(), buckets), (Target::Here, BUCKETS - buckets)].into();
    Binding {
        ranges: Ranges::new(shares).unwrap(),
        hop: Hop { from: Target::Here, to: remote() },
        state: State::ReadRamp,
        ..Binding::here()
    }
}

fn switch(binding: Binding) -> Switch {
    switch_at(binding, FixedClock::at(Timestamp::UNIX_EPOCH))
}

fn switch_at(binding: Binding, clock: Arc<FixedClock>) -> Switch {
    Switch::new(Table::here(&["booking"]).with("notes", binding), clock)
}

fn asks(subject: &str) -> Ctx {
    Ctx { subject: subject.into(), ..Ctx::new(Actor::Anonymous, "r") }
}

/// A request with one header, one cookie and a path.
struct Request;

impl Seen for Request {
    fn path(&self) -> &'static str {
        "/notes/7"
    }
    fn has_header(&self, name: &str, value: Option<&str>) -> bool {
        name.eq_ignore_ascii_case("X-Beta") && value.is_none_or(|value| value == "1")
    }
    fn has_cookie(&self, name: &str, value: Option<&str>) -> bool {
        name == "beta" && value.is_none_or(|value| value == "yes")
    }
}

proptest! {
    #[test]
    fn raising_a_share_moves_nobody_off_the_growing_side(subject in "[a-z0-9]{1,20}", a in 0u32..=BUCKETS, b in 0u32..=BUCKETS) {
        let at = |buckets| switch(share(buckets)).explain("notes", &asks(&subject)).unwrap().target;
        prop_assert!(at(a.min(b)) == Target::Here || at(a.max(b)) != Target::Here);
    }

    #[test]
    fn call_pin_and_explanation_agree(subject in "\\PC{0,20}", buckets in 0u32..=BUCKETS) {
        static OP: Op = Op { module: "notes", name: "list", kind: Kind::Query };
        let (switch, ctx) = (switch(share(buckets)), asks(&subject));
        let explained = switch.explain("notes", &ctx).unwrap().target;
        prop_assert_eq!(&switch.decide(&ctx, &OP), &explained);
        let pin = switch.pin(&ctx, &Unseen);
        prop_assert_eq!(pin.target("notes", Kind::Query), Some(&explained));
        prop_assert_eq!(pin.target("notes", Kind::Feed), Some(&Target::Here));
        prop_assert_eq!(switch.pin(&ctx, &Unseen), pin);
    }

    /// A time ramp is the same share that a hand would have set at that moment, on either side of `here`.
    #[test]
    fn a_time_ramp_is_the_share_of_its_moment(subject in "[a-z0-9]{1,12}", second in 0i64..=100, is_legacy in any::<bool>()) {
        let to = if is_legacy { Target::Legacy("res".into()) } else { remote() };
        let hop = Hop { from: Target::Here, to: to.clone() };
        let glide = Some(Glide { begins: Timestamp::UNIX_EPOCH, lasts: Lasts::secs(100) });
        let gliding = Binding { hop: hop.clone(), glide, ..Binding::here() };
        let clock = FixedClock::at(Timestamp::from_second(second).unwrap());
        let set = Binding { ranges: gliding.ranges_at(clock.now()), hop, ..Binding::here() };
        prop_assert_eq!(i64::from(set.ranges.share(&to)), second * 1_000);
        let at = |binding| switch_at(binding, clock.clone()).explain("notes", &asks(&subject)).unwrap().target;
        prop_assert_eq!(at(gliding), at(set));
    }
}

#[test]
fn shares_hold_within_three_sigma_and_people_stay() {
    for buckets in [100, 1_000, 5_000, 25_000, 50_000, 90_000] {
        let (first, again) = (switch(share(buckets)), switch(share(buckets)));
        let n = 20_000u32;
        let moved = (0..n).filter(|n| {
            let ctx = asks(&format!("s-{n}"));
            let target = first.explain("notes", &ctx).unwrap().target;
            assert_eq!(again.explain("notes", &ctx).unwrap().target, target, "the same in another process");
            target == remote()
        });
        let (p, moved) =
            (f64::from(buckets) / f64::from(BUCKETS), f64::from(u32::try_from(moved.count()).unwrap()));
        let sigma = (f64::from(n) * p * (1.0 - p)).sqrt();
        assert!((moved - f64::from(n) * p).abs() <= 3.0 * sigma, "{buckets}: {moved}");
    }
}

#[test]
fn rules_come_first_and_expire() {
    let clock = FixedClock::at(Timestamp::UNIX_EPOCH);
    let rule = |when| Rule { when, target: remote(), until: clock.now() + SignedDuration::from_hours(1) };
    let pair = |text: &str| text.to_owned().try_into().unwrap();
    for (when, holds) in [
        (When::Role(Role::Migrator), true),
        (When::Role(Role::Agent), false),
        (When::Person("m".into()), true),
        (When::Person("n".into()), false),
        (When::Header(pair("x-beta: 1")), true),
        (When::Header(pair("X-Beta: 2")), false),
        (When::Header(pair("X-Beta")), true),
        (When::Cookie(pair("beta=yes")), true),
        (When::Cookie(pair("beta=no")), false),
        (When::Path("/notes".into()), true),
        (When::Path("/note".into()), false),
    ] {
        let words = when.to_string();
        let switch = switch_at(Binding { rules: vec![rule(when)], ..Binding::here() }, clock.clone());
        let ctx = asks("m").acting_as(Actor::Machine { name: "m".into(), role: Role::Migrator });
        let explained = switch.look().explain("notes", &ctx, &Request, Kind::Query).unwrap();
        assert_eq!(explained.rule, holds.then_some(0), "{words}");
        assert_eq!(explained.why.contains(&words), holds, "{}", explained.why);
        assert_eq!(switch.pin(&ctx, &Request).target("notes", Kind::Command), Some(&explained.target));
    }
    let switch = switch_at(
        Binding { rules: vec![rule(When::Path("/notes".into()))], ..Binding::here() },
        clock.clone(),
    );
    clock.advance(SignedDuration::from_hours(2));
    assert_eq!(
        switch.look().explain("notes", &asks("m"), &Request, Kind::Query).unwrap().target,
        Target::Here
    );
}

#[test]
fn an_override_shows_a_side_and_lets_no_command_through() {
    let clock = FixedClock::at(Timestamp::UNIX_EPOCH);
    let over = Override {
        id: "o-1".into(),
        subject: "m".into(),
        module: "notes".into(),
        target: remote(),
        until: clock.now() + SignedDuration::from_hours(1),
        by: "person/m".into(),
    };
    let table = Table::here(&["notes"]).with("notes", share(0)).with_override(over, clock.now());
    let switch = Switch::new(table, clock.clone());
    let pin = switch.pin(&asks("m"), &Unseen);
    assert_eq!(pin.target("notes", Kind::Query), Some(&remote()));
    assert_eq!(pin.target("notes", Kind::Command), Some(&Target::Here));
    assert_eq!(switch.explain("notes", &asks("m")).unwrap().over.as_deref(), Some("o-1"));
    assert_eq!(switch.explain("notes", &asks("n")).unwrap().target, Target::Here);
    assert!(switch.put(switch.table().killed(None, clock.now())));
    assert_eq!(switch.explain("notes", &asks("m")).unwrap().target, Target::Here);
}

#[test]
fn routes_of_groups_and_of_modules() {
    let route = |text: &str, kind| Route {
        pattern: Pattern::try_from(text.to_owned()).unwrap(),
        kind,
        key: None,
        upgrade: false,
    };
    let routes =
        vec![route("GET /notes/{id}", RouteKind::Query), route("POST /notes/{id}", RouteKind::Unkeyed)];
    let legacy = Target::Legacy("res".into());
    let ranges =
        |target: &Target, n| Ranges::new([(target.clone(), n), (Target::Here, BUCKETS - n)].into()).unwrap();
    let group = |to: &Target, n| Binding {
        ranges: ranges(to, n),
        hop: Hop { from: Target::Here, to: to.clone() },
        state: State::ReadRamp,
        routes: routes.clone(),
        ..Binding::here()
    };
    let asked = |name: &str, binding: Binding| {
        let table = Table::here(&["notes"]).with(name, binding);
        let switch = Switch::new(table, FixedClock::at(Timestamp::UNIX_EPOCH));
        let found = switch.look().route(&asks("a"), &Unseen, "GET", "/notes/7").unwrap();
        let post = switch.look().route(&asks("a"), &Unseen, "POST", "/notes/7").unwrap();
        assert_eq!((&found.target, post.fallback), (&post.target, None));
        assert_eq!(switch.look().route(&asks("a"), &Unseen, "GET", "/trips"), None);
        (found.target, found.fallback, switch.pin(&asks("a"), &Unseen).target("notes", Kind::Query).cloned())
    };
    assert_eq!(asked("notes/view", group(&remote(), BUCKETS)), (remote(), None, Some(Target::Here)));
    assert_eq!(asked("notes", group(&remote(), BUCKETS)), (Target::Here, None, Some(remote())));
    assert_eq!(asked("notes", group(&legacy, BUCKETS)), (legacy.clone(), None, Some(Target::Here)));
    let (target, fallback, _) = asked("notes/view", group(&legacy, 1));
    assert_eq!((target, fallback), (Target::Here, Some(legacy)));
}

#[test]
fn a_query_falls_back_while_both_sides_hold_a_share() {
    static OP: Op = Op { module: "notes", name: "list", kind: Kind::Query };
    let to = |binding| switch(binding).fallback(&OP, &remote()).map(|f| f.to);
    assert_eq!(to(share(1_000)), Some(Target::Here));
    assert_eq!(to(share(BUCKETS)), None);
    let mut asked_for = share(BUCKETS);
    asked_for.breaker.fallback = Some(Target::Here);
    assert_eq!(to(asked_for), Some(Target::Here));
}

#[test]
fn an_older_table_never_replaces_a_newer_one() {
    let switch = switch(share(5_000));
    let look = switch.look();
    let newer = switch.table().killed(None, Timestamp::UNIX_EPOCH);
    assert!(switch.put(newer.clone()));
    assert!(!switch.put(Table::here(&["notes"])));
    assert_eq!(*switch.table(), newer);
    assert_eq!(switch.explain("notes", &asks("a")).unwrap().target, Target::Here);
    assert_eq!((look.epoch(), switch.look().epoch()), (1, 2), "a look stays as it was");
}
