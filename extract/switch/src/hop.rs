//! How a hop goes forward, stays, and goes back: pure steps from one binding to the next, with the guards that may
//! refuse them. Nothing is proven yet by a judge, so forward is by a person's hand; back is always open.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use kernel::Target;
use serde::Serialize;

use crate::{Approve, BUCKETS, Binding, Glide, Percent, Ramp, Ranges, State, ramp::left_of};

/// Where somebody wants a hop to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// The next step of the plan.
    Next,
    /// Stay at this share: a time ramp stops, and the hold counts anew.
    Hold,
    /// Everybody back to `from`.
    Back,
    State(State),
}

impl FromStr for To {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "next" => Ok(Self::Next),
            "hold" => Ok(Self::Hold),
            "back" => Ok(Self::Back),
            state => state.parse().map(Self::State).map_err(|_| {
                let states = State::ALL.map(State::as_str).join(", ");
                format!("`{state}` is nowhere to go: write next, hold, back, or a state ({states})")
            }),
        }
    }
}

impl fmt::Display for To {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Next => "next",
            Self::Hold => "hold",
            Self::Back => "back",
            Self::State(state) => state.as_str(),
        })
    }
}

/// What the guards look at beside the binding.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    pub now: Timestamp,
    /// Whether the breaker of the hop's `to` lets calls through in this process.
    pub breaker_closed: bool,
    pub reason: &'a str,
}

/// A guard that refused, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    pub guard: &'static str,
    pub why: String,
}

impl Refused {
    fn new(guard: &'static str, why: impl Into<String>) -> Self {
        Self { guard, why: why.into() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.guard, self.why)
    }
}

impl Binding {
    /// The binding after a transition, or every guard that refuses it.
    pub fn transition(&self, to: To, standing: Standing<'_>) -> Result<Self, Vec<Refused>> {
        match to {
            To::Back | To::State(State::Connected) => self.back(standing.now),
            To::Hold => self.hold(standing.now),
            To::Next => self.forward(standing, self.next_share(standing.now)),
            To::State(State::Halted) => self.killed(standing.now),
            To::State(State::ReadRamp) if self.state < State::ReadRamp => {
                self.forward(standing, self.next_share(standing.now))
            }
            To::State(State::Primary) if self.state == State::ReadRamp => {
                self.forward(standing, Forward::All)
            }
            To::State(State::Retired) if self.state == State::Primary => {
                self.forward(standing, Forward::State(State::Retired))
            }
            To::State(state @ (State::Shadow | State::Synced | State::WriteCutover)) => {
                Err(vec![Refused::new(
                    "state",
                    format!(
                        "{} cannot be entered: shadow, data handover and leases are not there yet, so it is skipped and not proven",
                        state.as_str()
                    ),
                )])
            }
            To::State(state) => Err(vec![Refused::new(
                "state",
                format!("{} does not follow from {}", state.as_str(), self.state.as_str()),
            )]),
        }
    }

    /// Everybody of the hop back at its `from`, and no exceptions that lead to its `to`. A third range stays.
    pub fn back(&self, now: Timestamp) -> Result<Self, Vec<Refused>> {
        if self.state == State::Retired {
            return Err(vec![no_way_back()]);
        }
        let ranges = self.ranges.shifted(&self.hop.to, &self.hop.from, BUCKETS);
        let state = if self.is_hopping() { State::Connected } else { State::Bounded };
        Ok(self.at(ranges, state, now).without_exceptions())
    }

    /// Everything at the hop's `from`, and frozen there.
    pub fn killed(&self, now: Timestamp) -> Result<Self, Vec<Refused>> {
        if self.state == State::Retired {
            return Err(vec![no_way_back()]);
        }
        let ranges = Ranges::all(self.hop.from.clone());
        Ok(Self { rules: Vec::new(), ..self.at(ranges, State::Halted, now) })
    }

    /// How many people must agree to this binding becoming `after`: 1 is its author alone.
    pub fn people_for(&self, after: &Self) -> u32 {
        let retires = after.state == State::Retired && self.state != State::Retired;
        let moves_on = after.state != State::Halted && self.is_forward(after);
        let asks = |approve: &&Approve| moves_on && after.state >= approve.from_state;
        // Nobody takes the second pair of eyes away alone.
        let own = self.approve.as_ref().filter(|own| asks(own) || after.approve != self.approve);
        let new = after.approve.as_ref().filter(asks);
        let asked = own.into_iter().chain(new).map(|approve| approve.people).max();
        asked.unwrap_or(1).max(if retires { 2 } else { 1 })
    }

    fn is_forward(&self, after: &Self) -> bool {
        after.state > self.state
            || after.hop != self.hop
            || after.ranges.share(&after.hop.to) > self.ranges.share(&after.hop.to)
            || (after.glide.is_some() && after.glide != self.glide)
            || after.rules.iter().any(|rule| !self.rules.contains(rule))
    }

