//! The answer's way back: judged, framed for the client, and given the body that fits.

use std::{future::poll_fn, sync::Arc, task::Poll};

use actix_web::{
    HttpRequest, HttpResponse,
    body::MessageBody,
    dev::Payload,
    http::{ConnectionType, Version, header},
};
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode};

use crate::{
    Ended, ProxyError,
    asked::Asked,
    body::{Answer, Cut, Nothing, Streamed, Told},
    clock::Clock,
    cookies::Own,
    inbound::{self, Framing, Incoming},
    lane::Lane,
    proxy::Crossed,
    tunnel::Tunnel,
};

/// The head of an answer, on its way to the client.
pub(crate) struct Back<'a> {
    pub(crate) request: &'a HttpRequest,
    pub(crate) asked: &'a Asked,
    pub(crate) own: &'a Own,
    pub(crate) head: http::response::Parts,
    /// What an upgraded client goes on to say.
    pub(crate) payload: Payload,
}

impl Back<'_> {
    pub(crate) async fn answer(
        self,
        mut crossed: Crossed,
        mut lane: Lane,
        told: Option<Box<dyn FnOnce(Ended)>>,
    ) -> Result<HttpResponse, ProxyError> {
        let upstream = Arc::clone(crossed.place.upstream());
        let nonsense =
            |why: &str| ProxyError::Nonsense { upstream: upstream.name.clone(), why: why.to_owned() };
        let framing = inbound::framing(&self.head, &self.asked.method).map_err(nonsense)?;
        let limit = upstream.response_limit.unwrap_or(u64::MAX);
        if matches!(framing, Framing::Sized(length) if length > limit) {
            return Err(nonsense("its answer is longer than response_limit"));
        }
        let incoming_head = Incoming { head: &self.head, upstream: &upstream, own: self.own };
        let mut response = incoming_head.response().map_err(nonsense)?;
        if self.head.status == StatusCode::SWITCHING_PROTOCOLS {
            return self
                .switch(crossed, lane, response, told)
                .ok_or_else(|| nonsense("it switched to another protocol"));
        }
        let streams = is_event_stream(&self.head);
        if streams {
            crossed.place.streams();
        }
        self.frame(&mut response, framing);
        let patience = &upstream.patience;
        let clock = if streams {
            Clock::new(crossed.start, patience.stream_idle, None)
        } else {
            Clock::new(crossed.start, patience.idle, Some(patience.total))
        };
        let Crossed { place, pool, .. } = crossed;
        let reusable = framing != Framing::Closed && inbound::keeps_alive(&self.head);
        lane.expect(framing);
        let (lane, quiet) = (Some(lane), Told::new(None));
        let answer = Answer {
            lane,
            framing,
            first: None,
            passed: 0,
            reusable,
            pool,
            place,
            clock,
            told: quiet,
            taken: None,
            left: false,
        };
        self.body(response, answer, Told::new(told)).await
    }

    /// Gives the answer its body. What is there already is judged before the head goes out, so that an answer which
    /// breaks off at once becomes a page of ours; a short one is whole by then, and costs no stream.
    async fn body(
        self,
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
            return Ok(with_body(response, Nothing(length.filter(|_| self.asked.method == Method::HEAD))));
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

    /// What the client's version and wishes ask for.
    fn frame(&self, response: &mut HttpResponse, framing: Framing) {
        let open = matches!(framing, Framing::Chunked | Framing::Closed);
        let old = self.request.version() < Version::HTTP_11;
        if open && old || self.asked.upgrading {
            response.head_mut().no_chunking(true);
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        if let (Framing::Bodiless(Some(length)), StatusCode::NOT_MODIFIED) = (framing, self.head.status) {
            response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
        }
    }

    fn switch(
        self,
        mut crossed: Crossed,
        lane: Lane,
        mut response: HttpResponse,
        told: Option<Box<dyn FnOnce(Ended)>>,
    ) -> Option<HttpResponse> {
        if !self.asked.upgrading || !inbound::is_websocket(&self.head.headers) {
            return None;
        }
        let over = lane.into_over();
        crossed.place.streams();
        inbound::switching(&mut response);
        let clock = Clock::new(crossed.start, crossed.place.upstream().patience.stream_idle, None);
        Some(with_body(response, Tunnel::new(over, self.payload, clock, crossed.place, Told::new(told))))
    }
}

fn with_body(response: HttpResponse, body: impl MessageBody + 'static) -> HttpResponse {
    response.set_body(body).map_into_boxed_body()
}

fn is_event_stream(head: &http::response::Parts) -> bool {
    let kind = head.headers.get(http::header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    kind.get(..17).is_some_and(|start| start.eq_ignore_ascii_case(b"text/event-stream"))
}
