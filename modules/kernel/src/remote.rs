//! The near end of a call: serialise, let a transport carry it, and read the answer.

use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Ctx, Fault, InterfaceError, Op, Served, WireCall};

/// Carries the bytes of one call to wherever the module is. A body is a serialised [`WireCall`].
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    async fn carry(&self, ctx: &Ctx, op: &'static Op, body: Vec<u8>) -> Result<Vec<u8>, Fault>;
}

/// An interface that is somewhere else. Every `interface!` trait is implemented for it.
pub struct Remote<T> {
    transport: T,
}

impl<T: Transport> Remote<T> {
    pub fn new(transport: T) -> Self {
        Self { transport }
    }

    /// One call; used by the text of `interface!`.
    pub async fn call<Q, A, E>(&self, ctx: &Ctx, op: &'static Op, question: &Q) -> Result<A, E>
    where
        Q: Serialize + Sync,
        A: DeserializeOwned,
        E: InterfaceError,
    {
        let call = WireCall { ctx: ctx.clone(), question };
        let body = serde_json::to_vec(&call).map_err(Fault::malformed)?;
        let answer = self.transport.carry(ctx, op, body).await?;
        serde_json::from_slice::<Result<A, E>>(&answer).map_err(|e| E::from(Fault::malformed(e)))?
    }
}

/// Through serde and back without a socket: what a call costs in meaning, not in time.
pub struct Loopback {
    served: Served,
}

impl Loopback {
    pub fn new(served: Served) -> Self {
        Self { served }
    }
}

#[async_trait]
impl Transport for Loopback {
    async fn carry(&self, _: &Ctx, op: &'static Op, body: Vec<u8>) -> Result<Vec<u8>, Fault> {
        self.served.answer(op.module, op.name, &body).await
    }
}
