//! The place where a call turns: here, or to one of the named far sides. One generic `run` holds all policy,
//! so that no macro text ever does.

use std::{collections::BTreeMap, future::Future, pin::Pin as Boxed, sync::Arc};

use crate::{Ctx, Decide, Fault, InterfaceError, Op, Target};

type Answer<'a, A, E> = Boxed<Box<dyn Future<Output = Result<A, E>> + Send + 'a>>;

/// An interface with several sides. `I` is a `dyn Trait` made by `interface!`.
pub struct Fork<I: ?Sized> {
    here: Option<Arc<I>>,
    there: BTreeMap<Arc<str>, Arc<I>>,
    decide: Arc<dyn Decide>,
}

impl<I: ?Sized> Fork<I> {
    /// `here` is absent in a process that was started without the module.
    pub fn new(decide: Arc<dyn Decide>, here: Option<Arc<I>>) -> Self {
        Self { here, there: BTreeMap::new(), decide }
    }

    /// Adds the side that `remote:NAME` (or `legacy:NAME`, where that speaks our protocol) means.
    #[must_use]
    pub fn with(mut self, name: impl Into<Arc<str>>, side: Arc<I>) -> Self {
        self.there.insert(name.into(), side);
        self
    }

    /// One call: the pin decides, else the table; then the chosen side answers.
    pub async fn run<'a, Q, A, E, F>(
        &'a self,
        ctx: &'a Ctx,
        op: &'static Op,
        question: Q,
        ask: F,
    ) -> Result<A, E>
    where
        E: InterfaceError,
        F: FnOnce(&'a I, &'a Ctx, Q) -> Answer<'a, A, E>,
    {
        if ctx.deadline.has_passed() {
            return Err(Fault::TimedOut(format!("no time left for {}.{}", op.module, op.name)).into());
        }
        let side = match ctx.pin.as_ref().and_then(|pin| pin.target(op.module, op.kind)) {
            Some(target) => self.side(target),
            None => self.side(&self.decide.decide(ctx, op)),
        };
        ask(side.map_err(|target| missing::<E>(op, &target))?, ctx, question).await
    }

    fn side(&self, target: &Target) -> Result<&I, Target> {
        match target {
            Target::Here => self.here.as_deref(),
            Target::Remote(name) | Target::Legacy(name) => self.there.get(name).map(AsRef::as_ref),
        }
        .ok_or_else(|| target.clone())
    }
}

fn missing<E: InterfaceError>(op: &Op, target: &Target) -> E {
    Fault::Unavailable(format!("{} is not at `{target}` in this process", op.module)).into()
}
