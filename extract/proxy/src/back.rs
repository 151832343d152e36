//! The answer's way back: framed for the client, and given the body that fits.

use std::{future::poll_fn, sync::Arc, task::Poll};

use actix_web::{
    HttpRequest, HttpResponse,
    body::MessageBody,
    dev::Payload,
    http::{ConnectionType, Method, StatusCode, Version, header},
};
use bytes::Bytes;

use crate::{
    Ended, ProxyError,
    body::{Answer, Cut, Nothing, Streamed, Told},
    clock::Clock,
    exchange::Begun,
    framing::Framing,
    inbound,
    proxy::Crossed,
    tunnel::Tunnel,
};

/// An answer on its way to the client.
pub(crate) struct Back<'a> {
    pub(crate) request: &'a HttpRequest,
    pub(crate) upgrading: bool,
    /// What an upgraded client goes on to say.
    pub(crate) payload: Payload,
    pub(crate) crossed: Crossed,
}

impl Back<'_> {
    pub(crate) async fn answer(
        mut self,
        begun: Begun,
        told: Option<Box<dyn FnOnce(Ended)>>,
    ) -> Result<HttpResponse, ProxyError> {
        let upstream = Arc::clone(self.crossed.place.upstream());
        let nonsense =
            |why: &str| ProxyError::Nonsense { upstream: upstream.name.clone(), why: why.to_owned() };
        let limit = upstream.response_limit.unwrap_or(u64::MAX);
        if matches!(begun.arrived.framing, Framing::Sized(length) if length > limit) {
            return Err(nonsense("its answer is longer than response_limit"));
        }
        if begun.arrived.response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return self.switch(begun, told).ok_or_else(|| nonsense("it switched to another protocol"));
        }
        let Begun { lane, sending, mut arrived } = begun;
        let start = self.crossed.start;
        let patience = &upstream.patience;
        let clock = if arrived.is_event_stream {
            self.crossed.place.streams();
            Clock::new(start, patience.stream_idle, None)
        } else {
            Clock::new(start, patience.idle, Some(patience.total))
        };
        self.frame(&mut arrived.response, arrived.framing);
        let answer = Answer {
            lane: Some(lane),
            sending,
            framing: arrived.framing,
            decoder: arrived.framing.decoder(),
            first: None,
            passed: 0,
            reusable: arrived.stays,
            pool: self.crossed.pool,
            place: self.crossed.place,
            clock,
            told: Told::new(None),
            taken: None,
            left: false,
        };
        body(self.request.method(), arrived.response, answer, Told::new(told)).await
    }

    /// What the client's version and wishes ask for.
    fn frame(&self, response: &mut HttpResponse, framing: Framing) {
        let open = matches!(framing, Framing::Chunked | Framing::Closed);
        let old = self.request.version() < Version::HTTP_11;
        if open && old || self.upgrading {
            response.head_mut().no_chunking(true);
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        if let (Framing::Bodiless(Some(length)), StatusCode::NOT_MODIFIED) = (framing, response.status()) {
            response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
        }
    }

    fn switch(mut self, begun: Begun, told: Option<Box<dyn FnOnce(Ended)>>) -> Option<HttpResponse> {
        if !self.upgrading || !begun.arrived.is_websocket {
            return None;
        }
        let mut response = begun.arrived.response;
        inbound::switching(&mut response);
        self.crossed.place.streams();
        let Crossed { start, place, .. } = self.crossed;
        let clock = Clock::new(start, place.upstream().patience.stream_idle, None);
        Some(with_body(response, Tunnel::new(*begun.lane, self.payload, clock, place, Told::new(told))))
    }
}

/// Gives the answer its body. What is there already is judged before the head goes out, so that an answer which
/// breaks off at once becomes a page of ours; a short one is whole by then, and costs no stream.
async fn body(
    method: &Method,
    response: HttpResponse,
    mut answer: Answer,
    mut told: Told,
) -> Result<HttpResponse, ProxyError> {
    let upstream = Arc::clone(answer.place.upstream());
    let nonsense = |why: String| ProxyError::Nonsense { upstream: upstream.name.clone(), why };
    if let Framing::Bodiless(length) = answer.framing {
        // A body that should not be there harms nobody but its connection.
        answer.settle();
        told.tell(|| Ended::Whole);
        return Ok(with_body(response, Nothing(length.filter(|_| *method == Method::HEAD))));
    }
    if answer.framing == Framing::Sized(0) && !answer.settle() {
        told.hush();
        return Err(nonsense("its answer is longer than it said".to_owned()));
    }
    match poll_fn(|cx| Poll::Ready(answer.poll(cx))).await {
        Poll::Ready(Some(Err(Cut(fault)))) => {
            told.hush();
            return Err(nonsense(fault.to_string()));
        }
        Poll::Ready(None) => {
            told.tell(|| Ended::Whole);
            return Ok(with_body(response, Bytes::new()));
        }
        Poll::Ready(Some(Ok(piece))) if answer.framing == Framing::Sized(piece.len() as u64) => {
            told.tell(|| Ended::Whole);
            return Ok(with_body(response, piece));
        }
        Poll::Ready(Some(Ok(piece))) => answer.first = Some(piece),
        Poll::Pending => {}
    }
    answer.told = told;
    Ok(with_body(response, Streamed::new(answer)))
}

fn with_body(response: HttpResponse, body: impl MessageBody + 'static) -> HttpResponse {
    response.set_body(body).map_into_boxed_body()
}
