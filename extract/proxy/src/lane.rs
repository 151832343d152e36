//! One connection to an upstream, driven by whoever uses it: no task of its own, so a request wakes nobody else, a
//! dropped request closes its connection, and every end of it can be looked at.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

use crate::upload::Upload;

/// The longest head of an answer, and the most that is read at a time.
const MOST_READ: usize = 128 * 1024;

/// A connection with HTTP/1.1 on it.
pub(crate) struct Lane {
    sender: SendRequest<Upload>,
    connection: Option<Box<Connection<TokioIo<Channel>, Upload>>>,
    over: Option<Over>,
    outside: Rc<Outside>,
    nudge: Arc<Nudge>,
    inside: Waker,
}

/// What is left of a connection that is no longer ours to send on.
pub(crate) struct Over {
    pub(crate) channel: Channel,
    /// Read, but no part of any answer.
    pub(crate) surplus: bytes::Bytes,
}

/// The task that waits for the network. Kept apart from hyper's own wakers, which all stay within one turn.
pub(crate) struct Outside(RefCell<Waker>);

/// Told when some part of hyper wants another.
struct Nudge(AtomicBool);

impl Wake for Nudge {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Outside {
    fn set(&self, waker: &Waker) {
        let mut held = self.0.borrow_mut();
        if !held.will_wake(waker) {
            held.clone_from(waker);
        }
    }

    /// Polls with the waker of the task that waits.
    pub(crate) fn poll<T>(&self, poll: impl FnOnce(&mut Context<'_>) -> T) -> T {
        poll(&mut Context::from_waker(&self.0.borrow()))
    }
}

impl Lane {
    /// Speaks HTTP/1.1 on a fresh connection.
    pub(crate) async fn open(stream: Stream) -> Result<Self, hyper::Error> {
        let outside = Rc::new(Outside(RefCell::new(Waker::noop().clone())));
        let channel = Channel { stream, outside: Rc::clone(&outside) };
        let (sender, connection) =
            Builder::new().max_buf_size(MOST_READ).handshake(TokioIo::new(channel)).await?;
        let nudge = Arc::new(Nudge(AtomicBool::new(false)));
        let inside = Waker::from(Arc::clone(&nudge));
        Ok(Self { sender, connection: Some(Box::new(connection)), over: None, outside, nudge, inside })
    }

    pub(crate) fn outside(&self) -> &Rc<Outside> {
        &self.outside
    }

    /// Hands a request in; the future moves only while the lane is driven.
    pub(crate) fn send(
        &mut self,
        request: http::Request<Upload>,
    ) -> impl Future<Output = Result<http::Response<hyper::body::Incoming>, Unsent>> + use<> {
        self.sender.try_send_request(request)
    }

    /// Moves the connection and asks again, until there is an answer or only the network can help.
    pub(crate) fn drive<T>(
        &mut self,
        cx: &Context<'_>,
        mut ask: impl FnMut(&mut SendRequest<Upload>, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        const ROUNDS: usize = 16;
        self.outside.set(cx.waker());
        let inside = &mut Context::from_waker(&self.inside);
        for _ in 0..ROUNDS {
            self.nudge.0.store(false, Ordering::Relaxed);
            if let Poll::Ready(answer) = ask(&mut self.sender, inside) {
                return Poll::Ready(answer);
            }
            let moved = turn(&mut self.connection, &mut self.over, inside);
            if !moved && !self.nudge.0.load(Ordering::Relaxed) {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Looks whether the upstream has closed an idle connection, or said something that nobody asked for.
    pub(crate) fn is_idle(&mut self) -> bool {
        self.rest();
        self.is_ready()
    }

    /// Lets go of the task that used it, and brings the connection to rest.
    pub(crate) fn rest(&mut self) {
        let _: Poll<()> = self.drive(&Context::from_waker(Waker::noop()), |_, _| Poll::Pending);
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.connection.is_some() && self.sender.is_ready()
    }

    /// Whether bytes came that belong to no answer. To be asked at rest.
    pub(crate) fn has_surplus(&self) -> bool {
        self.over.as_ref().is_some_and(|over| !over.surplus.is_empty())
    }

    /// The bare connection, once HTTP is over on it.
    pub(crate) fn into_over(self) -> Option<Over> {
        self.over
    }
}

/// What hyper says of a request without an answer: the message itself, if it was never sent.
pub(crate) type Unsent = hyper::client::conn::TrySendError<http::Request<Upload>>;

/// One poll of the connection; true if that was its last.
fn turn(
    connection: &mut Option<Box<Connection<TokioIo<Channel>, Upload>>>,
    over: &mut Option<Over>,
    cx: &mut Context<'_>,
) -> bool {
    let Some(open) = connection else { return false };
    if open.poll_without_shutdown(cx).is_pending() {
        return false;
    }
    if let Some(closed) = connection.take() {
        let parts = closed.into_parts();
        *over = Some(Over { channel: parts.io.into_inner(), surplus: parts.read_buf });
    }
    true
}

/// Bytes to and from an upstream. Wakes the task that drives the lane, whoever polls.
pub(crate) struct Channel {
    stream: Stream,
    outside: Rc<Outside>,
}

pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Channel {
    /// For a task that reads and writes it directly.
    pub(crate) fn wakes(&self, waker: &Waker) {
        self.outside.set(waker);
    }
}

impl AsyncRead for Channel {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { stream, outside } = self.get_mut();
        outside.poll(|cx| match stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, to),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, to),
        })
    }
}

impl AsyncWrite for Channel {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let Self { stream, outside } = self.get_mut();
        outside.poll(|cx| match stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, from),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, from),
        })
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        from: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Self { stream, outside } = self.get_mut();
        outside.poll(|cx| match stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, from),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, from),
        })
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, outside } = self.get_mut();
        outside.poll(|cx| match stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        })
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, outside } = self.get_mut();
        outside.poll(|cx| match stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        })
    }
}
