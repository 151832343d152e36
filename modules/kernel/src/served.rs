//! The far end of a call: interfaces by module and operation, whatever carried the bytes here.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Ctx, Fault, InterfaceError, Op};

/// An interface that can be called by the name of an operation.
#[async_trait]
pub trait Dispatch: Send + Sync {
    fn ops(&self) -> &'static [Op];
    /// `question` and the answer are JSON; the answer is a serialised `Result`, so a domain error is `Ok` here.
    async fn dispatch(&self, ctx: &Ctx, op: &str, question: &[u8]) -> Result<Vec<u8>, Fault>;
}

/// Lets `Arc<dyn Notes>` be an `Arc<dyn Dispatch>`: one trait object cannot become another by itself.
struct Shared<I: ?Sized>(Arc<I>);

#[async_trait]
impl<I: Dispatch + ?Sized> Dispatch for Shared<I> {
    fn ops(&self) -> &'static [Op] {
        self.0.ops()
    }

    async fn dispatch(&self, ctx: &Ctx, op: &str, question: &[u8]) -> Result<Vec<u8>, Fault> {
        self.0.dispatch(ctx, op, question).await
    }
}

/// One call as it travels: who asks, under which decision, and the question.
#[derive(Debug, Serialize, Deserialize)]
pub struct WireCall<Q> {
    pub ctx: Ctx,
    pub question: Q,
}

/// The interfaces that this process offers to others.
#[derive(Clone, Default)]
pub struct Served {
    by_op: BTreeMap<(&'static str, &'static str), Arc<dyn Dispatch>>,
}

impl Served {
    /// Adds every operation of one interface. Two interfaces of a module may not share an operation's name.
    #[must_use]
    pub fn with<I: Dispatch + ?Sized + 'static>(mut self, interface: Arc<I>) -> Self {
        let interface: Arc<dyn Dispatch> = Arc::new(Shared(interface));
        for op in interface.ops() {
            self.by_op.insert((op.module, op.name), interface.clone());
        }
        self
    }

    /// The modules that have at least one operation here.
    pub fn modules(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.by_op.keys().map(|(module, _)| *module).collect();
        names.dedup();
        names
    }

    /// Answers one call whose body is a serialised [`WireCall`].
    pub async fn answer(&self, module: &str, op: &str, body: &[u8]) -> Result<Vec<u8>, Fault> {
        let call: WireCall<Box<serde_json::value::RawValue>> =
            serde_json::from_slice(body).map_err(Fault::malformed)?;
        let (_, interface) = self
            .by_op
            .iter()
            .find(|((m, o), _)| *m == module && *o == op)
            .ok_or_else(|| Fault::Refused(format!("{module}.{op} is not served here")))?;
        interface.dispatch(&call.ctx, op, call.question.get().as_bytes()).await
    }

    /// Serialises an answer. A fault met on the way here stays a fault for the caller.
    pub fn encode<A: Serialize, E: InterfaceError>(answer: &Result<A, E>) -> Result<Vec<u8>, Fault> {
        match answer {
            Err(error) if error.fault().is_some() => {
                Err(error.fault().cloned().unwrap_or_else(|| Fault::malformed(error)))
            }
            _ => serde_json::to_vec(answer).map_err(Fault::malformed),
        }
    }
}
