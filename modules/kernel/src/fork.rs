//! The place where a call turns: here, or to one of the named far sides. One generic `run` holds all policy,
//! so that no macro text ever does.

use std::{collections::BTreeMap, future::Future, pin::Pin as Boxed, sync::Arc};

use crate::{
    Ctx, Decide, Fallback, Fault, InterfaceError, Kind, Op, Outcome, Target, Unwatched, Watch, watch::Watched,
};

type Answer<'a, A, E> = Boxed<Box<dyn Future<Output = Result<A, E>> + Send + 'a>>;

/// An interface with several sides. `I` is a `dyn Trait` made by `interface!`.
pub struct Fork<I: ?Sized> {
    here: Option<Arc<I>>,
    there: BTreeMap<Arc<str>, Arc<I>>,
    decide: Arc<dyn Decide>,
    watch: Arc<dyn Watch>,
}

impl<I: ?Sized> Fork<I> {
    /// `here` is absent in a process that was started without the module.
    pub fn new(decide: Arc<dyn Decide>, here: Option<Arc<I>>) -> Self {
        Self { here, there: BTreeMap::new(), decide, watch: Arc::new(Unwatched) }
    }

    /// Adds the side that `remote:NAME` (or `legacy:NAME`, where that speaks our protocol) means.
    #[must_use]
    pub fn with(mut self, name: impl Into<Arc<str>>, side: Arc<I>) -> Self {
        self.there.insert(name.into(), side);
        self
    }

    /// Puts breakers and measures beside every call.
    #[must_use]
    pub fn watched(mut self, watch: Arc<dyn Watch>) -> Self {
        self.watch = watch;
        self
    }

    /// One call: the pin decides, else the table; then the chosen side answers. A query that gets no answer may be
    /// asked once more, of the other side of its hop; a command never is.
    pub async fn run<Q, A, E, F>(&self, ctx: &Ctx, op: &'static Op, question: Q, ask: F) -> Result<A, E>
    where
        Q: Clone,
        E: InterfaceError,
        F: for<'b> Fn(&'b I, &'b Ctx, Q) -> Answer<'b, A, E>,
    {
        if ctx.deadline.has_passed() {
            return Err(Fault::TimedOut(format!("no time left for {}.{}", op.module, op.name)).into());
        }
        let decided;
        let pinned = ctx.pin.as_ref().and_then(|pin| pin.target(op.module, op.kind));
        let target = if let Some(pinned) = pinned {
            pinned
        } else {
            decided = self.decide.decide(ctx, op);
            &decided
        };
        let other = match op.kind {
            Kind::Query => self.decide.fallback(op, target),
            Kind::Command | Kind::Feed => None,
        };
        let Some(Fallback { to, wait }) = other else {
            return self.attempt(ctx, op, target, question, &ask).await;
        };
        let first = if *target == Target::Here {
            self.attempt(ctx, op, target, question.clone(), &ask).await
        } else {
            let hurried = ctx.clone().with_time(wait.min(ctx.deadline.left() / 2));
            self.attempt(&hurried, op, target, question.clone(), &ask).await
        };
        if Outcome::of_answer(&first) == Outcome::Answered {
            return first;
        }
        self.watch.fell_back(op, target, &to);
        let second = self.attempt(ctx, op, &to, question, &ask).await;
        // Where neither side answers, the first one's fault says more.
        if Outcome::of_answer(&second) == Outcome::Answered { second } else { first }
    }

    async fn attempt<Q, A, E, F>(
        &self,
        ctx: &Ctx,
        op: &'static Op,
        target: &Target,
        question: Q,
        ask: &F,
    ) -> Result<A, E>
    where
        E: InterfaceError,
        F: for<'b> Fn(&'b I, &'b Ctx, Q) -> Answer<'b, A, E>,
    {
        let side = self.side(target).ok_or_else(|| missing::<E>(op, target))?;
        let watched = Watched::admit(&*self.watch, op, target)?;
        let answer = ask(side, ctx, question).await;
        watched.done(Outcome::of_answer(&answer));
        answer
    }

    fn side(&self, target: &Target) -> Option<&I> {
        match target {
            Target::Here => self.here.as_deref(),
            Target::Remote(name) | Target::Legacy(name) => self.there.get(name).map(AsRef::as_ref),
        }
    }
}

fn missing<E: InterfaceError>(op: &Op, target: &Target) -> E {
    Fault::Unavailable(format!("{} is not at `{target}` in this process", op.module)).into()
}