    fn hold(&self, now: Timestamp) -> Result<Self, Vec<Refused>> {
        if matches!(self.state, State::Retired | State::Halted) {
            return Err(vec![Refused::new("state", format!("{} holds already", self.state.as_str()))]);
        }
        Ok(self.at(self.ranges_at(now), self.state, now))
    }

    fn next_share(&self, now: Timestamp) -> Forward {
        let ranges = self.ranges_at(now);
        let (to, from) = (ranges.share(&self.hop.to), ranges.share(&self.hop.from));
        if self.state == State::Primary {
            return Forward::State(State::Retired);
        }
        if from == 0 {
            return Forward::State(State::Primary);
        }
        let ramp = self.ramp.clone().unwrap_or_default();
        match (ramp.over, ramp.next_above(to)) {
            (Some(_), _) => Forward::Glide,
            (None, Some(share)) => Forward::Share(share),
            (None, None) => Forward::AllShares,
        }
    }

    fn forward(&self, standing: Standing<'_>, forward: Forward) -> Result<Self, Vec<Refused>> {
        let refused = self.guards(standing);
        if !refused.is_empty() {
            return Err(refused);
        }
        let now = standing.now;
        let here = self.ranges_at(now);
        let has = here.share(&self.hop.to);
        let shifted = |share: u32| here.shifted(&self.hop.from, &self.hop.to, share.saturating_sub(has));
        Ok(match forward {
            Forward::Share(share) => self.at(shifted(share), State::ReadRamp, now),
            Forward::AllShares => self.at(shifted(BUCKETS), State::ReadRamp, now),
            Forward::All => self.at(shifted(BUCKETS), State::Primary, now),
            Forward::State(state) => self.at(here, state, now),
            Forward::Glide => {
                let lasts = self.ramp.as_ref().and_then(|ramp| ramp.over).unwrap_or(crate::Lasts::secs(1));
                Self { glide: Some(Glide { begins: now, lasts }), ..self.at(here, State::ReadRamp, now) }
            }
        })
    }

    fn guards(&self, Standing { now, breaker_closed, reason }: Standing<'_>) -> Vec<Refused> {
        let mut refused = Vec::new();
        match self.state {
            State::Halted => refused.push(Refused::new("state", "the hop is halted; `back` frees it")),
            State::Retired => refused.push(Refused::new("state", "the hop is over")),
            _ if !self.is_hopping() => {
                refused.push(Refused::new("state", "there is no hop: plan one, or apply a table with one"));
            }
            _ => {}
        }
        if reason.trim().is_empty() {
            refused.push(Refused::new("reason", "going forward needs a reason, for the audit"));
        }
        let default = Ramp::default();
        let ramp = self.ramp.as_ref().unwrap_or(&default);
        if self.state >= State::ReadRamp
            && let Some(left) = left_of(ramp.hold, self.since, now)
        {
            let left = jiff::SignedDuration::from_secs(left.as_secs().max(1));
            refused.push(Refused::new("hold", format!("this step has to stand for another {left:#}")));
        }
        if let Some(freeze) = ramp.freeze.iter().find(|freeze| freeze.holds(now)) {
            refused.push(Refused::new("window", format!("nothing moves forward during {freeze} (UTC)")));
        }
        if self.glide.is_some_and(|glide| glide.begins <= now && now < glide.ends()) {
            refused.push(Refused::new("ramp", "a time ramp is under way; `hold` stops it"));
        }
        if !breaker_closed {
            refused.push(Refused::new("breaker", format!("the breaker of {} is open", self.hop.to)));
        }
        refused
    }

    fn at(&self, ranges: Ranges, state: State, now: Timestamp) -> Self {
        Self { ranges, state, glide: None, since: Some(now), ..self.clone() }
    }

    fn without_exceptions(mut self) -> Self {
        self.rules.retain(|rule| rule.target != self.hop.to);
        self
    }

    /// The shares of `to` that a plan goes through from here on, in percent.
    pub fn steps_ahead(&self, now: Timestamp) -> Vec<Percent> {
        let share = self.ranges_at(now).share(&self.hop.to);
        self.ramp.iter().flat_map(|ramp| &ramp.steps).copied().filter(|step| step.0 > share).collect()
    }

    /// The other side of the hop, if it still holds a share: where a query may go that got no answer.
    pub(crate) fn other_side(&self, target: &Target) -> Option<&Target> {
        if self.breaker.fallback.is_some() {
            return self.breaker.fallback.as_ref().filter(|other| *other != target);
        }
        let other = match target {
            _ if !self.is_hopping() || self.state == State::Retired => return None,
            _ if *target == self.hop.to => &self.hop.from,
            _ if *target == self.hop.from => &self.hop.to,
            _ => return None,
        };
        (self.ranges.share(other) > 0).then_some(other)
    }
}

#[derive(Debug, Clone, Copy)]
enum Forward {
    Share(u32),
    /// Every share, and still in the ramp.
    AllShares,
    /// Every share, and PRIMARY.
    All,
    State(State),
    Glide,
}

