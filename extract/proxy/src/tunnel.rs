//! After 101: bytes both ways, until one side is done. Driven by the client's own task, as the body of its answer.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    body::{BodySize, MessageBody},
    dev::Payload,
};
use bytes::{Buf, Bytes, BytesMut};
use futures_util::Stream;
use kernel::Fault;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{
    body::{Cut, Ended, Told},
    clock::{Clock, Timer},
    lane::{Lane, Stream as Channel},
    upstreams::Place,
};

/// Read from the upstream at a time.
const PIECE: usize = 16 * 1024;
/// Pieces moved before others have their turn.
const ROUNDS: usize = 16;

/// An upgraded connection.
pub(crate) struct Tunnel {
    channel: Channel,
    /// Came with the upstream's 101.
    early: Bytes,
    payload: Payload,
    /// On its way up.
    rising: Bytes,
    /// The client has said all it will.
    closed: bool,
    buffer: BytesMut,
    clock: Clock,
    timer: Timer,
    place: Place,
    told: Told,
}

impl Tunnel {
    pub(crate) fn new(lane: Lane, payload: Payload, clock: Clock, place: Place, told: Told) -> Self {
        let (channel, early) = lane.into_parts();
        Self {
            channel,
            early: early.freeze(),
            timer: Timer::default(),
            payload,
            rising: Bytes::new(),
            closed: false,
            buffer: BytesMut::new(),
            clock,
            place,
            told,
        }
    }

    /// Moves what the client sent. `Err` when the upstream takes no more.
    fn raise(&mut self, cx: &mut Context<'_>) -> Result<(), std::io::Error> {
        for _ in 0..ROUNDS {
            if self.rising.is_empty() && !self.closed {
                match Pin::new(&mut self.payload).poll_next(cx) {
                    Poll::Pending => return Ok(()),
                    Poll::Ready(Some(Ok(piece))) => self.rising = piece,
                    Poll::Ready(_) => self.closed = true,
                }
            }
            let channel = Pin::new(&mut self.channel);
            if self.rising.is_empty() {
                let _ = if self.closed { channel.poll_shutdown(cx)? } else { channel.poll_flush(cx)? };
                return Ok(());
            }
            match channel.poll_write(cx, &self.rising)? {
                Poll::Pending => return Ok(()),
                Poll::Ready(0) => return Err(std::io::ErrorKind::WriteZero.into()),
                Poll::Ready(written) => {
                    self.rising.advance(written);
                    self.clock.moved(written as u64);
                    let _ = Pin::new(&mut self.channel).poll_flush(cx)?;
                }
            }
        }
        cx.waker().wake_by_ref();
        Ok(())
    }

    /// What the upstream sent; empty at its end.
    fn lower(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, std::io::Error>> {
        if !self.early.is_empty() {
            return Poll::Ready(Ok(std::mem::take(&mut self.early)));
        }
        self.buffer.resize(PIECE, 0);
        let mut to = ReadBuf::new(&mut self.buffer);
        let polled = Pin::new(&mut self.channel).poll_read(cx, &mut to);
        let length = to.filled().len();
        if polled?.is_pending() {
            return Poll::Pending;
        }
        Poll::Ready(Ok(self.buffer.split_to(length).freeze()))
    }

    fn broken(&mut self, error: &dyn std::fmt::Display) -> Poll<Option<Result<Bytes, Cut>>> {
        let fault = Fault::Unavailable(format!("{}: {error}", self.place.upstream().name));
        self.told.tell(|| Ended::Cut(fault.clone()));
        Poll::Ready(Some(Err(Cut(fault))))
    }
}

impl MessageBody for Tunnel {
    type Error = Cut;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Cut>>> {
        let this = self.get_mut();
        if let Err(error) = this.raise(cx) {
            return this.broken(&error);
        }
        match this.lower(cx) {
            Poll::Ready(Ok(piece)) if piece.is_empty() => {
                this.told.tell(|| Ended::Whole);
                Poll::Ready(None)
            }
            Poll::Ready(Ok(piece)) => {
                this.clock.moved(piece.len() as u64);
                Poll::Ready(Some(Ok(piece)))
            }
            Poll::Ready(Err(error)) => this.broken(&error),
            Poll::Pending if this.clock.poll(&mut this.timer, cx).is_ready() => {
                this.broken(&"nothing was said for too long")
            }
            Poll::Pending => Poll::Pending,
        }
    }
}
