//! One admitted crossing, for the breaker and the measures of its side: closed once, when the answer is over or there
//! is none. A body that breaks off is a failure of its side; a client that leaves is not.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
};

use ::switch::{Crossing, OpenStream, Traffic};
use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use kernel::{Fault, Outcome, Target};
use proxy::Ended;

use super::{Lost, is_down};

pub(super) struct Account {
    /// Until it is closed. One that is dropped says that the client left.
    open: RefCell<Option<Crossing>>,
    /// What the head said.
    head: Cell<Option<Outcome>>,
    /// How the body ended, if that was before anybody had read the head.
    early: RefCell<Option<Ended>>,
    stream: RefCell<Option<OpenStream>>,
}

impl Account {
    pub(super) fn open(crossing: Crossing) -> Rc<Self> {
        Rc::new(Self {
            open: RefCell::new(Some(crossing)),
            head: Cell::new(None),
            early: RefCell::new(None),
            stream: RefCell::new(None),
        })
    }

    /// For the proxy to call when the answer is over.
    pub(super) fn told(self: &Rc<Self>) -> Box<dyn FnOnce(Ended)> {
        let account = Rc::clone(self);
        Box::new(move |ended| account.ended(ended))
    }

    /// The head is there.
    pub(super) fn answered(
        &self,
        response: HttpResponse,
        traffic: &Arc<Traffic>,
        (binding, target): (&str, &Target),
    ) -> Result<HttpResponse, Lost> {
        let status = response.status();
        let outcome = match status {
            StatusCode::TOO_MANY_REQUESTS => Outcome::Refused,
            status if is_down(status) => Outcome::Unavailable,
            _ => Outcome::Answered,
        };
        self.head.set(Some(outcome));
        if let Some(ended) = self.early.take() {
            self.ended(ended);
        } else if is_stream(&response) {
            // It may last for days and says nothing more about its side.
            self.close(outcome);
            *self.stream.borrow_mut() = Some(traffic.stream(binding, target));
        }
        if is_down(status) { Err(Lost::Down(Box::new(response))) } else { Ok(response) }
    }

    pub(super) fn failed(&self, fault: &Fault) {
        self.close(fault.into());
    }

    fn ended(&self, ended: Ended) {
        drop(self.stream.take());
        match (self.head.get(), ended) {
            (None, ended) => *self.early.borrow_mut() = Some(ended),
            (Some(_), Ended::Cut(fault)) => self.close((&fault).into()),
            (Some(outcome), Ended::Whole | Ended::Left) => self.close(outcome),
        }
    }

    fn close(&self, outcome: Outcome) {
        if let Some(crossing) = self.open.take() {
            crossing.done(outcome);
        }
    }
}

fn is_stream(response: &HttpResponse) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).map(header::HeaderValue::as_bytes);
    let events =
        |kind: &[u8]| kind.get(..17).is_some_and(|kind| kind.eq_ignore_ascii_case(b"text/event-stream"));
    response.status() == StatusCode::SWITCHING_PROTOCOLS || kind.is_some_and(events)
}