fn no_way_back() -> Refused {
    Refused::new("retired", "the hop is over: there is no `from` to go back to")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Hop, Lasts};

    fn hop() -> Binding {
        let to = Target::Remote("notes".into());
        let steps = [1_000, 50_000, BUCKETS].map(Percent).to_vec();
        let ramp = Ramp { steps, hold: Lasts::secs(60), ..Ramp::default() };
        Binding {
            hop: Hop { from: Target::Here, to },
            state: State::Connected,
            ramp: Some(ramp),
            ..Binding::here()
        }
    }

    fn at(second: i64) -> Standing<'static> {
        Standing { now: Timestamp::from_second(second).unwrap(), breaker_closed: true, reason: "on" }
    }

    fn guards(refused: Result<Binding, Vec<Refused>>) -> Vec<&'static str> {
        refused.unwrap_err().into_iter().map(|refused| refused.guard).collect()
    }

    #[test]
    fn step_by_step_to_the_end_and_no_way_back() {
        let mut binding = hop();
        let to = binding.hop.to.clone();
        let mut shown = Vec::new();
        for step in 1..=5 {
            assert_eq!(binding.people_for(&binding), 1);
            let next = binding.transition(To::Next, at(step * 60)).unwrap();
            assert_eq!(binding.people_for(&next), if next.state == State::Retired { 2 } else { 1 });
            shown.push((next.ranges.share(&to), next.state));
            binding = next;
        }
        assert_eq!(
            shown,
            [
                (1_000, State::ReadRamp),
                (50_000, State::ReadRamp),
                (BUCKETS, State::ReadRamp),
                (BUCKETS, State::Primary),
                (BUCKETS, State::Retired)
            ]
        );
        assert_eq!(guards(binding.back(at(0).now)), ["retired"]);
        assert_eq!(guards(binding.killed(at(0).now)), ["retired"]);
    }

    #[test]
    fn every_guard_speaks() {
        let ramping = hop().transition(To::Next, at(0)).unwrap();
        assert_eq!(guards(ramping.transition(To::Next, at(59))), ["hold"]);
        let bad = Standing { breaker_closed: false, reason: " ", ..at(59) };
        assert_eq!(guards(ramping.transition(To::Next, bad)), ["reason", "hold", "breaker"]);
        assert_eq!(guards(Binding::here().transition(To::Next, at(0))), ["state"]);
        let killed = ramping.killed(at(0).now).unwrap();
        assert_eq!(guards(killed.transition(To::Next, at(900))), ["state"]);
        let freed = killed.transition(To::Back, at(900)).unwrap();
        assert_eq!((freed.state, freed.ranges.share(&Target::Here)), (State::Connected, BUCKETS));
        assert_eq!(guards(hop().transition(To::State(State::Shadow), at(0))), ["state"]);
    }

    #[test]
    fn back_leaves_a_third_range_alone() {
        let (remote, legacy) = (Target::Remote("notes".into()), Target::Legacy("old".into()));
        let shares = [(remote.clone(), 5_000), (Target::Here, 75_000), (legacy.clone(), 20_000)].into();
        let binding = Binding { ranges: Ranges::new(shares).unwrap(), state: State::ReadRamp, ..hop() };
        let back = binding.back(at(0).now).unwrap();
        assert_eq!(back.ranges.share(&legacy), 20_000);
        assert_eq!(back.ranges.share(&remote), 0);
    }

    #[test]
    fn a_time_ramp_runs_holds_and_goes_on() {
        let ramp = Ramp { over: Some(Lasts::secs(100)), ..Ramp::default() };
        let binding = Binding { ramp: Some(ramp), ..hop() }.transition(To::Next, at(0)).unwrap();
        let share = |binding: &Binding, second| binding.ranges_at(at(second).now).share(&binding.hop.to);
        assert_eq!([0, 25, 100, 500].map(|s| share(&binding, s)), [0, 25_000, BUCKETS, BUCKETS]);
        assert_eq!(guards(binding.transition(To::Next, at(25))), ["ramp"]);
        let held = binding.transition(To::Hold, at(25)).unwrap();
        assert_eq!([25, 100].map(|s| share(&held, s)), [25_000, 25_000]);
        let on = held.transition(To::Next, at(200)).unwrap();
        assert_eq!([200, 250, 300].map(|s| share(&on, s)), [25_000, 62_500, BUCKETS]);
        assert_eq!(on.back(at(250).now).unwrap().ranges.share(&Target::Here), BUCKETS);
    }

    #[test]
    fn approvals_are_for_going_on_only() {
        let approve = Some(Approve { from_state: State::ReadRamp, people: 2 });
        let binding = Binding { approve, ..hop() };
        let next = binding.transition(To::Next, at(0)).unwrap();
        assert_eq!(binding.people_for(&next), 2);
        assert_eq!(next.people_for(&next.back(at(1).now).unwrap()), 1);
        assert_eq!(next.people_for(&next.killed(at(1).now).unwrap()), 1);
        assert_eq!(next.people_for(&next.transition(To::Hold, at(1)).unwrap()), 1);
        assert_eq!(binding.people_for(&Binding { approve: None, ..binding.clone() }), 2);
    }
}
